"""A structure to turn: its picture and its page."""

import base64
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pssp_tutorial as pssp
from pssp_tutorial.plots.backbone import BEAD, DOTS, facing, picture
from pssp_tutorial.plots.style import PlotError
from pssp_tutorial.plots.view_html import SCRIPTS
from pssp_tutorial.training.progress import NOTEBOOK_IN_USE

NAME = "3QX1_A"
VOID = {"img", "meta"}


@pytest.fixture(scope="module")
def backbone() -> np.ndarray:
    return pssp.load_backbones()[NAME]


@pytest.fixture(scope="module")
def record() -> pssp.ProteinRecord:
    return pssp.load_chains("mini")[NAME]


def share_near(png: bytes, colour: str) -> float:
    """The share of pixels near a colour."""
    wanted = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
    pixels = np.asarray(Image.open(BytesIO(png)).convert("RGB")).astype(int)
    return (np.abs(pixels - wanted).max(axis=2) < 12).mean()


class Tags(HTMLParser):
    """The elements of a page, each with its attributes; complains about one that is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open, self.found = [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_turning_keeps_the_shape(backbone: np.ndarray) -> None:
    """Distances stay, and so does the hand: a mirrored protein would have left-handed helices."""
    turned = facing(backbone)
    atoms, moved = backbone.reshape(-1, 3).astype(float), turned.reshape(-1, 3)
    np.testing.assert_allclose(
        np.linalg.norm(moved[:, None] - moved, axis=2), np.linalg.norm(atoms[:, None] - atoms, axis=2), atol=1e-6
    )
    corners = [0, 60, 130]
    hands = [np.linalg.det(places[corners] - places[200]) for places in (atoms, moved)]
    assert hands[0] == pytest.approx(hands[1])
    spread = turned[:, 1].std(axis=0)
    assert spread[0] > spread[1] > spread[2]
    assert turned[0, 1, 0] < 0


def test_missing_atoms_leave_a_gap(backbone: np.ndarray) -> None:
    """A residue that no experiment saw is not drawn, and no line bridges the gap."""
    holed = facing(backbone)
    whole = picture(holed, "H" * len(holed), [])
    holed[20:40] = np.nan
    rest = picture(holed, "H" * len(holed), [])
    drawn = [1 - share_near(png, "#ffffff") for png in (whole, rest)]
    assert 0.6 < drawn[1] / drawn[0] < 0.9  # a quarter of the residues is gone


@pytest.mark.parametrize("state", "HEC")
def test_picture_has_the_colour_of_its_state(backbone: np.ndarray, state: str) -> None:
    """What stands in front is hardly paler than in the palette, so that picture and key agree."""
    png = picture(facing(backbone), state * len(backbone), [])
    shares = {letter: share_near(png, colour) for letter, colour in pssp.PALETTE.items()}
    assert max(shares, key=shares.get) == state
    assert shares[state] > 0.001


def test_wrong_residues_are_beads(backbone: np.ndarray) -> None:
    turned = facing(backbone)
    plain, beaded = (picture(turned, "C" * len(turned), wrong) for wrong in ([], [5, 25, 45, 65]))
    dark = [(np.asarray(Image.open(BytesIO(png)).convert("L")) < 115).sum() for png in (plain, beaded)]
    area = np.pi / 4 * (BEAD * DOTS / 72) ** 2  # pixels of one bead
    assert 3 * area < dark[1] - dark[0] < 5 * area


def test_html_is_closed_and_says_what_it_shows(record: pssp.ProteinRecord) -> None:
    states = pssp.reduce_states(record.structure)
    tags = Tags(pssp.view_structure(NAME, "C" * len(record), truth=record)._repr_html_())
    (data,) = (values for _, values in tags.found if values.get("class") == "structure-view")
    assert (data["data-sequence"], data["data-states"], data["data-truth"]) == (record.sequence, "C" * 81, states)
    (image,) = (values for tag, values in tags.found if tag == "img")
    wrong = 81 - states.count("C")
    assert f"{wrong} residues whose state is wrong" in image["alt"]
    assert not [tag for tag, _ in tags.found if tag in ("script", "style", "link")]


def test_coordinates_travel(record: pssp.ProteinRecord, backbone: np.ndarray) -> None:
    """To a tenth of an ångström, with nan where an atom is missing."""
    backbone = backbone.copy()
    backbone[3, 3] = np.nan
    view = pssp.view_structure(record, backbone=backbone)
    ((_, data),) = (each for each in Tags(view._repr_html_()).found if "data-backbone" in each[1])
    steps = np.frombuffer(base64.b64decode(data["data-backbone"]), dtype="<i2").reshape(-1, 4, 3)
    assert (steps[3, 3] == -(2**15)).all()
    there = np.where(steps == -(2**15), np.nan, steps / 10)
    np.testing.assert_allclose(there, view.backbone, atol=0.0501)


def test_a_name_cannot_leave_its_place(backbone: np.ndarray) -> None:
    """An id comes from a reader's file, and may hold anything."""
    name = '"><script>alert(1)</script>'
    view = pssp.view_structure(pssp.ProteinRecord(name, "A" * len(backbone)), backbone=backbone)
    tags = Tags(view._repr_html_())
    assert "script" not in [tag for tag, _ in tags.found]
    assert [values["data-id"] for _, values in tags.found if "data-id" in values] == [name]


@pytest.mark.parametrize("variable", NOTEBOOK_IN_USE)
def test_only_a_notebook_in_use_holds_the_scripts(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """The stored chapters stay small; where a reader runs a cell, the view needs nothing else."""
    for name in NOTEBOOK_IN_USE:
        monkeypatch.delenv(name, raising=False)
    view = pssp.view_structure(NAME)
    stored = view._repr_html_()
    assert len(stored) < 60_000
    monkeypatch.setenv(variable, "1")
    alive = view._repr_html_()
    assert stored in alive
    assert len(alive) > 500_000
    assert alive.count("<script>") == 1 + len(SCRIPTS)
    assert "src=" not in alive.replace('src="data:', "").split("<script>")[0]


def test_what_cannot_be_shown_is_explained(record: pssp.ProteinRecord, backbone: np.ndarray, tmp_path: Path) -> None:
    unknown = pssp.ProteinRecord("mine", "MKT")
    same_name = pssp.ProteinRecord(NAME, "MKT")
    for arguments, options, words in (
        (("9XYZ_A",), {}, "'9XYZ_A' is not one of the 420 mini chains"),
        ((unknown,), {}, "mine: none of the stored backbones"),
        ((same_name,), {}, f"{NAME}: none of the stored backbones"),
        ((record, "HHH"), {}, "states has 3 residues; expected 81"),
        ((record,), {"truth": "HHH"}, "truth has 3 residues; expected 81"),
        ((unknown,), {"backbone": backbone}, r"backbone has the shape \(81, 4, 3\); expected \(3, 4, 3\)"),
        ((unknown,), {"backbone": np.full((3, 4, 3), np.nan)}, "mine: no residue has coordinates"),
    ):
        with pytest.raises(PlotError, match=words):
            pssp.view_structure(*arguments, **options)
    with pytest.raises(PlotError, match=r"chain\.pdb: expected a name that ends in \.html"):
        pssp.view_structure(NAME).save(tmp_path / "chain.pdb")


def test_a_prediction_is_shown_with_its_states(record: pssp.ProteinRecord) -> None:
    """Eight states are drawn as three, and an unknown true state is never wrong."""
    prediction = pssp.Prediction(NAME, record.sequence, "G" * 81, np.full((81, 8), 1 / 8))
    view = pssp.view_structure(prediction, truth="?" * 40 + "H" * 40 + "B")
    assert view.states == "H" * 81
    assert view.wrong == [80]
