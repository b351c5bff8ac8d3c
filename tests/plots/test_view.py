"""A structure to turn: its picture, its page and its PDB file."""

import base64
from html.parser import HTMLParser
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from Bio.PDB import PDBParser
from PIL import Image

import pssp_tutorial as pssp
from pssp_tutorial.plots.backbone import BEAD, DOTS, facing, picture
from pssp_tutorial.plots.style import PlotError
from pssp_tutorial.plots.view_html import SCRIPTS
from pssp_tutorial.proteins.pdb import PDBError, pdb_text
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


def test_pdb_file_is_what_biopython_reads(tmp_path: Path, record: pssp.ProteinRecord, backbone: np.ndarray) -> None:
    """Atoms, numbers, names and coordinates, the missing ones left out; helices and strands in their columns."""
    backbone = backbone.copy()
    backbone[10] = np.nan
    backbone[12, 3] = np.nan
    states = "CCHHHHHCEEEC" + "C" * (len(record) - 12)
    view = pssp.view_structure(record, states, backbone=backbone)
    view.save(tmp_path / "chain.pdb")
    structure = PDBParser(QUIET=False, PERMISSIVE=False).get_structure(NAME, tmp_path / "chain.pdb")
    (chain,) = structure.get_chains()
    assert chain.id == "A"
    residues = [residue for residue in chain if residue]
    assert [residue.id[1] for residue in residues] == [k + 1 for k in range(len(record)) if k != 10]
    assert [atom.id for atom in chain[13]] == ["N", "CA", "C"]
    assert [atom.element for atom in chain[1]] == ["N", "C", "C", "O"]
    from Bio.SeqUtils import seq1

    assert "".join(seq1(each.resname) for each in residues) == record.sequence[:10] + record.sequence[11:]
    for residue in residues:
        wanted = view.backbone[residue.id[1] - 1]
        places = np.stack([atom.coord for atom in residue])
        np.testing.assert_allclose(places, wanted[: len(places)], atol=5.1e-4)
    lines = (tmp_path / "chain.pdb").read_text().splitlines()
    assert {len(line) for line in lines} == {80}
    helices = [(int(line[21:25]), int(line[33:37]), int(line[71:76])) for line in lines if line.startswith("HELIX")]
    strands = [(int(line[22:26]), int(line[33:37])) for line in lines if line.startswith("SHEET")]
    assert (helices, strands) == ([(3, 7, 5)], [(9, 11)])


def test_pdb_file_says_what_does_not_fit() -> None:
    with pytest.raises(PDBError, match="10,000 residues; a PDB file holds at most 9,999"):
        pdb_text("A" * 10_000, "C" * 10_000, np.zeros((10_000, 4, 3)))
    with pytest.raises(PDBError, match="a coordinate of 1000 Å"):
        pdb_text("A", "C", np.full((1, 4, 3), -1000.0))
    missing = PDBParser().get_structure("x", StringIO(pdb_text("AG", "CC", np.full((2, 4, 3), np.nan))))
    assert not list(missing.get_atoms())


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
    with pytest.raises(PlotError, match=r"chain\.cif: expected a name that ends in \.html or \.pdb"):
        pssp.view_structure(NAME).save(tmp_path / "chain.cif")


def test_a_prediction_is_shown_with_its_states(record: pssp.ProteinRecord) -> None:
    """Eight states are drawn as three, and an unknown true state is never wrong."""
    prediction = pssp.Prediction(NAME, record.sequence, "G" * 81, np.full((81, 8), 1 / 8))
    view = pssp.view_structure(prediction, truth="?" * 40 + "H" * 40 + "B")
    assert view.states == "H" * 81
    assert view.wrong == [80]
