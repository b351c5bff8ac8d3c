"""The built site as a reader meets it: from file://, offline, wide and narrow, light and dark.

The site is the one that PSSP_SITE names, or else what `make test` or `make book` built last.
"""

import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
TOC = yaml.safe_load((REPOSITORY / "book" / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(chapter["file"] for part in TOC["parts"] for chapter in part["chapters"])]
BUILT = [REPOSITORY / "build" / name / "_build" / "html" for name in ("checked-site", "site")]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PROBLEMS = """() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    return {
        "titles but one": all("h1").filter((title) => title.checkVisibility()).length - 1,
        "pictures without alt text": all("img").filter((image) => !image.alt?.trim()).map((image) => image.src),
        "pictures not loaded": all("img").filter((image) => !image.naturalWidth).map((image) => image.src),
        "equations not typeset": all(".math").filter((math) => !math.querySelector("mjx-container")).length,
        "errors in equations": all("mjx-merror, [data-mjx-error], mjx-container [fill=red]").length,
    };
}"""
OVERFLOW = """() => [document.documentElement, document.querySelector("article")]
    .map((element) => element.scrollWidth - element.clientWidth)"""
RAW_MARKUP = re.compile(r"\$\$|\\\(|\\\[|\{(?:eq|numref|term|cite\S*|result|source)\}`")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1366, "height": 900}


@pytest.fixture(scope="module")
def site() -> Path:
    folders = [Path(os.environ["PSSP_SITE"]).resolve()] if "PSSP_SITE" in os.environ else BUILT
    built = [folder for folder in folders if (folder / "index.html").exists()]
    if not built:
        pytest.skip("there is no built site: make test or make book builds it")
    return max(built, key=lambda folder: (folder / "index.html").stat().st_mtime)


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
        self.context = browser.new_context(viewport=viewport)
        self.context.add_init_script(f"localStorage.setItem('mode', '{mode}')")
        self.page = self.context.new_page()
        self.requests, self.failed, self.complaints = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.failed.append(request.url))
        self.page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)
        self.page.wait_for_function("!window.MathJax?.startup?.promise || MathJax.startup.promise.then(() => true)")

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
    """Binder and Colab open the file that the page was made from."""
    configuration = yaml.safe_load((REPOSITORY / "_config.yml").read_text(encoding="utf-8"))
    address = configuration["repository"]["url"].removeprefix("https://github.com/")
    links = Anchors(site / "02_lstm.html").links
    assert f"https://mybinder.org/v2/gh/{address}/main?urlpath=lab/tree/book/02_lstm.ipynb" in links
    assert f"https://colab.research.google.com/github/{address}/blob/main/book/02_lstm.ipynb" in links
    assert (REPOSITORY / "book" / "02_lstm.ipynb").exists()


def test_colours_of_the_states_are_those_of_the_plots() -> None:
    from pssp_tutorial import PALETTE

    style = (REPOSITORY / "book" / "_assets" / "book.css").read_text(encoding="utf-8")
    colours = {state.upper(): colour.lower() for state, colour in re.findall(r"--state-([hec]): (#\w+);", style)}
    assert colours == {state: colour.lower() for state, colour in PALETTE.items()}
