"""The small model that predicts, and proteins for it in a file."""

from pathlib import Path

import pytest
import torch

import pssp_tutorial as pssp
from pssp_tutorial.models.bilstm import BiLSTM


@pytest.fixture(scope="module")
def model() -> BiLSTM:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return BiLSTM(hidden_size=6)


@pytest.fixture(scope="module")
def records() -> list[pssp.ProteinRecord]:
    return list(pssp.load_chains("mini").train[:60])


@pytest.fixture
def fasta(tmp_path: Path, records: list[pssp.ProteinRecord]) -> Path:
    pssp.write_fasta(records, tmp_path / "proteins.fasta")
    return tmp_path / "proteins.fasta"
