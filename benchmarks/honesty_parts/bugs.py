"""What the usual bugs do to a number: each planted in a training or a scoring, and measured.

The scored chains are those for validation. tests/training/test_planted_bugs.py has, for each, the check that finds it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

import pssp_tutorial as pssp
from honesty_parts.recipe import (
    BATCH_RESIDUES,
    CONTEXT,
    RUNS,
    SEEDS,
    Records,
    as_numbers,
    chapter_records,
    hits_of,
    over_families,
    over_seeds,
    report,
    trained,
)
from honesty_parts.seeds import run_of
from pssp_tutorial.batches.proteins import Loader

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
    values: dict[str, Any] = {"scoring": scoring(report(val, run_of(0).predicted["val"]))}
    values |= {"loss": loss(records, val), "unannotated": unannotated(records, val)}
    values |= {"stopping": stopping(records[:OVERFITTED], val), "last_step": last_step(records, val)}
    context = CONTEXT | {"training_chains": TRAINED, "overfitted_chains": OVERFITTED, "scoring": "seven epochs"}
    pssp.save_results("honesty_bugs", values, seeds=SEEDS, split="val", **context, command="make bench")


def scoring(scores: pssp.Report) -> dict[str, float]:
    """Padding counted in the accuracy, and the mean of the batches' accuracies: no training."""
    lengths = scores.per_protein["length"].to_numpy()
    right = scores.confusions.trace(axis1=1, axis2=2)
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
    """Softmax before the loss; padding in the loss, beside the same batches without it.

    The accuracy chooses the epoch in every arm: on the logits that the softmax bug shows in validation, the loss means
    nothing.
    """
    arms: dict[str, tuple[Callable[[int], Loader], type[nn.Module]]] = {
        "correct": (lambda seed: pssp.make_loader(records, batch_residues=BATCH_RESIDUES, seed=seed), pssp.BiLSTM),
        "softmax_first": (lambda seed: pssp.make_loader(records, BATCH_RESIDUES, seed=seed), SoftmaxFirst),
        "mixed": (lambda seed: Mixed(records, seed=seed), pssp.BiLSTM),
        "padding": (lambda seed: PaddingIsCoil(records, seed=seed), pssp.BiLSTM),
    }
    runs = {
        name: [
            trained(
                f"bug_{name}",
                loader(seed),
                choosing(val),
                {"val": val},
                seed=seed,
                model_class=model,
                monitor="val_accuracy",
            )
            for seed in SEEDS
        ]
        for name, (loader, model) in arms.items()
    }
    reports = {name: [report(val, run.predicted["val"]) for run in each] for name, each in runs.items()}
    values = {name: scores_of(each) for name, each in reports.items()}
    for name, each in runs.items():
        values[name] |= {"confidence": np.mean([run.about["val_confidence"] for run in each])}
        values[name] |= {"loss": np.mean([run.about["val_loss"] for run in each])}
        values[name] |= {"coil": np.mean([share_of_coil(one) for one in reports[name]])}
    for planted, control in {"softmax_first": "correct", "padding": "mixed"}.items():
        values[planted]["difference"] = difference_of(reports[planted], reports[control])
    return values


def scores_of(reports: Sequence[pssp.Report]) -> dict[str, Any]:
    """Q3, a mean over the seeds, with an interval over the proteins."""
    scores = as_numbers(over_families(hits_of(reports), residues_of(reports[0]), reports[0].ids))
    return scores | over_seeds([each.q3 for each in reports])


def difference_of(planted: Sequence[pssp.Report], control: Sequence[pssp.Report]) -> dict[str, Any]:
    """Planted minus control: paired over the proteins, a mean over the seeds."""
    gap = hits_of(planted) - hits_of(control)
    scores = as_numbers(over_families(gap, residues_of(control[0]), control[0].ids))
    return scores | over_seeds([one.q3 - other.q3 for one, other in zip(planted, control, strict=True)])


def residues_of(scores: pssp.Report) -> np.ndarray:
    """Scored residues of each protein."""
    return scores.confusions.sum(axis=(1, 2))


def choosing(val: Records) -> pssp.Loader:
    """A quarter of the validation chains, which is enough to choose the epoch."""
    return pssp.make_loader(val[::4])


def share_of_coil(scores: pssp.Report) -> float:
    return scores.confusion[:, COIL].sum() / scores.residues


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
    values: dict[str, dict] = {}
    reports = {}
    for name, letter in {"masked": "?", "coil": "C"}.items():
        seen, known = half_annotated(val, letter), half_annotated(records, letter)
        runs = [
            trained(
                f"bug_unannotated_{name}",
                pssp.make_loader(known, batch_residues=BATCH_RESIDUES, seed=seed),
                choosing(seen),
                {"val": val},
                seed=seed,
            )
            for seed in SEEDS
        ]
        reports[name] = [report(val, run.predicted["val"]) for run in runs]
        claims = [report(seen, run.predicted["val"]).q3 for run in runs]
        values[name] = {"claimed": np.mean(claims), "claims": claims} | scores_of(reports[name])
    return values | {"difference": difference_of(reports["coil"], reports["masked"])}


def stopping(records: Records, val: Records) -> dict[str, Any]:
    """The epoch chosen on a small test set itself, or on the other chains: overfitting runs, scored each epoch."""
    lengths = np.array([len(record) for record in val])
    picks = [pick for seed in SEEDS for pick in picks_of(right_by_epoch(records, val, seed), lengths)]
    gains = np.subtract(*np.transpose(picks))
    chosen, honest = np.mean(picks, axis=0)
    values = {"chosen_on_test": chosen, "chosen_elsewhere": honest, "flattery": gains.mean()}
    return values | {"flattery_standard_deviation": gains.std(), "flattery_largest": gains.max(), "draws": len(gains)}


def right_by_epoch(records: Records, val: Records, seed: int) -> np.ndarray:
    """Right residues of each protein after each epoch of a training without dropout: int[epoch, protein]."""
    kept = RUNS / f"bug_stopping_{seed}.npy"
    if not kept.exists():
        torch.manual_seed(seed)
        model = pssp.BiLSTM(hidden_size=64, dropout=0.0)
        loader = pssp.make_loader(records, BATCH_RESIDUES, shuffle=True, seed=seed)
        optimizer = torch.optim.AdamW(model.parameters(), 8e-3)
        rows = []
        for loader.epoch in range(EPOCHS):
            pssp.train_epoch(model, loader, optimizer)
            rows.append(pssp.evaluate(model, val).confusions.trace(axis1=1, axis2=2))
        np.save(kept, rows)
    return np.load(kept)


def picks_of(right: np.ndarray, lengths: np.ndarray) -> list[tuple[float, float]]:
    """For drawn small test sets, their score at the epoch that looks best on them, and at the one chosen elsewhere."""
    rng, picks = np.random.default_rng(0), []
    for _ in range(500):
        test = np.zeros(len(lengths), dtype=bool)
        test[rng.permutation(len(lengths))[:SMALL_TEST]] = True
        ours = right[:, test].sum(axis=1) / lengths[test].sum()
        picks.append((ours.max(), ours[right[:, ~test].sum(axis=1).argmax()]))
    return picks


def last_step(records: Records, val: Records) -> dict[str, Any]:
    """h_T of a right-padded batch, read where the chain ends or, planted, where the batch ends.

    Scored in batches of 32, which hold more padding than the 8 of the training: as it happens where a batch grows.
    """
    true = {record.id: mostly_helix(record) for record in (*records, *val)}
    share = np.mean([true[record.id] for record in val])
    runs = [read_at_the_end(records, val, true, seed) for seed in SEEDS]
    values = {name: over_seeds([run[name] for run in runs]) for name in runs[0]}
    return {"majority": max(share, 1 - share), **values}


def read_at_the_end(records: Records, val: Records, true: dict[str, bool], seed: int) -> dict[str, float]:
    """Accuracy of the right and of the planted model; and of the right one read from padding."""
    kept = RUNS / f"bug_last_step_{seed}.json"
    if not kept.exists():
        right = trained_on_last_step(records, true, seed, planted=False)
        given = {"correct": answers(right, Mixed(val), 32)}
        right.planted = True  # trained as it should be, and read from padding
        given["misread"] = answers(right, Mixed(val), 32)
        given["planted"] = answers(trained_on_last_step(records, true, seed, planted=True), Mixed(val), 32)
        scores = {name: float(np.mean([each[r.id] == true[r.id] for r in val])) for name, each in given.items()}
        changed = [given["misread"][record.id] != given["correct"][record.id] for record in val]
        kept.write_text(json.dumps(scores | {"misread_changed": float(np.mean(changed))}))
    return json.loads(kept.read_text())


def trained_on_last_step(records: Records, true: dict[str, bool], seed: int, *, planted: bool) -> LastStep:
    """A model that says of a chain whether it has more helix than strand."""
    torch.manual_seed(seed)
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
    return model


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
