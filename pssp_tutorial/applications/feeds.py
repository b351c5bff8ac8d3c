"""Parasites whose food and oxygen change from minute to minute, simulated (chapter 20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from types import MappingProxyType

import numpy as np

from pssp_tutorial.applications.pathway import Pathway, load_glycolysis
from pssp_tutorial.applications.stiff import simulate_pathway
from pssp_tutorial.applications.tables import ApplicationDataError
from pssp_tutorial.batches.sequences import SequenceLoader

Region = Mapping[str, tuple[float, float]]
FED: Region = MappingProxyType({"glucose": (0.5, 10.0), "oxidase": (0.2, 1.0)})
"""The region that the training courses are from: millimoles per litre outside, and the share of the oxidase that works;
it needs oxygen."""
FEED_REGIONS: Mapping[str, Region] = MappingProxyType(
    {"test": FED, "starved": {**FED, "glucose": (0.05, 0.25)}, "airless": {**FED, "oxidase": (0.0, 0.05)}}
)
"""Where test courses come from: the training region, less glucose, and nearly no oxygen."""
MINUTES, CHANGES = 60, 1 / 8
"""How long a course is, and the chance that glucose, or the oxidase, changes at a minute."""
REST = 300
"""Minutes after which nothing moves any more, under the published conditions."""


@dataclass(frozen=True, eq=False)
class FeedCourses:
    """What was done to each cell, and what became of it.

    Parameters
    ----------
    feeds : float64[set, time, 2]
        Glucose outside, and the share of the oxidase, in the minute up to each look.
    concentrations : float64[set, time, species]
        Millimoles per litre at each look.
    species : tuple of str
    """

    feeds: np.ndarray
    concentrations: np.ndarray
    species: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.feeds)


def draw_feeds(region: Region, count: int, generator: np.random.Generator, *, minutes: int = MINUTES) -> np.ndarray:
    """Draw what is done: levels that hold for some minutes, glucose evenly on a logarithmic scale.

    Returns float64[set, time, 2].

    >>> draw_feeds(FED, 3, np.random.default_rng(0)).shape
    (3, 60, 2)
    """
    if set(region) != set(FED):
        raise ApplicationDataError(f"region names {', '.join(region)}; expected {', '.join(FED)}")
    (low, high), oxidase = np.log(region["glucose"]), region["oxidase"]
    drawn = generator.uniform((low, oxidase[0]), (high, oxidase[1]), (count, minutes, 2))
    changes = generator.random(drawn.shape) < CHANGES
    changes[:, 0] = True
    latest = np.maximum.accumulate(np.where(changes, np.arange(minutes)[:, None], 0), axis=1)
    levels = np.take_along_axis(drawn, latest, axis=1)
    return np.stack([np.exp(levels[:, :, 0]), levels[:, :, 1]], axis=2)


def follow_feeds(
    pathway: Pathway, feeds: np.ndarray, *, tolerance: float = 3e-3, start: np.ndarray | None = None
) -> np.ndarray:
    """What becomes of cells at rest, millimoles per litre, float64[set, time, species].

    Parameters
    ----------
    feeds : float64[set, time, 2]
        Glucose outside, and the share of the oxidase.
    tolerance : float
        As for :func:`simulate_pathway`.
    start : float64[species], optional
        Left out: where the published conditions come to rest.

    >>> feeds = draw_feeds(FED, 2, np.random.default_rng(0), minutes=5)
    >>> follow_feeds(load_glycolysis(), feeds).shape
    (2, 5, 24)
    """
    start = at_rest(pathway) if start is None else start
    given = {"Glc_e": feeds[:, :, 0], "GPO_c_Vmax": feeds[:, :, 1] * pathway.parameters["GPO_c_Vmax"]}
    return simulate_pathway(pathway, given, start, tolerance=tolerance)


def at_rest(pathway: Pathway) -> np.ndarray:
    """Where the published conditions come to rest, float64[species]."""
    given = {"Glc_e": np.array([[pathway.parameters["Glc_e"]]])}
    return simulate_pathway(pathway, given, pathway.initial, every=REST)[0, 0]


def load_feeds(
    train: int = 600,
    test: int = 100,
    *,
    minutes: int = MINUTES,
    seed: int = 0,
    folder: str | PathLike | None = None,
) -> dict[str, FeedCourses]:
    """Simulate from the shipped pathway: ``train``, ``val``, and a test set from each of :data:`FEED_REGIONS`.

    With the sizes left out, this takes minutes.

    Parameters
    ----------
    train, test : int
        Courses to learn from, and in each of the other sets.
    minutes : int
        Looks in a course, one per minute.
    seed : int
        Each set draws from its own stream, so that its size changes no other.

    >>> {name: len(part) for name, part in load_feeds(3, 2, minutes=2).items()}
    {'train': 3, 'val': 2, 'test': 2, 'starved': 2, 'airless': 2}
    """
    pathway = load_glycolysis(folder)
    plan = {"train": FED, "val": FED, **FEED_REGIONS}
    sizes = [train, *[test] * (len(plan) - 1)]
    drawn = [
        draw_feeds(region, size, np.random.default_rng([seed, number]), minutes=minutes)
        for number, (region, size) in enumerate(zip(plan.values(), sizes, strict=True))
    ]
    together = follow_feeds(pathway, np.concatenate(drawn))  # all at once is many times as fast
    parts = np.split(together, np.cumsum(sizes)[:-1])
    return {
        name: FeedCourses(feeds, found, pathway.species) for name, feeds, found in zip(plan, drawn, parts, strict=True)
    }


@dataclass(frozen=True, eq=False)
class FeedScale:
    """How feeds and concentrations become numbers near 0: logarithms, less their mean, by their standard deviation.

    Parameters: means and standard deviations of the feeds, [2], and of the concentrations' logarithms, [species].
    """

    feeds: tuple[np.ndarray, np.ndarray]
    concentrations: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, courses: FeedCourses) -> "FeedScale":
        """The scale of the courses to learn from; each species has its own.

        >>> courses = load_feeds(3, 1, minutes=2)["train"]
        >>> FeedScale.of(courses).apply(courses.concentrations).std(axis=(0, 1)).round(3).max().item()
        1.0
        """
        both = _moved(courses.feeds), np.log(courses.concentrations)
        return cls(*((values.mean(axis=(0, 1)), values.std(axis=(0, 1))) for values in both))

    def apply(self, concentrations: np.ndarray) -> np.ndarray:
        """float32 of the same shape."""
        mean, spread = self.concentrations
        return ((np.log(concentrations) - mean) / spread).astype(np.float32)

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Millimoles per litre."""
        mean, spread = self.concentrations
        return np.exp(values.astype(np.float64) * spread + mean)

    def inputs(self, feeds: np.ndarray) -> np.ndarray:
        """What a network reads, float32[set, time, 2]."""
        mean, spread = self.feeds
        return ((_moved(feeds) - mean) / spread).astype(np.float32)


def _moved(feeds: np.ndarray) -> np.ndarray:
    return np.stack([np.log(feeds[:, :, 0]), feeds[:, :, 1]], axis=2)


def feed_loader(courses: FeedCourses, scale: FeedScale, *, seed: int = 0, batch_courses: int = 16) -> SequenceLoader:
    """Batches of courses: from what was done up to each look, what there is.

    >>> courses = load_feeds(3, 1, minutes=2)["train"]
    >>> batch = next(iter(feed_loader(courses, FeedScale.of(courses))))
    >>> batch.inputs.shape, batch.labels.shape
    (torch.Size([3, 2, 2]), torch.Size([3, 2, 24]))
    """
    inputs, labels = scale.inputs(courses.feeds), scale.apply(courses.concentrations)
    return SequenceLoader(list(inputs), list(labels), batch_positions=batch_courses * inputs.shape[1], seed=seed)
