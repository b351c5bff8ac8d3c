"""Which adenines of a plasmid are methylated: motifs, a linear model, a perceptron and three LSTMs (chapter 17)."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, timed, trained
from pssp_tutorial.applications.methylation import encode_dna

WIDTH, NEGATIVES, STRETCH = 21, 10, 5_000
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


def tagger(num_layers: int) -> pssp.BiLSTM:
    return pssp.BiLSTM(32, num_layers, 2, input_size=4, embedding_size=None, dropout=0.2)


MODELS: dict[str, Callable[[], pssp.BiLSTM]] = {
    "LSTM, one layer, linear head": lambda: tagger(1),
    "LSTM, one layer, hidden head": lambda: pssp.with_hidden_head(tagger(1)),
    "LSTM, two layers": lambda: tagger(2),
}


def matches(windows: pd.DataFrame, motifs: dict[str, int]) -> np.ndarray:
    patterns = [(re.compile(motif), place) for motif, place in motifs.items()]
    middle = len(windows["sequence"].iloc[0]) // 2
    return np.array(
        [float(any(one.match(text, middle - place) for one, place in patterns)) for text in windows["sequence"]]
    )


def one_hot(windows: pd.DataFrame) -> np.ndarray:
    return np.eye(4, dtype=np.float32)[encode_dna(windows["sequence"])].reshape(len(windows), -1)


def learnt(classifier: Any, train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    return classifier.fit(one_hot(train), train["methylated"]).predict_proba(one_hot(test))[:, 1]


def precision(labels: torch.Tensor, logits: torch.Tensor) -> float:
    return pssp.average_precision(labels, logits[:, 1] - logits[:, 0])


def model_scores(model: torch.nn.Module, windows: pd.DataFrame) -> np.ndarray:
    logits = torch.stack(pssp.outputs_in_order(model, pssp.window_loader(windows, WIDTH), 1024))[:, WIDTH // 2]
    return (logits[:, 1] - logits[:, 0]).numpy()


def methylation() -> None:
    """Writes applications_methylation.json."""
    splits = pssp.methylation_splits(pssp.load_methylation())
    tests = pd.concat([splits.test, splits.shared])
    clean, labels = len(splits.test), tests["methylated"].to_numpy()
    found: dict[str, list[np.ndarray]] = {}
    seconds: dict[str, float] = {}
    baselines = {
        "GATC": lambda: matches(tests, {"GATC": 1}),
        "four motifs": lambda: matches(tests, MOTIFS),
        "logistic regression": lambda: learnt(LogisticRegression(max_iter=300), splits.train, tests),
    }
    for name, function in baselines.items():
        one, seconds[name] = timed(function)
        found[name] = [one]
    found["perceptron"] = []
    for seed in SEEDS:
        classifier = MLPClassifier((128,), early_stopping=True, random_state=seed)
        one, seconds["perceptron"] = timed(lambda classifier=classifier: learnt(classifier, splits.train, tests))
        found["perceptron"].append(one)
    val = pssp.window_loader(splits.val, WIDTH, batch_windows=1024)
    for name, make in MODELS.items():
        found[name] = []
        for seed in SEEDS:
            model, seconds[name] = trained(
                make,
                lambda seed: pssp.window_loader(splits.train, WIDTH, negatives=NEGATIVES, seed=seed, batch_windows=128),
                val,
                seed,
                scores={"ap": precision},
                **SETTINGS,
            )
            found[name].append(model_scores(model, tests))
    test = {name: [one[:clean] for one in ones] for name, ones in found.items()}
    stretches = splits.test["position"].to_numpy() // STRETCH

    def score(rows: np.ndarray, one: np.ndarray) -> float:
        return pssp.average_precision(labels[:clean][rows], one[rows])

    leak = {name: [pssp.average_precision(labels[clean:], one[clean:]) for one in ones] for name, ones in found.items()}
    values = {"average_precision": summarise(test, score, stretches), "on_shared_windows": leak, "seconds": seconds}
    save("methylation", values | {"chance": labels[:clean].mean()})
