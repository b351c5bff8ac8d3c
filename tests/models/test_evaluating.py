"""Evaluation leaves every mode as it was, also where two threads share a model."""

import threading
import timeit
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from pssp_tutorial.batches.proteins import make_loader
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import ModelError, evaluating, evaluation_twin
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.training.epoch import validate


def test_evaluating_restores_every_part():
    """A part that was frozen in evaluation mode stays so, and an error inside doesn't leave the model changed."""
    model = BiLSTM()
    model.embedding.eval()
    with evaluating(model) as same:
        assert same is model
        assert not any(module.training for module in model.modules())
    with pytest.raises(ModelError), evaluating(model):
        model(torch.zeros(1, 1, 1), torch.tensor([1]))
    assert model.training
    assert model.layers[0].training
    assert not model.embedding.training


class Twins(nn.Module):
    """Everything that a careless copy gets wrong: tied weights, a buffer, an alias in a list, a recorder, a state."""

    def __init__(self, recorded: list) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.norm, self.drop = nn.BatchNorm1d(4), nn.Dropout(0.5)
        self.lstm = nn.LSTM(4, 4, 2, dropout=0.5)
        self.steps = [self.drop, self.second]
        self.second.register_forward_hook(lambda *_: recorded.append(self.second.training))
        self.last = self.first(torch.zeros(1, 4))  # has a gradient: deepcopy alone refuses it

    def forward(self, inputs):
        values = self.norm(self.first(inputs))
        for step in self.steps:
            values = step(values)
        return self.lstm(values)[0]


def test_an_evaluation_twin_shares_all_numbers_and_no_mode():
    """A copy of weights would cost memory and miss what is trained later; a shared mode would leave dropout on."""
    torch.manual_seed(0)
    recorded, inputs = [], torch.randn(3, 4)
    model = Twins(recorded)
    twin = evaluation_twin(model)
    assert type(twin) is Twins
    for kind in ("named_parameters", "named_buffers"):
        ours, theirs = dict(getattr(model, kind)()), dict(getattr(twin, kind)())
        assert ours.keys() == theirs.keys()
        assert all(theirs[name] is tensor for name, tensor in ours.items())
    assert twin.second.weight is twin.first.weight
    assert torch.equal(twin(inputs), twin(inputs))
    assert all(module.training for module in model.modules())
    assert not any(module.training for module in twin.modules())
    assert len(recorded) == 2
    with evaluating(model):
        assert torch.equal(model(inputs), twin(inputs))
    with torch.no_grad():
        model.lstm.weight_ih_l0.zero_()
        model.lstm.weight_hh_l0.zero_()
    with evaluating(model):
        assert torch.equal(model(inputs), twin(inputs))


def test_an_evaluation_twin_costs_no_memory_and_little_time():
    """It is made for each call of predict: a copy of 100 MB of weights would be felt."""
    model = BiLSTM(hidden_size=512, num_layers=4)
    twin = evaluation_twin(model)
    assert min(timeit.repeat(lambda: evaluation_twin(model), number=1)) < 0.1
    assert {p.data_ptr() for p in twin.parameters()} == {p.data_ptr() for p in model.parameters()}


def test_two_threads_never_change_each_others_mode():
    """One scores while the other begins and ends: with a mode that is switched on the model, dropout came back on."""
    model, loader = BiLSTM(8, dropout=0.9), make_loader([ProteinRecord("one", "MKTV" * 5, "HHEC" * 5)])
    expected = validate(model, loader)
    inside, scored = threading.Event(), threading.Event()

    def slowly():
        for batch in loader:
            inside.set()
            assert scored.wait(10)
            yield batch

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(validate, model, slowly())
        assert inside.wait(10)
        assert model.training  # the first thread left it as it was
        assert validate(model, loader) == expected
        scored.set()
        assert slow.result() == expected
    assert all(module.training for module in model.modules())
