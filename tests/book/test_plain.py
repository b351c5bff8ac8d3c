"""The plain notebooks of Colab and GitHub: nothing left that only Sphinx reads, and the numbers those of the site."""

import re
from pathlib import Path

import nbformat
import plain
import pytest
from plain_blocks import without_directives

CHAPTERS = sorted(path.stem for path in plain.working_copy.BOOK.glob("*.ipynb"))
CODE_BLOCK = re.compile(r"^((?:> ?)*)(`{3,}).*?^\1\2$", re.MULTILINE | re.DOTALL)
LEFT = {
    "role": r"\{[\w:.-]+\}`",
    "directive": r"[:`]{3,}\{",
    "fence": r"^[> ]*:::",
    "option": r"^[> ]*:[\w-]+:",
    "label": r"^[> ]*\([\w-]+\)=",
    "label of an equation": r"\$\$ *\([\w-]+\)",
    "definition": r"^[> ]*: ",
    "attribute": r"\]\{",
    "relative address": r"\]\((?!https?://)|<img",
}


@pytest.fixture(scope="module")
def written(site: Path, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    plain.main(folder, site)
    return folder


def left(text: str) -> dict[str, list[str]]:
    """What of a text only Sphinx understands, outside its code."""
    text = CODE_BLOCK.sub("", text)
    found = {what: re.findall(f"{pattern}.*", text, re.MULTILINE) for what, pattern in LEFT.items()}
    return {what: places for what, places in found.items() if places}


def markdown(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_notebooks_that_are_there_are_kept(site, tmp_path):
    """A teacher may have changed them; only who says so writes over them."""
    (tmp_path / f"{CHAPTERS[-1]}.ipynb").write_text("mine")
    with pytest.raises(SystemExit, match="is there already: name another folder, or give --replace"):
        plain.main(tmp_path, site)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_nothing_is_left_that_only_sphinx_reads(written, name):
    """In Colab a role is a riddle in the middle of a sentence, and a relative picture a broken one."""
    assert left(markdown(written / f"{name}.ipynb")) == {}


def test_the_search_finds_what_the_chapters_hold():
    """The test above is worth nothing if it doesn't see the roles, fences and labels of the sources."""
    found = {what for name in CHAPTERS for what in left(markdown(plain.working_copy.BOOK / f"{name}.ipynb"))}
    assert found == set(LEFT) - {"attribute"}


@pytest.mark.parametrize("name", CHAPTERS)
def test_code_cells_are_those_of_the_chapter(written, name):
    """A reader in Colab runs exactly what the site shows, with the same outputs above the run."""
    ours, theirs = (
        nbformat.read(folder / f"{name}.ipynb", as_version=4) for folder in (plain.working_copy.BOOK, written)
    )
    nbformat.validate(theirs)
    code = [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (ours, theirs)]
    assert code[0] == code[1]


@pytest.mark.parametrize("name", CHAPTERS)
def test_links_to_the_site_arrive(site, written, name):
    """Each link names a page of the site, and a place that this page has; a citation leads to its entry."""
    address = plain.Site.read(site).address
    targets = set(re.findall(re.escape(address) + r"([^)\s]*)", markdown(written / f"{name}.ipynb")))
    assert len(targets) > 5
    for target in sorted(targets):
        page, _, anchor = target.partition("#")
        assert (site / page).is_file(), target
        assert anchor or page != "bibliography.html", target
        assert not anchor or f'id="{anchor}"' in (site / page).read_text(encoding="utf-8"), target


@pytest.mark.parametrize("name", CHAPTERS)
def test_figures_and_equations_have_the_numbers_of_the_site(site, written, name):
    text, page = markdown(written / f"{name}.ipynb"), (site / f"{name}.html").read_text(encoding="utf-8")
    assert re.findall(r"^\*\*(Figure [\d.]+)\.\*\*", text, re.MULTILINE) == re.findall(
        r'caption-number">(Figure [\d.]+)', page
    )
    assert re.findall(r"\\tag\{([\d.]+)\}", text) == re.findall(r'eqno">\(([\d.]+)\)', page)


def test_an_exercise_can_be_used(written):
    """The question is a quotation, the hint folds open below it, and the cell for the answer follows."""
    cells = nbformat.read(written / "01_proteins.ipynb", as_version=4).cells
    place = next(place for place, cell in enumerate(cells) if "Exercise 1.1:" in cell.source)
    assert cells[place].source.startswith("> **Exercise 1.1: ")
    assert "\n\n<details><summary><b>Hint</b></summary>\n\nReplace E by C" in cells[place].source
    assert "pssp.checks.exercise_1_1(" in cells[place + 1].source
    assert "```python\ndef longest_helix" in cells[place + 2].source


def test_code_keeps_its_fences():
    """Code that shows a fence, inside something folded, stays code and doesn't close it."""
    text = ":::{dropdown} Look\n```python\nx = 1\n:::\n```\n:::"
    written = without_directives(text, str, str)
    assert written == "<details><summary><b>Look</b></summary>\n\n```python\nx = 1\n:::\n```\n\n</details>"


def test_an_open_fence_is_an_error():
    with pytest.raises(ValueError, match="nothing closes"):
        without_directives(":::{warning}\nMind.", str, str)


def test_what_the_site_does_not_know_is_an_error(site):
    """A link to nowhere must not reach a reader."""
    writer = plain.Writer(
        plain.Site.read(site), "02_lstm", plain.parse_file(plain.working_copy.BOOK / "references.bib")
    )
    for text in ("{ref}`ch-nowhere`", "{numref}`fig-nowhere`", "{eq}`nowhere`", "{odd}`role`"):
        with pytest.raises(KeyError):
            writer.plain(text)
