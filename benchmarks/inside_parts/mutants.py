"""Mutants in the middle of helices and strands, beside the measured scales, and how far a change is felt."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

import pssp_tutorial as pssp
from inside_parts.shared import EXPOSED, Records, interval
from pssp_tutorial.proteins.alphabet import segments

SHORTEST = {"H": 9, "E": 5}  # of the helices and strands whose middle is mutated
SCALES = {"H": pssp.HELIX_PROPENSITIES, "E": pssp.STRAND_PROPENSITIES}
LEFT_OUT = {"r": "", "r_without_proline_and_glycine": "PG"}
REACH = 40  # residues to either side


def mutants(models: dict[str, nn.Module], records: Records, count: int) -> dict[str, Any]:
    """Mean effects of the 20 amino acids at middles of helices and strands, beside the measured scales, and reach."""
    answer: dict[str, Any] = {"sites": {}, "reach": {}}
    for state, scale in SCALES.items():
        sites, column = middles(records, state)[:count], pssp.STATES3.index(state)
        answer["sites"][state] = len(sites)
        exposed = np.array([record.accessibility[place] >= EXPOSED for record, place in sites])
        for name, model in models.items():
            changes = [pssp.substitutions(model, record.sequence, place)[..., column] for record, place in sites]
            own = np.stack([each[:, place] for each, (_, place) in zip(changes, sites, strict=True)])
            own = own - own.mean(axis=1, keepdims=True)  # [site, 20]
            found = agreement(own, scale) | {"effects": dict(zip(pssp.AMINO_ACIDS, own.mean(axis=0), strict=True))}
            found["exposed"], found["buried"] = (agreement(own[rows], scale) for rows in (exposed, ~exposed))
            answer.setdefault(name, {})[state] = found
            if state == "H":
                answer["reach"][name] = reach(changes, [place for _, place in sites])
            print(name, state, found["r"], flush=True)
    return answer


def middles(records: Records, state: str) -> list[tuple[pssp.ProteinRecord, int]]:
    """One middle of a helix or strand of each chain that has one, drawn at random."""
    rng, found = np.random.default_rng(0), []
    for record in records:
        pieces = segments(pssp.reduce_states(record.structure))
        places = [(first + end) // 2 for kind, first, end in pieces if kind == state and end - first >= SHORTEST[state]]
        if places:
            found.append((record, int(rng.choice(places))))
    return [found[index] for index in rng.permutation(len(found))]


def agreement(effects: np.ndarray, scale: dict[str, float]) -> dict[str, Any]:
    """Correlation of mean effects [site, 20] with a scale on which lower is better; also without proline, glycine."""
    answer: dict[str, Any] = {"count": len(effects)}
    for name, left_out in LEFT_OUT.items():
        letters = [letter for letter in pssp.AMINO_ACIDS if letter in scale and letter not in left_out]
        columns, measured = list(map(pssp.AMINO_ACIDS.index, letters)), [-scale[letter] for letter in letters]
        answer[name] = interval(
            lambda rows, columns=columns, measured=measured: float(
                np.corrcoef(effects[rows].mean(axis=0)[columns], measured)[0, 1]
            ),
            len(effects),
        )
    return answer


def reach(changes: Sequence[np.ndarray], places: Sequence[int]) -> dict[str, Any]:
    """Mean size of the change of the helix log-odds by distance from the mutated residue, and how much lies near."""
    sums, counts = np.zeros(2 * REACH + 1), np.zeros(2 * REACH + 1)
    for change, place in zip(changes, places, strict=True):
        sizes = np.abs(change).mean(axis=0)
        for distance in range(-REACH, REACH + 1):
            if 0 <= place + distance < len(sizes):
                sums[distance + REACH] += sizes[place + distance]
                counts[distance + REACH] += 1
    means = sums / counts.clip(min=1)
    total = means.sum()
    shares = {str(near): means[REACH - near : REACH + near + 1].sum() / total for near in (0, 4, 8, 16)}
    return {"means": means, "shares": shares, "own": means[REACH], "sites": len(places)}


def counted(records: Records) -> dict[str, Any]:
    """The same correlations for mere counts: the log-odds of a state among a letter's residues in training chains."""
    residues = np.array(list("".join(record.sequence for record in records)))
    states = np.array(list("".join(pssp.reduce_states(record.structure) for record in records)))
    answer = {}
    for state, scale in SCALES.items():
        shares = np.array([(states[residues == letter] == state).mean() for letter in pssp.AMINO_ACIDS])
        effects = np.log(shares / (1 - shares))
        answer[state] = {
            name: value["value"] for name, value in agreement(effects[None], scale).items() if name != "count"
        }
    return answer
