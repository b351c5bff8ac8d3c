"""The integrator against SciPy's and against itself, the equations against the published file's own mathematics."""

from collections.abc import Callable
from itertools import pairwise
from math import log, prod
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import pssp_tutorial as pssp
from pssp_tutorial.applications.systems import (
    PARAMETERS,
    SPECIES,
    change,
    load_repressilator,
    simulate_repressilator,
)
from pssp_tutorial.applications.tables import data_path
from pssp_tutorial.applications.trajectories import (
    INSIDE,
    TRAJECTORY_REGIONS,
    TrajectoryScale,
    cut_windows,
    draw_trajectories,
    load_trajectories,
)

OPERATIONS: dict[str, Callable[[list[float]], float]] = {
    "plus": sum,
    "times": prod,
    "minus": lambda terms: terms[0] - sum(terms[1:]),
    "divide": lambda terms: terms[0] / terms[1],
    "power": lambda terms: terms[0] ** terms[1],
    "ln": lambda terms: log(terms[0]),
}


def compute(formula: ElementTree.Element, values: dict[str, float]) -> float:
    """A formula in MathML, with these values for its names."""
    kind = formula.tag.split("}")[1]
    if kind == "math":
        return compute(formula[0], values)
    if kind == "cn":
        return float(formula.text or "")
    if kind == "ci":
        return values[(formula.text or "").strip()]
    assert kind == "apply"
    return OPERATIONS[formula[0].tag.split("}")[1]]([compute(term, values) for term in formula[1:]])


def change_in_the_file(state: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """The rates of the twelve reactions as the published file writes them, added up for each species."""
    model = ElementTree.fromstring(data_path("repressilator.xml").read_bytes())
    values = dict(zip((*SPECIES, *PARAMETERS), (*state, *parameters), strict=True)) | {"cell": 1.0}
    rules = {rule.get("variable"): rule.find("{*}math") for rule in model.iterfind(".//{*}assignmentRule")}
    while rules:
        for name, formula in list(rules.items()):
            if not {(one.text or "").strip() for one in formula.iterfind(".//{*}ci")} & set(rules):
                values[name] = compute(rules.pop(name), values)
    total = dict.fromkeys(SPECIES, 0.0)
    for reaction in model.iterfind(".//{*}reaction"):
        rate = compute(reaction.find(".//{*}math"), values)
        for group, sign in (("listOfReactants", -1), ("listOfProducts", 1)):
            for one in reaction.iterfind(f"{{*}}{group}/{{*}}speciesReference"):
                total[one.get("species")] += sign * rate
    return np.array(list(total.values()))


def test_the_equations_are_those_of_the_published_file() -> None:
    """Written anew in NumPy, an equation is soon wrong by a factor of 60 or a repressor; the file's MathML is not."""
    generator = np.random.default_rng(0)
    courses = draw_trajectories(load_repressilator(), TRAJECTORY_REGIONS["slow"], 20, generator)
    states = courses.initial * generator.uniform(0, 2, courses.initial.shape)
    expected = [change_in_the_file(*pair) for pair in zip(states, courses.parameters, strict=True)]
    np.testing.assert_allclose(change(states, courses.parameters), expected, rtol=1e-10)


@pytest.mark.parametrize("region", TRAJECTORY_REGIONS)
def test_courses_agree_with_scipy(region: str) -> None:
    """Another method with steps of its own choice, at a tolerance of 1e-10."""
    courses = draw_trajectories(load_repressilator(), TRAJECTORY_REGIONS[region], 3, np.random.default_rng(1))
    for parameters, initial, proteins in zip(courses.parameters, courses.initial, courses.proteins, strict=True):
        solution = solve_ivp(
            lambda _, state, one=parameters: change(state[None], one[None])[0],
            (0, courses.minutes[-1]),
            initial,
            t_eval=courses.minutes,
            method="DOP853",
            rtol=1e-10,
            atol=1e-8,
        )
        np.testing.assert_allclose(proteins, solution.y[3:].T, rtol=1e-4, atol=0.01)


def test_the_published_start_without_repressors_agrees_with_scipy() -> None:
    """There everything changes within the first minute: a coarser step was wrong by a tenth."""
    model = load_repressilator()
    parameters, initial = np.array(list(model.parameters.values())), np.array(list(model.initial.values()))
    minutes = np.arange(60) * 10.0
    solution = solve_ivp(
        lambda _, state: change(state[None], parameters[None])[0],
        (0, 590),
        initial,
        t_eval=minutes,
        method="LSODA",
        rtol=1e-10,
        atol=1e-8,
    )
    course = simulate_repressilator(parameters[None], initial[None])[0]
    np.testing.assert_allclose(np.log1p(course[:, 3:]), np.log1p(solution.y[3:].T), atol=1e-3)


def test_halving_the_step_divides_the_error_by_sixteen() -> None:
    """A method of order 4 with a mistake in one weight still looks right; its order does not."""
    courses = draw_trajectories(load_repressilator(), INSIDE, 5, np.random.default_rng(2))
    answers = [
        simulate_repressilator(courses.parameters, courses.initial, samples=10, step=step) for step in (1.0, 0.5, 0.25)
    ]
    coarse, fine = (np.abs(left - right).max() for left, right in pairwise(answers))
    assert 12 < coarse / fine < 24


def test_the_published_model_oscillates_with_a_period_of_about_two_hours() -> None:
    """Elowitz and Leibler saw it in cells, at 160 minutes; the published parameters give somewhat less."""
    model = load_repressilator()
    course = simulate_repressilator(
        [list(model.parameters.values())], [list(model.initial.values())], samples=1000, every=1.0
    )[0, :, 3]
    peaks = np.flatnonzero((course[1:-1] > course[:-2]) & (course[1:-1] > course[2:])) + 1
    assert len(peaks) >= 6
    assert np.diff(peaks[2:]).mean() == pytest.approx(120, abs=15)


def test_sets_are_drawn_from_their_regions_and_from_streams_of_their_own() -> None:
    """Parameters outside the training region are the chapter's question: none may lie inside."""
    courses, longer = load_trajectories(40, 20), load_trajectories(41, 20)
    column = {name: number for number, name in enumerate(PARAMETERS)}
    assert courses["slow"].parameters[:, column["tau_prot"]].min() > INSIDE["tau_prot"][1]
    assert courses["damped"].parameters[:, column["n"]].max() < INSIDE["n"][0]
    for name in ("train", "val", "test"):
        for parameter, (low, high) in INSIDE.items():
            assert (courses[name].parameters[:, column[parameter]] >= low).all()
            assert (courses[name].parameters[:, column[parameter]] <= high).all()
    for name in ("val", "test", "slow", "damped"):
        np.testing.assert_array_equal(courses[name].parameters, longer[name].parameters)
        np.testing.assert_allclose(courses[name].proteins, longer[name].proteins, rtol=1e-6)
        assert not np.isin(courses[name].parameters[:, 0], courses["train"].parameters[:, 0]).any()


def test_what_does_not_fit_is_refused() -> None:
    """A step that does not divide the interval would look at other times than it says."""
    model = load_repressilator()
    parameters, initial = [list(model.parameters.values())], [list(model.initial.values())]
    with pytest.raises(pssp.PSSPError, match="expected a whole number of steps"):
        simulate_repressilator(parameters, initial, every=10, step=0.3)
    with pytest.raises(pssp.PSSPError, match=r"shapes \(1, 6\) and \(1, 7\)"):
        simulate_repressilator(initial, parameters)
    with pytest.raises(pssp.PSSPError, match="region names tau; expected some of eff, n"):
        draw_trajectories(model, {"tau": (1, 2)}, 1, np.random.default_rng(0))


def test_windows_are_stretches_of_their_own_course() -> None:
    """The leak is measured by which course a window came from: with wrong owners a clean split would leak too."""
    courses = draw_trajectories(load_repressilator(), INSIDE, 4, np.random.default_rng(3))
    scale = TrajectoryScale.of(courses)
    exact = scale.apply(courses.proteins)
    inputs, labels, owners = cut_windows(courses, scale, length=25, noise=0)
    assert np.bincount(owners).tolist() == [36] * 4
    for start in (0, 17, 35):
        for course in range(4):
            window = np.flatnonzero(owners == course)[start]
            np.testing.assert_allclose(inputs[window], exact[course, start : start + 24], atol=1e-5)
            np.testing.assert_array_equal(labels[window], exact[course, start + 1 : start + 25])


def test_a_look_has_one_noise_in_all_its_windows() -> None:
    """It was measured once; noise drawn anew for each window would hide a part of the leak."""
    courses = draw_trajectories(load_repressilator(), INSIDE, 1, np.random.default_rng(3))
    inputs, _, _ = cut_windows(courses, TrajectoryScale.of(courses))
    np.testing.assert_array_equal(inputs[0, 1:], inputs[1, :-1])
    with pytest.raises(pssp.PSSPError, match="length is 61; expected 2 to 60 looks"):
        cut_windows(courses, TrajectoryScale.of(courses), length=61)
