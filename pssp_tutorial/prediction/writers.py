"""Predictions as text that other programs read: JSON lines, FASTA, PSIPRED's ss2 and a table."""

import json
import re
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import write_atomically
from pssp_tutorial.proteins.alphabet import STATES3, states_of

if TYPE_CHECKING:
    from pssp_tutorial.prediction.predict import Prediction

DIGITS = 4
WIDTH = 60
SS2_HEADER = "# PSIPRED VFORMAT (PSIPRED V4.0)\n\n"


class WriterError(PSSPError):
    """A prediction that a format cannot hold."""


def as_jsonl(prediction: "Prediction", model: str) -> str:
    """One JSON object: id, sequence, states, probabilities (a list of [H, E, C] or of the eight states) and model.

    >>> from types import SimpleNamespace
    >>> tiny = SimpleNamespace(id="tiny", sequence="M", states="C", probabilities=np.array([[0.1, 0.2, 0.7]]))
    >>> print(as_jsonl(tiny, "small"), end="")
    {"id": "tiny", "sequence": "M", "states": "C", "probabilities": [[0.1, 0.2, 0.7]], "model": "small"}
    """
    document = {
        "id": prediction.id,
        "sequence": prediction.sequence,
        "states": prediction.states,
        "probabilities": np.round(prediction.probabilities.astype(np.float64), DIGITS).tolist(),
        "model": model,
    }
    return json.dumps(document) + "\n"


def as_fasta(prediction: "Prediction", model: str) -> str:
    """The states in place of the residues, 60 a line.

    >>> from types import SimpleNamespace
    >>> print(as_fasta(SimpleNamespace(id="tiny", states="CHHC"), "small"), end="")
    >tiny
    CHHC
    """
    states = prediction.states
    lines = [states[start : start + WIDTH] for start in range(0, len(states), WIDTH)]
    return "\n".join([f">{prediction.id}", *lines, ""])


def as_ss2(prediction: "Prediction", model: str) -> str:
    """PSIPRED's vertical format: number, residue, state, and the probabilities of coil, helix and strand.

    Source: the files that PSIPRED 4.0 writes (Jones 1999, doi 10.1006/jmbi.1999.3091).

    >>> from types import SimpleNamespace
    >>> tiny = SimpleNamespace(id="tiny", sequence="M", states="C", probabilities=np.array([[0.1, 0.2, 0.7]]))
    >>> print(as_ss2(tiny, "small"), end="")
    # PSIPRED VFORMAT (PSIPRED V4.0)
    <BLANKLINE>
       1 M C   0.700  0.100  0.200
    """
    if prediction.probabilities.shape[1] != len(STATES3):
        raise WriterError(f"{prediction.id}: ss2 holds three states; expected --states 3, or another format")
    order = [STATES3.index(state) for state in "CHE"]
    rows = zip(prediction.sequence, prediction.states, prediction.probabilities[:, order].tolist(), strict=True)
    return SS2_HEADER + "".join(
        f"{number:4d} {residue} {state}  {coil:6.3f} {helix:6.3f} {strand:6.3f}\n"
        for number, (residue, state, (coil, helix, strand)) in enumerate(rows, start=1)
    )


def as_tsv(prediction: "Prediction", model: str) -> str:
    """One line a residue, separated by tabs: id, position from 1, residue, state, and the probability of each state.

    >>> from types import SimpleNamespace
    >>> tiny = SimpleNamespace(id="tiny", sequence="M", states="C", probabilities=np.array([[0.1, 0.2, 0.7]]))
    >>> as_tsv(tiny, "small").split()
    ['tiny', '1', 'M', 'C', '0.1000', '0.2000', '0.7000']
    """
    rows = zip(prediction.sequence, prediction.states, prediction.probabilities.tolist(), strict=True)
    return "".join(
        "\t".join([prediction.id, str(position), residue, state, *(f"{share:.{DIGITS}f}" for share in shares)]) + "\n"
        for position, (residue, state, shares) in enumerate(rows, start=1)
    )


FORMATS: dict[str, Callable[["Prediction", str], str]] = {
    "jsonl": as_jsonl,
    "fasta": as_fasta,
    "ss2": as_ss2,
    "tsv": as_tsv,
}


class Single:
    """Writes predictions one after another to one handle, in a format; a table begins with the names of its columns."""

    def __init__(self, handle: BinaryIO, format: str, model: str) -> None:
        self.handle, self.format, self.model, self.written = handle, format, model, 0

    def write(self, prediction: "Prediction") -> None:
        """Write one more.

        Raises WriterError for a second one in ss2, which programs would read as more of the first.
        """
        if self.format == "ss2" and self.written:
            raise WriterError(f"{prediction.id}: ss2 holds one protein; for several, expected a folder: --out FOLDER/")
        text = FORMATS[self.format](prediction, self.model)
        if self.format == "tsv" and not self.written:
            columns = [f"p_{state}" for state in states_of(prediction.probabilities.shape[1])]
            text = "\t".join(["id", "position", "residue", "state", *columns]) + "\n" + text
        self.handle.write(text.encode())
        self.written += 1


class Folder:
    """Writes each prediction to a file of its own, in ss2, named after its id.

    Characters that a file name cannot have everywhere become ``_``; a name that is taken gets a number.
    """

    def __init__(self, folder: str | PathLike, model: str) -> None:
        self.folder, self.model, self.taken = Path(folder), model, dict[str, int]()

    def write(self, prediction: "Prediction") -> None:
        """Write one more."""
        stem = re.sub(r"[^\w.-]", "_", prediction.id, flags=re.ASCII).lstrip(".")[:100] or "_"
        name = stem
        while name.casefold() in self.taken:  # how often each name was asked for: the next number needs no search
            self.taken[stem.casefold()] += 1
            name = f"{stem}_{self.taken[stem.casefold()]}"
        self.taken[name.casefold()] = 1
        with write_atomically(self.folder / f"{name}.ss2", durable=False) as handle:
            handle.write(as_ss2(prediction, self.model).encode())
