"""The copies that JupyterLab opens: nothing left that it can't look up, and no reader's file overwritten."""

import json
import re
import shutil

import nbformat
import pytest
import working_copy


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    working_copy.main(folder)
    return folder


def test_every_number_and_citation_is_written_out(copied):
    """Binder's readers see these copies, not the site: a key or a warning in a sentence is a number missing."""
    chapters = sorted(copied.glob("0*.ipynb"))
    assert len(chapters) == len(list(working_copy.BOOK.glob("0*.ipynb")))
    for path in chapters:
        assert not re.findall(r"\{(?:result|cite[:tp]*|term|source|ref|doc)\}`[^`]*`", path.read_text(encoding="utf-8"))


def test_a_number_is_the_one_of_the_results_file(copied):
    text = "".join(cell.source for cell in nbformat.read(copied / "06_training.ipynb", as_version=4).cells)
    document = json.loads((working_copy.BOOK / "results" / "chapter_6.json").read_text(encoding="utf-8"))
    assert f"{document['values']['test_q3']:.1%}" in text


def test_only_text_differs_from_the_chapters(copied):
    for path in sorted(copied.glob("0*.ipynb")):
        ours, theirs = (nbformat.read(folder / path.name, as_version=4) for folder in (working_copy.BOOK, copied))
        assert [cell for cell in ours.cells if cell.cell_type == "code"] == [
            cell for cell in theirs.cells if cell.cell_type == "code"
        ]


def test_a_plot_has_its_caption_and_its_name(copied):
    """JupyterLab shows neither the caption in a cell's metadata nor a link to it."""
    cells = nbformat.read(copied / "06_training.ipynb", as_version=4).cells
    plots = [place for place, cell in enumerate(cells) if "figure" in cell.metadata.get("mystnb", {})]
    assert len(plots) == 3
    assert [cells[place + 1].source[:12] for place in plots] == [f"**Plot {n}.** " for n in (1, 2, 3)]
    text = "".join(cell.source for cell in cells)
    assert "Read Plot 1 from left" in text
    assert "{numref}`fig-overfitting`" not in text


def test_a_readers_own_changes_stay(copied):
    mine = copied / "01_proteins.ipynb"
    before = mine.read_bytes()
    mine.write_bytes(b"mine")
    (copied / "02_lstm.ipynb").unlink()
    working_copy.main(copied)
    assert mine.read_bytes() == b"mine"
    assert (copied / "02_lstm.ipynb").exists()
    mine.write_bytes(before)


def test_in_place_as_on_binder(copied, monkeypatch):
    """postBuild names the book's own folder: there the chapters themselves are written out."""
    shutil.copy(working_copy.BOOK / "references.bib", copied)
    monkeypatch.setattr(working_copy, "BOOK", copied)
    cell = nbformat.v4.new_markdown_cell("see {term}`LSTM` and {cite}`hochreiter1997`")
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), cell]), copied / "09.ipynb"
    )
    working_copy.main(copied)
    again = nbformat.read(copied / "06_training.ipynb", as_version=4)
    assert sum(cell.source.startswith("**Plot 1.**") for cell in again.cells) == 1
    assert nbformat.read(copied / "09.ipynb", as_version=4).cells[1].source == (
        "see LSTM and (Hochreiter & Schmidhuber 1997)"
    )
