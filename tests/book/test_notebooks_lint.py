"""Every chapter keeps the rules, and the rules catch what they are for."""

import copy
import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from unittest.mock import Mock, call

import chapter_lint
import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

BOOK = Path(__file__).parents[2] / "book"
CHAPTERS = sorted(BOOK.glob("*.ipynb"))
TEMPLATE = BOOK.parent / "tools" / "book" / "chapter_template.ipynb"
PAGES = sorted(BOOK.glob("*.md"))
PROJECT = tomllib.loads((BOOK.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GLANCE = ":::{admonition} At a glance\n:class: at-a-glance\n\n**Minutes**\n: 2 on two CPU cores\n:::"
FIGURE = new_output("display_data", data={"image/png": "aGVsaXg=", "text/plain": "<Figure size 640x480>"})
ERROR = new_output("error", ename="KeyError", evalue="1", traceback=[])
ALT = {"mystnb": {"image": {"alt": "A helix"}}}


def good_notebook() -> NotebookNode:
    cells = [
        new_markdown_cell(f"# A chapter\n\n{GLANCE}"),
        new_code_cell(
            "print(1)",
            execution_count=1,
            metadata={"tags": [chapter_lint.COMPARED]},
            outputs=[new_output("stream", name="stdout", text="1")],
        ),
        new_code_cell("draw();", execution_count=2, outputs=[FIGURE], metadata=ALT),
    ]
    return new_notebook(cells=cells, metadata=copy.deepcopy(chapter_lint.METADATA))


@pytest.mark.parametrize("path", [*CHAPTERS, TEMPLATE], ids=lambda path: path.stem)
def test_chapter_keeps_the_rules(path: Path) -> None:
    assert chapter_lint.faults_of_file(path) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_keeps_the_rules(path: Path) -> None:
    assert list(chapter_lint.faults_of_text(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_stated_minutes_suffice(path: Path) -> None:
    """The minutes that a chapter promises are not fewer than those that were measured."""
    measured = json.loads((BOOK / "results" / "execution.json").read_text(encoding="utf-8"))["values"]
    stated = chapter_lint.stated_minutes(nbformat.read(path, as_version=4))
    assert stated is not None
    assert stated >= measured[path.stem]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_landing_page_states_the_minutes_of_the_chapter(path: Path) -> None:
    """The page that makes a reader choose a chapter and the chapter's own box say the same."""
    header = nbformat.read(path, as_version=4).cells[0].source
    reading = re.search(r"about (\d+) to read", header)[1]
    landing = (BOOK / "index.md").read_text(encoding="utf-8")
    assert f"*{reading} minutes · runs in {{result}}`execution:{path.stem}` min" in landing


def first_code_cell(path: Path) -> NotebookNode:
    return next(cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_first_cell_is_that_of_the_template(path: Path) -> None:
    """Colab has only the notebook: its first cell installs the package. The page, where nothing runs, hides it."""
    cell, template = first_code_cell(path), first_code_cell(TEMPLATE)
    assert (cell.id, cell.source, cell.metadata) == (template.id, template.source, template.metadata)
    assert cell.metadata.tags == ["remove-cell"]


@pytest.mark.parametrize("there", [True, False])
def test_first_cell_installs_the_package_where_it_is_missing(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    """Run as IPython does: with the package, nothing is asked for; without it, the repository of pyproject.toml."""
    if not there:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    shell = Mock()
    exec(TransformerManager().transform_cell(first_code_cell(TEMPLATE).source), {"get_ipython": lambda: shell})
    wanted = f'install -q scikit-learn "{PROJECT["name"]} @ git+{PROJECT["urls"]["Source"]}"'
    assert shell.run_line_magic.mock_calls == ([] if there else [call("pip", wanted)])


def test_first_cell_brings_all_that_the_chapters_import() -> None:
    brought = {re.match(r"[\w.-]+", name)[0] for name in ("scikit-learn", *PROJECT["dependencies"])}
    brought |= {"scipy"}  # through scikit-learn
    code = "\n".join(
        cell.source for path in CHAPTERS for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"
    )
    brought |= set(re.findall(r'"install -q ([\w.-]+)"', code))  # a chapter's second cell brings what only it needs
    modules = (
        set(re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE)) - sys.stdlib_module_names - {"pssp_tutorial"}
    )
    owners = packages_distributions()
    assert {module: owners[module] for module in modules if not brought & set(owners[module])} == {}
    assert len(modules) > 5


def test_good_notebook_has_no_faults() -> None:
    assert list(chapter_lint.faults(good_notebook())) == []


def set_outputs(*outputs: NotebookNode):
    def plant(notebook: NotebookNode) -> None:
        notebook.cells[1].outputs = list(outputs)

    return plant


def set_source(source: str, cell: int = 2):
    def plant(notebook: NotebookNode) -> None:
        notebook.cells[cell].source = source

    return plant


def set_cell(**fields: object):
    def plant(notebook: NotebookNode) -> None:
        notebook.cells[2].update(fields)

    return plant


FAULTS = {
    "count missing": (set_cell(execution_count=None), "not executed from top to bottom"),
    "counts out of order": (set_cell(execution_count=5), "not executed from top to bottom"),
    "nothing compared": (lambda notebook: notebook.cells[1].metadata.clear(), "no cell is compared"),
    "nothing to compare": (set_outputs(), "nothing is compared"),
    "mark in the source": (set_source("# NBVAL_CHECK_OUTPUT\nprint(1)", cell=1), "a line for the build"),
    "assertion": (set_source("x = 1\nassert x > 0"), "a line for the build"),
    "saved result": (set_source("pssp.save_results('chapter_0', {})"), "a line for the build"),
    "mark of the formatter": (set_source("x = [1,\n     2]  # fmt: skip"), "a line for the build"),
    "part of the package": (set_source("from pssp_tutorial.models import lstm"), "import pssp_tutorial as pssp"),
    "long cell": (set_source("\n\n".join("x = 1" for _ in range(13))), "13 lines"),
    "home in the source": (set_source("open('/home/ada/chains.tsv')"), "an absolute path"),
    "drive letter": (set_source(r"open('C:\\chains.tsv')"), "an absolute path"),
    "path in the text": (set_source(f"See /root/book.\n{GLANCE}", cell=0), "an absolute path"),
    "path in the outputs": (set_outputs(new_output("stream", name="stdout", text="in /tmp/x")), "an absolute path"),
    "chdir": (set_source("os.chdir('..')"), "os.chdir"),
    "relative data": (set_source("open('data/chains.tsv.xz')"), "depends on the working directory"),
    "relative data above": (set_source("open('../data/chains.tsv.xz')"), "depends on the working directory"),
    "relative file": (set_source("pd.read_csv('lengths.csv')"), "depends on the working directory"),
    "relative path": (set_source("Path('chains/one.fasta').read_text()"), "depends on the working directory"),
    "working folder": (set_source("Path.cwd() / name"), "depend on the working directory"),
    "magic": (set_source("%cd book"), "depend on the working directory"),
    "traceback": (
        set_outputs(ERROR),
        "a traceback (KeyError)",
    ),
    "warning": (set_outputs(new_output("stream", name="stderr", text="UserWarning")), "on stderr"),
    "address": (set_outputs(new_output("execute_result", data={"text/plain": "<Axes at 0x7f00aa11bb>"})), "changes"),
    "figure without alt": (set_cell(metadata=nbformat.from_dict({})), "a figure without alt text"),
    "empty alt": (set_cell(metadata=nbformat.from_dict({"mystnb": {"image": {"alt": " "}}})), "without alt text"),
    "picture without alt": (set_source(f"![](strand.svg)\n{GLANCE}", cell=0), "a picture without alt text"),
    "HTML picture without alt": (set_source(f"<img src='strand.svg' alt=''>\n{GLANCE}", cell=0), "without alt text"),
    "figure directive without alt": (set_source("```{figure} a.svg\nText\n```\n" + GLANCE, cell=0), "without :alt:"),
    "alt over two lines": (set_source("```{figure} a.svg\n:alt: A\nhelix\n```\n" + GLANCE, cell=0), "goes on"),
    "no minutes": (set_source("# A chapter", cell=0), "no box"),
    "box without minutes": (set_source(GLANCE.replace("Minutes", "Time"), cell=0), "no box"),
    "volatile cell metadata": (set_cell(metadata=nbformat.from_dict(ALT | {"execution": {}})), "volatile metadata"),
    "volatile metadata": (lambda notebook: notebook.metadata.update(widgets={}), "the notebook's metadata"),
    "other kernel": (lambda notebook: notebook.metadata.kernelspec.update(name="ada"), "the notebook's metadata"),
    "invalid": (lambda notebook: notebook.cells[0].pop("metadata"), "not a valid notebook"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted_fault_is_found(name: str) -> None:
    plant, expected = FAULTS[name]
    notebook = good_notebook()
    plant(notebook)
    assert expected in "\n".join(chapter_lint.faults(notebook))


def test_large_and_broken_files_are_found(tmp_path: Path) -> None:
    notebook = good_notebook()
    notebook.cells[0].source += "\n" + "a" * chapter_lint.LARGEST_FILE
    large, broken = tmp_path / "large.ipynb", tmp_path / "broken.ipynb"
    nbformat.write(notebook, large)
    broken.write_text('{"cells": [')
    assert "at most 2,000,000" in chapter_lint.faults_of_file(large)[0]
    assert "broken.ipynb: not a notebook" in chapter_lint.faults_of_file(broken)[0]


def test_there_are_chapters() -> None:
    assert len(CHAPTERS) >= 7
