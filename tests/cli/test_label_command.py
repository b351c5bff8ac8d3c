"""`pssp label`: structures in, states out, and every exit code."""

import json
from pathlib import Path

import pytest
from dssp_parts import mkdssp

import pssp_tutorial as pssp
from pssp_tutorial.cli.main import main

CHAIN = pssp.load_chains("mini").train[3]
BACKBONE = pssp.load_backbones()[CHAIN.id].astype(float)
STATES = pssp.assign_dssp(BACKBONE, CHAIN.sequence)


@pytest.fixture
def structure(tmp_path: Path) -> Path:
    path = tmp_path / "1abc.pdb"
    path.write_text(mkdssp.as_pdb(BACKBONE, CHAIN.sequence))
    return path


def test_fasta_is_what_score_reads(structure: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "states.fasta.gz"
    assert main(["label", str(structure), "--out", str(out)]) == 0
    assert capsys.readouterr() == ("", "")
    assert pssp.read_states(out) == {"1abc_A": STATES}
    assert main(["label", str(structure), "--states", "3"]) == 0
    title, *lines = capsys.readouterr().out.splitlines()
    assert (title, "".join(lines)) == (">1abc_A", pssp.reduce_states(STATES))
    assert max(map(len, lines)) == 60


def test_tables_and_json_lines(structure: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["label", str(structure), "--format", "tsv"]) == 0
    header, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert header == ["id", "position", "residue", "state"]
    assert rows[0] == ["1abc_A", "1", CHAIN.sequence[0], STATES[0]]
    assert "".join(row[3] for row in rows) == STATES
    assert main(["label", str(structure), "--format", "jsonl"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {"id": "1abc_A", "sequence": CHAIN.sequence, "states": STATES}


def test_remarks_go_to_standard_error(structure: Path, capsys: pytest.CaptureFixture) -> None:
    structure.write_text(structure.read_text().replace(" O   ", " OXT ", 1))
    assert main(["label", str(structure)]) == 0
    assert "pssp: 1abc_A: 1 residue without all four atoms" in capsys.readouterr().err
    assert main(["label", str(structure), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_a_file_that_cannot_be_read_is_left_out(structure: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("no structure\n")
    assert main(["label", str(other), str(structure), str(tmp_path / "absent.cif")]) == 5
    captured = capsys.readouterr()
    assert captured.out.startswith(">1abc_A\n")
    assert "pssp: skipped:" in captured.err
    assert "notes.txt: begins with 'no structure" in captured.err
    assert "absent.cif" in captured.err


def test_nothing_to_label_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    other, out = tmp_path / "notes.txt", tmp_path / "out.fasta"
    other.write_text("no structure\n")
    assert main(["label", str(other), "--out", str(out)]) == 1
    assert not out.exists()
    assert "nothing to label" in capsys.readouterr().err


def test_the_input_is_not_written_over(structure: Path) -> None:
    before = structure.read_bytes()
    assert main(["label", str(structure), "--out", str(structure)]) == 1
    assert structure.read_bytes() == before


@pytest.mark.parametrize("form", ["fasta", "tsv", "jsonl"])
def test_two_chains_of_one_name_are_told_apart(form: str, structure: Path, tmp_path: Path, capsys) -> None:
    """Two models of an entry in two files have the same chains; score reads no id twice."""
    second, out = tmp_path / "other" / structure.name, tmp_path / "states"
    second.parent.mkdir()
    second.write_text(structure.read_text())
    assert main(["label", str(structure), str(second), "--format", form, "--out", str(out)]) == 0
    assert capsys.readouterr().err == f"pssp: {second}: 1abc_A was written before; this one is 1abc_A_2\n"
    assert pssp.read_states(out) == {"1abc_A": STATES, "1abc_A_2": STATES}


def test_a_file_name_that_is_no_text(structure: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """The odd byte is written as an escape, by label and by score."""
    named = structure.rename(tmp_path / "caf\udce9.pdb")
    assert main(["label", str(named)]) == 0
    assert capsys.readouterr().out.startswith(">caf\\udce9_A\n")
    odd = (tmp_path / "caf\udce9.ss2").write_text("1 M C 0.9 0.1 0.0\n") and str(tmp_path / "caf\udce9.ss2")
    assert main(["score", "--true", odd, "--predicted", odd, "--per-protein"]) == 0
    assert "caf\\udce9\t1\t100.0" in capsys.readouterr().out
