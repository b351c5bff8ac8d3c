"""``pssp predict``: what comes out in each format, what is skipped, and that nothing is ever half written."""

import gzip
import json
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
import pytest
import torch
from Bio import SeqIO

from pssp_tutorial.cli.main import EXIT_CODES, main
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.storage import load_pretrained, save_pretrained
from pssp_tutorial.prediction.predict import Prediction, predict
from pssp_tutorial.prediction.writers import Folder, WriterError

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

    def run(text, *options):
        source = tmp_path / "proteins.fasta"
        source.write_text(text)
        code = main(["predict", str(source), "--model", str(weights), *map(str, options)])
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


def test_nucleotides_are_predicted_with_a_warning(pssp):
    """Each is named, and never a protein, one of unknown residues included."""
    proteins = ">protein\nMKTVRQERLKSI\n>short\nGAGA\n>masked\nXXXXXXXXXXXX\n"
    code, out, err = pssp(f">gene\nATGGCCAAATAA\n{proteins}>rna\naugggcuaaagg\n")
    assert (code, len(out.splitlines())) == (0, 5)
    assert err.splitlines() == [
        "pssp: gene looks like DNA or RNA; expected a protein",
        "pssp: rna looks like DNA or RNA; expected a protein",
        "pssp: 2 of 5 look like DNA or RNA",
    ]


def test_eight_states(pssp):
    lines = [json.loads(line) for line in pssp(GOOD, "--states", 8)[1].splitlines()]
    assert np.shape(lines[0]["probabilities"]) == (10, 8)
    assert set(lines[2]["states"]) <= set("HGIEBTSC")


def test_eight_states_of_a_model_of_three(pssp, tmp_path):
    save_pretrained(BiLSTM(hidden_size=4), tmp_path / "three.safetensors")
    code, out, err = pssp(GOOD, "--states", 8, "--model", tmp_path / "three.safetensors")
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
    assert sorted(path.name for path in folder.iterdir()) == ["one.ss2", "three.ss2", "two.ss2"]
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
    with pytest.raises(WriterError, match="one: ss2 holds three states; expected --states 3, or another format"):
        Folder(tmp_path, "tiny").write(eight)


def test_names_of_ss2_files(pssp, tmp_path):
    """An id may hold what a file name cannot, and two may differ only there."""
    text = ">sp|P1|A\nMK\n>sp/P1/A\nMK\n>SP_p1_a\nMK\n>../../x\nMK\n>...\nMK\n>" + "n" * 300 + "\nMK\n"
    assert pssp(text, "--format", "ss2", "--out", f"{tmp_path}/new/")[0] == 0
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == sorted(["sp_P1_A.ss2", "sp_P1_A_2.ss2", "SP_p1_a_3.ss2", "_.._x.ss2", "_.ss2", "n" * 100 + ".ss2"])


def test_many_ss2_files_of_one_name(tmp_path):
    """The next free number is known, not searched for from the first."""
    folder = Folder(tmp_path, "tiny")
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
        f"pssp: skipped: {source}: line 6: record 3 (void) has no sequence; expected residues",
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
        ("MKTV\n", [], 1, "begins with 'MKTV'; expected '>' and a name"),
        (GOOD, ["--model", "large"], 1, "no model 'large'; expected one of"),
        (GOOD, ["--model", "missing.safetensors"], 1, "missing.safetensors: no such file"),
        (GOOD, ["--device", "abacus"], 1, "device is 'abacus'; expected"),
        (GOOD, ["--threads", "0"], 2, "'0'; expected a number from 1 to 1024"),
        (GOOD, ["--threads", "100000"], 2, "'100000'; expected a number from 1 to 1024"),  # PyTorch would crash
        (GOOD, ["--states", "8", "--format", "ss2"], 1, "pssp: ss2 holds three states; expected --states 3"),
        (GOOD, ["--out", "new/"], 1, "new/: a folder; expected the name of a file"),
        ("\x1f\x8b\x08MK\x00TV\n", [], 1, "not readable as text"),
        (GOOD, ["--format", "xml"], 2, "invalid choice: 'xml'"),
        (GOOD, ["--out", "."], 1, "a folder; expected the name of a file"),
        (GOOD, ["--out", "proteins.fasta"], 1, "is also the input"),
        (GOOD, ["--model", "a.safetensors", "--out", "./a.safetensors"], 1, "a.safetensors: is also the input"),
        (GOOD, ["--device", "meta"], 1, "device is 'meta'; expected"),
        (">P1;ONE\nA TITLE\nMKTV*\n", ["--strict"], 1, "record 1 (P1;ONE) is PIR, whose second line is a title"),
        (GOOD, ["--out", "proteins.fasta/x.jsonl"], 4, "not written"),
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


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
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
    process.send_signal(kill)
    _, said = process.communicate(timeout=60)
    assert out.read_text() == "as it was"
    if kill != signal.SIGKILL:
        assert (process.returncode, said) == (130, "pssp: stopped\n")
        assert not list(tmp_path.glob("*.part"))
    source.write_text(GOOD)
    assert main(["predict", str(source), "--model", str(weights), "--out", str(out)]) == 0
    assert len(out.read_text().splitlines()) == 3
    whole = sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".part")
    assert whole == ["many.fasta", "out.jsonl"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_standard_output_that_is_full(weights):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PSSP, "predict", "-", "--model", weights], input=GOOD, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (4, "pssp: not written (No space left on device)\n")


@pytest.mark.skipif(not Path("/dev/stdout").is_symlink(), reason="Windows has no /dev/stdout")
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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no shell that closes streams")
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


def test_a_bar_on_a_terminal(weights, tmp_path):
    """Shown with its end where there is a terminal, on standard error, so that it is never in the data."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    source = tmp_path / "proteins.fasta"
    source.write_text(GOOD)
    termios = pytest.importorskip("termios")
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
