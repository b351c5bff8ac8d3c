"""`pssp score`: any two files of states in, scores for people or programs out."""

import json
from pathlib import Path

import pytest

from pssp_tutorial.cli.main import main

TRUE = ">one\nCHHHHHHHHHHC\n>two\nCCEEEC\n"
PREDICTED = ">two\nCCEEEE\n>one\nCCCHHHHHCCCC\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    paths = tmp_path / "true.fasta", tmp_path / "predicted.fasta"
    for path, text in zip(paths, (TRUE, PREDICTED), strict=True):
        path.write_text(text)
    return str(paths[0]), str(paths[1])


def test_json_for_programs(files: tuple[str, str], capsys: pytest.CaptureFixture) -> None:
    """Counted by hand: 12 of 18 residues; per protein 7/12 and 5/6; SOV'99 of the first as published, .632."""
    assert main(["score", "--true", files[0], "--predicted", files[1], "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["proteins"], document["residues"], document["reduction"]) == (2, 18, "default")
    assert document["scores"]["q3"]["value"] == pytest.approx(12 / 18)
    assert document["scores"]["q3_per_protein"]["value"] == pytest.approx((7 / 12 + 5 / 6) / 2)
    assert "q8" not in document["scores"]
    assert document["states8"] is None
    one, two = document["per_protein"]
    assert (one["id"], one["residues"], one["q8"]) == ("one", 12, None)
    assert one["sov99"] == pytest.approx(0.632, abs=0.001)
    assert one["sov_refine"] == pytest.approx(0.567, abs=0.001)
    assert two["q3"] == pytest.approx(5 / 6)
    helix = document["states"]["H"]
    assert (helix["precision"], helix["recall"], helix["residues"]) == (1.0, 0.5, 10)
    assert document["left_out"] == {}


def test_a_table_for_people(files: tuple[str, str], capsys: pytest.CaptureFixture) -> None:
    assert main(["score", "--true", files[0], "--predicted", files[1], "--per-protein"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 proteins, 18 residues, reduction default"
    assert lines[2].split() == ["Q3,", "over", "residues", "66.7", "58.3", "to", "83.3"]
    assert "one\t12\t58.3\t-\t63.2\t56.7" in lines


def test_eight_states(files: tuple[str, str], capsys: pytest.CaptureFixture) -> None:
    for name in files:
        path = Path(name)
        path.write_text(path.read_text().replace("CC", "CT", 1))
    assert main(["score", "--true", files[0], "--predicted", files[1], "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["scores"]["q8"]["value"] == pytest.approx(12 / 18)
    assert document["states8"]["T"]["residues"] == 1


def test_pairs_that_do_not_match_are_named(files: tuple[str, str], capsys: pytest.CaptureFixture) -> None:
    Path(files[1]).write_text(">one\nCCCHHHHHCCCC\n>two\nCCE\n>three\nH\n")
    assert main(["score", "--true", files[0], "--predicted", files[1]]) == 5
    captured = capsys.readouterr()
    assert captured.out.startswith("1 protein, 12 residues")
    assert "pssp: left out: two has 6 true and 3 predicted states" in captured.err
    assert "pssp: left out: three is among the predicted states only" in captured.err


def test_one_protein_on_each_side_needs_no_common_name(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """A DSSP label and PSIPRED's horiz, which names no protein."""
    true, predicted = tmp_path / "true.fasta", tmp_path / "1abc.horiz"
    true.write_text(">1ABC_A\nCHHHHHHHHHHC\n")
    predicted.write_text("# PSIPRED HFORMAT (PSIPRED V4.0)\n\nConf: 999999999999\nPred: CHHHHHHHHHHC\n")
    assert main(["score", "--true", str(true), "--predicted", str(predicted)]) == 0
    captured = capsys.readouterr()
    assert "100.0" in captured.out
    assert captured.err == "pssp: 1abc is compared with 1ABC_A\n"


def test_several_files_on_a_side(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """As PSIPRED leaves them: one protein a file, named after it."""
    parts = [tmp_path / "one.ss2", tmp_path / "two.ss2"]
    for path, states in zip(parts, ("CCCHHHHHCCCC", "CCEEEE"), strict=True):
        path.write_text("".join(f"{n:4d} A {state}   0.999  0.001  0.001\n" for n, state in enumerate(states, 1)))
    assert main(["score", "--true", files[0], "--predicted", *map(str, parts)]) == 0
    assert "66.7" in capsys.readouterr().out
    assert main(["score", "--true", files[0], "--predicted", str(parts[0]), str(parts[0])]) == 1
    assert "one was in a file before" in capsys.readouterr().err


def test_scores_go_to_a_file(files: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "scores.json"
    assert main(["score", "--true", files[0], "--predicted", files[1], "--json", "--out", str(out)]) == 0
    assert json.loads(out.read_text())["proteins"] == 2


@pytest.mark.parametrize(
    ("text", "message"), [(">one\nCXH\n", "one: state 2 is 'X'"), (">three\nH\n", "nothing to compare"), ("", "empty")]
)
def test_bad_input_is_one_line(text: str, message: str, files: tuple[str, str], capsys: pytest.CaptureFixture) -> None:
    Path(files[1]).write_text(text)
    assert main(["score", "--true", files[0], "--predicted", files[1]]) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
