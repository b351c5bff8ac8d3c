"""Many courses of the parasite at once, and how they become batches (chapter 20)."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

import pssp_tutorial as pssp
from application_parts.stiff import simulate_pathway
from pssp_tutorial.applications.feeds import FED, MINUTES, REST
from pssp_tutorial.applications.pathway import Pathway


@dataclass(frozen=True, eq=False)
class FeedCourses:
    """What was done to each cell in the minute up to each look, and what became of it."""

    feeds: np.ndarray  # glucose outside, and the share of the oxidase, float64[set, time, 2]
    concentrations: np.ndarray  # millimoles per litre, float64[set, time, species]
    species: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.feeds)


def follow_together(
    pathway: Pathway, feeds: np.ndarray, *, tolerance: float = 3e-3, start: np.ndarray | None = None
) -> np.ndarray:
    """As :func:`~pssp_tutorial.follow_feeds`, all courses at once; left out, the start is :func:`at_rest`."""
    start = at_rest(pathway) if start is None else start
    given = {"Glc_e": feeds[:, :, 0], "GPO_c_Vmax": feeds[:, :, 1] * pathway.parameters["GPO_c_Vmax"]}
    return simulate_pathway(pathway, given, start, tolerance=tolerance)


def at_rest(pathway: Pathway) -> np.ndarray:
    """Where the published conditions come to rest, float64[species]."""
    given = {"Glc_e": np.array([[pathway.parameters["Glc_e"]]])}
    return simulate_pathway(pathway, given, pathway.initial, every=REST)[0, 0]


def load_feeds(train: int = 600, test: int = 100, *, minutes: int = MINUTES, seed: int = 0) -> dict[str, FeedCourses]:
    """Simulate from the shipped pathway: ``train``, ``val``, and a test set from each of :data:`FEED_REGIONS`.

    There are ``train`` courses to learn from, and ``test`` in each of the other sets: with the sizes left out, this
    takes minutes. Each set draws from its own stream, so that its size changes no other.
    """
    pathway = pssp.load_glycolysis()
    plan = {"train": FED, "val": FED, **pssp.FEED_REGIONS}
    sizes = [train, *[test] * (len(plan) - 1)]
    drawn = [
        pssp.draw_feeds(region, size, np.random.default_rng([seed, number]), minutes=minutes)
        for number, (region, size) in enumerate(zip(plan.values(), sizes, strict=True))
    ]
    together = follow_together(pathway, np.concatenate(drawn))  # all at once is many times as fast
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
        """The scale of the courses to learn from; each species has its own."""
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


def feed_loader(
    courses: FeedCourses, scale: FeedScale, *, seed: int = 0, batch_courses: int = 16
) -> pssp.SequenceLoader:
    """Batches of courses: from what was done up to each look, [time, 2], what there is, [time, species]."""
    inputs, labels = scale.inputs(courses.feeds), scale.apply(courses.concentrations)
    return pssp.SequenceLoader(list(inputs), list(labels), batch_positions=batch_courses * inputs.shape[1], seed=seed)


class Follower(nn.Module):
    """What a system does under what is done to it: at each position, from the inputs up to there."""

    def __init__(self, input_size: int, channels: int, hidden_size: int = 64) -> None:
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True)
        self.values = nn.Linear(hidden_size, channels)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the values [batch, length, channel] for `inputs` [batch, length, input]; `lengths` [batch]."""
        return self.values(self.lstm(inputs)[0])
