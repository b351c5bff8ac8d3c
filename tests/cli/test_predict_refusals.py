"""``pssp predict``: what is remarked on, what is skipped, and what ends a run before anything is written."""

import gzip
import json
from pathlib import Path

import pytest
from command_line import BAD, GOOD

from pssp_tutorial.cli.main import EXIT_CODES, main


def test_nucleotides_are_predicted_with_a_warning(predict_text, tmp_path):
    """Each is named, and never a protein, one of many unknown residues included."""
    proteins = ">protein\nMKTVRQERLKSI\n>short\nGAGA\n>masked\nMKXXXXXXXXXX\n"
    code, out, err = predict_text(f">gene\nATGGCCAAATAA\n{proteins}>rna\naugggcuaaagg\n")
    assert (code, len(out.splitlines())) == (0, 5)
    path = tmp_path / "proteins.fasta"
    assert err.splitlines() == [
        f"pssp: {path}: line 1: record 1 (gene) looks like DNA or RNA; expected a protein",
        f"pssp: {path}: line 9: record 5 (rna) looks like DNA or RNA; expected a protein",
        "pssp: 5 predicted, 2 remarked on",
    ]


def test_bad_records_are_skipped_and_named(predict_text, tmp_path):
    code, out, err = predict_text(BAD)
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["one", "two"]
    source = tmp_path / "proteins.fasta"
    assert code == 5
    assert err.splitlines() == [
        f"pssp: skipped: {source}: line 4: record 2 (gap): residue 3 is '-'; "
        "expected one of ACDEFGHIKLMNPQRSTVWY, XUOBZJ",
        f"pssp: skipped: {source}: line 6: record 3 (void): no residues; expected at least one",
        "pssp: 2 predicted, 2 skipped",
    ]


def test_strict_stops_and_writes_nothing(predict_text, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("as it was")
    code, _, err = predict_text(BAD, "--strict", "--out", out)
    assert (code, err.count("\n")) == (1, 1)
    assert "line 4: record 2 (gap): residue 3 is '-'" in err
    assert out.read_text() == "as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "proteins.fasta"]


@pytest.mark.parametrize(
    ("text", "options", "code", "message"),
    [
        ("", [], 1, "nothing to predict; expected FASTA with at least one protein"),
        ("\n\n", [], 1, "nothing to predict"),
        ("MKTV\n", [], 1, "begins with 'MKTV', which looks like a sequence without a name; expected FASTA"),
        (GOOD, ["--device", "abacus"], 1, "device is 'abacus'; expected"),
        (GOOD, ["--threads", "0"], 2, "'0'; expected a number from 1 to 1024"),
        (GOOD, ["--threads", "100000"], 2, "'100000'; expected a number from 1 to 1024"),  # PyTorch would crash
        (GOOD, ["--states", "8", "--format", "ss2"], 1, "pssp: ss2 holds three states; expected --states 3"),
        (GOOD, ["--out", "new/"], 1, "new/: a folder; expected the name of a file"),
        ("\x1f\x8b\x08MK\x00TV\n", [], 1, "not readable as text"),
        (GOOD, ["--format", "xml"], 2, "invalid choice: 'xml'"),
        (GOOD, ["--out", "."], 1, "a folder; expected the name of a file"),
        (GOOD, ["--out", "proteins.fasta"], 1, "is also the input"),
        (GOOD, ["--device", "meta"], 1, "device is 'meta'; expected"),
        (">P1;ONE\nA TITLE\nMKTV*\n", ["--strict"], 1, "line 1 is PIR, whose second line is a title"),
        (GOOD, ["--out", "proteins.fasta/x.jsonl"], 4, "not written"),
        (GOOD, ["--out", "x.zip"], 4, "x.zip: not written, for we make no .zip; expected .gz, .xz, .bz2 or plain text"),
        (GOOD, ["missing.fasta"], 1, "missing.fasta: no such file or directory; expected a FASTA file"),
        (GOOD, ["n" * 400], 1, "file name too long; expected a FASTA file"),
        (GOOD, [""], 1, "the name of an input file is empty"),
        (GOOD, ["-", "-"], 1, "- is given twice"),
        (GOOD, ["--states", "8", "--format", "horiz"], 1, "pssp: horiz holds three states"),
        (f">{'n' * 400}\nMK-\n", ["--strict"], 1, f"record 1 ({'n' * 60}...): residue 3 is '-'"),
        (">a\nMetAlaGlySer\n", ["--strict"], 1, "has three letters for each residue; expected one: MAGS"),
        ("LOCUS       NP_000549   142 aa\n>a\nMKTV\n", [], 1, "which looks like GenBank; expected FASTA"),
    ],
)
def test_what_the_user_got_wrong(predict_text, tmp_path, monkeypatch, text, options, code, message):
    """One clear message, the exit code that the help tells, no traceback and no file."""
    monkeypatch.chdir(tmp_path)
    found, out, err = predict_text(text, *options)
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err
    assert f"  {code}  " in EXIT_CODES
    assert [path.name for path in tmp_path.iterdir()] == ["proteins.fasta"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "large"], "no model 'large'; expected one of"),
        (["--model", "missing.safetensors"], "missing.safetensors: no such file"),
        (["--model", "a.safetensors", "--out", "./a.safetensors"], "a.safetensors: is also the input"),
    ],
)
def test_what_is_no_model(tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    Path("proteins.fasta").write_text(GOOD, encoding="utf-8")
    assert main(["predict", "proteins.fasta", *options]) == 1
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["proteins.fasta"]


def test_a_missing_input(weights, tmp_path, capsys):
    out = tmp_path / "out.jsonl"
    out.write_text("as it was")
    assert main(["predict", str(tmp_path / "no.fasta"), "--model", str(weights), "--out", str(out)]) == 1
    assert "no.fasta: no such file" in capsys.readouterr().err
    assert out.read_text() == "as it was"


def test_a_damaged_gzip_leaves_nothing(weights, tmp_path, capsys):
    """What comes after the damage is unknown, so what came before is no result."""
    source, out = tmp_path / "cut.fasta.gz", tmp_path / "out.jsonl"
    source.write_bytes(gzip.compress(GOOD.encode() * 50)[:-20])
    assert main(["predict", str(source), "--model", str(weights), "--out", str(out)]) == 1
    assert "cut.fasta.gz: not readable as text" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["cut.fasta.gz"]


def test_an_id_that_comes_again_is_remarked_on(predict_text):
    code, _, err = predict_text(">one\nMKTV\n>two\nGA\n>one\nVRQ\n>two\nGG\n")
    assert code == 0
    assert err.count("comes again") == 1
    assert "the id one comes again; expected one for each protein" in err
