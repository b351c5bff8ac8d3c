"""What a brain looks at, told from nine volumes: linear models and an LSTM, run by run (chapter 19).

Each method learns from ten runs, chooses its settings by one more, and is scored on the one that is left.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, timed
from pssp_tutorial.applications.image_series import VOLUMES_A_BLOCK, Blocks

STRENGTHS = (0.0001, 0.001, 0.01, 0.1, 1.0)
RECIPES = (
    {"projection": 24, "dropout": 0.5, "weight_decay": 0.05},
    {"projection": 64, "dropout": 0.5, "weight_decay": 0.05},
    {"projection": 64, "dropout": 0.2, "weight_decay": 0.01},
    {"projection": None, "dropout": 0.3, "weight_decay": 0.05},
)
Answer = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, ...]]
"""From the rows of train, val and test, the category told for each row of test; once or more."""


def each_run(blocks: Blocks, answer: Answer) -> list[np.ndarray]:
    """The category told for each block, by what has not learnt from its run."""
    found = [(test, answer(train, val, test)) for train, val, test in pssp.leave_one_run_out(blocks.runs)]
    told = np.empty((len(found[0][1]), len(blocks)), dtype=np.int64)
    for test, answers in found:
        told[:, test] = answers
    return list(told)


def linear(make: Callable[[float], LogisticRegression | LinearSVC], features: np.ndarray, wanted: np.ndarray) -> Answer:
    """A linear model of the strength that tells most of the validation run; of equal ones, the most cautious."""

    def answer(train: np.ndarray, val: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, ...]:
        models = [make(strength).fit(features[train], wanted[train]) for strength in STRENGTHS]
        return (max(models, key=lambda model: model.score(features[val], wanted[val])).predict(features[test]),)

    return answer


def network(blocks: Blocks, seed: int, chosen: Counter) -> Answer:
    """The recipe with the smallest loss on the validation run; and the same with the volumes of a block mixed."""
    draw = np.random.default_rng(seed)
    orders = np.stack([draw.permutation(VOLUMES_A_BLOCK) for _ in range(len(blocks))])
    mixed = replace(blocks, volumes=np.take_along_axis(blocks.volumes, orders[:, :, None], axis=1))

    def answer(train: np.ndarray, val: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, ...]:
        trials = []
        for number, recipe in enumerate(RECIPES):
            torch.manual_seed(seed)
            model = pssp.SequenceClassifier(530, 8, 32, projection=recipe["projection"], dropout=recipe["dropout"])
            loaders = pssp.block_loader(blocks, train, seed=seed), pssp.block_loader(blocks, val)
            options = {"max_epochs": 60, "patience": 20, "weight_decay": recipe["weight_decay"]}
            history = pssp.fit(model, *loaders, seed=seed, progress=False, **options)
            trials.append((history.frame["val_loss"].min(), number, model))
        _, number, model = min(trials)
        chosen[str(number)] += 1
        tested = [pssp.block_loader(each, test) for each in (blocks, mixed)]
        return tuple(torch.stack(pssp.outputs_in_order(model, one)).argmax(dim=1).numpy() for one in tested)

    return answer


def image_series() -> None:
    """Writes applications_image_series.json."""
    images = pssp.load_image_series()
    blocks = pssp.task_blocks(images)
    mean, all_volumes = blocks.volumes.mean(axis=1), blocks.volumes.reshape(len(blocks), -1)

    def support(strength: float) -> LinearSVC:
        return LinearSVC(C=strength, max_iter=5_000, random_state=0)

    def logistic(strength: float) -> LogisticRegression:
        return LogisticRegression(C=strength, max_iter=2_000)

    answers = {
        "support vectors, mean": linear(support, mean, blocks.categories),
        "support vectors, all volumes": linear(support, all_volumes, blocks.categories),
        "logistic regression, mean": linear(logistic, mean, blocks.categories),
    }
    found, seconds, chosen = {}, {}, Counter()
    for name, answer in answers.items():
        found[name], seconds[name] = timed(lambda answer=answer: each_run(blocks, answer))
    pairs = []
    for seed in SEEDS:
        told, seconds["LSTM"] = timed(lambda seed=seed: each_run(blocks, network(blocks, seed, chosen)))
        pairs.append(told)
        print(seed, [(one == blocks.categories).mean() for one in told], f"{seconds['LSTM']:.0f} s", flush=True)
    found["LSTM, volumes in random order"] = [mixed for _, mixed in pairs]
    found["LSTM"] = [told for told, _ in pairs]

    def score(rows: np.ndarray, one: np.ndarray) -> float:
        return (one[rows] == blocks.categories[rows]).mean()

    task = (images.categories >= 0).reshape(12, -1)
    values = {"accuracy": summarise(found, score, blocks.runs), "seconds": seconds, "chance": 1 / 8}
    values["recipes_chosen"] = dict(sorted(chosen.items()))
    save("image_series", values | {"task_told_by_the_clock": np.mean([(one == task[0]).mean() for one in task[1:]])})
