"""A parasite's glycolysis while its food changes: rivals, an LSTM, and what the solver costs (chapter 20)."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from torch import Tensor, nn

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, trained
from application_parts.feeds import FeedCourses, FeedScale, Follower, at_rest, feed_loader, follow_together, load_feeds
from pssp_tutorial.applications.feeds import FEED_REGIONS
from pssp_tutorial.applications.pathway import Pathway

PAST = 20
"""Minutes that the rivals with a window look back."""
TOLERANCES = (3e-3, 1e-1)
TIMED, EXACT = 8, 1e-3
"""Courses for the solver's errors, and the tolerance that they are compared with."""
ADENYLATES = ("ATP_g", "ADP_g", "AMP_g")
"""In the glycosome, where reactions only turn them into each other: their sum stays."""
SETTINGS: dict[str, Any] = {"max_epochs": 40, "patience": 10, "learning_rate": 5e-3, "schedule": "cosine"}


class Window(nn.Module):
    """Two hidden layers on the last minutes of what was done: what an LSTM has to beat."""

    def __init__(self, channels: int, hidden_size: int = 128) -> None:
        super().__init__()
        layers = (PAST * 2, hidden_size), (hidden_size, hidden_size)
        hidden = [part for sizes in layers for part in (nn.Linear(*sizes), nn.ReLU())]
        self.layers = nn.Sequential(*hidden, nn.Linear(hidden_size, channels))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        return self.layers(windows(inputs))


def windows(inputs: Tensor) -> Tensor:
    """The last minutes up to each look, [set, time, 2 PAST]; before the first one, it was as in the first."""
    before = inputs[:, :1].expand(-1, PAST - 1, -1)
    return torch.cat([before, inputs], dim=1).unfold(1, PAST, 1).flatten(2)


def regression(inputs: dict[str, np.ndarray], values: dict[str, np.ndarray], strengths: tuple[float, ...]) -> Any:
    """Ridge on the last minutes, their squares and products within a minute; how strong is chosen on val."""

    def features(name: str) -> np.ndarray:
        past = windows(torch.tensor(inputs[name])).numpy()
        glucose, oxidase = past[..., :PAST], past[..., PAST:]
        both = np.concatenate([past, past**2, glucose * oxidase], axis=-1)
        return both.reshape(-1, both.shape[-1])

    def flat(name: str) -> np.ndarray:
        return values[name].reshape(-1, values[name].shape[-1])

    fits = [Ridge(strength).fit(features("train"), flat("train")) for strength in strengths]
    best = min(fits, key=lambda fit: pssp.rmse(flat("val"), fit.predict(features("val"))))
    return lambda name: best.predict(features(name)).reshape(values[name].shape)


def nearest(inputs: dict[str, np.ndarray], values: dict[str, np.ndarray]) -> Any:
    """The mean of the training courses that were fed most alike; how many is chosen on val."""

    def flat(part: dict[str, np.ndarray], name: str) -> np.ndarray:
        return part[name].reshape(len(part[name]), -1)

    fits = [
        KNeighborsRegressor(count).fit(flat(inputs, "train"), flat(values, "train")) for count in (1, 2, 4, 8, 16, 32)
    ]
    best = min(fits, key=lambda fit: pssp.rmse(flat(values, "val"), fit.predict(flat(inputs, "val"))))
    return lambda name: best.predict(flat(inputs, name)).reshape(values[name].shape)


def networks(
    make: Callable[[], nn.Module], courses: dict[str, FeedCourses], scale: FeedScale
) -> tuple[list[nn.Module], list[float]]:
    val, models, seconds = feed_loader(courses["val"], scale), [], []
    for seed in SEEDS:
        run, spent = clocked(
            lambda seed=seed: trained(
                make, lambda seed: feed_loader(courses["train"], scale, seed=seed), val, seed, **SETTINGS
            )
        )
        models.append(run[0])
        seconds.append(spent)
    return models, seconds


def clocked(function: Callable[[], Any]) -> tuple[Any, float]:
    """What a function gives, and the seconds of the processor that it took: other work on the machine doesn't count."""
    started = time.process_time()
    return function(), time.process_time() - started


def pathway() -> None:
    """Writes applications_pathway.json."""
    glycolysis = pssp.load_glycolysis()
    courses, simulating = clocked(load_feeds)
    scale = FeedScale.of(courses["train"])
    inputs = {name: scale.inputs(part.feeds) for name, part in courses.items()}
    values = {name: scale.apply(part.concentrations) for name, part in courses.items()}
    channels, rest = len(glycolysis.species), at_rest(glycolysis)
    lines, table = regression(inputs, values, (0.1, 1.0, 10.0, 100.0, 1000.0)), nearest(inputs, values)
    perceptrons, perceptron_seconds = networks(lambda: Window(channels), courses, scale)
    lstms, lstm_seconds = networks(lambda: Follower(2, channels), courses, scale)
    found = {}
    for name in FEED_REGIONS:
        loader = feed_loader(courses[name], scale)
        said = {
            "mean": [np.zeros_like(values[name])],
            "at rest": [np.broadcast_to(scale.apply(rest), values[name].shape)],
            "nearest feeds": [table(name)],
            "regression": [lines(name)],
            "perceptron": [np.stack(pssp.outputs_in_order(model, loader)) for model in perceptrons],
            "LSTM": [np.stack(pssp.outputs_in_order(model, loader)) for model in lstms],
        }
        found[name] = region_scores(courses[name], values[name], said, scale)
    seconds = {"simulation": simulating, "perceptron": perceptron_seconds, "LSTM": lstm_seconds}
    sizes = {name: len(part) for name, part in courses.items()}
    spread = {"factor": float(np.exp(scale.concentrations[1].mean()))}
    speed = speeds(glycolysis, courses["test"], lstms[0], scale, rest)
    save("pathway", found | {"seconds": seconds, "sizes": sizes, "scale": spread, "speed": speed})


def region_scores(
    part: FeedCourses, truth: np.ndarray, said: dict[str, list[np.ndarray]], scale: FeedScale
) -> dict[str, Any]:
    def score(rows: np.ndarray, one: np.ndarray) -> float:
        return pssp.rmse(truth[rows], one[rows])

    atp = part.species.index("ATP_c")
    sums = [scale.undo(one)[..., [part.species.index(name) for name in ADENYLATES]].sum(-1) for one in said["LSTM"]]
    true_sum = part.concentrations[..., [part.species.index(name) for name in ADENYLATES]].sum(-1)
    off = np.abs(np.stack(sums) / true_sum - 1)
    return {
        "rmse": summarise(said, score, np.arange(len(truth))),
        "adenylates": {
            "true": [float(true_sum.min()), float(true_sum.max())],
            "off_median": float(np.median(off)),
            "off_worst_of_twenty": float(np.quantile(off, 0.95)),
        },
        "first": {
            "glucose": part.feeds[0, :, 0],
            "oxidase": part.feeds[0, :, 1],
            "ATP_c": part.concentrations[0, :, atp],
            "LSTM": scale.undo(said["LSTM"][0])[0, :, atp],
        },
    }


def speeds(
    glycolysis: Pathway, part: FeedCourses, model: nn.Module, scale: FeedScale, rest: np.ndarray
) -> dict[str, Any]:
    """Seconds of the processor for a course, of many at once and of one alone; and errors at each tolerance."""
    few = part.feeds[:TIMED]
    exact = scale.apply(follow_together(glycolysis, few, tolerance=EXACT, start=rest))

    def best(function: Callable[[], Any]) -> float:
        return min(clocked(function)[1] for _ in range(3))

    def solved(feeds: np.ndarray, tolerance: float) -> np.ndarray:
        return follow_together(glycolysis, feeds, tolerance=tolerance, start=rest)

    many = feed_loader(part, scale)
    one = pssp.SequenceLoader([many.inputs[0]], [many.labels[0]])
    found = {}
    for tolerance in TOLERANCES:
        together, seconds = clocked(lambda tolerance=tolerance: solved(part.feeds, tolerance))
        found[f"{tolerance:g}".replace(".", "_")] = {
            "of_many": seconds / len(part),
            "alone": clocked(lambda tolerance=tolerance: solved(part.feeds[:1], tolerance))[1],
            "rmse": pssp.rmse(exact, scale.apply(together[:TIMED])),
        }
    network = {
        "of_many": best(lambda: pssp.outputs_in_order(model, many, len(part))) / len(part),
        "alone": best(lambda: pssp.outputs_in_order(model, one)),
    }
    return {"network": network, "solver": found, "courses": len(part)}
