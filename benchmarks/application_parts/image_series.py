"""What a brain looks at, told from nine volumes: linear models and an LSTM, run by run (chapter 19)."""

from collections.abc import Callable

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, timed, trained
from pssp_tutorial.applications.image_series import Blocks

Answer = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def each_run(blocks: Blocks, answer: Answer) -> np.ndarray:
    """The category told for each block, by what has not learnt from its run."""
    told = np.empty(len(blocks), dtype=np.int64)
    for train, val, test in pssp.leave_one_run_out(blocks.runs):
        told[test] = answer(train, val, test)
    return told


def network(blocks: Blocks, seed: int) -> Answer:
    def answer(train: np.ndarray, val: np.ndarray, test: np.ndarray) -> np.ndarray:
        model, _ = trained(
            lambda: pssp.SequenceClassifier(530, 8, 32, projection=24, dropout=0.5),
            lambda seed: pssp.block_loader(blocks, train, seed=seed),
            pssp.block_loader(blocks, val),
            seed,
            max_epochs=60,
            patience=20,
            weight_decay=0.05,
        )
        return torch.stack(pssp.outputs_in_order(model, pssp.block_loader(blocks, test))).argmax(dim=1).numpy()

    return answer


def image_series() -> None:
    """Writes applications_image_series.json."""
    images = pssp.load_image_series()
    blocks = pssp.task_blocks(images)
    mean, all_volumes = blocks.volumes.mean(axis=1), blocks.volumes.reshape(len(blocks), -1)

    def linear(classifier: LogisticRegression | LinearSVC, features: np.ndarray) -> Answer:
        return lambda train, val, test: classifier.fit(
            features[np.concatenate([train, val])], blocks.categories[np.concatenate([train, val])]
        ).predict(features[test])

    answers: dict[str, Answer] = {
        "support vectors, mean": linear(LinearSVC(C=0.001), mean),
        "support vectors, all volumes": linear(LinearSVC(C=0.001), all_volumes),
        "logistic regression, mean": linear(LogisticRegression(C=0.01, max_iter=2000), mean),
    }
    found, seconds = {}, {}
    for name, answer in answers.items():
        one, seconds[name] = timed(lambda answer=answer: each_run(blocks, answer))
        found[name] = [one]
    found["LSTM"] = []
    for seed in SEEDS:
        one, seconds["LSTM"] = timed(lambda seed=seed: each_run(blocks, network(blocks, seed)))
        found["LSTM"].append(one)

    def score(rows: np.ndarray, one: np.ndarray) -> float:
        return (one[rows] == blocks.categories[rows]).mean()

    task = (images.categories >= 0).reshape(12, -1)
    values = {"accuracy": summarise(found, score, blocks.runs), "seconds": seconds, "chance": 1 / 8}
    save("image_series", values | {"task_told_by_the_clock": np.mean([(one == task[0]).mean() for one in task[1:]])})
