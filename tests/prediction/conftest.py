"""The small model that predicts."""

import pytest
import torch

from pssp_tutorial.models.bilstm import BiLSTM


@pytest.fixture(scope="module")
def model() -> BiLSTM:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return BiLSTM(hidden_size=6)
