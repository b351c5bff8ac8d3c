"""PyTorch's predictions, which node and the browser must give too."""

import pytest

import pssp_tutorial as pssp
from pssp_tutorial.models.storage import load_pretrained


@pytest.fixture(scope="session")
def expected() -> list[pssp.Prediction]:
    """PyTorch's predictions of 100 test chains."""
    return pssp.predict(load_pretrained("small"), pssp.load_chains().test[:100], device="cpu")


@pytest.fixture(scope="session")
def released() -> list[pssp.Prediction]:
    """The release model's predictions of the same chains, by PyTorch."""
    return pssp.predict(pssp.load_chains().test[:100], device="cpu")
