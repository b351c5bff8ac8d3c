"""Images of a brain: standardised within a run, cut at the blocks, split by run."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures

import pssp_tutorial as pssp
from pssp_tutorial.applications.image_series import (
    CATEGORIES,
    Blocks,
    ImageSeries,
    leave_one_run_out,
    load_image_series,
    standardise_runs,
    task_blocks,
)


@pytest.fixture(scope="module")
def images() -> ImageSeries:
    return load_image_series()


@pytest.fixture(scope="module")
def blocks(images: ImageSeries) -> Blocks:
    return task_blocks(images)


def test_runs_are_standardised_as_scikit_learn_fits_the_parabola(images: ImageSeries) -> None:
    """The drift is what says which run it is."""
    standardised = standardise_runs(images.volumes, images.runs)
    for run in (0, 11):
        values = images.volumes[images.runs == run].astype(float)
        time = PolynomialFeatures(2).fit_transform(np.arange(len(values))[:, None])
        left = values - LinearRegression().fit(time, values).predict(time)
        np.testing.assert_allclose(standardised[images.runs == run], left / left.std(axis=0), atol=1e-3)


def test_no_run_looks_at_another(images: ImageSeries) -> None:
    """Standardising all runs at once would tell the training runs something of the test run."""
    chosen = images.runs != 3
    alone = standardise_runs(images.volumes[chosen], images.runs[chosen])
    np.testing.assert_array_equal(alone, standardise_runs(images.volumes, images.runs)[chosen])


def test_each_run_shows_each_category_once(blocks: Blocks) -> None:
    """Chance is one in eight only if categories are balanced; a sequence over a run would give the last one away."""
    pairs = set(zip(blocks.runs.tolist(), blocks.categories.tolist(), strict=True))
    assert pairs == {(run, category) for run in range(12) for category in range(len(CATEGORIES))}


def test_classes_have_the_names_of_the_first_run(blocks: Blocks) -> None:
    """In PyMVPA's own description of this person the first run shows these things in this order."""
    shown = [CATEGORIES[category] for category in blocks.categories[blocks.runs == 0]]
    assert shown == ["scissors", "face", "cat", "shoe", "house", "scrambled", "bottle", "chair"]


def test_the_clock_alone_tells_task_from_rest(images: ImageSeries) -> None:
    """All runs have one timetable: the trap of the chapter."""
    task = (images.categories >= 0).reshape(12, -1)
    assert (task == task[0]).all()


def test_every_run_is_tested_once_and_never_learnt_from_meanwhile(blocks: Blocks) -> None:
    """Blocks of one run share its level and its drift."""
    tested = []
    for train, val, test in leave_one_run_out(blocks.runs):
        runs = [set(blocks.runs[part]) for part in (train, val, test)]
        assert [len(part) for part in runs] == [10, 1, 1]
        assert len(set.union(*runs)) == 12
        tested.extend(test.tolist())
    assert sorted(tested) == list(range(len(blocks)))


def test_a_block_that_is_cut_short_is_refused(images: ImageSeries) -> None:
    """Sequences of unlike lengths would be stacked wrongly."""
    shorter = ImageSeries(images.volumes[:10], images.categories[:10], images.runs[:10], images.places)
    with pytest.raises(pssp.PSSPError, match=r"blocks of \[4\] volumes; expected 9 each"):
        task_blocks(shorter)
