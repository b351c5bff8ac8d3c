"""fit knows no proteins: a tagger of DNA, a model that answers once per sequence, and one that predicts numbers."""

import math
import random

import pytest
import torch
from sequence_tasks import OPTIONS, TASKS, data, every_task, model_for
from small_runs import Killed, weights_of
from torch import nn

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX
from pssp_tutorial.training.epoch import train_epoch, validate
from pssp_tutorial.training.fit import fit
from pssp_tutorial.training.objectives import summed_loss
from pssp_tutorial.training.settings import FitOptions, FitSettings


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
