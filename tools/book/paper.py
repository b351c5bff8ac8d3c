"""Print the built pages to PDF with Chromium, folded answers and solutions open.

python tools/book/paper.py build/site/_build/html build/pdf             # every page
python tools/book/paper.py build/site/_build/html build/pdf 02_lstm     # one
"""

import argparse
import shutil
import sys
from pathlib import Path

import yaml

BOOK = Path(__file__).parents[2] / "book"
CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WEBGL_OPTIONS = [option for option in CHROMIUM_OPTIONS if option != "--disable-gpu"] + [
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip  # three dimensions, computed by the processor
TYPESET = "!window.MathJax?.startup?.promise || MathJax.startup.promise.then(() => true)"


def find_chromium() -> str | None:
    """Where Chromium is, under the names that it goes by."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


def page_names() -> list[str]:
    """The pages in the order of the table of contents."""
    contents = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    return [contents["root"], *(chapter["file"] for part in contents["parts"] for chapter in part["chapters"])]


def print_page(browser, address: str, target: Path) -> None:
    """Write a page of the site as an A4 document, light whatever the reader's mode is."""
    context = browser.new_context(color_scheme="light")
    context.add_init_script("localStorage.setItem('mode', 'light')")
    page = context.new_page()
    page.goto(address)
    page.wait_for_function(TYPESET)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    margin = {"top": "16mm", "bottom": "16mm", "left": "14mm", "right": "14mm"}
    page.pdf(path=target, format="A4", margin=margin, print_background=True)
    context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path, help="the folder with index.html")
    parser.add_argument("target", type=Path, help="the folder for the PDF files")
    parser.add_argument("pages", nargs="*", help="names without .html; all if none is given")
    arguments = parser.parse_args()
    if find_chromium() is None:
        sys.exit("Chromium is not installed: it prints the pages (Debian and Ubuntu: apt install chromium)")
    pages = arguments.pages or page_names()
    if unknown := [name for name in pages if not (arguments.site / f"{name}.html").exists()]:
        sys.exit(f"{arguments.site} holds no {unknown[0]}.html; make book builds the site")
    from playwright.sync_api import sync_playwright

    arguments.target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_OPTIONS)
        for name in pages:
            print_page(browser, (arguments.site / f"{name}.html").resolve().as_uri(), arguments.target / f"{name}.pdf")
        browser.close()


if __name__ == "__main__":
    main()
