"""Which adenines of a plasmid are methylated: motifs, a linear model, a perceptron and three LSTMs (chapter 17).

What learns chooses the width of its window on val, with seed 0, from the same two. Each training is kept in
build/methylation. About forty minutes.
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.neural_network import MLPClassifier

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, timed, trained
from pssp_tutorial.applications.methylation import MethylationSplits, encode_dna

KEPT = Path(__file__).parents[2] / "build" / "methylation"
WIDTHS, STRETCH = (11, 21), 5_000
MOTIFS = {"GATC": 1, "ACCCA": 4, "CCAAAT": 4, "G[AG].GAAG[CT]": 5}
"""Each with the place of its methylated adenine; all enriched among the methylated windows of the training plasmid."""
SETTINGS: dict[str, Any] = {
    "max_epochs": 30,
    "patience": 8,
    "learning_rate": 1e-2,
    "schedule": "cosine",
    "monitor": "val_ap",
    "mode": "max",
}
Scores = tuple[np.ndarray, np.ndarray, float]  # of val, of the test windows, and the seconds
Method = Callable[[MethylationSplits, pd.DataFrame, int, int], Scores]  # splits, test windows, width, seed


def tagger(num_layers: int) -> pssp.BiLSTM:
    return pssp.BiLSTM(32, num_layers, 2, input_size=4, embedding_size=None, dropout=0.2)


def matches(windows: pd.DataFrame, motifs: dict[str, int]) -> np.ndarray:
    patterns = [(re.compile(motif), place) for motif, place in motifs.items()]
    middle = len(windows["sequence"].iloc[0]) // 2
    return np.array(
        [float(any(one.match(text, middle - place) for one, place in patterns)) for text in windows["sequence"]]
    )


def one_hot(windows: pd.DataFrame, width: int) -> np.ndarray:
    codes = encode_dna(windows["sequence"])
    cut = (codes.shape[1] - width) // 2
    return np.eye(4, dtype=np.float32)[codes[:, cut : cut + width]].reshape(len(windows), -1)


def precision(labels: torch.Tensor, logits: torch.Tensor) -> float:
    return average_precision_score(labels, logits[:, 1] - logits[:, 0])


def learnt(make: Callable[[int], Any]) -> Method:
    def scores(splits: MethylationSplits, tests: pd.DataFrame, width: int, seed: int) -> Scores:
        started, train = time.process_time(), splits.train
        classifier = make(seed).fit(one_hot(train, width), train["methylated"])
        val, test = (classifier.predict_proba(one_hot(some, width))[:, 1] for some in (splits.val, tests))
        return val, test, time.process_time() - started

    return scores


def network(make: Callable[[], pssp.BiLSTM]) -> Method:
    def scores(splits: MethylationSplits, tests: pd.DataFrame, width: int, seed: int) -> Scores:
        model, seconds = trained(
            make,
            lambda seed: pssp.window_loader(splits.train, width, seed=seed, batch_windows=128),
            pssp.window_loader(splits.val, width, batch_windows=1024),
            seed,
            scores={"ap": precision},
            **SETTINGS,
        )
        val, test = (model_scores(model, some, width) for some in (splits.val, tests))
        return val, test, seconds

    return scores


def model_scores(model: torch.nn.Module, windows: pd.DataFrame, width: int) -> np.ndarray:
    logits = torch.stack(pssp.outputs_in_order(model, pssp.window_loader(windows, width), 1024))[:, width // 2]
    return (logits[:, 1] - logits[:, 0]).numpy()


METHODS: dict[str, Method] = {
    "logistic regression": learnt(lambda seed: LogisticRegression(max_iter=300)),
    "perceptron": learnt(lambda seed: MLPClassifier((128,), early_stopping=True, random_state=seed)),
    "LSTM, one layer, linear head": network(lambda: tagger(1)),
    "LSTM, one layer, hidden head": network(lambda: pssp.with_hidden_head(tagger(1))),
    "LSTM, two layers": network(lambda: tagger(2)),
}


def unseen(splits: MethylationSplits, shared: int = 21) -> MethylationSplits:
    """The same, but nothing to learn from that has so many nucleotides in a row in common with the shared windows."""
    known = {text[at : at + shared] for text in splits.shared["sequence"] for at in range(len(text) - shared + 1)}
    leaks = [
        any(text[at : at + shared] in known for at in range(len(text) - shared + 1))
        for text in splits.train["sequence"]
    ]
    return replace(splits, train=splits.train[~np.array(leaks)].reset_index(drop=True))


def kept(
    name: str, splits: MethylationSplits, tests: pd.DataFrame, width: int, seed: int, *, label: str = ""
) -> Scores:
    """A method's scores, computed once; ``label`` tells other training windows apart."""
    path = KEPT / f"{name.replace(', ', '_').replace(' ', '_')}_{width}_{seed}{label}.npz"
    if not path.exists():
        val, test, seconds = METHODS[name](splits, tests, width, seed)
        KEPT.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, val=val, test=test, seconds=seconds)
        print(f"{path.stem}: {seconds:.0f} s", flush=True)
    with np.load(path) as archive:
        return archive["val"], archive["test"], float(archive["seconds"])


def f1(labels: np.ndarray, called: np.ndarray) -> float:
    return float(2 * (labels & called).sum() / (labels.sum() + called.sum()))


def methylation() -> None:
    """Writes applications_methylation.json."""
    splits = pssp.methylation_splits(pssp.load_methylation())
    tests = pd.concat([splits.test, splits.shared])
    found: dict[str, list[np.ndarray]] = {}
    val_found: dict[str, list[np.ndarray]] = {}
    seconds, widths = {}, {}
    for name, motifs in {"GATC": {"GATC": 1}, "four motifs": MOTIFS}.items():
        one, seconds[name] = timed(lambda motifs=motifs: matches(tests, motifs))
        found[name], val_found[name] = [one], [matches(splits.val, motifs)]
    for name in METHODS:
        runs, widths[name] = best_runs(name, splits, tests)
        val_found[name], found[name] = [one[0] for one in runs], [one[1] for one in runs]
        seconds[name] = float(np.mean([one[2] for one in runs]))
    fewer = unseen(splits)
    control = {
        name: [kept(name, fewer, tests, widths[name]["chosen"], seed, label="_unseen")[1] for seed in SEEDS]
        for name in ("LSTM, one layer, linear head", "LSTM, one layer, hidden head")
    }
    values = scored(splits, tests, found, val_found) | leak(splits, tests, found, control)
    values["counts"] |= {"train": len(splits.train), "train_unseen": len(fewer.train)}
    save("methylation", values | {"widths": widths, "seconds": seconds})


def best_runs(name: str, splits: MethylationSplits, tests: pd.DataFrame) -> tuple[list[Scores], dict[str, Any]]:
    """A method's runs with the width that was best on val, one for each seed; and what each width got there."""
    known = splits.val["methylated"].to_numpy()
    first = {width: kept(name, splits, tests, width, 0) for width in WIDTHS}
    tried = {width: average_precision_score(known, scores[0]) for width, scores in first.items()}
    best = max(tried, key=tried.__getitem__)
    seeds = SEEDS[:1] if name == "logistic regression" else SEEDS
    runs = [kept(name, splits, tests, best, seed) for seed in seeds]
    return runs, {"chosen": best, "val": {str(width): value for width, value in tried.items()}}


def scored(
    splits: MethylationSplits,
    tests: pd.DataFrame,
    found: dict[str, list[np.ndarray]],
    val_found: dict[str, list[np.ndarray]],
) -> dict[str, Any]:
    """Ranking and calls on the test windows that training does not share; thresholds come from val."""
    clean, known = len(splits.test), splits.val["methylated"].to_numpy()
    labels, stretches = tests["methylated"].to_numpy()[:clean], splits.test["position"].to_numpy() // STRETCH
    thresholds = {name: [pssp.best_threshold(known, one) for one in ones] for name, ones in val_found.items()}
    called = {
        name: [one[:clean] >= least for one, least in zip(ones, thresholds[name], strict=True)]
        for name, ones in found.items()
    }
    motifs = {name: matches(splits.test, {name: place}).astype(bool) for name, place in MOTIFS.items()}

    def ranked(rows: np.ndarray, one: np.ndarray) -> float:
        return average_precision_score(labels[rows], one[rows])

    def agreed(rows: np.ndarray, one: np.ndarray) -> float:
        return f1(labels[rows], one[rows])

    return {
        "average_precision": summarise(cut(found, clean), ranked, stretches),
        "f1": summarise(called, agreed, stretches),
        "val_average_precision": {
            name: [average_precision_score(known, one) for one in ones] for name, ones in val_found.items()
        },
        "recall_of_motif": {
            name: {motif: np.mean([one[labels & here].mean() for one in ones]) for motif, here in motifs.items()}
            for name, ones in called.items()
        },
        "chance": labels.mean(),
    }


def leak(
    splits: MethylationSplits,
    tests: pd.DataFrame,
    found: dict[str, list[np.ndarray]],
    control: dict[str, list[np.ndarray]],
) -> dict[str, Any]:
    """The windows that training shares, by methods that have seen them and by those that have not."""
    clean, labels = len(splits.test), tests["methylated"].to_numpy()

    def on_shared(scores: dict[str, list[np.ndarray]]) -> dict[str, list[float]]:
        return {
            name: [average_precision_score(labels[clean:], one[clean:]) for one in ones]
            for name, ones in scores.items()
        }

    return {
        "on_shared_windows": on_shared(found),
        "on_shared_windows_unseen": on_shared(control),
        "with_shared_windows": {
            name: np.mean([average_precision_score(labels, one) for one in ones]) for name, ones in found.items()
        },
        "counts": {
            "test": clean,
            "test_methylated": labels[:clean].sum(),
            "shared": len(splits.shared),
            "shared_methylated": labels[clean:].sum(),
        },
    }


def cut(found: dict[str, list[np.ndarray]], rows: int) -> dict[str, list[np.ndarray]]:
    return {name: [one[:rows] for one in ones] for name, ones in found.items()}
