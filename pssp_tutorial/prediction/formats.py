"""Predictions as text that other programs read: JSON lines, FASTA, a table, and PSIPRED's two formats (chapter 5)."""

import json
from collections.abc import Callable

import numpy as np

from pssp_tutorial.prediction.prediction import InferenceError, Prediction
from pssp_tutorial.proteins.alphabet import STATES3, states_of
from pssp_tutorial.proteins.cleaning import short
from pssp_tutorial.proteins.fasta import fasta_entry

DIGITS = 4
WIDTH = 60
SS2_HEADER = "# PSIPRED VFORMAT (PSIPRED V4.0)\n\n"
HORIZ_HEADER = "# PSIPRED HFORMAT (PSIPRED V4.0)\n"


def as_jsonl(prediction: Prediction, model: str, source: str = "") -> str:
    """One JSON object: id, sequence, states, probabilities (a list of [H, E, C] or of the eight states) and model.

    >>> tiny = Prediction("tiny", "M", "C", np.array([[0.1, 0.2, 0.7]]))
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
    return json.dumps(document | ({"source": source} if source else {})) + "\n"


def as_fasta(prediction: Prediction, model: str, source: str = "") -> str:
    """The states in place of the residues, 60 per line; behind the id the source.

    >>> print(as_fasta(Prediction("tiny", "MKTV", "CHHC", np.eye(4, 3)), "small", "a.fasta"), end="")
    >tiny a.fasta
    CHHC
    """
    return fasta_entry(f"{prediction.id} {' '.join(source.split())}".rstrip(), prediction.states)


def as_tsv(prediction: Prediction, model: str, source: str = "") -> str:
    """One line per residue, separated by tabs: id, position from 1, residue, state, probability of each state, source.

    An id or a source with a quotation mark or a tab stands in quotation marks, as in CSV.

    >>> tiny = Prediction('5"end', "M", "C", np.array([[0.1, 0.2, 0.7]]))
    >>> as_tsv(tiny, "small").split()
    ['"5""end"', '1', 'M', 'C', '0.1000', '0.2000', '0.7000']
    """
    start, end = cell(prediction.id), f"\t{cell(source)}\n" if source else "\n"
    rows = zip(prediction.sequence, prediction.states, prediction.probabilities.tolist(), strict=True)
    return "".join(
        "\t".join([start, str(position), residue, state, *(f"{share:.{DIGITS}f}" for share in shares)]) + end
        for position, (residue, state, shares) in enumerate(rows, start=1)
    )


def cell(text: str) -> str:
    """A text as a table holds it: in quotation marks, by the rules of CSV, if it has any of them, tabs or line ends.

    >>> cell("P12345"), cell('5"end')
    ('P12345', '"5""end"')
    """
    return '"' + text.replace('"', '""') + '"' if set(text) & set('"\t\r\n') else text


def tsv_header(classes: int, source: str = "") -> str:
    """The names of a table's columns.

    >>> tsv_header(3).split()
    ['id', 'position', 'residue', 'state', 'p_H', 'p_E', 'p_C']
    """
    columns = ["id", "position", "residue", "state", *(f"p_{state}" for state in states_of(classes))]
    return "\t".join(columns + ["source"] * bool(source)) + "\n"


def as_ss2(prediction: Prediction, model: str, source: str = "") -> str:
    """PSIPRED's vertical format: number, residue, state, and the probabilities of coil, helix and strand.

    Source: the files that PSIPRED 4.0 writes (Jones 1999, doi 10.1006/jmbi.1999.3091).

    >>> print(as_ss2(Prediction("tiny", "M", "C", np.array([[0.1, 0.2, 0.7]])), "small"), end="")
    # PSIPRED VFORMAT (PSIPRED V4.0)
    <BLANKLINE>
       1 M C   0.700  0.100  0.200
    """
    _check_three(prediction, "ss2")
    order = [STATES3.index(state) for state in "CHE"]
    rows = zip(prediction.sequence, prediction.states, prediction.probabilities[:, order].tolist(), strict=True)
    return SS2_HEADER + "".join(
        f"{number:4d} {residue} {state}  {coil:6.3f} {helix:6.3f} {strand:6.3f}\n"
        for number, (residue, state, (coil, helix, strand)) in enumerate(rows, start=1)
    )


def as_horiz(prediction: Prediction, model: str, source: str = "") -> str:
    """PSIPRED's horizontal format, 60 residues a block: confidence from 0 to 9, states, residues and positions.

    The confidence is ten times what the most probable state is ahead of the second, rounded down, as in PSIPRED 4.0.

    >>> shares = np.array([[0.1, 0.2, 0.7], [0.9, 0.05, 0.05]])
    >>> print(as_horiz(Prediction("tiny", "MK", "CH", shares), "small"), end="")
    # PSIPRED HFORMAT (PSIPRED V4.0)
    <BLANKLINE>
    Conf: 48
    Pred: CH
      AA: MK
    <BLANKLINE>
    <BLANKLINE>
    """
    _check_three(prediction, "horiz")
    ranked = np.sort(prediction.probabilities.astype(np.float64), axis=1)
    ahead = np.minimum(10 * (ranked[:, -1] - ranked[:, -2]), 9).astype(int)
    confidence = "".join(map(str, ahead.tolist()))
    blocks = []
    for start in range(0, len(confidence), WIDTH):
        end = min(start + WIDTH, len(confidence))
        positions = "".join(f"{position:10d}" for position in range(start + 10, end + 1, 10))
        parts = confidence[start:end], prediction.states[start:end], prediction.sequence[start:end], positions
        blocks.append("\nConf: {}\nPred: {}\n  AA: {}\n      {}\n\n".format(*parts))
    return HORIZ_HEADER + "".join(blocks)


FORMATS: dict[str, Callable[[Prediction, str, str], str]] = {
    "jsonl": as_jsonl,
    "fasta": as_fasta,
    "tsv": as_tsv,
    "ss2": as_ss2,
    "horiz": as_horiz,
}
ONE_PROTEIN = ("ss2", "horiz")
"""Formats whose files hold one protein."""


def _check_three(prediction: Prediction, format: str) -> None:
    if prediction.probabilities.shape[1] != len(STATES3):
        name = short(prediction.id)
        raise InferenceError(f"{name}: {format} holds three states; expected --states 3, or another format")
