"""Glycolysis in the parasite that causes sleeping sickness: its reactions and their rates (chapter 20)."""

import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from os import PathLike
from typing import Any, TypeAlias

import numpy as np

from pssp_tutorial.applications.tables import REMEDY, ApplicationDataError, data_path
from pssp_tutorial.core.resources import read_checked

Values: TypeAlias = Mapping[str, Any]
"""Concentrations and parameters by their names, each a number or an array [set]."""
Law: TypeAlias = Callable[[Values], Any]
OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "plus": operator.add,
    "minus": operator.sub,
    "times": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
}
LEAST = 1e-9
"""Millimoles per litre below which a rate takes a concentration for this much."""


@dataclass(frozen=True, eq=False)
class Pathway:
    """Reactions, and what they do to concentrations, in millimoles per litre.

    The ending of a species says where it is: ``_c`` in the cytosol, ``_g`` in the glycosome. Among the parameters are
    the constants of the enzymes, and concentrations that are held, such as glucose outside, ``Glc_e``.
    """

    species: tuple[str, ...]
    initial: np.ndarray  # at the start, in the file, float64[species]
    parameters: dict[str, float]
    laws: dict[str, Law]  # for each reaction its rate, nanomoles per minute, from all values by name
    effects: np.ndarray  # how a concentration changes when a reaction runs once, float64[species, reaction]

    def values(self, state: np.ndarray, given: Values) -> dict[str, Any]:
        """All values by name, from a state [set, species] and what differs from the published parameters."""
        return {**self.parameters, **given, **dict(zip(self.species, np.maximum(state, LEAST).T, strict=True))}

    def rates(self, state: np.ndarray, given: Values | None = None) -> np.ndarray:
        """How fast each reaction runs, float64[set, reaction].

        >>> pathway = load_glycolysis()
        >>> rates = pathway.rates(pathway.initial[None])
        >>> dict(zip(pathway.laws, rates[0].round(1).tolist()))["GlcT_c"]  # glucose comes in
        84.5
        """
        values = self.values(state, given or {})
        return np.stack([law(values) + np.zeros(len(state)) for law in self.laws.values()], axis=1)


def load_glycolysis(folder: str | PathLike | None = None) -> Pathway:
    """Glycolysis in *Trypanosoma brucei* as BioModels publishes it (BIOMD0000000513), read with its checksum.

    Source: Kerkhoven et al. 2013, doi 10.1371/journal.pcbi.1003371, model A.

    Raises ReadError or ApplicationDataError if the file is missing, damaged or another one.

    >>> pathway = load_glycolysis()
    >>> len(pathway.species), len(pathway.laws), pathway.parameters["Glc_e"]
    (24, 21, 5.0)
    """
    path = data_path("glycolysis.json", folder)
    content = read_checked(path, remedy=REMEDY)
    try:
        return _pathway(json.loads(content))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ApplicationDataError(f"{path}: not a pathway ({error}); {REMEDY}") from error


def _pathway(model: dict[str, Any]) -> Pathway:
    species, reactions = model["species"], model["reactions"]
    known = {*species, *model["parameters"]}
    if unknown := sorted(set().union(*(_names(one["rate"]) for one in reactions.values())) - known):
        raise ValueError(f"its rates name {', '.join(unknown)}")
    effects = [
        [(one["makes"].get(name, 0) - one["takes"].get(name, 0)) / where["volume"] for one in reactions.values()]
        for name, where in species.items()
    ]
    return Pathway(
        tuple(species),
        np.array([float(one["initial"]) for one in species.values()]),
        {name: float(value) for name, value in model["parameters"].items()},
        {name: _law(one["rate"]) for name, one in reactions.items()},
        np.array(effects),
    )


def _names(tree: Any) -> set[str]:
    if isinstance(tree, list):
        return set().union(*map(_names, tree[1:]))
    return {tree} if isinstance(tree, str) else set()


def _law(tree: Any) -> Law:
    """A function that computes a rate: of a number, a name, or an operation and its terms."""
    if isinstance(tree, str):
        return operator.itemgetter(tree)
    if not isinstance(tree, list):
        number = float(tree)
        return lambda _: number
    operation, terms = OPERATIONS[tree[0]], [_law(term) for term in tree[1:]]
    return lambda values: reduce(operation, [term(values) for term in terms])
