"""A solver for equations that are stiff, as those of a pathway are, which takes many courses at once (chapter 20)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from pssp_tutorial.applications.pathway import Pathway, Values
from pssp_tutorial.applications.tables import ApplicationDataError

GAMMA = 1 - 1 / np.sqrt(2)
"""With it the method is stable however stiff the equations are (Verwer et al. 1999, doi 10.1137/S1064827597326651)."""
FIRST_STEP, SHORTEST_STEP = 1e-6, 1e-12
"""Minutes; nothing in a cell is so fast that it needs a shorter one."""
LOOSEST = 0.1
"""Beyond this tolerance, steps are soon so long that concentrations come to an end."""
SMALL = 1e-2
"""Millimoles per litre, added to a concentration before an error is compared with it."""
SHIFT = 1e-7
"""The share by which a concentration is moved to see how a rate changes."""


def simulate_pathway(
    pathway: Pathway, given: Mapping[str, np.ndarray], start: np.ndarray, *, every: float = 1.0, tolerance: float = 3e-3
) -> np.ndarray:
    """Follow many courses at once while parameters are changed from outside.

    The method is a Rosenbrock method of order 2. Each step solves linear equations for where the reactions pull, so the
    fastest of them does not set the length of a step. Each course takes steps of its own.

    ``given`` are parameters by name, float[set, time], for the time up to each look, ``every`` so many minutes one; the
    start is float64[species] or float64[set, species]. The ``tolerance``, at most 0.1, is the largest error of one
    step, as a share of a concentration: the root of the mean square over the species. Returns float64[set, time,
    species], millimoles per litre at each look; the start is not among them.

    Raises ApplicationDataError if a name is unknown, the shapes or the tolerance do not fit, or no step is short
    enough.
    """
    drives, state = _checked(pathway, given, start, tolerance)
    sets, looks = next(iter(drives.values())).shape
    step, found = np.full(sets, FIRST_STEP), np.empty((sets, looks, len(pathway.species)))
    for look in range(looks):
        now = {name: values[:, look] for name, values in drives.items()}
        _follow(pathway, state, now, step, every, tolerance)
        found[:, look] = state
    return found


def _checked(
    pathway: Pathway, given: Mapping[str, np.ndarray], start: np.ndarray, tolerance: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    drives = {name: np.asarray(values, dtype=np.float64) for name, values in given.items()}
    shapes = {values.shape for values in drives.values()}
    if unknown := sorted(set(drives) - set(pathway.parameters)):
        raise ApplicationDataError(f"given names {', '.join(unknown)}; expected parameters such as Glc_e")
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise ApplicationDataError(f"given has the shapes {sorted(shapes)}; expected one [set, time]")
    if not 0 < tolerance <= LOOSEST:
        raise ApplicationDataError(f"tolerance is {tolerance}; expected more than 0, at most {LOOSEST}")
    sets, _ = shapes.pop()
    start = np.asarray(start, dtype=np.float64)
    if start.shape not in ((len(pathway.species),), (sets, len(pathway.species))) or not (start > 0).all():
        expected = f"concentrations above 0, [{len(pathway.species)}] or [{sets}, {len(pathway.species)}]"
        raise ApplicationDataError(
            f"start has the shape {start.shape} and goes down to {start.min()}; expected {expected}"
        )
    return drives, np.broadcast_to(start, (sets, len(pathway.species))).copy()


def _follow(
    pathway: Pathway, state: np.ndarray, now: Mapping[str, np.ndarray], step: np.ndarray, every: float, tolerance: float
) -> None:
    """Bring each course's state to the next look, and leave the step that it would take there."""
    left = np.full(len(state), float(every))
    rows = np.arange(len(state))
    while rows.size:
        taken = np.minimum(step[rows], left[rows])
        after, error = _step(pathway, state[rows], {name: values[rows] for name, values in now.items()}, taken)
        size = np.sqrt(np.mean((error / (tolerance * (state[rows] + SMALL))) ** 2, axis=1)) + 1e-9
        size[~(after > 0).all(axis=1)] = np.inf  # no concentration is negative
        good = size <= 1
        state[rows[good]] = after[good]
        left[rows[good]] -= taken[good]
        wanted = taken * np.clip(0.9 / np.sqrt(size), 0.2, 5)
        step[rows] = np.where(good, np.maximum(wanted, step[rows] * (taken < step[rows])), wanted)
        if step.min() < SHORTEST_STEP:
            raise ApplicationDataError(f"a step of {SHORTEST_STEP} minutes is too long; is a parameter out of range?")
        rows = np.flatnonzero(left > 0)


def _step(pathway: Pathway, state: np.ndarray, now: Values, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The state after a step, [set, species], and how far it is from that of a method of order 1."""
    rates, slopes = rates_and_slopes(pathway, state, now)
    pull = np.linalg.inv(np.eye(state.shape[1]) - GAMMA * step[:, None, None] * (pathway.effects @ slopes))

    def solved(change: np.ndarray) -> np.ndarray:
        return (pull @ change[:, :, None])[:, :, 0] * step[:, None]

    one = solved(rates @ pathway.effects.T)
    two = solved(pathway.rates(state + one, now) @ pathway.effects.T) - 2 * (pull @ one[:, :, None])[:, :, 0]
    return state + 1.5 * one + 0.5 * two, 0.5 * (one + two)


def rates_and_slopes(pathway: Pathway, state: np.ndarray, given: Values) -> tuple[np.ndarray, np.ndarray]:
    """The rates, and how they depend on each species, float64[set, reaction] and [set, reaction, species]."""
    values = pathway.values(state, given)
    rates = np.zeros((len(state), len(pathway.laws)))
    found = np.zeros((*rates.shape, len(pathway.species)))
    for number, (name, law) in enumerate(pathway.laws.items()):
        species = species_read(pathway)[name]
        moved = 1 + SHIFT * np.eye(len(species) + 1, len(species), -1)  # the first row moves nothing
        shifted = {one: values[one] * moved[:, [place]] for place, one in enumerate(species)}
        first, *others = law({**values, **shifted})
        rates[:, number] = first
        for one, other in zip(species, others, strict=True):
            found[:, number, pathway.species.index(one)] = (other - first) / (SHIFT * values[one])
    return rates, found


class Asked(dict):
    """Values that remember the names by which they were asked for."""

    def __init__(self, values: Values) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)


@cache
def species_read(pathway: Pathway) -> dict[str, list[str]]:
    """For each reaction the species that its rate depends on."""
    found = {}
    for name, law in pathway.laws.items():
        asked = Asked(pathway.values(pathway.initial[None], {}))
        law(asked)
        found[name] = sorted(asked.names & set(pathway.species))
    return found
