"""What was measured of the ways to predict is what the project promises of them.

The numbers were made by benchmarks/backends.py, and the book tells them: measured anew, they must still keep these
bounds, or the promise has to go.
"""

import pytest

import pssp_tutorial as pssp

MEASURED = pssp.read_results("backends")
PROTEOME = MEASURED["proteome"]


def test_eight_bits_cost_less_than_a_tenth_of_a_point() -> None:
    """The backend that is faster than PyTorch may not be worse: it was chosen for its speed alone."""
    assert abs(MEASURED["onnx_int8"]["points"]) < 0.1
    difference = MEASURED["onnx_int8"]["q3"] - MEASURED["torch"]["q3"]
    assert MEASURED["onnx_int8"]["points"] == pytest.approx(100 * difference, abs=1e-9)


def test_a_proteome_takes_less_than_a_minute() -> None:
    """A bacterium's 4,400 proteins, with 8 bits on two cores."""
    assert PROTEOME["both"]["proteins"] == 4400
    assert PROTEOME["onnx"]["seconds"] < 60


@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_two_workers_write_the_bytes_of_one_process(backend: str) -> None:
    assert PROTEOME[f"{backend}_workers"]["identical"] is True


@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_memory_does_not_grow_with_the_file(backend: str) -> None:
    """Records stream through: four times as many proteins need what a quarter of them needs."""
    peak, quarter = (PROTEOME[backend][name] for name in ("peak_mebibytes", "quarter_peak_mebibytes"))
    assert abs(peak - quarter) < 0.15 * quarter
