"""Parasites whose food and oxygen change from minute to minute, simulated (chapter 20)."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from pssp_tutorial.applications.pathway import Pathway, Values
from pssp_tutorial.applications.tables import ApplicationDataError

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
LEAST_ERROR = 1e-7
"""Millimoles per litre by which a step may always be wrong; beyond that, by a ten-thousandth of a concentration."""


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


def follow_feeds(pathway: Pathway, feeds: np.ndarray) -> np.ndarray:
    """What becomes of cells that were at rest: millimoles per litre after each minute, float64[set, time, species].

    The feeds, float64[set, time, 2], are glucose outside and the share of the oxidase in each minute. SciPy follows
    them, about a second for a course of an hour.

    Raises ApplicationDataError if the feeds have another shape or are out of range, or SciPy is not installed.

    >>> from pssp_tutorial import load_glycolysis
    >>> feeds = draw_feeds(FED, 2, np.random.default_rng(0), minutes=5)
    >>> follow_feeds(load_glycolysis(), feeds).shape
    (2, 5, 24)
    """
    if feeds.ndim != 3 or feeds.shape[2] != 2 or not np.isfinite(feeds).all():
        raise ApplicationDataError(f"feeds have the shape {feeds.shape}; expected finite numbers, [set, time, 2]")
    rest = state_after(pathway, pathway.initial, {}, REST)
    found = np.empty((*feeds.shape[:2], len(rest)))
    for course, minutes in zip(found, feeds, strict=True):
        state = rest
        for minute, (glucose, oxidase) in enumerate(minutes):
            given = {"Glc_e": glucose, "GPO_c_Vmax": oxidase * pathway.parameters["GPO_c_Vmax"]}
            course[minute] = state = state_after(pathway, state, given, 1)
    return found


def state_after(pathway: Pathway, state: np.ndarray, given: Values, minutes: float) -> np.ndarray:
    """The concentrations so many minutes later, float64[species], while what is given in place of parameters holds."""
    try:
        from scipy.integrate import solve_ivp
    except ImportError as error:
        raise ApplicationDataError("follow_feeds needs SciPy; install it with: pip install scipy") from error

    def change(_: float, states: np.ndarray) -> np.ndarray:  # of many states at once, [species, set]
        return pathway.effects @ pathway.rates(states.T, given).T

    steps = solve_ivp(change, (0, minutes), state, method="BDF", vectorized=True, rtol=1e-4, atol=LEAST_ERROR)
    if not steps.success or steps.y.min() < -10 * LEAST_ERROR:
        told = ", ".join(f"{name} {value:g}" for name, value in given.items())
        raise ApplicationDataError(f"with {told} a concentration falls to {steps.y.min():.2g}; is that out of range?")
    return steps.y[:, -1]
