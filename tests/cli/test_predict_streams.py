"""``pssp predict`` among signals, streams, terminals and names: nothing is ever half written."""

import gzip
import json
import lzma
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from command_line import GOOD, PSSP, process

from pssp_tutorial.cli.main import main


def test_standard_input_and_output(weights):
    done = process("predict", "-", "--model", weights, input=GOOD.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["one", "two", "three"]


def test_threads_give_the_same_output(predict_text):
    before = torch.get_num_threads()
    try:
        assert predict_text(GOOD, "--threads", 1)[1] == predict_text(GOOD, "--threads", 3)[1]
    finally:
        torch.set_num_threads(before)


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
        done = process("predict", "-", "--model", weights, input=GOOD, stdout=full, text=True)
    assert (done.returncode, done.stderr) == (4, "pssp: not written (No space left on device)\n")


@pytest.mark.posix("/dev/stdout")
def test_a_stream_by_name_is_not_replaced_by_a_file(weights, tmp_path):
    """Standard output may be a file that holds other things: a rename would lose them."""
    log = tmp_path / "log"
    with log.open("w") as handle:
        handle.write("before\n")
        handle.flush()
        command = ("predict", "-", "--model", weights, "--out", "/dev/stdout")
        done = process(*command, input=GOOD, stdout=handle, text=True)
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
def test_a_bar_on_a_terminal(weights, tmp_path, on_a_terminal):
    """Shown with its end where there is a terminal, on standard error, so that it is never in the data."""
    source = tmp_path / "proteins.fasta"
    source.write_text(GOOD)
    code, out, shown = on_a_terminal([*PSSP, "predict", source, "--model", weights])
    assert (code, len(out.splitlines())) == (0, 3)
    assert "/3" in shown


def test_onednn_keeps_little_unless_told_otherwise(predict_text, monkeypatch):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.setenv(name, "99")
    assert predict_text(GOOD)[0] == 0
    assert os.environ[name] == "99"
    monkeypatch.delenv(name)
    assert predict_text(GOOD)[0] == 0
    assert os.environ[name] == "16"


@pytest.mark.parametrize("cut", [0, 20])
def test_gzip_on_standard_input(weights, cut):
    packed = gzip.compress(GOOD.encode() * 50)
    command = ("predict", "-", "--model", weights, "--format", "tsv")
    done = process(*command, input=packed[: len(packed) - cut])
    assert done.returncode == (1 if cut else 0)
    assert (b"not readable as text" in done.stderr) == bool(cut)
    assert b"Traceback" not in done.stderr


def test_standard_input_beside_a_file(weights, tmp_path):
    source = tmp_path / "a.fasta"
    source.write_text(">one\nMKTV\n")
    done = process("predict", source, "-", "--model", weights, input=lzma.compress(b">two\nGA\n"), check=True)
    sources = [json.loads(line)["source"] for line in done.stdout.splitlines()]
    assert sources == [str(source), "standard input"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("arguments", [["--help"], ["predict", "--help"], ["uniprot", "parse", "--help"]])
def test_help_on_any_code_page(encoding, arguments):
    """An å that the terminal lacks must not end in a traceback."""
    done = process(*arguments, env=os.environ | {"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"pssp" in done.stdout


@pytest.mark.posix("names that are no text", macos=False)
@pytest.mark.parametrize("format", ["jsonl", "tsv", "fasta"])
def test_a_file_name_that_is_no_text(weights, tmp_path, format):
    folder = os.fsencode(tmp_path)
    names = [folder + b"/caf\xe9.fasta", folder + b"/b.fasta"]
    for name in names:
        Path(os.fsdecode(name)).write_bytes(b">one\nMKTV\n>bad\nM-\n")
    command = ("predict", *names, "--model", weights, "--format", format)
    done = process(*command, env=os.environ | {"LC_ALL": "C.UTF-8"})
    assert done.returncode == 5
    assert b"Traceback" not in done.stderr
    assert b"caf\\udce9.fasta: line 3: record 2 (bad)" in done.stderr
    assert b"caf\\udce9.fasta" in done.stdout


def test_no_bar_in_a_log_file(weights, tmp_path):
    """Standard error into a file, and predictions into another."""
    source, log = tmp_path / "proteins.fasta", tmp_path / "log"
    source.write_text(GOOD)
    with log.open("w") as handle:
        process("predict", source, "--model", weights, "--out", tmp_path / "out.jsonl", stderr=handle, check=True)
    assert log.read_text() == ""
