"""A structure to turn, in Chromium: drawn, turned by keys, linked with its sequence, and still without WebGL."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import structure
import test_site
from matplotlib.colors import rgb_to_hsv
from paper import CHROMIUM_OPTIONS, WEBGL_OPTIONS
from PIL import Image

import pssp_tutorial as pssp
from pssp_tutorial.plots import view_html

CHAPTERS = test_site.CHAPTERS
NAME = "3QX1_A"
POINTED = (0x1A, 0x9F, 0xB3)
LENGTH = 81


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    if test_site.CHROMIUM is None:
        pytest.skip("Chromium is not installed: it opens the pages (Debian and Ubuntu: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started.chromium


@pytest.fixture(scope="module")
def browser(chromium) -> Iterator:
    """With WebGL, computed by the processor."""
    browser = chromium.launch(executable_path=test_site.CHROMIUM, args=WEBGL_OPTIONS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def browser_without_webgl(chromium) -> Iterator:
    browser = chromium.launch(executable_path=test_site.CHROMIUM, args=[*CHROMIUM_OPTIONS, "--disable-3d-apis"])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def view() -> pssp.StructureView:
    """A chain of which five residues are predicted wrongly."""
    truth = pssp.view_structure(NAME).states
    return pssp.view_structure(NAME, "HHHHH" + truth[5:], truth=truth)


@pytest.fixture(scope="module")
def page_file(view: pssp.StructureView, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("view") / "view.html"
    view.save(path)
    return path


@pytest.fixture
def visit(browser, page_file: Path) -> Iterator[test_site.Visit]:
    with test_site.Visit(browser, page_file.as_uri()) as visit:
        yield visit
        assert visit.complaints == []
        assert [url for url in visit.requests if not url.startswith(("file:", "data:"))] == []


def pixels(visit: test_site.Visit, selector: str = ".space") -> np.ndarray:
    visit.page.wait_for_timeout(100)
    return np.asarray(Image.open(BytesIO(visit.page.locator(selector).screenshot())).convert("RGB")).astype(int)


def like(picture: np.ndarray, colour: tuple[int, ...]) -> np.ndarray:
    """Where a picture has a colour's hue, in light or shade: bool[row, column]."""
    hue, saturation, value = np.moveaxis(rgb_to_hsv(picture / 255), -1, 0)
    distance = np.abs(hue - rgb_to_hsv(np.array(colour) / 255)[0])
    return (np.minimum(distance, 1 - distance) < 0.03) & (saturation > 0.25) & (value > 0.2)


def test_ribbons_have_the_colours_of_the_states(visit: test_site.Visit, view: pssp.StructureView) -> None:
    """Each colour's area agrees with how many residues have the state; the still picture is out of sight."""
    picture = pixels(visit)
    for colour in pssp.PALETTE.values():
        rgb = tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))
        assert 500 < like(picture, rgb).sum() < picture[..., 0].size / 4
    assert visit.ask("getComputedStyle(document.querySelector('.structure-stage img')).visibility") == "hidden"


def test_turned_and_zoomed_by_keys(visit: test_site.Visit) -> None:
    """Tab leads to the view; each key changes the picture, its counterpart undoes it, and 0 starts again."""
    page = visit.page
    page.keyboard.press("Tab")
    assert visit.ask("document.activeElement.getAttribute('role')") == "application"
    first = pixels(visit)
    for key, back in (("ArrowRight", "ArrowLeft"), ("ArrowUp", "ArrowDown"), ("+", "-"), ("ArrowLeft", "0")):
        page.keyboard.press(key)
        assert np.abs(pixels(visit) - first).mean() > 0.5
        page.keyboard.press(back)
        assert np.abs(pixels(visit) - first).mean() < 0.1
    assert visit.ask("scrollY") == 0


def test_turned_by_the_pointer(visit: test_site.Visit) -> None:
    first, box = pixels(visit), visit.page.locator(".space").bounding_box()
    visit.page.mouse.move(box["x"] + 300, box["y"] + 200)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 380, box["y"] + 240, steps=4)
    visit.page.mouse.up()
    assert np.abs(pixels(visit) - first).mean() > 0.5


def test_the_wheel_scrolls_the_page_until_the_view_is_held(visit: test_site.Visit) -> None:
    page = visit.page
    page.set_viewport_size({"width": 700, "height": 400})
    first = pixels(visit)
    page.locator(".space").hover(position={"x": 5, "y": 5})
    page.mouse.wheel(0, 120)
    page.wait_for_function("scrollY > 50")
    page.evaluate("scrollTo(0, 0)")
    assert np.abs(pixels(visit) - first).mean() < 0.1
    page.locator(".space").focus()
    before = visit.ask("scrollY")
    page.mouse.wheel(0, 120)
    assert np.abs(pixels(visit) - first).mean() > 0.5
    assert visit.ask("scrollY") == before


def test_a_residue_shows_in_both(visit: test_site.Visit, view: pssp.StructureView) -> None:
    """From the sequence into space, where a bead shows; pointed at there, the bead leads back to the residue."""
    page, readout = visit.page, visit.page.locator(".readout")
    for residue in (0, LENGTH - 1):  # the ends stick out, so nothing hides them
        page.locator(f"[data-residue='{residue}']").hover()
        name = {"M": "Methionine", "E": "Glutamate"}[view.sequence[residue]]
        assert readout.inner_text().startswith(f"{name} {residue + 1}: ")
        rows, columns = np.nonzero(like(pixels(visit), POINTED))
        assert len(rows) > 40
        page.locator("h1").hover()
        assert readout.inner_text().strip() == ""
        assert like(pixels(visit), POINTED).sum() == 0
        page.locator(".space").hover(position={"x": float(columns.mean()), "y": float(rows.mean())})
        assert readout.inner_text().startswith(f"{name} {residue + 1}: ")
        assert page.locator(".residue.here").get_attribute("data-residue") == str(residue)


def test_residues_by_keyboard(visit: test_site.Visit, view: pssp.StructureView) -> None:
    """One stop for the Tab key; the arrow keys, Home and End move, and a screen reader hears what a reader sees."""
    page, slider = visit.page, visit.page.get_by_role("slider")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert slider.evaluate("element => element === document.activeElement")
    for keys, residue in (
        ("", 0),
        ("ArrowRight ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", LENGTH - 1),
        ("PageDown", 70),
    ):
        for key in keys.split():
            page.keyboard.press(key)
        assert slider.get_attribute("aria-valuenow") == str(residue + 1)
        assert slider.get_attribute("aria-valuetext") == page.locator(".readout").inner_text()
        assert page.locator(".residue.here").get_attribute("data-residue") == str(residue)
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "Methionine 1: helix, wrong: in truth coil"
    assert like(pixels(visit), POINTED).sum() > 40
    page.keyboard.press("Tab")
    assert page.locator(".residue.here").count() == 0


def test_wrong_residues_are_marked_in_both(visit: test_site.Visit, view: pssp.StructureView) -> None:
    """Not by colour alone: a bead in space, a box and the true state in the sequence."""
    page = visit.page
    marked = page.locator(".residue.wrong").evaluate_all("all => all.map((each) => Number(each.dataset.residue))")
    assert marked == view.wrong == [0, 1, 2, 3, 4]
    true = page.locator(".residue .true").evaluate_all("all => all.map((each) => each.textContent.trim())")
    assert "".join(true) == view.truth[:5]
    dark = pixels(visit).max(axis=2) < 40
    page.evaluate("""() => {
        const root = document.querySelector(".structure-view"), copy = root.cloneNode();
        delete copy.dataset.mounted;
        delete copy.dataset.truth;
        copy.innerHTML = '<div class="structure-stage"></div><div class="letters" aria-label=""></div>';
        root.replaceWith(copy);
        PSSP.showStructures();
    }""")
    assert dark.sum() > (pixels(visit).max(axis=2) < 40).sum() + 500


def test_two_views_on_a_page(browser, view: pssp.StructureView, tmp_path: Path) -> None:
    """As in a notebook, each with scripts of its own, and where a loader of modules stands ready."""
    body = view_html.with_scripts(view._repr_html_())
    loader = "<script>globalThis.define = () => { throw Error('not for us'); }; define.amd = {};</script>"
    page = tmp_path / "two.html"
    page.write_text(
        f"<!DOCTYPE html><html lang=en><title>two</title><h1>two</h1>{loader}{body}{body}", encoding="utf-8"
    )
    with test_site.Visit(browser, page.as_uri()) as visit:
        assert visit.complaints == []
        assert visit.ask("document.querySelectorAll('.space canvas').length") == 2
        visit.page.locator(".structure-view >> nth=1").locator("[data-residue='7']").hover()
        assert visit.ask("[...document.querySelectorAll('.readout')].map((p) => p.textContent.trim() !== '')") == [
            False,
            True,
        ]


def test_still_without_webgl(browser_without_webgl, page_file: Path) -> None:
    """The picture stays, the page says why, and the sequence still tells its residues."""
    with test_site.Visit(browser_without_webgl, page_file.as_uri()) as visit:
        assert visit.complaints == []
        assert visit.ask("document.querySelectorAll('canvas').length") == 0
        assert visit.ask("getComputedStyle(document.querySelector('.structure-stage img')).visibility") == "visible"
        assert "WebGL" in visit.page.locator(".help").inner_text()
        visit.page.get_by_role("slider").focus()
        assert visit.page.locator(".readout").inner_text().startswith("Methionine 1")


def test_still_without_scripts(browser, page_file: Path, view: pssp.StructureView) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.get_by_role("img", name=f"The backbone of {NAME} in space").is_visible()
    assert view.sequence[:50] in page.locator(".letters pre").inner_text()
    context.close()


def test_on_paper_the_picture_stands_still(browser, page_file: Path) -> None:
    with test_site.Visit(browser, page_file.as_uri()) as visit:
        visit.page.emulate_media(media="print")
        assert not visit.page.locator(".space").is_visible()
        assert visit.ask("getComputedStyle(document.querySelector('.structure-stage img')).visibility") == "visible"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_and_narrow(browser, page_file: Path, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    with test_site.Visit(browser, page_file.as_uri(), viewport=test_site.PHONE) as visit:
        visit.page.emulate_media(color_scheme=scheme)
        found = axe.Axe().run(visit.page).response["violations"]
        assert [(rule["id"], node["html"][:80]) for rule in found for node in rule["nodes"]] == []
        assert visit.ask("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


@pytest.mark.parametrize("name", [name for name in CHAPTERS if "pssp.view_structure(" in test_site.chapter_text(name)])
def test_a_chapter_draws_what_it_stores(site: Path, browser, name: str) -> None:
    """The stored HTML is what the page's scripts expect, and they come with the page, from the disk."""
    with test_site.Visit(browser, (site / f"{name}.html").as_uri()) as visit:
        views = visit.page.locator(".structure-view")
        assert views.count() >= 1
        assert visit.page.locator(".structure-view .space canvas").count() == views.count()
        assert visit.complaints == []
        assert [url for url in visit.requests if not url.startswith(("file:", "data:"))] == []


def test_colours_of_the_ribbons_are_those_of_the_plots() -> None:
    script = (Path(test_site.REPOSITORY) / "book" / "_assets" / "live" / "structure_stage.js").read_text(
        encoding="utf-8"
    )
    for state, colour in pssp.PALETTE.items():
        assert f'{state}: "{colour.lower()}"' in script


@pytest.mark.parametrize(("body", "count"), [('<div class="structure-view" data-id="x">', 4), ("<p>text</p>", 0)])
def test_only_pages_with_a_view_load_its_scripts(body: str, count: int) -> None:
    """3Dmol is half a megabyte, which other pages do without; every file that a page is told of exists."""
    files: list[str] = []
    app = SimpleNamespace(add_js_file=files.append, add_css_file=lambda name: None)
    structure.add_scripts(app, "page", "page.html", {"body": body}, None)
    assert len(files) == count
    assert all((test_site.REPOSITORY / "book" / "_assets" / name).exists() for name in files)
