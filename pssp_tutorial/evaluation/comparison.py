"""Two labellings of the same proteins, paired by id and scored (chapter 7)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pssp_tutorial.evaluation.bootstrap import DRAWS, Interval, middle_part, score_interval
from pssp_tutorial.evaluation.report import ProteinReport, Report
from pssp_tutorial.evaluation.scores import EvaluationError
from pssp_tutorial.evaluation.segments import sov99, sov_refine
from pssp_tutorial.proteins.alphabet import STATES3, UNKNOWN_STATE, encode_states, reduce_states

EIGHT = set("GIBTS")
"""Letters that only eight states have."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scores of predicted against true states; made by :func:`compare_states`.

    ``three`` and, if both sides have eight states, ``eight`` are reports; ``pairs`` holds the true and predicted states
    in three letters, by protein, and ``left_out`` the proteins that could not be compared, and why.
    """

    pairs: Mapping[str, tuple[str, ...]]
    three: ProteinReport
    eight: ProteinReport | None
    left_out: dict[str, str]

    @cached_property
    def refined(self) -> np.ndarray:
        """SOV_refine of each protein, ``float64[protein]``; nan where nothing is scored."""
        return np.array([sov_refine(*pair) for pair in self.pairs.values()])

    def intervals(self) -> dict[str, Interval]:
        """Q3 over residues and over proteins, SOV'99 and SOV_refine over proteins, and Q8 where there are eight states.

        Each with an interval of 95% that resamples proteins.
        """
        scores = {
            "q3": score_interval(self.three),
            "q3_per_protein": score_interval(self.three, "q_per_protein"),
            "sov99": score_interval(self.three, "sov"),
            "sov_refine": mean_interval(self.refined),
        }
        if self.eight is not None:
            scores["q8"] = score_interval(self.eight)
            scores["q8_per_protein"] = score_interval(self.eight, "q_per_protein")
        return scores

    def segment_overlaps(self) -> dict[str, dict[str, float]]:
        """SOV'99 and SOV_refine of each state: the mean over the proteins that have it."""
        measures: dict[str, Callable[..., float]] = {"sov99": sov99, "sov_refine": sov_refine}
        return {
            state: {
                name: _mean(np.array([measure(*pair, only=state) for pair in self.pairs.values()]))
                for name, measure in measures.items()
            }
            for state in STATES3
        }


def compare_states(true: Mapping[str, str], predicted: Mapping[str, str], reduction: str = "default") -> Comparison:
    """Pair two labellings by id and score the one against the other (chapter 7).

    Both are states by protein, as :func:`~pssp_tutorial.read_states` gives them. A residue that is ``?`` on either side
    is not scored. One protein on each side are compared whatever their ids.

    Raises EvaluationError if no protein can be compared; it tells of the first why.

    >>> comparison = compare_states({"one": "CHHHHHHHHHHC"}, {"one": "CCCHHHHHCCCC"})
    >>> round(comparison.three.q3, 3), round(comparison.three.sov, 3), round(float(comparison.refined[0]), 3)
    (0.583, 0.632, 0.567)
    """
    if len(true) == len(predicted) == 1:
        predicted = dict(zip(true, predicted.values(), strict=True))
    left_out = _mismatches(true, predicted)
    ids = [protein for protein in true if protein not in left_out]
    if not ids:
        protein, reason = next(iter(left_out.items()), ("no protein", "expected at least one"))
        raise EvaluationError(f"nothing to compare; {protein}: {reason}")
    known = {each: (_masked(true[each], predicted[each]), predicted[each]) for each in ids}
    pairs = {
        each: (reduce_states(one, reduction), reduce_states(other, reduction)) for each, (one, other) in known.items()
    }
    both = all(EIGHT & set("".join(sides)) for sides in zip(*known.values(), strict=True))
    return Comparison(pairs, _report(pairs, 3), _report(known, 8) if both else None, left_out)


def mean_interval(values: np.ndarray) -> Interval:
    """The mean of one value per protein, with an interval of 95% over the proteins; nan counts nowhere.

    >>> mean_interval(np.array([0.0, 1.0, np.nan])).value
    0.5
    """
    values = values[~np.isnan(values)]
    if not values.size:
        return Interval(np.nan, np.nan, np.nan)
    drawn = values[np.random.default_rng(0).integers(values.size, size=(DRAWS, values.size))].mean(axis=1)
    return middle_part(drawn, float(values.mean()), level=0.95)


def _mismatches(true: Mapping[str, str], predicted: Mapping[str, str]) -> dict[str, str]:
    """Why proteins cannot be compared, by id."""
    reasons = {}
    for protein, states in true.items():
        if protein not in predicted:
            reasons[protein] = "is among the true states only"
        elif len(states) != len(predicted[protein]):
            reasons[protein] = f"has {len(states)} true and {len(predicted[protein])} predicted states"
    return reasons | {each: "is among the predicted states only" for each in predicted if each not in true}


def _masked(true: str, predicted: str) -> str:
    """The true states, unknown where the predicted one is."""
    pairs = zip(true, predicted, strict=True)
    return "".join(UNKNOWN_STATE if other == UNKNOWN_STATE else state for state, other in pairs)


def _report(pairs: Mapping[str, tuple[str, ...]], classes: int) -> ProteinReport:
    numbers = ([encode_states(side, classes) for side in pair] for pair in pairs.values())
    true, predicted = zip(*numbers, strict=True)
    return Report.from_labels(true, predicted, classes, list(pairs))


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
