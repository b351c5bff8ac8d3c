"""``pssp predict``: several files in, packed files and folders out, and what is the user's stays."""

import bz2
import gzip
import io
import json
import lzma
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from command_line import GOOD

from pssp_tutorial.cli.main import main
from pssp_tutorial.prediction.prediction import Prediction
from pssp_tutorial.prediction.writers import Folder


def test_names_of_ss2_files(predict_text, tmp_path):
    """An id may hold what a file name cannot, and two may differ only there."""
    text = ">sp|P1|A\nMK\n>sp/P1/A\nMK\n>SP_p1_a\nMK\n>../../x\nMK\n>...\nMK\n>" + "n" * 300 + "\nMK\n"
    assert predict_text(text, "--format", "ss2", "--out", f"{tmp_path}/new/")[0] == 0
    names = ["sp_P1_A.ss2", "sp_P1_A_2.ss2", "SP_p1_a_3.ss2", "_.._x.ss2", "_.ss2", "n" * 100 + ".ss2"]
    assert {path.name for path in (tmp_path / "new").iterdir()} == {*names, "index.tsv"}
    index = pd.read_csv(tmp_path / "new" / "index.tsv", sep="\t")
    assert list(index["file"]) == names
    assert list(index["id"]) == ["sp|P1|A", "sp/P1/A", "SP_p1_a", "../../x", "...", "n" * 300]
    assert set(index["source"]) == {str(tmp_path / "proteins.fasta")}


def test_many_ss2_files_of_one_name(tmp_path):
    """The next free number is known, not searched for from the first."""
    folder = Folder(tmp_path, "ss2", "tiny")
    prediction = Prediction("x", "M", "C", np.full((1, 3), 1 / 3, dtype=np.float32))
    for record_id in ("x_2", *"xXx"):
        folder.write(replace(prediction, id=record_id))
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["X_3", "x", "x_2", "x_4"]


def test_gzip_by_suffix_in_and_out(predict_text, weights, tmp_path):
    expected = predict_text(GOOD)[1]
    packed, out = tmp_path / "in.fasta.gz", tmp_path / "out.jsonl.gz"
    packed.write_bytes(gzip.compress(GOOD.encode()))
    command = ["predict", str(packed), "--model", str(weights), "--out", str(out)]
    assert main(command) == 0
    first = out.read_bytes()
    assert gzip.decompress(first).decode() == expected
    assert main(command) == 0
    assert out.read_bytes() == first


def test_several_files_and_folders(predict_text, weights, tmp_path, capfdbinary):
    """As `pssp predict a.fasta b.fasta.xz c/`: one output, in which each protein names its file."""
    folder = tmp_path / "c"
    folder.mkdir()
    files = {
        tmp_path / "a.fasta": b">one\nMKTV\n",
        tmp_path / "b.fasta.xz": lzma.compress(b">two\nGAGA\n"),
        folder / "d.FA": bz2.compress(b">three\nVRQ\n"),
        folder / "e.faa.bgz": gzip.compress(b">four\nMK\n") + gzip.compress(b">five\nTV\n"),
        folder / "notes.txt": b"not FASTA",
    }
    for path, data in files.items():
        path.write_bytes(data)
    command = ["predict", *map(str, [*list(files)[:2], folder]), "--model", str(weights)]
    sources = [*list(files)[:3], folder / "e.faa.bgz", folder / "e.faa.bgz"]
    expected = list(zip(["one", "two", "three", "four", "five"], map(str, sources), strict=True))
    assert main(command) == 0
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [(line["id"], line["source"]) for line in lines] == expected
    assert main([*command, "--format", "tsv"]) == 0
    table = pd.read_csv(io.BytesIO(capfdbinary.readouterr().out), sep="\t")
    assert list(table[["id", "source"]].drop_duplicates().itertuples(index=False, name=None)) == expected
    assert main([*command, "--format", "fasta"]) == 0
    titles = [line[1:].split(" ", 1) for line in capfdbinary.readouterr().out.decode().splitlines() if line[0] == ">"]
    assert list(map(tuple, titles)) == expected
    out = tmp_path / "out"
    assert main([*command, "--format", "horiz", "--out", f"{out}/"]) == 0
    index = pd.read_csv(out / "index.tsv", sep="\t")
    assert list(zip(index["id"], index["source"], strict=True)) == expected
    assert {path.name for path in out.iterdir()} == {"index.tsv", *index["file"]}


def test_one_of_several_files_is_none(predict_text, tmp_path):
    """A missing file is named before the work; one that is not FASTA ends the run; an empty one is left out."""
    assert predict_text(GOOD, tmp_path / "missing.fasta")[0] == 1
    other = tmp_path / "other.fasta"
    other.write_text("<html>\n")
    out = tmp_path / "out.jsonl"
    code, _, err = predict_text(GOOD, other, "--out", out)
    assert (code, out.exists()) == (1, False)
    assert "other.fasta: line 1 begins with '<html>', which looks like HTML" in err
    other.write_text("")
    code, text, err = predict_text(GOOD, other)
    assert (code, len(text.splitlines())) == (5, 3)
    assert "pssp: skipped: " in err
    assert "other.fasta: nothing to predict" in err


@pytest.mark.parametrize(("ending", "unpack"), [("gz", gzip.open), ("xz", lzma.open), ("bz2", bz2.open)])
def test_the_output_is_packed_as_its_name_says(predict_text, tmp_path, ending, unpack):
    expected = predict_text(GOOD)[1]
    out = tmp_path / f"out.jsonl.{ending}"
    assert predict_text(GOOD, "--out", out)[0] == 0
    with unpack(out, "rt") as handle:
        assert handle.read() == expected


def test_a_table_of_something_else_is_not_replaced(predict_text, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "index.tsv").write_text("my own notes")
    code, _, err = predict_text(GOOD, "--format", "ss2", "--out", folder)
    assert code == 4
    assert "index.tsv: is there and no index of predictions; expected another folder" in err
    assert [path.name for path in folder.iterdir()] == ["index.tsv"]
    assert (folder / "index.tsv").read_text() == "my own notes"


@pytest.mark.posix("symbolic links that everybody may make")
def test_a_folder_keeps_what_is_the_users(weights, tmp_path, capsys):
    """Proteins were once predicted over the file that they came from, and through links over others."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (tmp_path / "other").write_text("precious")
    (folder / "one.ss2").write_text(GOOD)
    (folder / "two.ss2").symlink_to(tmp_path / "other")
    (tmp_path / "two.fasta").write_text(">two\nMKTV\n")
    for source, name in ((folder / "one.ss2", "one.ss2"), (tmp_path / "two.fasta", "two.ss2")):
        assert main(["predict", str(source), "--format", "ss2", "--out", f"{folder}/", "--model", str(weights)]) == 4
        assert f"{name}: is there, and no prediction that index.tsv lists" in capsys.readouterr().err
    assert ((folder / "one.ss2").read_text(), (tmp_path / "other").read_text()) == (GOOD, "precious")
    assert {path.name for path in folder.iterdir()} == {"one.ss2", "two.ss2"}


def test_a_folder_that_is_used_again_keeps_its_index(predict_text, tmp_path):
    """Files of an earlier run that are still there would be nobody's."""
    folder = tmp_path / "out"
    for text, format in ((GOOD, "ss2"), (">one\nMKTV\n>new\nMKTV\n", "ss2"), (">one\nMKTV\n", "horiz")):
        (folder / "three.ss2").unlink(missing_ok=True)
        assert predict_text(text, "--format", format, "--out", f"{folder}/")[0] == 0
    assert len((folder / "one.ss2").read_text().splitlines()) == 2 + len("MKTV")
    expected = ["new.ss2", "one.horiz", "one.ss2", "two.ss2"]
    assert sorted(pd.read_csv(folder / "index.tsv", sep="\t")["file"]) == expected
    assert sorted(path.name for path in folder.iterdir()) == ["index.tsv", *expected]
