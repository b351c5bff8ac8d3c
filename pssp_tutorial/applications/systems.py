"""The repressilator, three genes that switch each other off in a ring, and a solver that follows it (chapter 20)."""

from dataclasses import dataclass
from os import PathLike
from xml.etree import ElementTree

import numpy as np

from pssp_tutorial.applications.tables import REMEDY, ApplicationDataError, data_path
from pssp_tutorial.core.resources import read_checked

SPECIES = ("X", "Y", "Z", "PX", "PY", "PZ")
"""The messenger RNAs of LacI, TetR and cI, then their proteins, in molecules per cell."""
PARAMETERS = ("eff", "n", "KM", "tau_mRNA", "tau_prot", "ps_a", "ps_0")
"""Proteins per transcript, Hill coefficient, repressors for half repression, half-lives (minutes) of RNA and protein,
and transcripts per second from a free and from a repressed promoter."""


@dataclass(frozen=True)
class Repressilator:
    """The published model: its parameters and the molecules at the start, by their names in :data:`PARAMETERS` and
    :data:`SPECIES`."""

    parameters: dict[str, float]
    initial: dict[str, float]


def load_repressilator(folder: str | PathLike | None = None) -> Repressilator:
    """The model as BioModels publishes it (BIOMD0000000012, in SBML), read with its checksum.

    Raises ReadError or ApplicationDataError if the file is missing, damaged or another one.

    >>> load_repressilator().parameters
    {'eff': 20.0, 'n': 2.0, 'KM': 40.0, 'tau_mRNA': 2.0, 'tau_prot': 10.0, 'ps_a': 0.5, 'ps_0': 0.0005}
    """
    path = data_path("repressilator.xml", folder)
    content = read_checked(path, remedy=REMEDY)
    try:
        model = ElementTree.fromstring(content)
        values = {one.attrib["id"]: one.get("value", "") for one in model.iterfind(".//{*}parameter")}
        amounts = {one.attrib["id"]: one.get("initialAmount", "") for one in model.iterfind(".//{*}species")}
        return Repressilator(
            {name: float(values[name]) for name in PARAMETERS}, {name: float(amounts[name]) for name in SPECIES}
        )
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise ApplicationDataError(f"{path}: not the repressilator in SBML ({error}); {REMEDY}") from error


def change(state: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """How fast each species changes, molecules per minute, float64[set, species].

    The state is float64[set, species], the parameters are float64[set, parameter].

    >>> model = load_repressilator()
    >>> parameters, initial = (np.array([list(part.values())]) for part in (model.parameters, model.initial))
    >>> change(initial, parameters).round(3).tolist()
    [[30.0, 23.069, 30.0, 0.0, 138.629, 0.0]]
    """
    eff, n, half_repression, rna_life, protein_life, free, repressed = parameters.T[:, :, None]
    rna, protein = state[:, :3], np.maximum(state[:, 3:], 0)
    repressor = protein[:, [2, 0, 1]]
    open_share = 1 / (1 + (repressor / half_repression) ** n)
    transcription = 60 * (repressed + (free - repressed) * open_share)  # the rates are per second
    rna_decay, protein_decay = np.log(2) / rna_life, np.log(2) / protein_life
    return np.concatenate(
        [transcription - rna_decay * rna, eff * rna_decay * rna - protein_decay * state[:, 3:]], axis=1
    )


def simulate_repressilator(
    parameters: np.ndarray, initial: np.ndarray, *, samples: int = 60, every: float = 10.0, step: float = 0.25
) -> np.ndarray:
    """Follow many models at once with the classical Runge-Kutta method of order 4.

    The parameters, float64[set, parameter], and the molecules at the start, float64[set, species], are in the order of
    :data:`PARAMETERS` and :data:`SPECIES`. Returns molecules, float64[set, time, species]. The first of ``samples``
    looks is at the start; ``every`` and ``step`` are the minutes from look to look and of one step of the method, the
    first a multiple of the second. A quarter of a minute keeps the error well under 1%; half a minute does not, where a
    course starts without repressors.

    Raises ApplicationDataError if the shapes or the steps do not fit.

    >>> model = load_repressilator()
    >>> course = simulate_repressilator([list(model.parameters.values())], [list(model.initial.values())], samples=4)
    >>> course[0, :, 3].round().tolist()
    [0.0, 621.0, 709.0, 762.0]
    """
    parameters, state = np.asarray(parameters, dtype=np.float64), np.asarray(initial, dtype=np.float64)
    sets = len(parameters)
    if parameters.shape != (sets, len(PARAMETERS)) or state.shape != (sets, len(SPECIES)):
        expected = f"[set, {len(PARAMETERS)}] and [set, {len(SPECIES)}]"
        raise ApplicationDataError(
            f"parameters and initial have the shapes {parameters.shape} and {state.shape}; expected {expected}"
        )
    steps = round(every / step)
    if steps < 1 or abs(steps * step - every) > 1e-9:
        raise ApplicationDataError(f"every is {every}, step {step}; expected a whole number of steps")
    looks = [state]
    for _ in range(samples - 1):
        for _ in range(steps):
            one = change(state, parameters)
            two = change(state + step / 2 * one, parameters)
            three = change(state + step / 2 * two, parameters)
            four = change(state + step * three, parameters)
            state = state + step / 6 * (one + 2 * two + 2 * three + four)
        looks.append(state)
    return np.stack(looks, axis=1)
