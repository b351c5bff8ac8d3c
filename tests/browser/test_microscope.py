"""The page "The gate microscope": what was measured on the gates, and the interactive version in the browser."""

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import live_data
import numpy as np
import pytest
import test_site

import pssp_tutorial as pssp
from pssp_tutorial.models.storage import load_pretrained

BOOK = Path(live_data.BOOK)
VALUES = json.loads((BOOK / "results" / "microscope.json").read_text(encoding="utf-8"))["values"]

browser = test_site.browser


@pytest.fixture(scope="module")
def measuring() -> ModuleType:
    """The script tools/book/microscope.py as a module."""
    specification = importlib.util.spec_from_file_location(
        "microscope", BOOK.parent / "tools" / "book" / "microscope.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_script_of_proteins_is_the_generators() -> None:
    script = (live_data.LIVE / "gate_data.js").read_text(encoding="utf-8")
    assert script == live_data.gates_script()


def test_what_was_measured_belongs_to_the_weights() -> None:
    """Else the pictures would show another network than the page computes."""
    assert VALUES["model"] == load_pretrained("small").name


def test_features_by_hand(measuring: ModuleType) -> None:
    """Starts and ends lie between two residues: two on each side, none at the ends of the chain."""
    helix, strand, coil, starts, ends = measuring.features("EECCGHHHHC").T.astype(int).tolist()
    assert helix == [0, 0, 0, 0, 1, 1, 1, 1, 1, 0]
    assert strand == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert coil == [0, 0, 1, 1, 0, 0, 0, 0, 0, 1]
    assert starts == [0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    assert ends == [1, 1, 1, 1, 0, 0, 0, 1, 1, 1]


def test_units_stand_together_by_what_they_follow(measuring: ModuleType) -> None:
    correlations = np.array([[0.1, 0, 0, 0.3, 0], [0.2, 0, 0, 0, 0], [-0.7, 0.5, 0, 0, 0], [0.1, 0, 0, 0, 0]])
    assert measuring.sorted_units(correlations) == [
        [2, "helix", -0.7],
        [1, "helix", 0.2],
        [0, "starts", 0.3],
        [3, "none", 0.1],
    ]


def test_the_order_comes_out_again(measuring: ModuleType) -> None:
    """Every unit once, and the stored correlations are those of a fresh run over the validation chains."""
    fresh = measuring.order_of_units(load_pretrained("small"), list(pssp.load_chains().val))
    for stored_layer, fresh_layer in zip(VALUES["order"], fresh, strict=True):
        for stored, again in zip(stored_layer, fresh_layer, strict=True):
            assert sorted(unit for unit, _, _ in stored) == list(range(64))
            again = {unit: r for unit, _, r in again}
            assert max(abs(r - again[unit]) for unit, _, r in stored) < 0.01


def test_the_proteins_are_what_the_page_says() -> None:
    chains = pssp.load_chains()
    val = {record.id for record in chains.val}
    rules = {"mostly_helix": ("H", 0.6, "E", 0, 0.05), "mostly_strand": ("E", 0.4, "H", 0, 0.1),
             "helix_and_strand": ("H", 0.25, "E", 0.2, 1)}  # fmt: skip
    for name, protein in VALUES["proteins"].items():
        assert protein["id"] in val
        structure = pssp.reduce_states(chains[protein["id"]].structure)
        assert 60 <= len(structure) <= 110
        if name in rules:
            much, least, other, low, high = rules[name]
            assert structure.count(much) >= least * len(structure)
            assert low * len(structure) <= structure.count(other) <= high * len(structure)


def test_the_code_of_the_page_runs() -> None:
    page = (BOOK / "microscope.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    assert names["gates"].f.shape == (len(names["chain"]), 64)


@pytest.fixture
def visit(site: Path, browser) -> Iterator[test_site.Visit]:
    with test_site.Visit(browser, (site / "microscope.html").as_uri()) as visit:
        yield visit
        assert visit.complaints == []
        assert [url for url in visit.requests if not url.startswith("file:")] == []


def test_the_values_at_the_cursor_are_pytorchs(visit: test_site.Visit, measuring: ModuleType) -> None:
    """Each layer and direction, at a residue reached by the keyboard."""
    page, protein = visit.page, VALUES["proteins"]["mostly_strand"]
    record = pssp.load_chains()[protein["id"]]
    page.get_by_role("combobox", name="Protein", exact=True).select_option(f"{record.id}: mostly strand")
    slider = page.get_by_role("slider", name="Residue")
    for layer in (0, 1):
        for reverse in (False, True):
            page.get_by_role("combobox", name="Layer", exact=True).select_option(label=str(layer + 1))
            page.get_by_role("combobox", name="Direction", exact=True).select_option(
                label="backwards" if reverse else "forwards"
            )
            page.get_by_role("combobox", name="Unit", exact=True).select_option("7")
            slider.focus()
            page.keyboard.press("Home")
            for _ in range(4):
                page.keyboard.press("ArrowRight")
            said = page.locator(".readout").inner_text().replace("−", "-")
            assert f"Residue 5, {visit.ask('PSSP.RESIDUE_NAMES')[record.sequence[4]]}" in said
            gates = measuring.gates_of(load_pretrained("small"), record, layer, reverse)
            shown = dict(re.findall(r"([figo]) = (-?\d\.\d\d)(?=\s)", said.split("c = ")[0] + " "))
            shown |= {"c": re.findall(r"= (-?\d+\.\d\d)", said.split("c = ")[1].split("h = ")[0])[-1]}
            shown |= {"h": re.findall(r"= (-?\d+\.\d\d)", said.split("h = ")[1])[-1]}
            assert set(shown) == set("figoch")
            for name, value in shown.items():
                assert abs(float(value) - getattr(gates, name)[4, 7].item()) < 0.006


def test_maps_by_keyboard_and_pointer(visit: test_site.Visit) -> None:
    page = visit.page
    maps, slider = page.get_by_role("group", name="Heat maps"), page.get_by_role("slider", name="Residue")
    page.get_by_role("combobox", name="Show", exact=True).select_option("cell state c")
    assert maps.locator("canvas").count() == 1
    before, unit = int(slider.input_value()), page.get_by_role("combobox", name="Unit", exact=True).input_value()
    maps.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert int(slider.input_value()) == before + 1
    assert page.get_by_role("combobox", name="Unit", exact=True).input_value() != unit
    maps.locator(".plane").hover(position={"x": 1, "y": 1})
    assert slider.input_value() == "1"
    page.set_viewport_size(test_site.PHONE)
    assert visit.ask(test_site.OVERFLOW) == [0, 0]


def test_colours_of_the_maps_are_those_of_the_still_pictures(visit: test_site.Visit) -> None:
    """A reader compares the two."""
    from pssp_tutorial.plots.style import ramp, two_sided

    ramps = visit.ask("PSSP.ramps()")
    for name, still in (("gate", ramp(pssp.PALETTE["C"])), ("state", two_sided())):
        colours = np.array(ramps[name]) / 255
        places = np.linspace(0, 1, len(colours))
        assert np.abs(colours - np.array([still(place)[:3] for place in places])).max() < 0.01


def test_a_mutant_by_keyboard_is_what_the_package_predicts(visit: test_site.Visit) -> None:
    """The page must read the mutant, mark what differs, and give the protein back; a mouse is not needed."""
    page, protein = visit.page, VALUES["proteins"]["mostly_helix"]
    record = pssp.load_chains()[protein["id"]]
    page.get_by_role("combobox", name="Protein", exact=True).select_option(f"{record.id}: mostly helix")
    place, letter = (page.get_by_role("combobox", name=name, exact=True) for name in ("Change residue", "to"))
    reset, said = page.get_by_role("button", name="As it was"), page.locator("[data-part=change]")
    difference = page.get_by_role("checkbox", name="Maps show the difference")
    assert reset.is_disabled()
    assert not difference.is_visible()
    place.focus()
    page.keyboard.press("Home")
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    letter.focus()
    page.keyboard.type("P")  # proline, into the first helix
    mutant = record.sequence[:9] + "P" + record.sequence[10:]
    model = load_pretrained("small")
    before, after = (pssp.predict(model, sequence, device="cpu") for sequence in (record.sequence, mutant))
    name = visit.ask("PSSP.RESIDUE_NAMES")[record.sequence[9]].capitalize()
    assert said.inner_text().startswith(f"{name} 10 is now proline.")
    for prediction, word in ((before, "was"), (after, "is")):
        assert f"{word} {prediction.probabilities[9, 0]:.2f}" in said.inner_text()
    changed = sum(one != other for one, other in zip(before.states, after.states, strict=True))
    assert changed > 0
    assert page.locator(".changed").count() == changed
    assert page.locator(".mutant").count() == 1
    difference.check()
    assert page.locator(".map .title", has_text="after − before").count() == 6
    page.set_viewport_size(test_site.PHONE)
    assert visit.ask(test_site.OVERFLOW) == [0, 0]
    reset.focus()
    page.keyboard.press("Enter")
    assert said.inner_text() == ""
    assert page.locator(".changed, .mutant").count() == 0
    assert not difference.is_visible()
    assert place.input_value() == "9"


def test_a_click_picks_the_residue_to_change(visit: test_site.Visit) -> None:
    """Moving the pointer must not: on its way to the list it would cross other residues."""
    page = visit.page
    place = page.get_by_role("combobox", name="Change residue", exact=True)
    page.get_by_role("combobox", name="Show", exact=True).select_option("forget gate f")
    plane = page.locator(".plane")
    plane.click(position={"x": 1, "y": 40})
    assert place.input_value() == "0"
    plane.hover(position={"x": 300, "y": 40})
    assert place.input_value() == "0"
    page.get_by_role("group", name="Heat maps").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert place.input_value() == str(int(page.get_by_role("slider", name="Residue").input_value()) - 1) != "0"
