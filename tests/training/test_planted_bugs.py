"""The usual bugs, planted: a check for each passes on the package's code and fails on the same code with the bug.

benchmarks/honesty.py measures what each does to a number; the book tells of them on the page "How a number lies".
"""

import numpy as np
import pytest
import torch
from torch import nn

import pssp_tutorial as pssp
from pssp_tutorial.training.stopping import TrainingError

COIL = pssp.STATES3.index("C")


@pytest.fixture(scope="module")
def records():
    """Real chains of unequal length, of which some residues are masked."""
    some = sorted(pssp.load_chains("mini").train[:24], key=len)
    masked = [pssp.ProteinRecord(r.id, r.sequence, "??" + r.structure[2:]) for r in some[::3]]
    return [*masked, *(record for number, record in enumerate(some) if number % 3)]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return pssp.BiLSTM(hidden_size=8).eval()


def loaders(records):
    """The same proteins in batches of one, of a few, and all in one."""
    return [pssp.make_loader(records, batch_residues=size) for size in (1, 2_000, 1_000_000)]


def both(check, correct, planted):
    """Cases for a check, which is given an implementation: our own, and one with the bug."""
    return [pytest.param(check, correct, False, id="correct"), pytest.param(check, planted, True, id="planted")]


def verdict(check, implementation, is_planted, *arguments):
    if is_planted:
        with pytest.raises((AssertionError, TrainingError)):
            check(implementation, *arguments)
    else:
        check(implementation, *arguments)


# Scores: how the proteins are put into batches must not matter.


def same_score_in_all_batches(score, model, records):
    scores = [score(model, loader) for loader in loaders(records)]
    np.testing.assert_allclose(scores, scores[0], rtol=0, atol=1e-6)


def padding_counted(model, loader):
    """Every position of the array counts; padding is labelled and, here, predicted as coil."""
    hits = positions = 0
    for batch in loader:
        predicted = model(batch.inputs, batch.lengths).argmax(dim=-1).where(batch.mask, COIL)
        hits += int((predicted == batch.labels.where(batch.mask, COIL)).sum())
        positions += batch.labels.numel()
    return hits / positions


def mean_of_batches(model, loader):
    """Each batch weighs the same, whatever is in it."""
    return np.mean([pssp.validate(model, [batch]).accuracy for batch in loader if batch.mask.any()])


def our_accuracy(model, loader):
    return pssp.validate(model, loader).accuracy


def our_report(model, loader):
    return pssp.evaluate(model, loader).q3


@pytest.mark.parametrize(
    ("check", "implementation", "planted"),
    [
        *both(same_score_in_all_batches, our_accuracy, padding_counted),
        *both(same_score_in_all_batches, our_report, mean_of_batches),
    ],
)
@torch.inference_mode()
def test_padding_counted_and_mean_of_batches(check, implementation, planted, model, records):
    """Both change with the batch size, which says nothing about the model."""
    verdict(check, implementation, planted, model, records)


# Losses: padding sends no gradient, and a right answer costs nothing.


class Given(nn.Module):
    """A model whose logits are its weights; one step at a rate of 1 moves them by the gradient."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(logits.clone())

    def forward(self, inputs, lengths):
        return self.logits


class GivenSoftmax(Given):
    def forward(self, inputs, lengths):
        return self.logits.softmax(dim=-1)


def our_step(logits, batch, model_class=Given):
    model = model_class(logits)
    loss = pssp.train_epoch(model, [batch], torch.optim.SGD(model.parameters(), lr=1.0), clip_norm=1e9).loss
    return loss, logits - model.logits.detach()


def step_over_padding(logits, batch):
    return our_step(logits, pssp.Batch(batch.inputs, batch.lengths, batch.labels.where(batch.mask, COIL), batch.ids))


def step_behind_a_softmax(logits, batch):
    return our_step(logits, batch, GivenSoftmax)


def padding_sends_no_gradient(step, records):
    batch = next(iter(pssp.make_loader(records, batch_residues=1_000_000)))
    _, gradient = step(torch.randn(*batch.labels.shape, 3), batch)
    assert gradient[batch.mask].abs().sum() > 0
    assert gradient[~batch.mask].abs().sum() == 0


def a_sure_and_right_answer_costs_nothing(step, records):
    batch = next(iter(pssp.make_loader(records, batch_residues=1_000_000)))
    logits = 50.0 * nn.functional.one_hot(batch.labels.clamp(min=0), 3).float()
    assert step(logits, batch)[0] < 1e-6


@pytest.mark.parametrize(
    ("check", "implementation", "planted"),
    [
        *both(padding_sends_no_gradient, our_step, step_over_padding),
        *both(a_sure_and_right_answer_costs_nothing, our_step, step_behind_a_softmax),
    ],
)
def test_loss_over_padding_and_softmax_before_it(check, implementation, planted, records):
    """The first teaches the model to recognise zeros; the second can't fall below 0.55, however sure the model is."""
    verdict(check, implementation, planted, records)


class SoftmaxOutput(pssp.BiLSTM):
    def forward(self, inputs, lengths):
        return super().forward(inputs, lengths).softmax(dim=-1)


def fit_takes_it(model_class, records):
    pssp.fit(model_class(hidden_size=4), pssp.make_loader(records[:6]), pssp.make_loader(records[6:9]), max_epochs=1)


@pytest.mark.parametrize(("check", "implementation", "planted"), both(fit_takes_it, pssp.BiLSTM, SoftmaxOutput))
def test_fit_refuses_probabilities(check, implementation, planted, records):
    """The same bug where it usually stands, in the model: fit finds it before the first step."""
    verdict(check, implementation, planted, records)


# The test set: whatever its labels say, the same model must come out.


def our_run(train, val, test):
    torch.manual_seed(0)
    model = pssp.BiLSTM(hidden_size=8, dropout=0.0)
    pssp.fit(model, train, val, max_epochs=12, patience=12, learning_rate=2e-2)
    return model


def stopped_on_the_test_set(train, val, test):
    return our_run(train, test, test)


def test_labels_change_nothing(run, records):
    train, val = pssp.make_loader(records[:8]), pssp.make_loader(records[8:14])
    weights = []
    for state in "HC":
        relabelled = [pssp.ProteinRecord(r.id, r.sequence, state * len(r)) for r in records[14:]]
        model = run(train, val, pssp.make_loader(relabelled))
        weights.append(torch.cat([parameter.flatten() for parameter in model.parameters()]))
    assert torch.equal(*weights)


test_labels_change_nothing.__test__ = False  # a check, not a test


@pytest.mark.parametrize(
    ("check", "implementation", "planted"), both(test_labels_change_nothing, our_run, stopped_on_the_test_set)
)
def test_early_stopping_on_the_test_set(check, implementation, planted, records):
    """A model that depends on the labels it is scored with has seen the answers."""
    verdict(check, implementation, planted, records)


# The last state: what stands beside a protein in its batch must not matter.


def at_the_end(outputs, lengths):
    return outputs[torch.arange(len(lengths)), lengths - 1]  # where the reverse direction begins


def last_real_step(lstm, inputs, lengths):
    return at_the_end(lstm(inputs)[0], lengths)


def last_step_of_the_batch(lstm, inputs, lengths):
    return lstm(inputs)[1][0][-1]  # h_n: right for the longest protein, padding's for all others


def our_bidirectional(lstm, inputs, lengths):
    return at_the_end(lstm(inputs, lengths), lengths)


def naive_bidirectional(lstm, inputs, lengths):
    return at_the_end(lstm.lstm(inputs)[0], lengths)


def same_state_alone_and_in_a_batch(read, lstm, records):
    batch = pssp.collate(records)
    together = read(lstm, batch.inputs, batch.lengths)
    for row, record in enumerate(records):
        alone = pssp.collate([record])
        torch.testing.assert_close(read(lstm, alone.inputs, alone.lengths)[0], together[row], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("check", "implementation", "planted", "layer"),
    [
        *(
            pytest.param(*case.values, nn.LSTM(21, 8, batch_first=True), id=f"h_T, {case.id}")
            for case in both(same_state_alone_and_in_a_batch, last_real_step, last_step_of_the_batch)
        ),
        *(
            pytest.param(*case.values, pssp.BidirectionalLSTM(21, 8), id=f"both ways, {case.id}")
            for case in both(same_state_alone_and_in_a_batch, our_bidirectional, naive_bidirectional)
        ),
    ],
)
@torch.inference_mode()
def test_last_state_read_from_padding(check, implementation, planted, layer, records):
    """h_T of a right-padded batch belongs to the padding, and the reverse direction would start there."""
    verdict(check, implementation, planted, layer, records)


# Labels from UniProt: where no structure was measured, nothing is known.


def our_labels(entry):
    return pssp.label_entry(entry).record.structure


def unannotated_is_coil(entry):
    return pssp.label_entry(entry).record.structure.replace("?", "C")


def outside_the_structure_nothing_is_known(label):
    """The structure of Q7Z739 covers residues 392 to 571 of 585."""
    (entry,) = (entry for entry in pssp.load_uniprot_entries() if entry.accession == "Q7Z739")
    states = label(entry)
    assert len(states) == 585
    assert set(states[:391] + states[571:]) == {"?"}
    assert {"H", "E", "C"} <= set(states[391:571])


@pytest.mark.parametrize(
    ("check", "implementation", "planted"),
    both(outside_the_structure_nothing_is_known, our_labels, unannotated_is_coil),
)
def test_unannotated_read_as_coil(check, implementation, planted):
    """It inflates the score of whoever says coil, and teaches a model to say it."""
    verdict(check, implementation, planted)
