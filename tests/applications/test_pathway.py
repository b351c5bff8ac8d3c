"""Glycolysis of the parasite: what no reaction may change, what its biology demands, and another solver."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from application_parts.feeds import follow_together

import pssp_tutorial as pssp
from pssp_tutorial.applications.feeds import FED, FEED_REGIONS, REST, draw_feeds, follow_feeds, state_after
from pssp_tutorial.applications.pathway import Pathway, load_glycolysis
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
    return state_after(pathway, pathway.initial, {}, REST)


def fluxes(pathway: Pathway, state: np.ndarray, given: dict[str, float]) -> dict[str, float]:
    return dict(zip(pathway.laws, pathway.rates(state[None], given)[0].tolist(), strict=True))


def test_what_no_reaction_makes_is_kept(pathway: Pathway) -> None:
    """An atom that appears is the surest sign of a wrong coefficient or volume."""
    course = follow_feeds(pathway, draw_feeds(FED, 2, np.random.default_rng(0), minutes=8))
    assert course.min() > 0
    for pool, total in CONSERVED.items():
        found = course[:, :, [pathway.species.index(name) for name in pool]].sum(axis=2)
        np.testing.assert_allclose(found, total, rtol=1e-4)


def test_at_rest_each_glucose_leaves_as_two_halves(pathway: Pathway, rest: np.ndarray) -> None:
    """Pyruvate and glycerol have three carbons each, glucose six, and nothing else leaves the cell."""
    found = fluxes(pathway, rest, {})
    assert np.abs(pathway.rates(rest[None]) @ pathway.effects.T).max() < 5e-3
    assert found["PyrT_c"] + found["GK_g"] == pytest.approx(2 * found["GlcT_c"], rel=1e-4)
    assert found["PyrT_c"] > 10 * found["GK_g"]  # with oxygen, glucose becomes pyruvate


def test_without_oxygen_half_of_it_is_glycerol(pathway: Pathway, rest: np.ndarray) -> None:
    """Known of the parasite for long: without its oxidase it makes as much glycerol as pyruvate, to have NAD again."""
    given = {"GPO_c_Vmax": 0.0}
    found = fluxes(pathway, state_after(pathway, rest, given, 300), given)
    assert found["GK_g"] == pytest.approx(found["PyrT_c"], rel=1e-4)
    assert found["PyrT_c"] == pytest.approx(found["GlcT_c"], rel=1e-4)


@pytest.mark.parametrize("region", FEED_REGIONS)
def test_two_solvers_agree(region: str, pathway: Pathway) -> None:
    """The measurement's own is another method, of order 2, with errors of its own, and takes all courses at once."""
    feeds = draw_feeds(FEED_REGIONS[region], 2, np.random.default_rng(1), minutes=6)
    together = follow_together(pathway, feeds, tolerance=1e-3)
    np.testing.assert_allclose(follow_feeds(pathway, feeds), together, rtol=5e-3, atol=1e-5)


def one_reaction(folder: Path, rate: object) -> None:
    model = {
        "species": {"A": {"volume": 1.0, "initial": 1.0}, "B": {"volume": 2.0, "initial": 1.0}},
        "parameters": {"k": 0.5},
        "reactions": {"turn": {"takes": {"A": 1}, "makes": {"B": 1}, "rate": rate}},
    }
    write_checked(folder / "glycolysis.json", json.dumps(model).encode())


def test_a_decay_is_the_exponential(tmp_path: Path) -> None:
    """The one reaction whose course everybody knows."""
    one_reaction(tmp_path, ["times", "k", "A"])
    decay = load_glycolysis(tmp_path)
    for minutes in (1, 4):
        found = state_after(decay, decay.initial, {"k": 0.7}, minutes)
        assert found[0] == pytest.approx(np.exp(-0.7 * minutes), rel=1e-3)
        assert found[0] + 2 * found[1] == pytest.approx(3)  # what A loses, B gets in twice the volume


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
    """Numbers that no cell can have must not look like a course."""
    level = np.array([[[5.0, 1.0], [5.0, 1.0]]])
    for feeds, problem in [
        (level[0], r"feeds have the shape \(2, 2\); expected finite numbers, \[set, time, 2\]"),
        (level[:, :, :1], r"feeds have the shape \(1, 2, 1\)"),
        (level * np.nan, r"feeds have the shape \(1, 2, 2\); expected finite numbers"),
        (-level, "with Glc_e -5, GPO_c_Vmax -.* a concentration falls to -.*; is that out of range?"),
    ]:
        with pytest.raises(pssp.PSSPError, match=problem):
            follow_feeds(pathway, feeds)


def test_without_scipy_one_sentence_helps(pathway: Pathway, monkeypatch: pytest.MonkeyPatch) -> None:
    """SciPy comes with the extra of the book only; a reader must be told what to install."""
    monkeypatch.setitem(sys.modules, "scipy.integrate", None)
    with pytest.raises(pssp.PSSPError, match="pip install scipy"):
        follow_feeds(pathway, np.ones((1, 1, 2)))


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
