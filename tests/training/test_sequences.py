"""fit knows no proteins: a tagger of DNA, a model that answers once per sequence, and one that predicts numbers."""

import math
import random

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch import nn

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.batches.sequences import SequenceLoader
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX
from pssp_tutorial.training.epoch import train_epoch, validate
from pssp_tutorial.training.fit import fit
from pssp_tutorial.training.objectives import summed_loss
from pssp_tutorial.training.settings import FitOptions, FitSettings
from pssp_tutorial.training.stopping import TrainingError


class Reader(nn.Module):
    """A small LSTM, and one linear layer on every position, or on each sequence's last one."""

    def __init__(self, outputs: int, *, once: bool = False, dropout: float = 0.1) -> None:
        super().__init__()
        self.outputs, self.once = outputs, once
        self.lstm, self.dropout = nn.LSTM(4, 8, batch_first=True), nn.Dropout(dropout)
        self.linear = nn.Linear(8, outputs)

    def forward(self, inputs, lengths):
        values = self.dropout(self.lstm(inputs)[0])
        if self.once:
            values = values[torch.arange(len(lengths)), lengths - 1]
        values = self.linear(values)
        return values.squeeze(-1) if self.outputs == 1 else values


def sequences(task: str, count: int, seed: int) -> SequenceLoader:
    """DNA; what is asked follows from the base before (a tag), the last base (a class) or the share of G (a number)."""
    generator = np.random.default_rng(seed)
    codes = [generator.integers(0, 4, generator.integers(6, 15)) for _ in range(count)]
    labels = {
        "tag": lambda c: np.where(np.arange(len(c)) == 0, IGNORE_INDEX, np.roll(c, 1) // 2),
        "class": lambda c: int(c[-1] == 2),
        "number": lambda c: np.cumsum(c == 2) / (1.0 + np.arange(len(c))),
    }[task]
    names = [f"{seed}, {number}" for number in range(count)]
    return SequenceLoader([np.eye(4)[c] for c in codes], [labels(c) for c in codes], ids=names, batch_positions=80)


def data(task: str) -> tuple[SequenceLoader, SequenceLoader]:
    return sequences(task, 60, seed=0), sequences(task, 20, seed=1)


def model_for(task: str, seed: int = 0) -> Reader:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return {"tag": Reader(2), "class": Reader(2, once=True), "number": Reader(1)}[task]


def f1(labels, logits):
    return f1_score(labels, logits.argmax(dim=-1))


def rmse(labels, numbers):
    return (labels - numbers).square().mean().sqrt()


def mean_error(labels, numbers):
    return (labels - numbers).abs().mean()


OPTIONS = {"learning_rate": 0.05, "max_epochs": 8, "patience": 8}
TASKS = {
    "tag": {"scores": {"f1": f1}, "monitor": "val_f1", "mode": "max"},
    "class": {"scores": {"f1": f1}, "monitor": "val_f1", "mode": "max"},
    "number": {"scores": {"rmse": rmse, "mean_error": mean_error}, "monitor": "val_rmse", "mode": "min"},
}
every_task = pytest.mark.parametrize("task", TASKS)


def weights_of(model):
    return {name: tensor.numpy().tobytes() for name, tensor in model.state_dict().items()}


@every_task
def test_it_learns_and_keeps_the_epoch_with_the_best_score(task):
    """Early stopping on a score in either direction; the score is that of the weights that stay, worked out apart."""
    (train, val), model = data(task), model_for(task)
    history = fit(model, train, val, **OPTIONS, **TASKS[task])
    frame, monitor = history.frame, TASKS[task]["monitor"]
    column = frame[monitor]
    assert history.best_epoch == (column.idxmax() if TASKS[task]["mode"] == "max" else column.idxmin()) + 1
    assert frame["val_loss"].iloc[-1] < 0.7 * frame["val_loss"].iloc[0]
    labels, outputs = [], []
    with torch.inference_mode():
        for inputs, target in zip(val.inputs, val.labels, strict=True):
            output = model.eval()(inputs[None], torch.tensor([len(inputs)]))[0]
            known = target != IGNORE_INDEX
            labels.append(target[known].flatten())
            outputs.append(output if task == "number" else output[known].reshape(-1, 2))
    (function,) = [function for name, function in TASKS[task]["scores"].items() if f"val_{name}" == monitor]
    expected = float(function(torch.cat(labels), torch.cat(outputs)))
    assert column[history.best_epoch - 1] == pytest.approx(expected, rel=1e-5)


def test_the_columns_of_a_history():
    """Numbers have no accuracy: a column of nan would be plotted, or monitored, as if it meant something."""
    columns = [list(fit(model_for(task), *data(task), max_epochs=1, **TASKS[task]).frame) for task in ("tag", "number")]
    rest = ["learning_rate", "gradient_norm", "seconds"]
    assert columns[0] == ["epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "val_f1", *rest]
    assert columns[1] == ["epoch", "train_loss", "val_loss", "val_rmse", "val_mean_error", *rest]


@pytest.mark.parametrize(
    ("monitor", "mode", "best"), [("val_rmse", "min", 1), ("val_rmse", "max", 5), ("train_loss", None, 1)]
)
def test_either_direction_stops_the_run(monitor, mode, best):
    """With a score that only grows, the first epoch is best or the last, as the direction says."""
    values = iter(range(100))
    train, val = data("number")
    scores = {"rmse": lambda labels, numbers: next(values)}
    options = {"learning_rate": 1e-12, "min_delta": 0.5, "max_epochs": 5, "patience": 2}
    history = fit(model_for("number"), train, val, scores=scores, monitor=monitor, mode=mode, **options)
    assert history.best_epoch == best
    assert history.stopped_early is (best == 1)


@every_task
def test_losses_equal_pytorchs_own_means(task):
    """What is unknown or padding counts neither in the sum nor in what it is divided by."""
    (_, val), model = data(task), model_for(task).eval()
    kept = []
    for inputs, labels in zip(val.inputs, val.labels, strict=True):
        output = model(inputs[None], torch.tensor([len(inputs)]))[0]
        kept.append((output.reshape(-1, 2) if task != "number" else output, labels.reshape(-1)))
    outputs, labels = map(torch.cat, zip(*kept, strict=True))
    loss = nn.MSELoss() if task == "number" else nn.CrossEntropyLoss()
    found = validate(model, val)
    assert found.loss == pytest.approx(loss(outputs, labels).item(), rel=1e-5)
    if task == "number":
        assert math.isnan(found.accuracy)
    else:
        known = labels != IGNORE_INDEX
        assert found.accuracy == pytest.approx((outputs.argmax(-1) == labels)[known].float().mean().item())


def test_an_explicit_mask_hides_labels_from_loss_gradient_and_hits():
    """The last thirty visits may be read and only the last one scored."""
    logits = torch.zeros(1, 3, 2, requires_grad=True)
    batch = Batch(
        torch.zeros(1, 3, 4), torch.tensor([3]), torch.tensor([[0, 0, 1]]), scored=torch.tensor([[False, True, True]])
    )
    summed_loss(logits, batch).backward()
    assert logits.grad[0, 0].eq(0).all()
    assert logits.grad[0, 1:].ne(0).all()
    numbers = torch.zeros(1, 3, requires_grad=True)
    targets = Batch(batch.inputs, batch.lengths, torch.tensor([[1.0, torch.nan, 1.0]]))
    summed_loss(numbers, targets).backward()
    assert numbers.grad.tolist() == [[-2.0, 0.0, -2.0]]  # nan never reaches a weight


@every_task
def test_class_weights_and_an_objective_of_ones_own(task):
    """A doubled loss with half the rate is the same step of plain gradient descent."""
    (train, _), model, twin = data(task), model_for(task), model_for(task)
    twin.load_state_dict(model.state_dict())
    for each in (model, twin):
        each.dropout.p = 0.0

    def doubled(given, batch):
        outputs = given(batch.inputs, batch.lengths)
        return 2 * summed_loss(outputs, batch), outputs

    train_epoch(model, train, torch.optim.SGD(model.parameters(), 0.2), clip_norm=1e9)
    train_epoch(twin, train, torch.optim.SGD(twin.parameters(), 0.1), clip_norm=1e9, objective=doubled)
    torch.testing.assert_close(model.state_dict(), twin.state_dict())


class Killed(BaseException):
    """Stands for whatever ends a run."""


@every_task
def test_a_run_cut_at_any_step_resumes_to_the_same_weights(tmp_path, task):
    """Bit for bit, whatever is trained and monitored."""
    torch.set_num_threads(1)
    options = {
        **TASKS[task],
        "max_epochs": 5,
        "patience": 2,
        "learning_rate": 0.02,
        "average": 0.9,
        "schedule": "cosine",
    }
    whole = model_for(task)
    history = fit(whole, *data(task), **options)
    for attempt in range(3):
        generator, cuts = random.Random(attempt), 0
        while True:
            model = model_for(task, seed=cuts)
            calls = iter(range(generator.randint(14, 40)))

            def count(module, inputs, calls=calls):
                if next(calls, None) is None:
                    raise Killed

            model.register_forward_pre_hook(count)
            try:
                resumed = fit(model, *data(task), checkpoint=tmp_path / f"{attempt}.pt", **options)
                break
            except Killed:
                cuts += 1
        assert cuts >= 1
        assert weights_of(model) == weights_of(whole)
        assert resumed.frame.drop(columns="seconds").equals(history.frame.drop(columns="seconds"))


def check_refused(message, task="tag", *, model=None, train=None, val=None, **options):
    ours, model = data(task), model or model_for(task)
    before = weights_of(model)
    with pytest.raises(TrainingError, match=message):
        fit(model, train or ours[0], val or ours[1], **options)
    assert weights_of(model) == before


class Through(Reader):
    """A reader whose outputs go through one more function."""

    def __init__(self, outputs, function, **settings):
        super().__init__(outputs, **settings)
        self.function = function

    def forward(self, inputs, lengths):
        return self.function(super().forward(inputs, lengths))


def test_a_model_that_does_not_fit_is_refused():
    check_refused(r"gives the shape \[1, \d+, 3\]; expected \[1, \d+, 2\], \[batch, length, class\]", model=Reader(3))
    check_refused(r"gives the shape \[1, \d+, 2\]; expected \[1, 2\], \[batch, class\]", "class", model=Reader(2))
    check_refused(r"gives the shape \[1, \d+, 2\]; expected \[1, \d+\], \[batch, length\]", "number", model=Reader(2))
    check_refused("the model gives a tuple; expected", model=Through(2, lambda logits: (logits, None)))
    for task, once in (("tag", False), ("class", True)):
        softmax = Through(2, lambda logits: logits.softmax(-1), once=once)
        check_refused("the model gives probabilities; expected logits", task, model=softmax)


@every_task
def test_nan_says_where(task):
    broken = Through(1 if task == "number" else 2, lambda outputs: outputs * math.nan, once=task == "class")
    check_refused("epoch 1: batch 1: the loss is nan; expected a finite number", task, model=broken)
    nothing = {
        "scores": {"odd": lambda labels, outputs: math.nan},
        "monitor": "val_odd",
        "mode": "max",
        "max_epochs": 1,
    }
    with pytest.raises(TrainingError, match="epoch 1: val_odd is nan; expected a finite number"):
        fit(model_for(task), *data(task), **nothing)


@every_task
def test_data_without_a_known_label_are_refused(task):
    """Otherwise a run would divide by nothing, after an epoch of work."""
    inputs, unknown = np.zeros((3, 4)), math.nan if task == "number" else IGNORE_INDEX
    empty = SequenceLoader([inputs], [unknown if task == "class" else [unknown] * 3])
    check_refused("train: none of its labels is known", task, train=empty)
    check_refused("val: none of its labels is known", task, val=empty)


def test_data_that_do_not_belong_together_are_refused():
    train, _ = data("tag")
    check_refused("its id is in train and in val", val=train)
    check_refused("the labels of train are classes, of val numbers", val=data("number")[1])
    three = SequenceLoader([np.zeros((3, 4))], [[0, 1, 2]])
    check_refused("val has 3 classes; expected 2, as train has, or fewer", val=three)


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        ("tag", {"monitor": "val_f1"}, "monitor is 'val_f1'; expected one of 'train_loss', .*'val_accuracy'"),
        ("tag", {"monitor": "val_f1", "scores": {"f1": f1}}, "mode is None; expected 'min' or 'max': which val_f1"),
        ("tag", {"scores": {"loss": f1}}, "a score of your own would be val_loss; expected another name"),
        ("number", {"monitor": "val_accuracy"}, "expected one of 'train_loss', 'val_loss'$"),
        ("number", {"class_weights": [1.0, 1.0]}, "2 class weights; expected none"),
        ("class", {"class_weights": [1.0]}, "1 class weights; expected 2, one per class"),
    ],
)
def test_settings_that_do_not_fit_are_refused(task, options, message):
    check_refused(message, task, **options)


def test_settings_are_the_keywords():
    """The keywords of fit and the fields are one list; a setting that is given and misspelt must not be ignored."""
    assert list(FitOptions.__annotations__) == list(FitSettings.__annotations__)
    assert FitOptions.__annotations__ == FitSettings.__annotations__
    settings = FitSettings(max_epochs=1, learning_rate=0.5)
    rows = [fit(model_for("tag"), *data("tag"), settings, **more).rows for more in ({}, {"max_epochs": 2})]
    assert [len(each) for each in rows] == [1, 2]
    assert rows[0][0]["learning_rate"] == 0.5
    with pytest.raises(TypeError, match="epochs"):
        fit(model_for("tag"), *data("tag"), epochs=3)


def test_the_callers_loaders_stay_as_they_are():
    """fit draws each epoch anew; whoever iterates over the loader afterwards sees what was there before."""
    train, val = data("tag")
    before = [batch.ids for batch in train]
    fit(model_for("tag"), train, val, max_epochs=2)
    assert [batch.ids for batch in train] == before
    assert (train.epoch, train.shuffle) == (0, False)
