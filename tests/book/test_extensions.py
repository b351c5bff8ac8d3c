"""The roles of the book's text: measured numbers, links to lines of the package, and what the pages leave out."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import source

BOOK = Path(__file__).parents[2] / "book"
CODE_PAGE = "Code\n====\n\n.. package-module:: core/errors.py\n"


LINK = re.compile(r"\{source\}`([^`:]+):([^`]+)`")


def links() -> Iterator[tuple[str, str]]:
    for path in sorted((*BOOK.glob("*.md"), *BOOK.glob("*.ipynb"))):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        yield from ((module.strip(), line.strip()) for module, line in LINK.findall(text))


@pytest.mark.parametrize(("module", "text"), sorted(set(links())))
def test_link_to_a_line_finds_it(module: str, text: str) -> None:
    """Code moves: the line must be in its module once, and the module on the page that shows the code."""
    assert source.find_line((source.PACKAGE / module).read_text(encoding="utf-8"), text) > 0
    assert f"{{package-module}} {module}\n" in (BOOK / "code.md").read_text(encoding="utf-8")


def build(tmp_path: Path, text: str) -> tuple[str, str]:
    """Build a page with the book's extensions; returns its HTML and the warnings."""
    application = pytest.importorskip("sphinx.application", reason="Sphinx is not installed: pip install -e '.[book]'")
    from sphinx.util.docutils import docutils_namespace

    pages = tmp_path / "source"
    (pages / "results").mkdir(parents=True)
    (pages / "results" / "measured.json").write_text(json.dumps({"values": {"q3": 0.6712, "f1": {"H": 0.7}}}))
    (pages / "index.rst").write_text(f"Title\n=====\n\n.. toctree::\n\n   code\n\n{text}\n")
    (pages / "code.rst").write_text(CODE_PAGE)
    (pages / "conf.py").write_text("extensions = ['results', 'source', 'offline']\n")
    warnings = io.StringIO()
    with docutils_namespace():
        app = application.Sphinx(
            pages, pages, tmp_path / "html", tmp_path / "trees", "html", status=None, warning=warnings
        )
        app.build()
    return (tmp_path / "html" / "index.html").read_text(), warnings.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [("measured:q3:.1%", "67.1%"), ("measured:f1.H:.2f", "0.70"), ("measured:q3", "0.6712"), ("measured:f1.H:", "0.7")],
)
def test_result_is_inserted(tmp_path: Path, text: str, shown: str) -> None:
    html, warnings = build(tmp_path, f"Measured: :result:`{text}`.")
    assert f'<span class="result">{shown}</span>' in html
    assert warnings == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("unmeasured:q3", "no file unmeasured.json"),
        ("measured:q8", "no value 'q8'"),
        ("measured:f1.E:.2f", "no value 'f1.E'"),
        ("measured:q3:.1x", "nknown format code"),
        ("bench/unmeasured:q3", "no file bench/unmeasured.json"),
    ],
)
def test_unknown_result_is_a_warning(tmp_path: Path, text: str, problem: str) -> None:
    _, warnings = build(tmp_path, f"Measured: :result:`{text}`.")
    assert problem in warnings


def test_source_links_to_the_line(tmp_path: Path) -> None:
    """The link leads to an anchor that the page of the code really has, at the right line."""
    html, warnings = build(tmp_path, "See :source:`core/errors.py: class PSSPError`.")
    lines = (BOOK.parent / "pssp_tutorial" / "core" / "errors.py").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if "class PSSPError" in text)
    assert f'href="code.html#source-core-errors-{line}"' in html
    assert f'<span class="pre">{line}</span>' in html
    code = (tmp_path / "html" / "code.html").read_text()
    assert f'id="source-core-errors-{line}"' in code
    assert warnings == ""


@pytest.mark.parametrize("text", ["errors.py: no such text", "errors.py: e", "nothing.py: class"])
def test_source_that_is_not_one_line_is_a_warning(tmp_path: Path, text: str) -> None:
    _, warnings = build(tmp_path, f"See :source:`{text}`.")
    assert f"source '{text}'" in warnings
