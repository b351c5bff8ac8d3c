"""Calls at once: nothing is switched for the time of one that another could see."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.prediction.evaluate import evaluate
from pssp_tutorial.prediction.predict import predict
from pssp_tutorial.prediction.workers import for_each
from pssp_tutorial.proteins.record import ProteinRecord

SEQUENCES = ["MKTVRQERLK" * number for number in range(1, 12)]
AWAITED = 7  # a protein of this length is computed when another call has ended
other_ended = threading.Event()
seen: list[int] = []


@pytest.fixture(params=[1, 2, 3])
def threads(request) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


class Waiting(nn.Module):
    """A model with dropout that waits for another call before it computes a protein of a certain length."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.num_classes, self.input_size = BiLSTM(hidden_size=8, dropout=0.5), 3, 21

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        if inputs.shape[1] == AWAITED:
            assert other_ended.wait(60)
        return self.inner(inputs, lengths)


def test_a_call_that_ends_leaves_another_its_mode(threads):
    """Once, the first to end switched dropout on again, in the midst of the second, whose end left it off."""
    model = Waiting().train()
    model.inner.dropout.eval()
    other_ended.set()
    expected = predict(model, "M" * AWAITED).probabilities
    for call in (lambda: predict(model, "MKTV"), lambda: evaluate(model, [ProteinRecord("one", "MKT", "HHH")])):
        other_ended.clear()
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(predict, model, "M" * AWAITED)
            call()
            other_ended.set()
            assert np.array_equal(slow.result(60).probabilities, expected)
        assert model.training
        assert model.inner.training
        assert not model.inner.dropout.training


class Looking(nn.Module):
    """A model that looks how many threads of PyTorch's a new thread begins with, while it predicts."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.num_classes, self.input_size = BiLSTM(hidden_size=4), 3, 21

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        begun = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        begun.start()
        begun.join()
        return self.inner(inputs, lengths)


def test_a_thread_that_begins_meanwhile_has_the_threads_that_were_set(threads):
    """Once it began with one, and kept that for life."""
    seen.clear()
    model = Looking()
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(predict, model, SEQUENCES, batch_residues=100) for _ in range(3)]
        results = [call.result(60) for call in calls]
    assert set(seen) == {threads}
    assert torch.get_num_threads() == threads
    for result in results:
        for one, other in zip(result, results[0], strict=True):
            assert np.array_equal(one.probabilities, other.probabilities)


def test_each_thread_computes_alone(threads):
    """Once each took as many as the process has when it first computed: as many times too many, and a fifth slower."""
    counts = for_each(nn.Linear(1, 1), lambda _: torch.get_num_threads(), range(4 * threads))
    assert set(counts) == {1}


def test_a_model_that_is_in_place_is_not_moved():
    """A move empties an LSTM's list of weights for a moment, in which the copy of another call would find it empty."""
    model = BiLSTM(hidden_size=4)
    before = [layer.lstm._flat_weights for layer in model.layers]
    predict(model, "MKTV", device="cpu")
    evaluate(model, [ProteinRecord("one", "MKT", "HHH")], device="cpu")
    assert all(layer.lstm._flat_weights is weights for layer, weights in zip(model.layers, before, strict=True))


@pytest.mark.posix("fork")
def test_a_forked_process_predicts():
    """The threads of its parent are not there; it must start its own."""
    code = """
import os, sys, torch, numpy as np, pssp_tutorial as pssp
torch.set_num_threads(2)
model = pssp.BiLSTM(hidden_size=4)
sequences = ["MKTVRQERLK" * number for number in range(1, 8)]
expected = pssp.predict(model, sequences, batch_residues=60)
child = os.fork()
found = pssp.predict(model, sequences, batch_residues=60)
same = all(np.array_equal(a.probabilities, b.probabilities) for a, b in zip(expected, found))
if not child:
    os._exit(0 if same else 3)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or not same)
"""
    done = subprocess.run([sys.executable, "-c", code], timeout=120, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
