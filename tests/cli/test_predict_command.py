"""``pssp predict``: what comes out in each format, what is skipped, and that nothing is ever half written."""

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from Bio import SeqIO

from pssp_tutorial.cli.main import EXIT_CODES, main
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.storage import load_pretrained, save_pretrained
from pssp_tutorial.prediction.predict import predict
from pssp_tutorial.prediction.prediction import InferenceError, Prediction
from pssp_tutorial.prediction.writers import Folder

PSSP = [sys.executable, "-c", "import sys; from pssp_tutorial.cli.main import main; sys.exit(main())"]
GOOD = ">one first\nMKTVRQ\nERLK\n>two\ngagaU\n>three\nMKTVRQERLKSIVRILERSKEPVSGAQ\n"
BAD = ">one first\nMKTVRQ\nERLK\n>gap\nMK-TV\n>void\n>two\ngagaU\n"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BiLSTM(hidden_size=6, num_classes=8)
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_pretrained(model, path)
    return path


@pytest.fixture
def pssp(weights, tmp_path, capfdbinary):
    """Run ``pssp predict`` on a text with the tiny model; exit code, standard output, standard error."""

    def run(text, *options, model=weights):
        source = tmp_path / "proteins.fasta"
        source.write_text(text)
        code = main(["predict", str(source), *map(str, options), "--model", str(model)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


def test_one_json_object_a_line_in_order(pssp, weights):
    code, out, err = pssp(GOOD)
    assert (code, err) == (0, "")
    model = load_pretrained(weights)
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["id"] for line in lines] == ["one", "two", "three"]
    for line in lines:
        assert list(line) == ["id", "sequence", "states", "probabilities", "model"]
        expected = predict(model, line["sequence"])
        assert line["states"] == expected.states
        assert np.abs(np.array(line["probabilities"]) - expected.probabilities).max() <= 0.6e-4
        assert line["model"] == model.name
    assert lines[1]["sequence"] == "gagaU"


def test_nucleotides_are_predicted_with_a_warning(pssp, tmp_path):
    """Each is named, and never a protein, one of many unknown residues included."""
    proteins = ">protein\nMKTVRQERLKSI\n>short\nGAGA\n>masked\nMKXXXXXXXXXX\n"
    code, out, err = pssp(f">gene\nATGGCCAAATAA\n{proteins}>rna\naugggcuaaagg\n")
    assert (code, len(out.splitlines())) == (0, 5)
    path = tmp_path / "proteins.fasta"
    assert err.splitlines() == [
        f"pssp: {path}: line 1: record 1 (gene) looks like DNA or RNA; expected a protein",
        f"pssp: {path}: line 9: record 5 (rna) looks like DNA or RNA; expected a protein",
        "pssp: 5 predicted, 2 remarked on",
    ]


def test_eight_states(pssp):
    lines = [json.loads(line) for line in pssp(GOOD, "--states", 8)[1].splitlines()]
    assert np.shape(lines[0]["probabilities"]) == (10, 8)
    assert set(lines[2]["states"]) <= set("HGIEBTSC")


def test_eight_states_of_a_model_of_three(pssp, tmp_path):
    save_pretrained(BiLSTM(hidden_size=4), tmp_path / "three.safetensors")
    code, out, err = pssp(GOOD, "--states", 8, model=tmp_path / "three.safetensors")
    assert (code, out) == (1, "")
    assert "the model has 3 classes; expected 8" in err


def test_fasta_of_states(pssp):
    _, out, _ = pssp(GOOD + ">long\n" + "MKTV" * 40 + "\n", "--format", "fasta")
    states = {json.loads(line)["id"]: json.loads(line)["states"] for line in pssp(GOOD)[1].splitlines()}
    read = {record.id: str(record.seq) for record in SeqIO.parse(StringIO(out), "fasta")}
    assert read == states | {"long": read["long"]}
    assert max(map(len, out.splitlines())) == 60
    assert len(read["long"]) == 160


def test_a_table_of_residues(pssp):
    _, out, _ = pssp(GOOD, "--format", "tsv")
    header, *rows = [line.split("\t") for line in out.splitlines()]
    assert header == ["id", "position", "residue", "state", "p_H", "p_E", "p_C"]
    lines = [json.loads(line) for line in pssp(GOOD)[1].splitlines()]
    residues = [(line["id"], place) for line in lines for place in range(len(line["sequence"]))]
    for row, (name, place) in zip(rows, residues, strict=True):
        line = next(line for line in lines if line["id"] == name)
        assert row[:4] == [name, str(place + 1), line["sequence"][place], line["states"][place]]
        assert list(map(float, row[4:])) == line["probabilities"][place]


def test_ss2_as_psipred_writes_it(pssp, tmp_path):
    """Programs read it by columns: C's "%4d %c %c  %6.3f %6.3f %6.3f", with coil, helix and strand in this order."""
    folder = tmp_path / "predictions"
    assert pssp(GOOD, "--format", "ss2", "--out", f"{folder}/") == (0, "", "")
    assert sorted(path.name for path in folder.iterdir()) == ["index.tsv", "one.ss2", "three.ss2", "two.ss2"]
    line = json.loads(pssp(GOOD)[1].splitlines()[2])
    expected = ["# PSIPRED VFORMAT (PSIPRED V4.0)", ""]
    for number, (residue, state, (h, e, c)) in enumerate(
        zip(line["sequence"], line["states"], line["probabilities"], strict=True), start=1
    ):
        expected.append("%4d %c %c  %6.3f %6.3f %6.3f" % (number, residue, state, c, h, e))  # noqa: UP031
    found = (folder / "three.ss2").read_text().splitlines()
    assert found[:2] == expected[:2]
    for one, other in zip(found[2:], expected[2:], strict=True):
        assert one[:10] == other[:10]
        assert np.allclose([float(x) for x in one.split()[3:]], [float(x) for x in other.split()[3:]], atol=1.1e-3)
        assert len(one) == len(other) == 30


def test_ss2_holds_one_protein(pssp, tmp_path):
    """Two in one file would be read as one long protein."""
    code, out, _ = pssp(">one\nMKTV\n", "--format", "ss2")
    assert (code, len(out.splitlines())) == (0, 6)
    code, _, err = pssp(GOOD, "--format", "ss2", "--out", tmp_path / "all.ss2")
    assert (code, err) == (1, "pssp: two: ss2 holds one protein; for several, expected a folder: --out FOLDER/\n")
    assert not (tmp_path / "all.ss2").exists()
    eight = Prediction("one", "M", "S", np.full((1, 8), 1 / 8, dtype=np.float32))
    with pytest.raises(InferenceError, match="one: ss2 holds three states; expected --states 3, or another format"):
        Folder(tmp_path, "ss2", "tiny").write(eight)


def test_names_of_ss2_files(pssp, tmp_path):
    """An id may hold what a file name cannot, and two may differ only there."""
    text = ">sp|P1|A\nMK\n>sp/P1/A\nMK\n>SP_p1_a\nMK\n>../../x\nMK\n>...\nMK\n>" + "n" * 300 + "\nMK\n"
    assert pssp(text, "--format", "ss2", "--out", f"{tmp_path}/new/")[0] == 0
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


def test_bad_records_are_skipped_and_named(pssp, tmp_path):
    code, out, err = pssp(BAD)
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["one", "two"]
    source = tmp_path / "proteins.fasta"
    assert code == 5
    assert err.splitlines() == [
        f"pssp: skipped: {source}: line 4: record 2 (gap): residue 3 is '-'; "
        "expected one of ACDEFGHIKLMNPQRSTVWY, XUOBZJ",
        f"pssp: skipped: {source}: line 6: record 3 (void): no residues; expected at least one",
        "pssp: 2 predicted, 2 skipped",
    ]


def test_strict_stops_and_writes_nothing(pssp, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("as it was")
    code, _, err = pssp(BAD, "--strict", "--out", out)
    assert (code, err.count("\n")) == (1, 1)
    assert "line 4: record 2 (gap): residue 3 is '-'" in err
    assert out.read_text() == "as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "proteins.fasta"]


def test_gzip_by_suffix_in_and_out(pssp, weights, tmp_path):
    expected = pssp(GOOD)[1]
    packed, out = tmp_path / "in.fasta.gz", tmp_path / "out.jsonl.gz"
    packed.write_bytes(gzip.compress(GOOD.encode()))
    command = ["predict", str(packed), "--model", str(weights), "--out", str(out)]
    assert main(command) == 0
    first = out.read_bytes()
    assert gzip.decompress(first).decode() == expected
    assert main(command) == 0
    assert out.read_bytes() == first


def test_standard_input_and_output(weights):
    done = subprocess.run(
        [*PSSP, "predict", "-", "--model", weights], input=GOOD.encode(), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["one", "two", "three"]


def test_threads_give_the_same_output(pssp):
    before = torch.get_num_threads()
    try:
        assert pssp(GOOD, "--threads", 1)[1] == pssp(GOOD, "--threads", 3)[1]
    finally:
        torch.set_num_threads(before)


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
def test_what_the_user_got_wrong(pssp, tmp_path, monkeypatch, text, options, code, message):
    """One clear message, the exit code that the help tells, no traceback and no file."""
    monkeypatch.chdir(tmp_path)
    found, out, err = pssp(text, *options)
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


@pytest.mark.posix("such signals")
@pytest.mark.parametrize("kill", ["SIGINT", "SIGTERM", "SIGKILL"])
@pytest.mark.kill
def test_an_interrupted_run_leaves_no_half_file(weights, tmp_path, kill):
    """A real signal in the middle of a run: the old file stays, and a new one is there whole or not at all."""
    source, out = tmp_path / "many.fasta", tmp_path / "out.jsonl"
    source.write_text("".join(f">p{number}\n{'MKTVRQERLK' * 40}\n" for number in range(20_000)))
    out.write_text("as it was")
    command = [*PSSP, "predict", source, "--model", weights, "--out", out, "--threads", "1"]
    listen = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background job would not hear Ctrl-C
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=listen)
    deadline = time.monotonic() + 120
    while not any(part.stat().st_size > 100_000 for part in tmp_path.glob("out.jsonl.*.part")):  # in the midst of it
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(getattr(signal, kill))
    _, said = process.communicate(timeout=60)
    assert out.read_text() == "as it was"
    if kill != "SIGKILL":
        assert (process.returncode, said) == (130, "pssp: stopped\n")
        assert not list(tmp_path.glob("*.part"))
    source.write_text(GOOD)
    assert main(["predict", str(source), "--model", str(weights), "--out", str(out)]) == 0
    assert len(out.read_text().splitlines()) == 3
    whole = sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".part")
    assert whole == ["many.fasta", "out.jsonl"]


def test_standard_output_that_is_full(weights, full_device):
    with full_device.open("w") as full:
        done = subprocess.run(
            [*PSSP, "predict", "-", "--model", weights], input=GOOD, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (4, "pssp: not written (No space left on device)\n")


@pytest.mark.posix("/dev/stdout")
def test_a_stream_by_name_is_not_replaced_by_a_file(weights, tmp_path):
    """Standard output may be a file that holds other things: a rename would lose them."""
    log = tmp_path / "log"
    with log.open("w") as handle:
        handle.write("before\n")
        handle.flush()
        command = [*PSSP, "predict", "-", "--model", weights, "--out", "/dev/stdout"]
        done = subprocess.run(command, input=GOOD, stdout=handle, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, log.read_text()) == (4, "before\n")
    assert "/dev/stdout: not written, for it is a stream" in done.stderr


@pytest.mark.posix("shell that closes streams")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_error(weights, tmp_path, closed):
    source, out = tmp_path / "proteins.fasta", tmp_path / "out.jsonl"
    source.write_text(GOOD)
    script = f'"$@" {closed}'
    command = ["sh", "-c", script, "sh", *PSSP, "predict", source, "--model", weights, "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(out.read_text().splitlines()) == 3


def test_help_does_not_wait_for_torch():
    code = "import sys; from pssp_tutorial.cli.main import main; main(['predict', '--help']); "
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
    assert "a list of [H, E, C]" in " ".join(done.stdout.split())


@pytest.mark.posix("terminal to open")
def test_a_bar_on_a_terminal(weights, tmp_path):
    """Shown with its end where there is a terminal, on standard error, so that it is never in the data."""
    import pty
    import termios

    source = tmp_path / "proteins.fasta"
    source.write_text(GOOD)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (24, 80))
    os.set_blocking(ours, False)
    command = [*PSSP, "predict", source, "--model", weights]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=False)
    shown = os.read(ours, 10_000).decode()  # before the other end closes
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0
    assert "/3" in shown
    assert len(done.stdout.splitlines()) == 3


def test_onednn_keeps_little_unless_told_otherwise(pssp, monkeypatch):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.setenv(name, "99")
    assert pssp(GOOD)[0] == 0
    assert os.environ[name] == "99"
    monkeypatch.delenv(name)
    assert pssp(GOOD)[0] == 0
    assert os.environ[name] == "16"


@pytest.mark.parametrize("cut", [0, 20])
def test_gzip_on_standard_input(weights, cut):
    packed = gzip.compress(GOOD.encode() * 50)
    command = [*PSSP, "predict", "-", "--model", weights, "--format", "tsv"]
    done = subprocess.run(command, input=packed[: len(packed) - cut], capture_output=True, check=False)
    assert done.returncode == (1 if cut else 0)
    assert (b"not readable as text" in done.stderr) == bool(cut)
    assert b"Traceback" not in done.stderr


# Several files


def test_several_files_and_folders(pssp, weights, tmp_path, capfdbinary):
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


def test_standard_input_beside_a_file(weights, tmp_path):
    source = tmp_path / "a.fasta"
    source.write_text(">one\nMKTV\n")
    command = [*PSSP, "predict", source, "-", "--model", weights]
    done = subprocess.run(command, input=lzma.compress(b">two\nGA\n"), capture_output=True, check=True)
    sources = [json.loads(line)["source"] for line in done.stdout.splitlines()]
    assert sources == [str(source), "standard input"]


def test_one_of_several_files_is_none(pssp, tmp_path):
    """A missing file is named before the work; one that is not FASTA ends the run; an empty one is left out."""
    assert pssp(GOOD, tmp_path / "missing.fasta")[0] == 1
    other = tmp_path / "other.fasta"
    other.write_text("<html>\n")
    out = tmp_path / "out.jsonl"
    code, _, err = pssp(GOOD, other, "--out", out)
    assert (code, out.exists()) == (1, False)
    assert "other.fasta: line 1 begins with '<html>', which looks like HTML" in err
    other.write_text("")
    code, text, err = pssp(GOOD, other)
    assert (code, len(text.splitlines())) == (5, 3)
    assert "pssp: skipped: " in err
    assert "other.fasta: nothing to predict" in err


def test_an_id_that_comes_again_is_remarked_on(pssp):
    code, _, err = pssp(">one\nMKTV\n>two\nGA\n>one\nVRQ\n>two\nGG\n")
    assert code == 0
    assert err.count("comes again") == 1
    assert "the id one comes again; expected one for each protein" in err


# Outputs that lead back


def test_a_table_holds_any_id(pssp, tmp_path):
    """Read by the rules of CSV, as pandas, R and spreadsheets do; a quotation mark would take the rest of the file."""
    ids = ['5"end', '"quoted"', "plain", "it's", "a,b"]
    out = pssp("".join(f">{name}\nMK\n" for name in ids), "--format", "tsv")[1]
    assert list(pd.read_csv(StringIO(out), sep="\t")["id"].unique()) == ids
    rows = list(csv.DictReader(StringIO(out), dialect="excel-tab"))
    assert [row["id"] for row in rows[::2]] == ids


@pytest.mark.parametrize(("ending", "unpack"), [("gz", gzip.open), ("xz", lzma.open), ("bz2", bz2.open)])
def test_the_output_is_packed_as_its_name_says(pssp, tmp_path, ending, unpack):
    expected = pssp(GOOD)[1]
    out = tmp_path / f"out.jsonl.{ending}"
    assert pssp(GOOD, "--out", out)[0] == 0
    with unpack(out, "rt") as handle:
        assert handle.read() == expected


def test_a_table_of_something_else_is_not_replaced(pssp, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "index.tsv").write_text("my own notes")
    code, _, err = pssp(GOOD, "--format", "ss2", "--out", folder)
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


def test_a_folder_that_is_used_again_keeps_its_index(pssp, tmp_path):
    """Files of an earlier run that are still there would be nobody's."""
    folder = tmp_path / "out"
    for text, format in ((GOOD, "ss2"), (">one\nMKTV\n>new\nMKTV\n", "ss2"), (">one\nMKTV\n", "horiz")):
        (folder / "three.ss2").unlink(missing_ok=True)
        assert pssp(text, "--format", format, "--out", f"{folder}/")[0] == 0
    assert len((folder / "one.ss2").read_text().splitlines()) == 2 + len("MKTV")
    expected = ["new.ss2", "one.horiz", "one.ss2", "two.ss2"]
    assert sorted(pd.read_csv(folder / "index.tsv", sep="\t")["file"]) == expected
    assert sorted(path.name for path in folder.iterdir()) == ["index.tsv", *expected]


def test_horiz_as_psipred_writes_it(pssp):
    """Blocks of 60; the confidence by the formula of its source: 2·max - sum + min, times ten, at most 9."""
    sequence = "MKTVRQERLKSIVRILERSKEPVSGAQ" * 5
    _, out, _ = pssp(f">one\n{sequence}\n", "--format", "horiz")
    line = json.loads(pssp(f">one\n{sequence}\n")[1])
    header, *rows = out.split("\n")
    assert header == "# PSIPRED HFORMAT (PSIPRED V4.0)"
    blocks = [rows[start : start + 6] for start in range(0, len(rows) - 1, 6)]
    assert [[row[:6] for row in block] for block in blocks] == [["", "Conf: ", "Pred: ", "  AA: ", "      ", ""]] * 3
    confidence, states, residues = ("".join(block[place][6:] for block in blocks) for place in (1, 2, 3))
    assert (states, residues) == (line["states"], sequence)
    for digit, shares in zip(confidence, line["probabilities"], strict=True):
        ahead = 10 * (2 * max(shares) - sum(shares) + min(shares))
        assert int(digit) in {min(int(ahead - 1e-2), 9), min(int(ahead + 1e-2), 9)}
    assert blocks[1][4] == "      " + "".join(f"{place:10d}" for place in range(70, 121, 10))
    assert blocks[1][4].index("70") + 1 == 6 + 9  # its last digit is below residue 70
    assert blocks[2][4].split() == ["130"]


# Terminals and systems


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("arguments", [["--help"], ["predict", "--help"], ["uniprot", "parse", "--help"]])
def test_help_on_any_code_page(encoding, arguments):
    """An å that the terminal lacks must not end in a traceback."""
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([*PSSP, *arguments], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"pssp" in done.stdout


@pytest.mark.posix("names that are no text", macos=False)
@pytest.mark.parametrize("format", ["jsonl", "tsv", "fasta"])
def test_a_file_name_that_is_no_text(weights, tmp_path, format):
    folder = os.fsencode(tmp_path)
    names = [folder + b"/caf\xe9.fasta", folder + b"/b.fasta"]
    for name in names:
        Path(os.fsdecode(name)).write_bytes(b">one\nMKTV\n>bad\nM-\n")
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    command = [*PSSP, "predict", *names, "--model", str(weights), "--format", format]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 5
    assert b"Traceback" not in done.stderr
    assert b"caf\\udce9.fasta: line 3: record 2 (bad)" in done.stderr
    assert b"caf\\udce9.fasta" in done.stdout


def test_no_bar_in_a_log_file(weights, tmp_path):
    """Standard error into a file, and predictions into another."""
    source, log = tmp_path / "proteins.fasta", tmp_path / "log"
    source.write_text(GOOD)
    command = [*PSSP, "predict", source, "--model", weights, "--out", tmp_path / "out.jsonl"]
    with log.open("w") as handle:
        subprocess.run(command, stderr=handle, check=True)
    assert log.read_text() == ""
