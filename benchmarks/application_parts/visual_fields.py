"""The next visual field of a person: the last one, a line, the mean so far, and an LSTM (chapter 21)."""

import numpy as np
import torch

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, timed, trained

SHIFT, SPREAD, FIRST = 24, 8, 4  # decibels near 0; the first test that is scored


def mean_so_far(fields: np.ndarray) -> np.ndarray:
    return np.cumsum(fields, axis=1)[:, :-1] / np.arange(1, fields.shape[1])[None, :, None]


def line_so_far(fields: np.ndarray) -> np.ndarray:
    told = mean_so_far(fields)
    for at in range(3, fields.shape[1]):
        lines = np.polynomial.polynomial.polyfit(np.arange(at), fields[:, :at].transpose(1, 0, 2).reshape(at, -1), 1)
        told[:, at - 1] = (lines[0] + lines[1] * at).reshape(len(fields), -1)
    return told


def loader(fields: np.ndarray, rows: np.ndarray, seed: int = 0) -> pssp.SequenceLoader:
    """One series a point; the person is its id, so that nobody is on both sides."""
    series = ((fields[rows].transpose(0, 2, 1).reshape(-1, fields.shape[1]) - SHIFT) / SPREAD).astype(np.float32)
    ids = [f"person {row}" for row in np.repeat(rows, fields.shape[2])]
    inputs, labels = list(series[:, :-1, None]), list(series[:, 1:, None])
    return pssp.SequenceLoader(inputs, labels, ids=ids, batch_positions=128 * 11, seed=seed)


def patient_folds(people: int, folds: int = 6) -> list[np.ndarray]:
    """Indices of the people to test on, fold by fold, so that nobody is on both sides."""
    return np.array_split(np.random.default_rng(0).permutation(people), folds)


def network(fields: np.ndarray, seed: int) -> np.ndarray:
    told, folds = np.zeros_like(fields[:, 1:]), patient_folds(len(fields))
    for number, test in enumerate(folds):
        val = folds[(number + 1) % len(folds)]
        train = np.setdiff1d(np.arange(len(fields)), np.concatenate([test, val]))
        model, _ = trained(
            lambda: pssp.Forecaster(1, 16, dropout=0.3),
            lambda seed, train=train: loader(fields, train, seed),
            loader(fields, val),
            seed,
            max_epochs=20,
            patience=5,
            learning_rate=5e-3,
        )
        answers = torch.stack(pssp.outputs_in_order(model, loader(fields, test)))[:, :, 0].numpy() * SPREAD + SHIFT
        told[test] = answers.reshape(len(test), fields.shape[2], -1).transpose(0, 2, 1)
    return told


def visual_fields() -> None:
    """Writes applications_visual_fields.json."""
    fields = pssp.load_visual_fields().sensitivity.astype(np.float64)
    found, seconds = {}, {}
    for name, function in {
        "last": lambda: fields[:, :-1],
        "line": lambda: line_so_far(fields),
        "mean so far": lambda: mean_so_far(fields),
    }.items():
        one, seconds[name] = timed(function)
        found[name] = [one]
    found["LSTM"] = []
    for seed in SEEDS:
        one, seconds["LSTM"] = timed(lambda seed=seed: network(fields, seed))
        found["LSTM"].append(one)
    late = slice(FIRST - 1, None)

    def score(rows: np.ndarray, one: np.ndarray) -> float:
        return pssp.rmse(fields[:, 1:][rows][:, late], one[rows][:, late])

    save("visual_fields", {"rmse": summarise(found, score, np.arange(len(fields))), "seconds": seconds})
