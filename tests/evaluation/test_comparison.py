"""Two labellings compared: against published values, scikit-learn and a count by hand."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

import pssp_tutorial as pssp
from pssp_tutorial.evaluation.comparison import mean_interval
from pssp_tutorial.evaluation.scores import EvaluationError

REFERENCE = "CHHHHHHHHHHC"
PUBLISHED = {  # Liu and Wang 2018, doi 10.1186/s13029-018-0068-7: Q3, SOV'99, SOV_refine
    "CHCHCHCHCHCC": (0.583, 0.125, 0.149),
    "CCCHHHHHCCCC": (0.583, 0.632, 0.567),
    "CHHHCHHHCHHC": (0.833, 0.406, 0.371),
    "CHHCCHHHHHCC": (0.750, 0.523, 0.464),
    "CCCHHHHHHCCC": (0.667, 0.806, 0.678),
}


@pytest.mark.parametrize("prediction", PUBLISHED)
def test_scores_are_the_published_ones(prediction: str) -> None:
    comparison = pssp.compare_states({"one": REFERENCE}, {"other": prediction})
    found = comparison.three.q3, comparison.three.sov, comparison.refined[0]
    assert found == pytest.approx(PUBLISHED[prediction], abs=0.0006)


def random_states(seed: int, letters: str = "HGIEBTSC") -> dict[str, str]:
    draw = np.random.default_rng(seed)
    return {f"p{number}": "".join(draw.choice(list(letters), 50 + number)) for number in range(20)}


def test_eight_states_are_scored_where_both_sides_have_them() -> None:
    """The same numbers as scikit-learn computes from the letters."""
    true, predicted = random_states(0), random_states(1)
    comparison = pssp.compare_states(true, predicted)
    joined = [list("".join(side.values())) for side in (true, predicted)]
    assert comparison.eight is not None
    assert comparison.eight.q8 == pytest.approx(accuracy_score(*joined))
    three = [list(pssp.reduce_states("".join(side.values()))) for side in (true, predicted)]
    assert comparison.three.q3 == pytest.approx(accuracy_score(*three))
    scores = f1_score(*three, labels=list("HEC"), average=None)
    assert list(comparison.three.f1.values()) == pytest.approx(scores.tolist())
    helix = [[letter == "H" for letter in side] for side in three]
    assert comparison.three.mcc["H"] == pytest.approx(matthews_corrcoef(*helix))
    assert pssp.compare_states(true, random_states(1, "HEC")).eight is None


def test_the_reduction_is_an_argument() -> None:
    true, predicted = {"one": "GGGHHH"}, {"one": "CCCHHH"}
    assert pssp.compare_states(true, predicted).three.q3 == pytest.approx(0.5)
    assert pssp.compare_states(true, predicted, "strict").three.q3 == 1


def test_unknown_residues_on_either_side_are_not_scored() -> None:
    comparison = pssp.compare_states({"one": "HH?EE"}, {"one": "HHHE?"})
    assert comparison.three.residues == 3
    assert comparison.three.q3 == 1


def test_what_cannot_be_paired_is_left_out_with_its_reason() -> None:
    comparison = pssp.compare_states({"one": "HE", "two": "HE", "four": "C"}, {"one": "HE", "two": "HEC", "three": "C"})
    assert list(comparison.pairs) == ["one"]
    assert comparison.left_out == {
        "two": "has 2 true and 3 predicted states",
        "four": "is among the true states only",
        "three": "is among the predicted states only",
    }
    with pytest.raises(EvaluationError, match="nothing to compare; two: has 2 true and 3 predicted states"):
        pssp.compare_states({"two": "HE"}, {"two": "HEC"})


def test_intervals_resample_proteins() -> None:
    """One bad protein among ten equal good ones: the interval of the mean reaches from none of it to several."""
    true = {f"p{number}": "HHHHEEEECC" for number in range(10)}
    predicted = true | {"p0": "CCCCCCCCHH"}
    intervals = pssp.compare_states(true, predicted).intervals()
    for name in ("q3", "q3_per_protein", "sov99", "sov_refine"):
        assert intervals[name].value == pytest.approx(0.9)
        assert intervals[name].high == pytest.approx(1.0)
        assert intervals[name].low == pytest.approx(0.7, abs=0.05)


def test_interval_of_a_mean_is_as_the_normal_law_has_it() -> None:
    """Of many values the middle 95% of means lies within 1.96 standard errors; nan is no value."""
    values = np.random.default_rng(0).normal(size=400)
    interval = mean_interval(np.append(values, np.nan))
    assert interval.value == pytest.approx(values.mean())
    assert interval.half_width == pytest.approx(1.96 * values.std() / 20, rel=0.08)
