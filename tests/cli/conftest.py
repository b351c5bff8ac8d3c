"""A model on disk, and commands that run in this process."""

import os
import subprocess
from functools import partial

import pytest
import torch
from uniprot_server import UniProtServer

from pssp_tutorial.cli.main import main
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.storage import save_pretrained
from pssp_tutorial.uniprot.client import FetchSettings


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BiLSTM(hidden_size=6, num_classes=8)
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_pretrained(model, path)
    return path


@pytest.fixture
def predict_text(weights, tmp_path, capfdbinary):
    """Run ``pssp predict`` on a text with the tiny model; exit code, standard output, standard error."""

    def run(text, *options, model=weights):
        source = tmp_path / "proteins.fasta"
        source.write_text(text)
        code = main(["predict", str(source), *map(str, options), "--model", str(model)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("PSSP_CACHE", str(tmp_path / "cache"))
    quick = partial(FetchSettings, backoff=0.001)
    monkeypatch.setattr("pssp_tutorial.cli.uniprot.FetchSettings", quick)
    with UniProtServer().running() as running:
        yield running


@pytest.fixture
def pssp(capfdbinary):
    """Run a command; exit code, standard output, standard error."""

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        return code, out, err.decode()

    return run


@pytest.fixture
def on_a_terminal():
    """Run a process whose standard error is a terminal; exit code, standard output, and what was shown."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (24, 80))
    os.set_blocking(ours, False)

    def run(command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=False)
        return done.returncode, done.stdout, os.read(ours, 1 << 16).decode()

    yield run
    os.close(theirs)
    os.close(ours)
