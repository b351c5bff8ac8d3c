"""The solver by which chapter 20's pathway was measured, many courses at once: beside SciPy's, and by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from application_parts.feeds import FeedScale, at_rest, load_feeds
from application_parts.stiff import rates_and_slopes, simulate_pathway
from scipy.integrate import solve_ivp

import pssp_tutorial as pssp
from pssp_tutorial.applications.pathway import Pathway, load_glycolysis
from pssp_tutorial.core.resources import write_checked


@pytest.fixture(scope="module")
def pathway() -> Pathway:
    return load_glycolysis()


def test_a_course_agrees_with_scipy(pathway: Pathway) -> None:
    """Another method, of variable order, with a tolerance of its own a thousand times smaller."""
    given, rest = {"Glc_e": 0.6, "GPO_c_Vmax": 100.0}, at_rest(pathway)
    solution = solve_ivp(
        lambda _, state: (pathway.rates(state[None], given) @ pathway.effects.T)[0],
        (0, 3),
        rest,
        t_eval=[1, 2, 3],
        method="BDF",
        jac=lambda _, state: pathway.effects @ rates_and_slopes(pathway, state[None], given)[1][0],
        rtol=1e-6,
        atol=1e-9,
    )
    course = simulate_pathway(pathway, {name: np.full((1, 3), value) for name, value in given.items()}, rest)[0]
    np.testing.assert_allclose(course, solution.y.T, rtol=5e-3)


def test_slopes_are_those_of_the_rates(pathway: Pathway) -> None:
    """With wrong slopes the solver still gives answers, only slowly; here they are differences of twice the width."""
    state = pathway.initial[None] * np.random.default_rng(0).uniform(0.5, 2, (3, len(pathway.species)))
    rates, slopes = rates_and_slopes(pathway, state, {"Glc_e": 2.0})
    np.testing.assert_allclose(rates, pathway.rates(state, {"Glc_e": 2.0}))
    for number in range(len(pathway.species)):
        width = np.zeros_like(state)
        width[:, number] = 1e-5 * state[:, number]
        ends = [pathway.rates(state + sign * width, {"Glc_e": 2.0}) for sign in (1, -1)]
        expected = (ends[0] - ends[1]) / (2 * width[:, [number]])
        np.testing.assert_allclose(slopes[:, :, number], expected, rtol=1e-3, atol=1e-3)


def test_a_decay_is_the_exponential(tmp_path: Path) -> None:
    """The one reaction whose course everybody knows; a tenth of the tolerance brings it nearer."""
    model = {
        "species": {"A": {"volume": 1.0, "initial": 1.0}, "B": {"volume": 2.0, "initial": 1.0}},
        "parameters": {"k": 0.5},
        "reactions": {"turn": {"takes": {"A": 1}, "makes": {"B": 1}, "rate": ["times", "k", "A"]}},
    }
    write_checked(tmp_path / "glycolysis.json", json.dumps(model).encode())
    decay = load_glycolysis(tmp_path)
    looks, errors = np.arange(1, 5), []
    for tolerance in (1e-2, 1e-3):
        course = simulate_pathway(decay, {"k": np.full((1, 4), 0.5)}, decay.initial, tolerance=tolerance)[0]
        np.testing.assert_allclose(course[:, 0] + 2 * course[:, 1], 3)  # what A loses, B gets in twice the volume
        errors.append(np.abs(course[:, 0] - np.exp(-0.5 * looks)).max())
    assert errors[1] < errors[0] / 2 < 0.01


def test_what_does_not_fit_is_refused(pathway: Pathway) -> None:
    """A misspelt parameter would leave the course as published, and nobody would see it."""
    level = np.full((2, 3), 5.0)
    for given, start, problem in [
        ({"glucose": level}, pathway.initial, "given names glucose; expected parameters such as Glc_e"),
        ({"Glc_e": level, "O2_c": level[:, :2]}, pathway.initial, "given has the shapes"),
        ({"Glc_e": level[0]}, pathway.initial, "given has the shapes"),
        ({}, pathway.initial, "given has the shapes"),
        ({"Glc_e": level}, pathway.initial[:3], r"start has the shape \(3,\)"),
        ({"Glc_e": level}, -pathway.initial, "goes down to -10.5.*; expected concentrations above 0"),
        ({"Glc_e": level * np.nan}, pathway.initial, "a step of 1e-12 minutes is too long"),
    ]:
        with pytest.raises(pssp.PSSPError, match=problem):
            simulate_pathway(pathway, given, start)
    with pytest.raises(pssp.PSSPError, match=r"tolerance is 0.3; expected more than 0, at most 0.1"):
        simulate_pathway(pathway, {"Glc_e": level}, pathway.initial, tolerance=0.3)


def test_sets_have_streams_of_their_own_and_one_scale() -> None:
    """More training courses must not change the test; and what a network says must come back as it went in."""
    few, more = load_feeds(2, 1, minutes=4), load_feeds(3, 1, minutes=4)
    for name in ("val", "test", "starved", "airless"):
        np.testing.assert_array_equal(few[name].feeds, more[name].feeds)
    scale = FeedScale.of(more["train"])
    concentrations = more["airless"].concentrations
    np.testing.assert_allclose(scale.undo(scale.apply(concentrations)), concentrations, rtol=1e-4)
    assert np.isfinite(scale.inputs(more["airless"].feeds)).all()
