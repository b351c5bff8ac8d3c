"""Executing the chapters for the repository: what is stored, and that nobody's work is lost by it."""

import json

import execute
import nbformat
import pytest

CHAPTERS = ("edited", "retitled", "untouched")


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Three chapters with one cell of code, executed."""
    for name in ("BOOK", "EXECUTED", "STAMPS"):
        monkeypatch.setattr(execute, name, tmp_path / name)
        (tmp_path / name / "results").mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1", metadata={"tags": ["sum"]})])
    for chapter in CHAPTERS:
        nbformat.write(notebook, execute.BOOK / f"{chapter}.ipynb")
    notebook.cells[0].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)]
    for chapter in CHAPTERS:
        nbformat.write(notebook, execute.EXECUTED / f"{chapter}.ipynb")
        (execute.STAMPS / f"{chapter}.json").write_text(json.dumps({"results": [f"{chapter}.json"]}))
        (execute.EXECUTED / "results" / f"{chapter}.json").write_text("{}")
    (execute.EXECUTED / "results" / "execution.json").write_text("{}")
    return execute.BOOK


def test_a_chapter_that_was_edited_meanwhile_is_not_replaced(book):
    """Executing all chapters takes long, and who edits one meanwhile lost the work; its results stay behind with it."""
    for chapter, change in (("edited", {"source": "2 + 2"}), ("retitled", {"metadata": {"tags": ["difference"]}})):
        notebook = nbformat.read(book / f"{chapter}.ipynb", as_version=4)
        notebook.cells[0].update(change)
        nbformat.write(notebook, book / f"{chapter}.ipynb")
    before = {chapter: (book / f"{chapter}.ipynb").read_bytes() for chapter in CHAPTERS}
    with pytest.raises(SystemExit, match="edited meanwhile: edited, retitled"):
        execute.store(list(CHAPTERS))
    replaced = [chapter for chapter in CHAPTERS if (book / f"{chapter}.ipynb").read_bytes() != before[chapter]]
    assert replaced == ["untouched"]
    assert sorted(path.name for path in (book / "results").iterdir()) == ["execution.json", "untouched.json"]


def test_outputs_are_stored(book):
    execute.store(list(CHAPTERS))
    assert all(nbformat.read(book / f"{chapter}.ipynb", as_version=4).cells[0].outputs for chapter in CHAPTERS)
