"""Courses of expression: filled from the past alone, and held out by experiment and by gene."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import pssp_tutorial as pssp
from pssp_tutorial.applications.expression import (
    EXPERIMENTS,
    PHASES,
    courses,
    fill_forward,
    hold_out_experiment,
    load_expression,
)


def test_filling_is_that_of_pandas_and_takes_nothing_from_the_future() -> None:
    """Interpolation would let a model see the value that it is to predict."""
    generator = np.random.default_rng(0)
    values = np.where(generator.random((50, 20)) < 0.4, np.nan, generator.normal(size=(50, 20)))
    filled, observed = fill_forward(values)
    np.testing.assert_array_equal(filled, pd.DataFrame(values).ffill(axis=1).fillna(0).to_numpy())
    np.testing.assert_array_equal(observed, ~np.isnan(values))
    for time in range(1, 20):
        np.testing.assert_array_equal(fill_forward(values[:, :time])[0], filled[:, :time])


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_neither_the_experiment_nor_the_genes_of_the_test_are_learnt_from(experiment: str) -> None:
    """Genes of one phase move together in one experiment: either of the two in training gives the answer away."""
    split = hold_out_experiment(load_expression(), experiment)
    assert split.test.experiment == split.peek.experiment == experiment
    tested = set(split.test.genes)
    for train, val in zip(split.train, split.val, strict=True):
        assert experiment not in (train.experiment, val.experiment)
        assert not tested & (set(train.genes) | set(val.genes))
        assert not set(train.genes) & set(val.genes)
    assert not tested & set(split.peek.genes)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_courses_are_even_and_complete(experiment: str) -> None:
    """A network that reads steps takes them for equally long."""
    expression = load_expression()
    course = courses(expression, experiment, np.arange(800), start=None)
    assert len(set(np.diff(course.minutes))) == 1
    assert np.isfinite(course.values).all()
    assert course.observed.mean(axis=1).min() >= 0.9
    original = expression.values[experiment][course.genes][:, np.isin(expression.minutes[experiment], course.minutes)]
    np.testing.assert_array_equal(course.values[course.observed], original[course.observed])


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_where_a_course_is_counted_from_says_nothing_of_its_end(experiment: str) -> None:
    """The file counts a course from its mean over the whole experiment: the first half tells the level of the second.

    Counted from its start, a course is the same whatever constant was taken off it.
    """
    expression = load_expression()
    values = expression.values[experiment]
    assert np.nanmax(np.abs(np.nanmean(values[~np.isnan(values).all(axis=1)], axis=1))) < 0.01
    moved = values + np.random.default_rng(0).normal(size=(len(values), 1))
    other = replace(expression, values=expression.values | {experiment: moved})
    course, again = (courses(one, experiment, np.arange(800)) for one in (expression, other))
    np.testing.assert_allclose(again.values[:, 6:], course.values[:, 6:], atol=1e-5)
    seen = np.where(course.observed, course.values, np.nan)[:, :6]
    np.testing.assert_allclose(np.nanmean(seen, axis=1), 0, atol=1e-6)


def test_genes_are_those_of_the_paper() -> None:
    """The paper's 800, with the phases that the kohonen package counts."""
    expression = load_expression()
    counts = {phase: expression.phases.count(phase) for phase in PHASES}
    assert counts == {"M/G1": 113, "G1": 300, "S": 71, "G2": 120, "M": 196}
    assert len(set(expression.genes)) == 800
    with pytest.raises(pssp.PSSPError, match="experiment 'heat'; expected one of alpha, cdc15, cdc28, elu"):
        hold_out_experiment(expression, "heat")
