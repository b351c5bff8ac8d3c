"""``pssp score``: how far two labellings of the same proteins agree."""

import argparse
import json
import math
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from pssp_tutorial.cli.options import SKIPPED, add_output, add_parser, output, standard_input, tell
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import check_targets
from pssp_tutorial.evaluation.comparison import Comparison, compare_states
from pssp_tutorial.evaluation.report import ProteinReport
from pssp_tutorial.prediction.writers import encoded
from pssp_tutorial.proteins.alphabet import REDUCTIONS
from pssp_tutorial.proteins.states import read_states

TITLES = {
    "q3": "Q3, over residues",
    "q3_per_protein": "Q3, mean over proteins",
    "q8": "Q8, over residues",
    "q8_per_protein": "Q8, mean over proteins",
    "sov99": "SOV'99, mean over proteins",
    "sov_refine": "SOV_refine, mean over proteins",
}

HELP = """Score predicted against true secondary structure: Q3, Q8 where both sides have eight states, segment overlap
(SOV'99 and SOV_refine), by state and by protein.

  pssp score --true dssp.fasta --predicted predictions.jsonl
  pssp score --true 1abc.dssp --predicted 1abc.horiz --json
  pssp score --true labels.tsv --predicted psipred/*.ss2 --per-protein
  pssp score --true labels.tsv --predicted folder/ --reduction strict

A file of states is FASTA with states in place of residues (or after the sequence, as three lines per protein),
PSIPRED's ss2 or horiz, a table or JSON lines as pssp predict and pssp label write them, or what DSSP writes. Proteins
are paired by id; of ss2 and horiz, which have none, by the file's name, or by the index.tsv in a folder of pssp
predict. One protein on each side are compared whatever their names. P, -, _, . and L are coil; a residue that is ? on
either side is not scored, and a segment ends there.

Intervals hold the middle 95% of 2,000 draws of as many proteins with replacement. A protein that cannot be compared,
because it is on one side only or the lengths differ, is named on standard error; the exit code is then 5."""


def add_command(commands: argparse._SubParsersAction, epilog: str) -> None:
    """Add ``score``."""
    command = add_parser(
        commands, "score", run, "score predicted against true states: Q3, Q8, SOV", HELP, epilog=epilog
    )
    command.add_argument("--true", nargs="+", required=True, metavar="FILE", help="the states that were observed")
    predicted = "the states that were predicted; - is standard input"
    command.add_argument("--predicted", nargs="+", required=True, metavar="FILE", help=predicted)
    reduction = "how eight states become three. default: H, G, I as H; E, B as E; strict: only H and E; the rest as C"
    command.add_argument("--reduction", choices=REDUCTIONS, default="default", help=reduction)
    command.add_argument("--per-protein", action="store_true", help="a line for each protein as well (--json has them)")
    command.add_argument("--json", action="store_true", help="one JSON object, for programs; shares from 0 to 1")
    add_output(command)


def run(options: Namespace) -> int:
    """Score and write; the exit code says whether proteins were left out."""
    check_targets([options.out], options.true + options.predicted)
    true, predicted = _read(options.true), _read(options.predicted)
    comparison = compare_states(true, predicted, options.reduction)
    if len(true) == len(predicted) == 1 and list(true) != list(predicted):
        tell(f"pssp: {next(iter(predicted))} is compared with {next(iter(true))}")
    for protein, reason in comparison.left_out.items():
        tell(f"pssp: left out: {protein} {reason}")
    document = as_document(comparison, options.reduction)
    text = json.dumps(document, indent=2) if options.json else "\n".join(_lines(document, options.per_protein))
    with output(options.out) as target:
        target.write(encoded(f"{text}\n"))
    return SKIPPED if comparison.left_out else 0


def _read(names: list[str]) -> dict[str, str]:
    states: dict[str, str] = {}
    for name in names:
        found = read_states(standard_input() if name == "-" else name)
        if twice := sorted(found.keys() & states.keys()):
            raise PSSPError(f"{name}: {twice[0]} was in a file before; expected each protein once")
        states |= found
    return states


def as_document(comparison: Comparison, reduction: str = "default") -> dict[str, Any]:
    """All scores as JSON can hold them; null where there is nothing to score."""
    overlaps = comparison.segment_overlaps()
    by_state = {state: row | overlaps[state] for state, row in _by_state(comparison.three).items()}
    document = {
        "proteins": comparison.three.proteins,
        "residues": comparison.three.residues,
        "reduction": reduction,
        "scores": {name: interval._asdict() for name, interval in comparison.intervals().items()},
        "states": by_state,
        "states8": _by_state(comparison.eight) if comparison.eight else None,
        "per_protein": _by_protein(comparison),
        "left_out": comparison.left_out,
    }
    return _without_nan(document)


def _by_state(report: ProteinReport) -> dict[Any, dict[Any, Any]]:
    return report.table.drop(columns="sov").rename(columns={"support": "residues"}).to_dict("index")


def _by_protein(comparison: Comparison) -> list[dict[Any, Any]]:
    table = comparison.three.per_protein.set_axis(["id", "residues", "q3", "sov99"], axis=1)
    table.insert(3, "q8", comparison.eight.per_protein["accuracy"] if comparison.eight else None)
    return table.assign(sov_refine=comparison.refined).to_dict("records")


def _without_nan(value: Any) -> Any:
    """JSON has no nan."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _lines(document: dict[str, Any], per_protein: bool) -> Iterator[str]:
    """The document for people: in per cent."""
    proteins = "1 protein" if document["proteins"] == 1 else f"{document['proteins']} proteins"
    yield f"{proteins}, {document['residues']} residues, reduction {document['reduction']}"
    yield ""
    for name, title in TITLES.items():
        if name in document["scores"]:
            score = document["scores"][name]
            interval = f"{_percent(score['low'])} to {_percent(score['high'])}" if document["proteins"] > 1 else ""
            yield f"{title:<32}{_percent(score['value']):>6}   {interval}".rstrip()
    for states in filter(None, (document["states"], document["states8"])):
        names = list(next(iter(states.values())))
        yield ""
        yield "state" + "".join(f"{name:>11}" for name in names)
        for state, row in states.items():
            cells = (str(row[name]) if name == "residues" else _percent(row[name]) for name in names)
            yield f"{state:<5}" + "".join(f"{cell:>11}" for cell in cells)
    if per_protein:
        names = list(document["per_protein"][0])
        yield ""
        yield "\t".join(names)
        for row in document["per_protein"]:
            yield "\t".join(str(row[name]) if name in ("id", "residues") else _percent(row[name]) for name in names)


def _percent(share: float | None) -> str:
    """A share in per cent, with one decimal.

    >>> _percent(0.7512), _percent(None)
    ('75.1', '-')
    """
    return "-" if share is None else f"{100 * share:.1f}"
