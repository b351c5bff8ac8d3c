"""Files as inputs: what a string is a name of, several files and folders, and what the system says of them."""

from pathlib import Path

import pytest

from pssp_tutorial.prediction.inputs import Rules, is_source, read_proteins
from pssp_tutorial.prediction.predict import predict
from pssp_tutorial.prediction.prediction import InferenceError
from pssp_tutorial.proteins.alphabet import AlphabetError
from pssp_tutorial.proteins.record import RecordError


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("MKTV", False),
        ("MKTV.", False),
        ("MK TV.\n", False),
        ("MKT..", False),
        ("P12345", False),
        ("MKTV\nx/y", False),
        ("proteins.fasta", True),
        (" proteins.fasta", True),
        ("MK.V", True),
        ("folder/proteins", True),
        ("C:\\proteins", True),
    ],
)
def test_a_string_is_a_path_by_its_letters_alone(tmp_path, monkeypatch, text, source):
    """Whatever files there are: a sequence must not change its meaning with the folder that a notebook runs in."""
    assert is_source(text) == source
    monkeypatch.chdir(tmp_path)
    Path("MKTV").write_text(">other\nGGG\n", encoding="utf-8")
    assert is_source(text) == source


def test_a_file_that_has_the_name_of_a_sequence_is_pointed_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my-proteins").write_text(">one\nMKTV\n", encoding="utf-8")
    with pytest.raises(AlphabetError, match=r"residue 3 is '-'.*; for the file of this name, Path\('my-proteins'\)"):
        list(read_proteins("my-proteins"))
    assert [record.id for record in read_proteins(Path("my-proteins"))] == ["one"]


def test_several_files_and_folders(model, tmp_path):
    for name, record_id in (("b.fa", "b"), ("a.FASTA", "a"), ("notes.txt", "n"), ("c.faa.xz", "c")):
        (tmp_path / name).write_text(f">{record_id}\nMKTV\n", encoding="utf-8")
    assert [one.id for one in predict(model, tmp_path)] == ["a", "b", "c"]
    mixed = [tmp_path / "b.fa", "GA", str(tmp_path / "a.FASTA"), ("pair", "MKTV")]
    assert [one.id for one in predict(model, mixed)] == ["b", "sequence_2", "a", "pair"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError, match=r"empty: no FASTA file in this folder; expected names in \.fasta"):
        predict(model, tmp_path / "empty")


def test_an_id_that_comes_again_is_remarked_on_once(tmp_path):
    """Nothing else in the output would tell two proteins of one name apart."""
    path = tmp_path / "one.fasta"
    path.write_text(">one\nMKTV\n>two\nGA\n", encoding="utf-8")
    remarks: list[str] = []
    assert len(list(read_proteins([path, path, path], Rules(on_warning=remarks.append)))) == 6
    assert remarks == [f"{path}: the id one comes again; expected one for each protein"]


@pytest.mark.posix("symbolic links that everybody may make")
def test_what_the_system_says_is_one_of_ours(model, tmp_path):
    """A folder that may not be entered, and a name too long, are no bug of ours and no empty file."""
    locked = tmp_path / "locked.fasta"
    locked.write_text(">one\nMKT\n", encoding="utf-8")
    loop = tmp_path / "loop.fasta"
    loop.symlink_to(loop)
    for path in (tmp_path / ("n" * 300 + ".fasta"), loop, tmp_path / "missing.fasta", locked / "inside.fasta"):
        for proteins in (path, str(path), [path]):
            with pytest.raises(InferenceError, match="expected a FASTA file"):
                predict(model, proteins)
