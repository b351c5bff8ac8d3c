"""Three tasks that know no proteins: a tag for each base, a class for each sequence, a number for each base."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch import nn

from pssp_tutorial.batches.sequences import SequenceLoader
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX


class Reader(nn.Module):
    """A small LSTM, and one linear layer on every position, or on each sequence's last one."""

    def __init__(self, outputs: int, *, once: bool = False, dropout: float = 0.1) -> None:
        super().__init__()
        self.outputs, self.once = outputs, once
        self.lstm, self.dropout = nn.LSTM(4, 8, batch_first=True), nn.Dropout(dropout)
        self.linear = nn.Linear(8, outputs)

    def forward(self, inputs, lengths):
        values = self.dropout(self.lstm(inputs)[0])
        if self.once:
            values = values[torch.arange(len(lengths)), lengths - 1]
        values = self.linear(values)
        return values.squeeze(-1) if self.outputs == 1 else values


def sequences(task: str, count: int, seed: int) -> SequenceLoader:
    """DNA; what is asked follows from the base before (a tag), the last base (a class) or the share of G (a number)."""
    generator = np.random.default_rng(seed)
    codes = [generator.integers(0, 4, generator.integers(6, 15)) for _ in range(count)]
    labels = {
        "tag": lambda c: np.where(np.arange(len(c)) == 0, IGNORE_INDEX, np.roll(c, 1) // 2),
        "class": lambda c: int(c[-1] == 2),
        "number": lambda c: np.cumsum(c == 2) / (1.0 + np.arange(len(c))),
    }[task]
    names = [f"{seed}, {number}" for number in range(count)]
    return SequenceLoader([np.eye(4)[c] for c in codes], [labels(c) for c in codes], ids=names, batch_positions=80)


def data(task: str) -> tuple[SequenceLoader, SequenceLoader]:
    return sequences(task, 60, seed=0), sequences(task, 20, seed=1)


def model_for(task: str, seed: int = 0) -> Reader:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return {"tag": Reader(2), "class": Reader(2, once=True), "number": Reader(1)}[task]


def f1(labels, logits):
    return f1_score(labels, logits.argmax(dim=-1))


def rmse(labels, numbers):
    return (labels - numbers).square().mean().sqrt()


def mean_error(labels, numbers):
    return (labels - numbers).abs().mean()


OPTIONS = {"learning_rate": 0.05, "max_epochs": 8, "patience": 8}
TASKS = {
    "tag": {"scores": {"f1": f1}, "monitor": "val_f1", "mode": "max"},
    "class": {"scores": {"f1": f1}, "monitor": "val_f1", "mode": "max"},
    "number": {"scores": {"rmse": rmse, "mean_error": mean_error}, "monitor": "val_rmse", "mode": "min"},
}
every_task = pytest.mark.parametrize("task", TASKS)
