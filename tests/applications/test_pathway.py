"""Glycolysis of the parasite: what no reaction may change, what its biology demands, and SciPy's solver beside ours."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import pssp_tutorial as pssp
from pssp_tutorial.applications.feeds import FED, at_rest, draw_feeds
from pssp_tutorial.applications.pathway import Pathway, load_glycolysis
from pssp_tutorial.applications.stiff import simulate_pathway
from pssp_tutorial.core.resources import write_checked

CONSERVED = {
    ("ATP_c", "ADP_c", "AMP_c"): 3.9,
    ("ATP_g", "ADP_g", "AMP_g"): 6.0,
    ("NAD_g", "NADH_g"): 4.0,
    ("DHAP_c", "Gly3P_c"): 5.0,
}
"""Millimoles per litre: pools that reactions only turn from one form into another."""


@pytest.fixture(scope="module")
def pathway() -> Pathway:
    return load_glycolysis()


@pytest.fixture(scope="module")
def rest(pathway: Pathway) -> np.ndarray:
    return at_rest(pathway)


def fluxes(pathway: Pathway, state: np.ndarray, given: dict[str, float]) -> dict[str, float]:
    return dict(zip(pathway.laws, pathway.rates(state[None], given)[0].tolist(), strict=True))


def test_what_no_reaction_makes_is_kept(pathway: Pathway) -> None:
    """An atom that appears is the surest sign of a wrong coefficient or volume."""
    feeds = draw_feeds(FED, 2, np.random.default_rng(0), minutes=8)
    given = {"Glc_e": feeds[:, :, 0], "GPO_c_Vmax": feeds[:, :, 1] * pathway.parameters["GPO_c_Vmax"]}
    course = simulate_pathway(pathway, given, pathway.initial, tolerance=0.03)
    assert course.min() > 0
    for pool, total in CONSERVED.items():
        found = course[:, :, [pathway.species.index(name) for name in pool]].sum(axis=2)
        np.testing.assert_allclose(found, total, rtol=1e-4)


def test_at_rest_each_glucose_leaves_as_two_halves(pathway: Pathway, rest: np.ndarray) -> None:
    """Pyruvate and glycerol have three carbons each, glucose six, and nothing else leaves the cell."""
    found = fluxes(pathway, rest, {})
    assert np.abs(pathway.rates(rest[None]) @ pathway.effects.T).max() < 1e-5
    assert found["PyrT_c"] + found["GK_g"] == pytest.approx(2 * found["GlcT_c"], rel=1e-6)
    assert found["PyrT_c"] > 10 * found["GK_g"]  # with oxygen, glucose becomes pyruvate


def test_without_oxygen_half_of_it_is_glycerol(pathway: Pathway, rest: np.ndarray) -> None:
    """Known of the parasite for long: without its oxidase it makes as much glycerol as pyruvate, to have NAD again."""
    given = {"GPO_c_Vmax": 0.0}
    still = simulate_pathway(pathway, {"GPO_c_Vmax": np.zeros((1, 1))}, rest, every=300)[0, 0]
    found = fluxes(pathway, still, given)
    assert found["GK_g"] == pytest.approx(found["PyrT_c"], rel=1e-4)
    assert found["PyrT_c"] == pytest.approx(found["GlcT_c"], rel=1e-4)


def test_a_course_agrees_with_scipy(pathway: Pathway, rest: np.ndarray) -> None:
    """Another method, of variable order, with a tolerance of its own a thousand times smaller."""
    given = {"Glc_e": 0.6, "GPO_c_Vmax": 100.0}
    solution = solve_ivp(
        lambda _, state: (pathway.rates(state[None], given) @ pathway.effects.T)[0],
        (0, 3),
        rest,
        t_eval=[1, 2, 3],
        method="BDF",
        jac=lambda _, state: pathway.effects @ pathway.slopes(state[None], given)[1][0],
        rtol=1e-6,
        atol=1e-9,
    )
    course = simulate_pathway(pathway, {name: np.full((1, 3), value) for name, value in given.items()}, rest)[0]
    np.testing.assert_allclose(course, solution.y.T, rtol=5e-3)


def test_slopes_are_those_of_the_rates(pathway: Pathway) -> None:
    """With wrong slopes the solver still gives answers, only slowly; here they are differences of twice the width."""
    state = pathway.initial[None] * np.random.default_rng(0).uniform(0.5, 2, (3, len(pathway.species)))
    rates, slopes = pathway.slopes(state, {"Glc_e": 2.0})
    np.testing.assert_allclose(rates, pathway.rates(state, {"Glc_e": 2.0}))
    for number in range(len(pathway.species)):
        width = np.zeros_like(state)
        width[:, number] = 1e-5 * state[:, number]
        ends = [pathway.rates(state + sign * width, {"Glc_e": 2.0}) for sign in (1, -1)]
        expected = (ends[0] - ends[1]) / (2 * width[:, [number]])
        np.testing.assert_allclose(slopes[:, :, number], expected, rtol=1e-3, atol=1e-3)


def one_reaction(folder: Path, rate: object) -> None:
    model = {
        "species": {"A": {"volume": 1.0, "initial": 1.0}, "B": {"volume": 2.0, "initial": 1.0}},
        "parameters": {"k": 0.5},
        "reactions": {"turn": {"takes": {"A": 1}, "makes": {"B": 1}, "rate": rate}},
    }
    write_checked(folder / "glycolysis.json", json.dumps(model).encode())


def test_a_decay_is_the_exponential(tmp_path: Path) -> None:
    """The one reaction whose course everybody knows; a tenth of the tolerance brings it nearer."""
    one_reaction(tmp_path, ["times", "k", "A"])
    decay = load_glycolysis(tmp_path)
    looks, errors = np.arange(1, 5), []
    for tolerance in (1e-2, 1e-3):
        course = simulate_pathway(decay, {"k": np.full((1, 4), 0.5)}, decay.initial, tolerance=tolerance)[0]
        np.testing.assert_allclose(course[:, 0] + 2 * course[:, 1], 3)  # what A loses, B gets in twice the volume
        errors.append(np.abs(course[:, 0] - np.exp(-0.5 * looks)).max())
    assert errors[1] < errors[0] / 2 < 0.01


@pytest.mark.parametrize(
    ("rate", "problem"),
    [
        (["times", "k", "C"], "its rates name C"),
        (["import", "k"], "'import'"),
        ([], "list index out of range"),
        ({"k": 1}, "float"),
    ],
)
def test_only_arithmetic_is_read(rate: object, problem: str, tmp_path: Path) -> None:
    """A model is data: whatever else stands in it must not run, and must not become a number."""
    one_reaction(tmp_path, rate)
    with pytest.raises(pssp.PSSPError, match=f"glycolysis.json: not a pathway .*{problem}"):
        load_glycolysis(tmp_path)


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


def test_feeds_are_levels_of_their_region() -> None:
    """Courses outside the training region are the question: none may lie inside."""
    feeds = draw_feeds(FED, 300, np.random.default_rng(0))
    for channel, (low, high) in enumerate(FED.values()):
        assert (feeds[:, :, channel] >= low).all()
        assert (feeds[:, :, channel] <= high).all()
    changes = (np.diff(feeds, axis=1) != 0).mean(axis=(0, 1))
    np.testing.assert_allclose(changes, 1 / 8, atol=0.01)
    with pytest.raises(pssp.PSSPError, match="region names glucose; expected glucose, oxidase"):
        draw_feeds({"glucose": (1, 2)}, 1, np.random.default_rng(0))


def test_sets_have_streams_of_their_own_and_one_scale() -> None:
    """More training courses must not change the test; and what a network says must come back as it went in."""
    few, more = pssp.load_feeds(2, 1, minutes=4), pssp.load_feeds(3, 1, minutes=4)
    for name in ("val", "test", "starved", "airless"):
        np.testing.assert_array_equal(few[name].feeds, more[name].feeds)
    scale = pssp.FeedScale.of(more["train"])
    concentrations = more["airless"].concentrations
    np.testing.assert_allclose(scale.undo(scale.apply(concentrations)), concentrations, rtol=1e-4)
    assert np.isfinite(scale.inputs(more["airless"].feeds)).all()
