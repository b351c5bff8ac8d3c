"""The built site as a reader meets it: from file://, offline, wide and narrow, light and dark, by keyboard, on paper.

The site is the one that --site names, or else what `make test` or `make book` built last. What axe-core finds on the
pages is kept in build/accessibility.tsv.
"""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import external_links
import pytest
import yaml
from paper import CHROMIUM_OPTIONS, TYPESET, find_chromium, page_names, print_page

REPOSITORY = Path(__file__).parents[2]
PAGES = page_names()
CHAPTERS = [name for name in PAGES if re.match(r"\d\d_", name)]
CHROMIUM = find_chromium()
PROBLEMS = """() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const levels = all("h1, h2, h3, h4, h5, h6").filter((title) => title.checkVisibility()).map((t) => +t.tagName[1]);
    return {
        "titles but one": all("h1").filter((title) => title.checkVisibility()).length - 1,
        "pictures without alt text": all("img").filter((image) => !image.alt?.trim()).map((image) => image.src),
        "pictures not loaded": all("img").filter((image) => !image.naturalWidth).map((image) => image.src),
        "equations not typeset": all(".math").filter((math) => !math.querySelector("mjx-container")).length,
        "titles that skip a level": levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1).length,
        "code without a copy button": all("div.cell_input .highlight")
            .filter((code) => !code.querySelector("button.copybtn")).length,
        "ids given twice": all("[id]").map(({ id }) => id).filter((id, index, ids) => ids.indexOf(id) !== index),
        "errors in equations": all("mjx-merror, [data-mjx-error], mjx-container [fill=red]").length,
    };
}"""
OVERFLOW = """() => [document.documentElement, document.querySelector("article")]
    .map((element) => element.scrollWidth - element.clientWidth)"""
RAW_MARKUP = re.compile(r"\$\$|\\\(|\\\[|\{(?:eq|numref|term|cite\S*|result|source)\}`")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1366, "height": 900}


def chapter_text(name: str) -> str:
    path = REPOSITORY / "book" / f"{name}.ipynb"
    return path.read_text(encoding="utf-8") if path.exists() else "{}"


@pytest.fixture(scope="module")
def browser() -> Iterator:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: it opens the pages (Debian and Ubuntu: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


class Visit:
    """A page opened in the browser, with what it asked for and complained about on the way."""

    def __init__(self, browser, address: str, mode: str = "light", viewport: dict[str, int] = DESKTOP) -> None:
        self.context = browser.new_context(viewport=viewport, reduced_motion="reduce")  # no colour half-way to another
        self.context.add_init_script(f"localStorage.setItem('mode', '{mode}')")
        self.page = self.context.new_page()
        self.requests, self.failed, self.complaints = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.failed.append(request.url))
        self.page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)
        self.page.wait_for_function(TYPESET)

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def ask(self, script: str) -> object:
        return self.page.evaluate(script)


@pytest.mark.parametrize("name", PAGES)
def test_page(site: Path, browser, name: str) -> None:
    """Whole and offline at both widths; pictures described, equations typeset, one title."""
    with Visit(browser, (site / f"{name}.html").as_uri()) as visit:
        assert [url for url in visit.requests if not url.startswith(("file:", "data:", "blob:"))] == []
        assert visit.failed == []
        assert visit.complaints == []
        assert {what: found for what, found in visit.ask(PROBLEMS).items() if found} == {}
        assert RAW_MARKUP.findall(visit.ask("document.querySelector('article').innerText")) == []
        visit.page.set_viewport_size(PHONE)
        assert visit.ask(OVERFLOW) == [0, 0]


@pytest.mark.parametrize("name", CHAPTERS)
def test_code_folds_and_stays_itself(site: Path, browser, name: str) -> None:
    """No line of a chapter's code is cut off, on a phone neither; what a reader copies is the notebook's text."""
    cells = json.loads(chapter_text(name))["cells"]
    code = "\n\0".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    shown = "Array.from(document.querySelectorAll('.cell_input pre'))"
    with Visit(browser, (site / f"{name}.html").as_uri()) as visit:
        texts = visit.ask(f"{shown}.map((cell) => cell.textContent.trimEnd())")
        assert texts
        assert [text for text in texts if text not in code] == []
        for size in (DESKTOP, PHONE):
            visit.page.set_viewport_size(size)
            assert visit.ask(f"{shown}.filter((cell) => cell.scrollWidth > cell.clientWidth + 1).length") == 0


@pytest.fixture(scope="module")
def findings() -> Iterator[list[tuple[str, ...]]]:
    """What axe-core finds, written to a file when all pages have been seen."""
    rows: list[tuple[str, ...]] = []
    yield rows
    target = REPOSITORY / "build" / "accessibility.tsv"
    target.parent.mkdir(exist_ok=True)
    lines = ["\t".join(row) for row in (("page", "mode", "rule", "impact", "element"), *sorted(rows))]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_accessibility(site: Path, browser, findings: list, name: str, mode: str) -> None:
    """Nothing that axe-core calls serious or critical: contrast, names of buttons, labels, order, roles."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    options = {"resultTypes": ["violations"], "preload": False}  # preloading asks for files, which file:// refuses
    context = {"exclude": [[".module-source"]]}  # thousands of coloured words, all of them as in the chapters' code
    with Visit(browser, (site / f"{name}.html").as_uri(), mode=mode) as visit:
        found = axe.Axe().run(visit.page, context, options).response["violations"]
    rows = [(name, mode, rule["id"], rule["impact"], node["html"][:80]) for rule in found for node in rule["nodes"]]
    findings += [tuple(" ".join(str(part).split()) for part in row) for row in rows]
    assert [row for row in rows if row[3] in ("serious", "critical")] == []


@pytest.mark.parametrize("name", [name for name in CHAPTERS if "pssp.checks.quiz(" in chapter_text(name)])
def test_quiz_by_keyboard(site: Path, browser, name: str) -> None:
    """An answer unfolds with the Enter key, and says whether it is right."""
    with Visit(browser, (site / f"{name}.html").as_uri()) as visit:
        answer = visit.page.locator(".quiz details").first
        answer.locator("summary").focus()
        visit.page.keyboard.press("Enter")
        assert answer.get_attribute("open") is not None
        assert re.match(r"Right\.|No\.", answer.locator("p").inner_text())


@pytest.mark.parametrize("name", CHAPTERS)
def test_notebook_can_be_downloaded(site: Path, name: str) -> None:
    """The button at the head of a chapter gives the plain notebook, with the chapter's code."""
    assert f"_sources/{name}.ipynb" in Anchors(site / f"{name}.html").links
    text = (site / "_sources" / f"{name}.ipynb").read_text(encoding="utf-8")
    given, ours = json.loads(text), json.loads(chapter_text(name))
    assert code_of(given) == code_of(ours)
    assert not re.search(r"\{[\w:]+\}`[^`]+`", "".join(text_of(given)))


def code_of(notebook: dict) -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def text_of(notebook: dict) -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


def test_page_on_paper(site: Path, browser, tmp_path: Path) -> None:
    """Printed, a chapter has its text, its folded solutions and its figures, and nothing of the site around it."""
    pypdf = pytest.importorskip("pypdf", reason="pip install pypdf")
    print_page(browser, (site / "02_lstm.html").as_uri(), tmp_path / "page.pdf")
    pages = pypdf.PdfReader(tmp_path / "page.pdf").pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert 8 <= len(pages) <= 60
    for words in ("The LSTM, equation by equation", "forget gate", "Where next", "def gru_step(x, h, W, U, b, d)"):
        assert words in text
    assert "Search the book" not in text
    assert sum(len(page.images) for page in pages) >= 2
    assert min(float(page.mediabox.width) for page in pages) > 590  # A4, in points


def test_external_links_are_listed(site: Path) -> None:
    links = external_links.external_links(site)
    assert any(link.startswith("https://doi.org/") for link in links)
    assert all(link.startswith(("http://", "https://")) for link in links)


def test_chapters_have_equations(site: Path, browser) -> None:
    """So that the check of each page's equations is not one of nothing."""
    with Visit(browser, (site / "02_lstm.html").as_uri()) as visit:
        assert visit.ask("document.querySelectorAll('mjx-container').length") > 5


@pytest.mark.parametrize("name", ["index", "02_lstm"])
def test_dark_mode(site: Path, browser, name: str) -> None:
    with Visit(browser, (site / f"{name}.html").as_uri(), mode="dark") as visit:
        assert visit.ask("document.documentElement.dataset.theme") == "dark"
        colour = visit.ask("getComputedStyle(document.body).backgroundColor")
        assert max(map(int, re.findall(r"\d+", colour)[:3])) < 60
        ink = visit.ask("getComputedStyle(document.querySelector('article p')).color")
        assert min(map(int, re.findall(r"\d+", ink)[:3])) > 150


def test_search_finds_the_forget_gate(site: Path, browser) -> None:
    with Visit(browser, (site / "search.html").as_uri() + "?q=forget+gate") as visit:
        visit.page.wait_for_selector("#search-results li a", timeout=10_000)
        links = visit.ask("[...document.querySelectorAll('#search-results li a')].map(a => a.getAttribute('href'))")
        assert any("02_lstm.html" in link for link in links)
        assert [url for url in visit.requests if not url.startswith("file:")] == []


class Anchors(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links, self.anchors = set(), set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors.update(filter(None, (values.get("id"), values.get("name"))))
        if tag == "a" and values.get("href"):
            self.links.add(values["href"])


def leads_nowhere(site: Path, pages: dict[str, Anchors], name: str, link: str) -> bool:
    """Whether a link from the page `name` misses its page or its anchor."""
    address, fragment = urldefrag(unquote(link))
    target = address or name
    if re.match(r"[a-z]+:", address):
        return False
    return not (site / target).exists() or bool(fragment and target in pages and fragment not in pages[target].anchors)


def test_internal_links_lead_somewhere(site: Path) -> None:
    pages = {f"{name}.html": Anchors(site / f"{name}.html") for name in PAGES}
    links = [(name, link) for name, page in pages.items() for link in sorted(page.links)]
    assert [(name, link) for name, link in links if leads_nowhere(site, pages, name, link)] == []
    assert len(links) > 100


def test_launch_buttons_name_the_chapter(site: Path) -> None:
    """Binder opens the chapter, Colab the plain notebook, on the branch that holds them."""
    configuration = yaml.safe_load((REPOSITORY / "_config.yml").read_text(encoding="utf-8"))
    address = configuration["repository"]["url"].removeprefix("https://github.com/")
    links = Anchors(site / "02_lstm.html").links
    assert f"https://mybinder.org/v2/gh/{address}/main?urlpath=lab/tree/book/02_lstm.ipynb" in links
    assert f"https://colab.research.google.com/github/{address}/blob/notebooks/02_lstm.ipynb" in links
    assert (REPOSITORY / "book" / "02_lstm.ipynb").exists()


def test_colours_of_the_states_are_those_of_the_plots() -> None:
    from pssp_tutorial import PALETTE

    style = (REPOSITORY / "book" / "_assets" / "book.css").read_text(encoding="utf-8")
    colours = {state.upper(): colour.lower() for state, colour in re.findall(r"--state-([hec]): (#\w+);", style)}
    assert colours == {state: colour.lower() for state, colour in PALETTE.items()}
