"""Courses of the repressilator, simulated with other parameters than the published ones (chapter 20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from types import MappingProxyType

import numpy as np

from pssp_tutorial.applications.systems import (
    PARAMETERS,
    SPECIES,
    Repressilator,
    load_repressilator,
    simulate_repressilator,
)
from pssp_tutorial.applications.tables import ApplicationDataError
from pssp_tutorial.batches.sequences import SequenceLoader

INSIDE = MappingProxyType(
    {
        "eff": (14, 28),
        "n": (1.8, 2.6),
        "KM": (25, 60),
        "tau_mRNA": (1.5, 2.8),
        "tau_prot": (6, 14),
        "ps_a": (0.35, 0.65),
    }
)
"""The region that the training parameters are drawn from; what it does not name is as published."""
TRAJECTORY_REGIONS: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"test": INSIDE, "slow": {**INSIDE, "tau_prot": (18, 30)}, "damped": {**INSIDE, "n": (1.2, 1.5)}}
)
"""Where test parameters come from: the training region, proteins that live longer, and weaker cooperation."""
MOST_RNA, MOST_PROTEIN = 30, 2000


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Simulated courses; parameters and species are in the order of :data:`PARAMETERS` and :data:`SPECIES`."""

    parameters: np.ndarray  # float64[set, parameter]
    initial: np.ndarray  # molecules at the start, float64[set, species]
    minutes: np.ndarray  # when the courses are looked at, float64[time]
    proteins: np.ndarray  # molecules of LacI, TetR and cI, float32[set, time, 3]

    def __len__(self) -> int:
        return len(self.proteins)


def draw_trajectories(
    model: Repressilator, region: Mapping[str, tuple[float, float]], count: int, generator: np.random.Generator
) -> Trajectories:
    """Draw parameters evenly from a region and a start at random, and simulate ten hours, looked at every ten minutes.

    >>> courses = draw_trajectories(load_repressilator(), INSIDE, 3, np.random.default_rng(0))
    >>> courses.proteins.shape
    (3, 60, 3)
    """
    return _simulated(*_drawn(model, region, count, generator))


def load_trajectories(
    train: int = 2_000, test: int = 300, *, seed: int = 0, folder: str | PathLike | None = None
) -> dict[str, Trajectories]:
    """Simulate from the shipped model: ``train``, ``val``, and a test set from each of :data:`TRAJECTORY_REGIONS`.

    There are ``train`` courses to learn from, and ``test`` in each of the other sets. Each set draws from its own
    stream, so that its size changes no other.

    >>> {name: len(courses) for name, courses in load_trajectories(20, 3).items()}
    {'train': 20, 'val': 3, 'test': 3, 'slow': 3, 'damped': 3}
    """
    model = load_repressilator(folder)
    plan = {"train": INSIDE, "val": INSIDE, **TRAJECTORY_REGIONS}
    sizes = [train, *[test] * (len(plan) - 1)]
    drawn = [
        _drawn(model, region, size, np.random.default_rng([seed, number]))
        for number, (region, size) in enumerate(zip(plan.values(), sizes, strict=True))
    ]
    together = _simulated(*map(np.concatenate, zip(*drawn, strict=True)))  # all at once is five times as fast
    ends = np.cumsum(sizes)
    parts = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
    return {
        name: Trajectories(together.parameters[part], together.initial[part], together.minutes, together.proteins[part])
        for name, part in zip(plan, parts, strict=True)
    }


def _drawn(
    model: Repressilator, region: Mapping[str, tuple[float, float]], count: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    unknown = sorted(set(region) - set(PARAMETERS))
    if unknown:
        raise ApplicationDataError(f"region names {', '.join(unknown)}; expected some of {', '.join(PARAMETERS)}")
    ends = {name: region.get(name, (published, published)) for name, published in model.parameters.items()}
    parameters = np.stack([generator.uniform(*ends[name], count) for name in PARAMETERS], axis=1)
    return parameters, generator.uniform(0, [MOST_RNA] * 3 + [MOST_PROTEIN] * 3, (count, len(SPECIES)))


def _simulated(parameters: np.ndarray, initial: np.ndarray) -> Trajectories:
    proteins = simulate_repressilator(parameters, initial)[:, :, 3:].astype(np.float32)
    return Trajectories(parameters, initial, np.arange(proteins.shape[1]) * 10.0, proteins)


@dataclass(frozen=True)
class TrajectoryScale:
    """How molecules become numbers near 0: the logarithm of one more, less its mean, by its standard deviation."""

    mean: float
    spread: float

    @classmethod
    def of(cls, courses: Trajectories) -> "TrajectoryScale":
        """The scale of the courses to learn from.

        >>> courses = draw_trajectories(load_repressilator(), INSIDE, 5, np.random.default_rng(0))
        >>> TrajectoryScale.of(courses).apply(courses.proteins).std().round(3).item()
        1.0
        """
        values = np.log1p(courses.proteins.astype(np.float64))
        return cls(float(values.mean()), float(values.std()))

    def apply(self, molecules: np.ndarray) -> np.ndarray:
        """float32 of the same shape; molecules below 0, which noise can make, count as none."""
        return ((np.log1p(np.maximum(molecules, 0)) - self.mean) / self.spread).astype(np.float32)


def trajectory_loader(
    courses: Trajectories, scale: TrajectoryScale, *, noise: float = 0.05, seed: int = 0, batch_courses: int = 64
) -> SequenceLoader:
    """Batches of courses on a scale, [time, 3]: from noisy values, each time the next one without noise.

    The standard deviation of the ``noise`` is a share of the value.

    >>> courses = draw_trajectories(load_repressilator(), INSIDE, 5, np.random.default_rng(0))
    >>> next(iter(trajectory_loader(courses, TrajectoryScale.of(courses)))).labels.shape
    torch.Size([5, 59, 3])
    """
    factors = 1 + noise * np.random.default_rng(seed).standard_normal(courses.proteins.shape)
    inputs, labels = scale.apply(courses.proteins * factors)[:, :-1], scale.apply(courses.proteins)[:, 1:]
    return SequenceLoader(list(inputs), list(labels), batch_positions=batch_courses * inputs.shape[1], seed=seed)


def cut_windows(
    courses: Trajectories, scale: TrajectoryScale, *, length: int = 30, noise: float = 0.05, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every stretch of so many looks, and which course it was cut from; the chapter shows how a split of them leaks.

    A window has ``length`` looks, and the next begins one look later. Returns noisy values and each time the next one
    without noise, both float32[window, length - 1, 3], and the course's number, int64[window]. The standard deviation
    of the ``noise`` is a share of the value; a look has the same noise in all windows that show it.

    Raises ApplicationDataError if a window is shorter than two looks or longer than a course.

    >>> courses = draw_trajectories(load_repressilator(), INSIDE, 5, np.random.default_rng(0))
    >>> [part.shape for part in cut_windows(courses, TrajectoryScale.of(courses))]
    [(155, 29, 3), (155, 29, 3), (155,)]
    """
    looks = courses.proteins.shape[1]
    if not 2 <= length <= looks:
        raise ApplicationDataError(f"length is {length}; expected 2 to {looks} looks")
    factors = 1 + noise * np.random.default_rng(seed).standard_normal(courses.proteins.shape)
    noisy, exact = scale.apply(courses.proteins * factors), scale.apply(courses.proteins)
    starts = range(looks - length + 1)
    inputs = np.concatenate([noisy[:, start : start + length - 1] for start in starts])
    labels = np.concatenate([exact[:, start + 1 : start + length] for start in starts])
    return inputs, labels, np.tile(np.arange(len(courses)), len(starts))
