"""What the usual bugs do to a number: each planted in a training or a scoring, and measured.

The scored chains are those for validation. tests/test_planted_bugs.py has, for each, the check that finds it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

import pssp_tutorial as pssp
from honesty_parts.recipe import BATCH_RESIDUES, CONTEXT, as_numbers, chapter_records, trained
from honesty_parts.seeds import model_of
from pssp_tutorial.batches.proteins import Loader
from pssp_tutorial.evaluation.bootstrap import score_difference, score_interval

Records = Sequence[pssp.ProteinRecord]

COIL = pssp.STATES3.index("C")
TRAINED = 600  # chains that the models of this part are trained on
EPOCHS, OVERFITTED, SMALL_TEST = 10, 200, 60  # of the overfitting run: epochs, training chains, chains of a test set


class Mixed(Loader):
    """Batches of 32 chains as they come: much padding."""

    chains = 32

    def buckets(self, *, shuffle: bool | None = None) -> list[list[int]]:
        order = np.random.default_rng(self.epoch).permutation(len(self.records)).tolist()
        return [order[start : start + self.chains] for start in range(0, len(order), self.chains)]


class PaddingIsCoil(Mixed):
    """Planted: padding has a label, and so counts in the loss."""

    def batch(self, indices: list[int]) -> pssp.Batch:
        batch = super().batch(indices)
        return replace(batch, labels=batch.labels.where(batch.mask, COIL))


class SoftmaxFirst(pssp.BiLSTM):
    """Planted: the loss gets probabilities. fit refuses such a model; this one shows them in training only."""

    def forward(self, inputs: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        logits = super().forward(inputs, lengths)
        return logits.softmax(dim=-1) if self.training else logits


class LastStep(nn.Module):
    """Says from the last hidden state whether a chain has more helix than strand."""

    def __init__(self, planted: bool) -> None:
        super().__init__()
        self.planted = planted
        self.lstm = nn.LSTM(21, 32, batch_first=True)
        with torch.no_grad():
            self.lstm.bias_ih_l0[32:64] = 3.0  # the forget gates begin open: the whole chain counts
        self.classifier = nn.Linear(32, 2)

    def forward(self, inputs: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(inputs)
        last = torch.full_like(lengths, inputs.shape[1] - 1) if self.planted else lengths - 1
        return self.classifier(outputs[torch.arange(len(lengths)), last])


def bugs() -> None:
    """Writes honesty_bugs.json."""
    records, val = chapter_records()[:TRAINED], pssp.load_chains().val
    values = {"scoring": scoring(pssp.evaluate(model_of(0), val)), "loss": loss(records, val)}
    values |= {"unannotated": unannotated(records, val), "stopping": stopping(records[:OVERFITTED], val)}
    values |= {"last_step": last_step(records, val)}
    context = CONTEXT | {"training_chains": TRAINED, "overfitted_chains": OVERFITTED, "scoring": "chapter 6's model"}
    pssp.save_results("honesty_bugs", values, seed=0, split="val", **context, command="make bench")


def scoring(report: pssp.Report) -> dict[str, float]:
    """Padding counted in the accuracy, and the mean of the batches' accuracies: no training."""
    lengths = report.per_protein["length"].to_numpy()
    right = report.confusions.trace(axis1=1, axis2=2)
    order = np.random.default_rng(0).permutation(len(lengths))
    values = {}
    for size in (1, 8, 32):
        batches = np.split(order, range(size, len(order), size))
        positions = sum(lengths[batch].max() * len(batch) for batch in batches)
        padding = positions - lengths.sum()
        values[f"padding_counted_{size}"] = (right.sum() + padding) / positions
        values[f"mean_of_batches_{size}"] = np.mean([right[batch].sum() / lengths[batch].sum() for batch in batches])
    return values


def loss(records: Records, val: Records) -> dict[str, dict]:
    """Softmax before the loss; padding in the loss, beside the same batches without it."""
    val_loader, train = choosing(val), pssp.make_loader(records, batch_residues=BATCH_RESIDUES)
    models = {
        "correct": trained("bug_none", train, val_loader),
        # Its validation sees logits, on which the loss means nothing: the accuracy chooses the epoch.
        "softmax_first": trained("bug_softmax", train, val_loader, model_class=SoftmaxFirst, monitor="val_accuracy"),
        "mixed": trained("bug_mixed", Mixed(records), val_loader),
        "padding": trained("bug_padding", PaddingIsCoil(records), val_loader),
    }
    reports = {name: pssp.evaluate(model, val) for name, model in models.items()}
    values = {name: as_numbers(score_interval(report)) for name, report in reports.items()}
    for name, model in models.items():
        values[name] |= {"confidence": np.concatenate([p.confidence for p in pssp.predict(model, val)]).mean()}
        values[name] |= {"loss": pssp.validate(model, pssp.make_loader(val)).loss, "coil": share_of_coil(reports[name])}
    for planted, control in {"softmax_first": "correct", "padding": "mixed"}.items():
        values[planted]["difference"] = as_numbers(score_difference(reports[planted], reports[control]))
    return values


def choosing(val: Records) -> pssp.Loader:
    """A quarter of the validation chains, which is enough to choose the epoch."""
    return pssp.make_loader(val[::4])


def share_of_coil(report: pssp.Report) -> float:
    return report.confusion[:, COIL].sum() / report.residues


def half_annotated(records: Records, letter: str) -> Records:
    """Records of which one random half, in one piece, has ``letter`` instead of its states."""
    rng = np.random.default_rng(0)
    changed = []
    for record in records:
        size = len(record) // 2
        start = int(rng.integers(len(record) - size + 1))
        structure = record.structure[:start] + letter * size + record.structure[start + size :]
        changed.append(pssp.ProteinRecord(record.id, record.sequence, structure))
    return changed


def unannotated(records: Records, val: Records) -> dict[str, dict]:
    """Half of every chain without annotation: masked, or planted, read as coil; in training and in the score."""
    values, reports = {}, {}
    for name, letter in {"masked": "?", "coil": "C"}.items():
        seen = half_annotated(val, letter)
        loader = pssp.make_loader(half_annotated(records, letter), batch_residues=BATCH_RESIDUES)
        model = trained(f"bug_unannotated_{name}", loader, choosing(seen))
        reports[name] = pssp.evaluate(model, val)
        values[name] = {"claimed": pssp.evaluate(model, seen).q3} | as_numbers(score_interval(reports[name]))
    return values | {"difference": as_numbers(score_difference(reports["coil"], reports["masked"]))}


def stopping(records: Records, val: Records) -> dict[str, float]:
    """The epoch chosen on a small test set itself, or on the other chains: an overfitting run, scored each epoch."""
    torch.manual_seed(0)
    model, loader = pssp.BiLSTM(hidden_size=64, dropout=0.0), pssp.make_loader(records, BATCH_RESIDUES, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), 8e-3)
    rows = []
    for loader.epoch in range(EPOCHS):
        pssp.train_epoch(model, loader, optimizer)
        rows.append(pssp.evaluate(model, val).confusions.trace(axis1=1, axis2=2))
    right, lengths = np.array(rows), np.array([len(record) for record in val])  # [epoch, protein]
    rng, picks = np.random.default_rng(0), []
    for _ in range(500):
        test = np.zeros(len(val), dtype=bool)
        test[rng.permutation(len(val))[:SMALL_TEST]] = True
        ours = right[:, test].sum(axis=1) / lengths[test].sum()
        picks.append((ours.max(), ours[right[:, ~test].sum(axis=1).argmax()]))
    gains = np.subtract(*np.transpose(picks))
    chosen, honest = np.mean(picks, axis=0)
    values = {"chosen_on_test": chosen, "chosen_elsewhere": honest, "flattery": gains.mean()}
    return values | {"flattery_standard_deviation": gains.std(), "flattery_largest": gains.max(), "draws": len(gains)}


def last_step(records: Records, val: Records) -> dict[str, float]:
    """h_T of a right-padded batch, read where the chain ends or, planted, where the batch ends.

    Scored in batches of 32, which hold more padding than the 8 of the training: as it happens where a batch grows.
    """
    true = {record.id: mostly_helix(record) for record in (*records, *val)}
    share = np.mean([true[record.id] for record in val])
    values = {"majority": max(share, 1 - share)}
    for name, planted in {"correct": False, "planted": True}.items():
        torch.manual_seed(0)
        model, loader = LastStep(planted), Mixed(records)
        loader.chains = 8
        optimizer = torch.optim.AdamW(model.parameters(), 5e-3)
        for loader.epoch in range(EPOCHS):
            for batch in loader:
                labels = torch.tensor([true[record_id] for record_id in batch.ids], dtype=torch.int64)
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(batch.inputs, batch.lengths), labels).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
        in_batch = answers(model, Mixed(val), 32)
        values[name] = np.mean([in_batch[record.id] == true[record.id] for record in val])
        if not planted:
            model.planted = True  # trained as it should be, and read from padding
            misread = answers(model, Mixed(val), 32)
            values["misread"] = np.mean([misread[record.id] == true[record.id] for record in val])
            values["misread_changed"] = np.mean([misread[record.id] != in_batch[record.id] for record in val])
    return values


def mostly_helix(record: pssp.ProteinRecord) -> bool:
    states = pssp.reduce_states(record.structure)
    return states.count("H") > states.count("E")


@torch.inference_mode()
def answers(model: nn.Module, loader: Mixed, size: int) -> dict[str, bool]:
    """What the model says of each chain, in batches of ``size``."""
    found = {}
    for bucket in loader.buckets():
        for start in range(0, len(bucket), size):
            batch = loader.batch(bucket[start : start + size])
            found |= zip(batch.ids, model(batch.inputs, batch.lengths).argmax(dim=1).bool().tolist(), strict=True)
    return found
