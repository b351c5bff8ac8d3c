"""One epoch: scores weigh by residue, and a step is PyTorch's."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import Table, learnable_records, small_model
from torch import nn

from pssp_tutorial.batches.proteins import make_loader
from pssp_tutorial.models.contract import evaluating
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.training.epoch import train_epoch, validate


@settings(max_examples=20)
@given(st.integers(20, 500), st.sampled_from([None, [2.0, 1.0, 0.5]]))
def test_scores_weigh_by_residue_never_by_batch(batch_residues, class_weights):
    """The mean of per-batch means depends on the batches; the truth, computed protein by protein, does not."""
    records = learnable_records("p", 9)
    model = small_model()
    loss_sum = hits = residues = 0
    weights = class_weights and torch.tensor(class_weights)
    with evaluating(model), torch.no_grad():
        for record in records:
            batch = next(iter(make_loader([record])))
            log_probabilities = model(batch.inputs, batch.lengths).log_softmax(-1)[0]
            for row, label in zip(log_probabilities, batch.labels[0], strict=True):
                loss_sum -= row[label].item() * (1 if weights is None else weights[label].item())
                hits += int(row.argmax() == label)
                residues += 1
    score = validate(model, make_loader(records, batch_residues), class_weights=weights)
    assert score.loss == pytest.approx(loss_sum / residues, rel=1e-5)
    assert score.accuracy == hits / residues


def test_masked_residues_and_padding_have_no_gradient():
    """A padded or unknown residue in the loss is among the most common errors of such programs."""
    known = ProteinRecord("one", "MKTVRQ", "HHEECC")
    partly = ProteinRecord("one", "MKTVRQWWW", "HHEECC???")
    gradients = []
    for records in ([known], [partly], [known, ProteinRecord("two", "W" * 30, "?" * 30)]):
        model = Table()
        nn.init.zeros_(model.logits.weight)
        train_epoch(model, make_loader(records, 1_000), torch.optim.SGD(model.parameters(), lr=0.0))
        gradients.append(model.logits.weight.grad)
    assert torch.equal(gradients[0], gradients[1])
    assert torch.equal(gradients[0], gradients[2])


def test_one_step_equals_torch():
    """One batch of plain gradient descent, against the mean cross-entropy that PyTorch computes itself."""
    loader = make_loader([ProteinRecord("one", "MKTVRQ", "HHEE?C"), ProteinRecord("two", "GA", "CC")])
    ours, theirs = Table(), Table()
    theirs.load_state_dict(ours.state_dict())
    score = train_epoch(ours, loader, torch.optim.SGD(ours.parameters(), lr=1.0), clip_norm=1e9)
    batch = next(iter(loader))
    loss = nn.CrossEntropyLoss()(theirs(batch.inputs, batch.lengths).transpose(1, 2), batch.labels)
    loss.backward()
    gradient = theirs.logits.weight.grad
    assert torch.allclose(ours.logits.weight, theirs.logits.weight - gradient, atol=1e-7)
    assert score.loss == pytest.approx(loss.item(), rel=1e-6)
    assert score.gradient_norm == pytest.approx(gradient.norm().item(), rel=1e-6)


def test_gradients_are_clipped_and_their_norm_is_recorded_before():
    loader = make_loader([ProteinRecord("one", "MKTVRQ", "HHEEHC")])
    model = Table()
    before = model.logits.weight.detach().clone()
    score = train_epoch(model, loader, torch.optim.SGD(model.parameters(), lr=1.0), clip_norm=0.01)
    assert score.gradient_norm > 0.01
    assert (model.logits.weight - before).norm().item() == pytest.approx(0.01, rel=1e-3)
