"""Patients: who is known, how the lost are made up for, and that nobody is on both sides."""

from functools import cache

import numpy as np
import pytest
from application_parts.patients import last_values
from application_parts.visual_fields import patient_folds

import pssp_tutorial as pssp
from pssp_tutorial.applications.patients import (
    DAYS_A_YEAR,
    Patients,
    censoring_weights,
    load_patients,
    patient_outcome,
    split_by_matched_set,
)
from pssp_tutorial.applications.visits import POSSIBLE, TESTS, patient_parts, patient_visits
from pssp_tutorial.applications.visual_fields import load_visual_fields


@cache
def patients() -> Patients:
    return load_patients()


def test_weights_bring_back_the_share_that_censoring_hid() -> None:
    """Times are drawn, so the truth is known: who was not lost gives another share, the weights the true one."""
    generator = np.random.default_rng(0)
    event, loss = generator.exponential(8, 40_000), generator.exponential(6, 40_000)
    weights = censoring_weights(np.minimum(event, loss), event <= loss, horizon=5)
    happened = event <= 5
    known = weights > 0
    truth = happened.mean()
    assert np.average(happened, weights=weights) == pytest.approx(truth, abs=0.01)
    assert abs(happened[known].mean() - truth) > 0.05


def test_weights_of_a_case_worked_by_hand() -> None:
    """Six people; lost at 2 (five at risk) and 4 (three at risk, one event at 4 goes first): 4/5, then 4/5 times 2/3.

    The events at 1, 3 and 4 count 1, 5/4 and 5/4; the one watched beyond the horizon counts 5/4 times 3/2.
    """
    days = np.array([1.0, 2, 3, 4, 4, 9])
    ended = np.array([True, False, True, True, False, False])
    at_four = 1 - 1 / 2  # two still at risk of being lost after the event of that day
    expected = [1, 0, 1.25, 1.25, 0, 1.25 / at_four]
    np.testing.assert_allclose(censoring_weights(days, ended, horizon=5), expected)


def test_without_losses_every_weight_is_one() -> None:
    """Nothing to make up for."""
    np.testing.assert_array_equal(censoring_weights(np.arange(1.0, 9), np.ones(8, bool), horizon=4), np.ones(8))


@pytest.mark.parametrize("event", ["death", "diabetes"])
def test_outcomes_agree_with_a_loop_over_people(event: str) -> None:
    """Person by person, in plain Python, for five hundred of them."""
    study, horizon = patients(), 5 * DAYS_A_YEAR
    outcome = patient_outcome(study, event)
    for person, row in study.people.head(500).iterrows():
        if event == "death":
            days = [row["followed_days"]] if row["died"] else []
        else:
            chosen = (study.events["id"] == person) & (study.events["event"] == event)
            days = study.events["days"][chosen].tolist()
        first = min(days, default=float("inf"))
        if first <= 0:
            assert person not in outcome.index
            continue
        happened = first <= min(horizon, row["followed_days"])
        died = row["died"] and row["followed_days"] <= horizon
        known = happened or died or row["followed_days"] >= horizon
        assert (outcome["happened"][person], outcome["known"][person]) == (happened, bool(known))
        assert (outcome["weight"][person] > 0) == known


def test_nobody_is_on_both_sides_and_controls_go_with_their_case() -> None:
    """A case and its controls were chosen for being alike."""
    people = patients().people
    split = split_by_matched_set(people)
    assert people.assign(split=split).groupby("matched_to")["split"].nunique().max() == 1
    cases = people.index[people["matched_to"] == people.index]
    assert len(cases) == 3514
    assert people["matched_to"].value_counts().max() == 5
    assert people["matched_to"].isna().sum() == 31
    shares = [float((split == name).mean()) for name in ("train", "val", "test")]
    np.testing.assert_allclose(shares, [0.6, 0.15, 0.25], atol=0.01)
    assert (split_by_matched_set(people, seed=1) != split).any()


def test_visits_are_the_last_before_the_index_date() -> None:
    """A value from after the index date would be the future; the latest visit must stand last."""
    study = patients()
    ids = study.people.index.to_numpy()[:400]
    visits = patient_visits(study, ids, last=5)
    for number, person in enumerate(visits.ids):
        rows = study.measurements[(study.measurements["id"] == person) & (study.measurements["days"] <= 0)]
        bounds = rows["test"].map(POSSIBLE)
        rows = rows[[low <= value <= high for value, (low, high) in zip(rows["value"], bounds, strict=True)]]
        table = rows.groupby(["days", "test"])["value"].mean().unstack().reindex(columns=list(TESTS)).sort_index()
        assert len(table) >= 3
        length = min(len(table), 5)
        assert visits.lengths[number] == length
        np.testing.assert_allclose(visits.values[number, :length], table.to_numpy()[-length:], rtol=1e-6)
        np.testing.assert_array_equal(visits.days[number, :length], table.index[-length:])
        assert np.isnan(visits.values[number, length:]).all()


def test_the_last_values_are_those_of_the_last_visit_that_had_them() -> None:
    """A baseline that takes a missing value for a measured one, or an early one for the last, is beaten too easily."""
    visits = patient_visits(patients(), patients().people.index.to_numpy()[:200])
    for person, found in zip(visits.values, last_values(visits), strict=True):
        for test, value in enumerate(found):
            known = person[:, test][~np.isnan(person[:, test])]
            assert np.isnan(value) if len(known) == 0 else value == known[-1]


def test_what_a_model_reads_is_finite_and_standardised_by_the_training_people() -> None:
    """Mean and spread of everybody would carry the test people into training, if only a little."""
    parts = patient_parts(patients(), "diabetes")
    values = parts["train"].visits.values
    inputs = np.concatenate([one.numpy() for one in parts["train"].loader.inputs])
    for test in range(len(TESTS)):
        measured = inputs[:, len(TESTS) + test] == 1
        assert measured.sum() == (~np.isnan(values[:, :, test])).sum()
        assert inputs[measured, test].mean() == pytest.approx(0, abs=1e-3)
        assert inputs[measured, test].std() == pytest.approx(1, abs=1e-3)
        assert (inputs[~measured, test] == 0).all()
    sets = [set(part.loader.ids) for part in parts.values()]
    assert sum(map(len, sets)) == len(set.union(*sets))


def test_no_date_and_nothing_that_names_a_person_is_in_the_tables() -> None:
    """Integers that count days, whole years of age, ids that mean nothing outside: what may leave a hospital."""
    study = patients()
    assert sorted(study.people.columns) == ["age", "bmi", "died", "followed_days", "male", "matched_to"]
    assert study.people.index.tolist() == sorted(study.people.index)
    assert study.measurements["days"].abs().max() < 25 * DAYS_A_YEAR
    assert study.events["days"].abs().max() < 60 * DAYS_A_YEAR


def test_an_event_that_the_study_does_not_have_is_refused() -> None:
    """With the names of those that it has."""
    with pytest.raises(pssp.PSSPError, match="event 'gout'; expected one of death, MI, afib"):
        patient_outcome(patients(), "gout")


def test_visual_fields_are_in_the_order_of_their_tests() -> None:
    """Twelve tests one after the other, in decibels that the instrument can show."""
    fields = load_visual_fields()
    assert (np.diff(fields.days, axis=1) >= 0).all()
    assert (fields.days[:, 0] == 0).all()
    assert fields.sensitivity.min() >= -2
    assert fields.sensitivity.max() <= 51
    folds = patient_folds(30)
    assert sorted(np.concatenate(folds)) == list(range(30))
