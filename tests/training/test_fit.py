"""Training: weighted by residue, stopped in time, and the same weights however often it was killed."""

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pssp_tutorial.batches.proteins import Loader, make_loader
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import evaluating
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.training.checkpoints import load_checkpoint, save_checkpoint
from pssp_tutorial.training.epoch import train_epoch, validate
from pssp_tutorial.training.fit import fit
from pssp_tutorial.training.stopping import EarlyStopping, TrainingError

STATE_OF = dict(zip(AMINO_ACIDS, "HHEECCHHEECCHHEECCHE", strict=True))


def learnable_records(prefix: str, count: int, longest: int = 40, seed: int = 0) -> list[ProteinRecord]:
    """Proteins whose states follow from their residues."""
    generator = np.random.default_rng([seed, *prefix.encode()])
    lengths = generator.integers(12, longest, count)
    sequences = ["".join(generator.choice(list(AMINO_ACIDS), length)) for length in lengths]
    return [
        ProteinRecord(f"{prefix}{number}", sequence, "".join(map(STATE_OF.get, sequence)))
        for number, sequence in enumerate(sequences)
    ]


def loaders(count: int = 12, batch_residues: int = 120, classes: int = 3) -> tuple[Loader, Loader]:
    return tuple(
        make_loader(learnable_records(name, size), batch_residues, classes=classes)
        for name, size in (("train", count), ("val", 5))
    )


def small_model(seed: int = 0, **settings) -> BiLSTM:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return BiLSTM(hidden_size=6, num_layers=1, embedding_size=4, **settings)


def weights_of(model: nn.Module) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in model.state_dict().items()}


def without_seconds(history):
    return history.frame.drop(columns="seconds").to_numpy().tolist()


class Table(nn.Module):
    """The smallest model: one row of logits per residue."""

    num_classes = 3

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.logits = nn.Linear(21, classes, bias=False)

    def forward(self, inputs, lengths):
        return self.logits(inputs)


# Averages


@settings(max_examples=20)
@given(st.integers(20, 500), st.sampled_from([None, [2.0, 1.0, 0.5]]))
def test_scores_weigh_by_residue_never_by_batch(batch_residues, class_weights):
    """The mean of per-batch means depends on the batches; the truth, computed protein by protein, does not."""
    records = learnable_records("p", 9)
    model = small_model()
    loss_sum = hits = residues = 0
    weights = class_weights and torch.tensor(class_weights)
    with evaluating(model), torch.no_grad():
        for record in records:
            batch = next(iter(make_loader([record])))
            log_probabilities = model(batch.inputs, batch.lengths).log_softmax(-1)[0]
            for row, label in zip(log_probabilities, batch.labels[0], strict=True):
                loss_sum -= row[label].item() * (1 if weights is None else weights[label].item())
                hits += int(row.argmax() == label)
                residues += 1
    score = validate(model, make_loader(records, batch_residues), class_weights=weights)
    assert score.loss == pytest.approx(loss_sum / residues, rel=1e-5)
    assert score.accuracy == hits / residues


def test_masked_residues_and_padding_have_no_gradient():
    """A padded or unknown residue in the loss is among the most common errors of such programs."""
    known = ProteinRecord("one", "MKTVRQ", "HHEECC")
    partly = ProteinRecord("one", "MKTVRQWWW", "HHEECC???")
    gradients = []
    for records in ([known], [partly], [known, ProteinRecord("two", "W" * 30, "?" * 30)]):
        model = Table()
        nn.init.zeros_(model.logits.weight)
        train_epoch(model, make_loader(records, 1_000), torch.optim.SGD(model.parameters(), lr=0.0))
        gradients.append(model.logits.weight.grad)
    assert torch.equal(gradients[0], gradients[1])
    assert torch.equal(gradients[0], gradients[2])


def test_one_step_equals_torch():
    """One batch of plain gradient descent, against the mean cross-entropy that PyTorch computes itself."""
    loader = make_loader([ProteinRecord("one", "MKTVRQ", "HHEE?C"), ProteinRecord("two", "GA", "CC")])
    ours, theirs = Table(), Table()
    theirs.load_state_dict(ours.state_dict())
    score = train_epoch(ours, loader, torch.optim.SGD(ours.parameters(), lr=1.0), clip_norm=1e9)
    batch = next(iter(loader))
    loss = nn.CrossEntropyLoss()(theirs(batch.inputs, batch.lengths).transpose(1, 2), batch.labels)
    loss.backward()
    gradient = theirs.logits.weight.grad
    assert torch.allclose(ours.logits.weight, theirs.logits.weight - gradient, atol=1e-7)
    assert score.loss == pytest.approx(loss.item(), rel=1e-6)
    assert score.gradient_norm == pytest.approx(gradient.norm().item(), rel=1e-6)


def test_gradients_are_clipped_and_their_norm_is_recorded_before():
    loader = make_loader([ProteinRecord("one", "MKTVRQ", "HHEEHC")])
    model = Table()
    before = model.logits.weight.detach().clone()
    score = train_epoch(model, loader, torch.optim.SGD(model.parameters(), lr=1.0), clip_norm=0.01)
    assert score.gradient_norm > 0.01
    assert (model.logits.weight - before).norm().item() == pytest.approx(0.01, rel=1e-3)


# Stopping


@pytest.mark.parametrize(
    ("values", "options", "stops", "best_epoch"),
    [
        ([3, 2, 2, 2], {"patience": 2}, [False, False, False, True], 2),  # a tie is not better
        ([3, 2, 3, 1, 3, 3], {"patience": 2}, [False, False, False, False, False, True], 4),
        ([1, 2, 3], {"patience": 1, "mode": "max"}, [False, False, False], 3),
        ([1, 1.05, 1.2], {"patience": 2, "mode": "max", "min_delta": 0.1}, [False, False, False], 3),
        ([1, 0.95, 0.91], {"patience": 2, "min_delta": 0.1}, [False, False, True], 1),
        ([math.nan, 1, math.nan], {"patience": 2}, [False, False, False], 2),
        ([math.nan, math.nan], {"patience": 2}, [False, True], 0),
    ],
)
def test_early_stopping_by_hand(values, options, stops, best_epoch):
    stopper = EarlyStopping(**options)
    assert [stopper.update(value) for value in values] == stops
    assert stopper.best_epoch == best_epoch


def test_the_best_weights_are_a_copy_and_come_back():
    model, stopper = Table(), EarlyStopping(patience=5)
    stopper.restore(model)  # nothing was best yet: nothing happens
    for epoch, loss in enumerate([3.0, 1.0, 1.0, 2.0]):
        nn.init.constant_(model.logits.weight, float(epoch))
        stopper.update(loss, model)
    stopper.restore(model)
    assert (model.logits.weight == 1).all()
    twin = EarlyStopping(patience=5)
    twin.load_state_dict(stopper.state_dict())
    assert (twin.best, twin.best_epoch, twin.misses, twin.waited) == (1.0, 2, 2, 2)


@pytest.mark.parametrize("options", [{"patience": 0}, {"min_delta": -1}, {"min_delta": math.nan}, {"mode": "best"}])
def test_early_stopping_refuses(options):
    with pytest.raises(TrainingError, match="expected"):
        EarlyStopping(**options)


# fit


def test_fit_learns_and_leaves_the_best_weights():
    train, val = loaders(count=40)
    model = small_model()
    model.eval()
    history = fit(model, train, val, max_epochs=12, learning_rate=0.05, device="cpu")
    frame = history.frame
    expected = "epoch train_loss train_accuracy val_loss val_accuracy learning_rate gradient_norm seconds"
    assert list(frame.columns) == expected.split()
    assert frame["val_accuracy"].max() > 0.9
    assert history.best_epoch == frame["val_loss"].idxmin() + 1
    score = validate(model, val)
    assert score.loss == pytest.approx(frame["val_loss"].min(), rel=1e-6)
    assert not any(module.training for module in model.modules())


def test_fit_stops_early():
    """With a rate far too high the first epoch stays the best, and patience runs out."""
    train, val = loaders()
    history = fit(small_model(), train, val, max_epochs=30, patience=2, learning_rate=3.0)
    assert history.stopped_early
    assert len(history.frame) == history.best_epoch + 2 < 30


def test_fit_can_watch_accuracy():
    train, val = loaders()
    history = fit(small_model(), train, val, max_epochs=5, monitor="val_accuracy", learning_rate=0.05)
    assert history.best_epoch == history.frame["val_accuracy"].idxmax() + 1


def test_eight_classes():
    train, val = loaders(classes=8)
    history = fit(small_model(num_classes=8), train, val, max_epochs=1, class_weights=[1.0] * 8)
    assert history.frame["val_loss"][0] == pytest.approx(math.log(8), abs=0.5)


def test_schedules():
    """The rate of an epoch's last batch, against the formulas."""
    train, val = loaders(batch_residues=10_000)  # one batch an epoch, its middle at half an epoch

    def rates(**options):
        history = fit(small_model(), train, val, max_epochs=4, patience=9, learning_rate=1e-2, **options)
        return history.frame["learning_rate"].to_numpy()

    middles = np.arange(4) + 0.5
    assert rates() == pytest.approx([1e-2] * 4)
    assert rates(schedule="cosine") == pytest.approx(1e-2 * (1 + np.cos(np.pi * middles / 4)) / 2)
    assert rates(warmup_epochs=2) == pytest.approx(1e-2 * np.minimum(1, middles / 2))
    assert rates(schedule="plateau", min_delta=9.0) == pytest.approx([1e-2, 1e-2, 5e-3, 2.5e-3])


@pytest.mark.parametrize("supported", [False, True])
def test_bfloat16_is_used_only_where_the_device_has_it(monkeypatch, supported):
    monkeypatch.setattr("pssp_tutorial.training.fit.has_bfloat16", lambda device: supported)
    found = set()
    model = Table()
    model.register_forward_hook(lambda module, inputs, logits: found.add(logits.dtype))
    fit(model, *loaders(), max_epochs=1, bfloat16=True)
    assert (torch.bfloat16 in found) is supported


def test_a_run_repeats_and_leaves_the_global_random_state():
    results = []
    for _ in range(2):
        train, val = loaders()
        model = small_model()
        before = torch.get_rng_state()
        history = fit(model, train, val, max_epochs=2)
        assert torch.equal(torch.get_rng_state(), before)
        torch.rand(5)
        results.append((weights_of(model), without_seconds(history)))
    assert results[0] == results[1]
    train, val = loaders()
    model = small_model()
    fit(model, train, val, max_epochs=2, seed=1)
    assert weights_of(model) != results[0][0]  # other dropout


def test_progress_is_shown_on_demand_only(capsys, monkeypatch):
    """A book's stored outputs must not carry progress bars."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    train, val = loaders()
    fit(small_model(), train, val, max_epochs=1)
    fit(small_model(), train, val, max_epochs=1, progress=False)
    assert capsys.readouterr() == ("", "")
    fit(small_model(), train, val, max_epochs=1, progress=True)
    assert "%|" in capsys.readouterr().err


# Errors, at once


def check_refused(message, *, model=None, train=None, val=None, **options):
    ours = loaders()
    model = model or small_model()
    before = weights_of(model)
    with pytest.raises(TrainingError, match=message):
        fit(model, train or ours[0], val or ours[1], **options)
    assert weights_of(model) == before


def test_fit_refuses_data_that_do_not_fit():
    train, _ = loaders()
    leak = make_loader([*learnable_records("val", 5), train.records[3]])
    check_refused(f"{train.records[3].id}: its id is in train and in val", val=leak)
    renamed = ProteinRecord("new name", train.records[3].sequence, train.records[3].structure)
    check_refused("new name: its sequence is in train and in val", val=make_loader([renamed]))
    check_refused("train is a list; expected a loader, as make_loader or", train=learnable_records("train", 3))
    check_refused("val: none of its labels is known; expected at least one", val=Loader([ProteinRecord("one", "MKT")]))
    check_refused("classes and reduction of train are", train=loaders(classes=8)[0])
    check_refused("reduction", val=make_loader(learnable_records("val", 5), reduction="strict"))


def test_fit_refuses_a_model_that_does_not_fit():
    check_refused(r"the model gives the shape \[1, \d+, 8\]; expected \[1, \d+, 3\]", model=small_model(num_classes=8))
    softmax = Table()
    softmax.register_forward_hook(lambda module, inputs, outputs: outputs.softmax(-1))
    check_refused("the model gives probabilities; expected logits", model=softmax)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monitor": "loss"}, "monitor is 'loss'; expected one of 'train_loss', 'train_accuracy', 'val_loss', 'val_a"),
        ({"schedule": "step"}, "schedule is 'step'; expected one of None, 'cosine', 'plateau'"),
        ({"max_epochs": 0}, "max_epochs is 0; expected more than 0"),
        ({"learning_rate": math.nan}, "learning_rate is nan"),
        ({"clip_norm": -1}, "clip_norm is -1"),
        ({"warmup_epochs": -1}, "warmup_epochs is -1; expected 0 or more"),
        ({"max_epochs": 1.5}, "max_epochs is 1.5; expected a whole number"),
        ({"max_epochs": math.inf}, "max_epochs is inf; expected a whole number"),
        ({"class_weights": [1.0, 1.0, -1.0]}, r"class_weights are \[1.0, 1.0, -1.0\]; expected 0 or more"),
        ({"learning_rate": "0.1"}, "learning_rate is '0.1'; expected a number"),
        ({"patience": None}, "patience is None; expected a number"),
        ({"seed": -1}, "seed is -1; expected 0 or more"),
        ({"class_weights": ["a", "b", "c"]}, "class_weights are .*; expected numbers"),
        ({"objective": "mse"}, "objective is 'mse'; expected a function, or None"),
        ({"settings": {"seed": 1}}, "settings is {'seed': 1}; expected FitSettings"),
        ({"class_weights": [1.0, 2.0]}, "2 class weights; expected 3, one per class"),
    ],
)
def test_fit_refuses_settings(options, message):
    check_refused(message, **options)


def test_what_is_no_model_and_a_name_too_long_are_our_errors():
    with pytest.raises(TrainingError, match="model is None; expected a module of PyTorch"):
        fit(None, *loaders())
    with pytest.raises(PSSPError, match="not written"):
        fit(small_model(), *loaders(), max_epochs=1, checkpoint="x" * 400)


def test_a_nan_loss_says_where():
    class Breaks(Table):
        calls = 0

        def forward(self, inputs, lengths):
            self.calls += self.training
            return super().forward(inputs, lengths) * (math.nan if self.calls == 5 else 1)

    train, val = loaders(count=9)
    batches = len(train.buckets(shuffle=True))
    assert 3 <= batches < 5
    model = Breaks()
    with pytest.raises(TrainingError, match=f"epoch 2: batch {5 - batches}: the loss is nan; expected a finite number"):
        fit(model, train, val)
    assert torch.isfinite(model.logits.weight).all()


# Resuming


class Killed(BaseException):
    """Stands for whatever ends a run: BaseException, so that nothing catches it by mistake."""


def fit_until(model, checkpoint, steps, **options):
    """Train, and die at the given call of the model, in an epoch or in its validation."""
    calls = iter(range(steps))

    def count(module, inputs):
        if next(calls, None) is None:
            raise Killed

    hook = model.register_forward_pre_hook(count)
    train, val = loaders()
    try:
        return fit(model, train, val, checkpoint=checkpoint, **options)
    finally:
        hook.remove()


@pytest.mark.parametrize("schedule", [None, "cosine", "plateau"])
def test_a_run_cut_at_any_step_resumes_to_the_same_weights(tmp_path, schedule):
    """Bit for bit: batches, dropout, optimiser, schedule and early stopping all continue where they were."""
    options = {"max_epochs": 5, "patience": 2, "schedule": schedule, "learning_rate": 0.02, "warmup_epochs": 1}
    torch.set_num_threads(1)
    whole = small_model()
    history = fit(whole, *loaders(), **options)
    for attempt in range(6):
        checkpoint = tmp_path / f"{attempt}.pt"
        generator, cuts = random.Random(attempt), 0
        while True:
            model = small_model(seed=cuts)  # the weights come from the checkpoint, not from the new model
            model.train(cuts % 2 == 0)
            try:
                resumed = fit_until(model, checkpoint, generator.randint(7, 25), **options)
                break
            except Killed:
                cuts += 1
        assert cuts >= 1
        assert weights_of(model) == weights_of(whole)
        assert without_seconds(resumed) == without_seconds(history)
        assert (resumed.best_epoch, resumed.stopped_early) == (history.best_epoch, history.stopped_early)


SERVER = """
import json, os, sys, torch, tqdm.auto
from test_fit import fit, loaders, small_model

torch.optim.AdamW([torch.zeros(1, requires_grad=True)]).step()  # loads what each child would load anew
for line in sys.stdin:
    checkpoint, result = json.loads(line)
    child = os.fork()
    if not child:
        model = small_model(dropout=0.4)
        fit(model, *loaders(count=60), max_epochs=8, patience=8, checkpoint=checkpoint)
        torch.save(model.state_dict(), result)
        os._exit(0)
    print(child, flush=True)
    sys.stdin.readline()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.posix("fork and no SIGKILL")
@pytest.mark.kill
def test_a_killed_process_resumes_to_the_same_weights(tmp_path, request):
    """SIGKILL leaves no time to tidy up: what is on the disk must do. One thread, as the promise says."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(request.path.parent)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    generator = random.Random(0)
    with subprocess.Popen([sys.executable, "-c", SERVER], env=environment, cwd=Path.cwd(), **pipes) as server:

        def train(name, *, kill):
            """Train to the end, or kill the process at a random moment after it wrote once more."""
            checkpoint = tmp_path / f"{name}.pt"
            server.stdin.write(json.dumps([str(checkpoint), str(tmp_path / f"{name}.weights")]) + "\n")
            child = int(server.stdout.readline())
            if kill:
                before = written(checkpoint)
                while written(checkpoint) == before:
                    time.sleep(0.01)
                time.sleep(generator.uniform(0, 1.5 * epoch))
                os.kill(child, signal.SIGKILL)  # not yet waited for, so the number is still the child's
            server.stdin.write("wait\n")
            return int(server.stdout.readline())

        def written(checkpoint):
            return checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0

        assert train("whole", kill=False) == 0
        epoch = load_checkpoint(tmp_path / "whole.pt")["rows"][-1]["seconds"]
        for attempt in range(5):  # on a busy machine a run may come to its end before it is killed twice
            name, kills = f"killed_{attempt}", 0
            while train(name, kill=True) == -signal.SIGKILL:
                kills += 1
                if len(load_checkpoint(tmp_path / f"{name}.pt")["rows"]) >= 6:
                    break
            assert train(name, kill=False) == 0
            if kills >= 2:
                break
        server.stdin.close()
    assert kills >= 2
    whole, killed = (torch.load(tmp_path / f"{each}.weights", weights_only=True) for each in ("whole", name))
    for name, tensor in whole.items():
        assert killed[name].numpy().tobytes() == tensor.numpy().tobytes()


def test_a_finished_run_returns_at_once(tmp_path):
    checkpoint = tmp_path / "run.pt"
    train, val = loaders()
    model, again = small_model(), small_model(seed=1)
    history = fit(model, train, val, max_epochs=3, checkpoint=checkpoint)
    written = checkpoint.read_bytes()
    repeated = fit(again, train, val, max_epochs=3, checkpoint=checkpoint)
    assert repeated == history
    assert weights_of(again) == weights_of(model)
    assert checkpoint.read_bytes() == written


def test_a_finished_run_can_be_extended(tmp_path):
    options = {"patience": 9, "learning_rate": 0.02}
    long, short = small_model(), small_model()
    fit(long, *loaders(), max_epochs=4, **options)
    fit(short, *loaders(), max_epochs=2, checkpoint=tmp_path / "run.pt", **options)
    history = fit(short, *loaders(), max_epochs=4, checkpoint=tmp_path / "run.pt", **options)
    assert len(history.frame) == 4
    assert weights_of(short) == weights_of(long)


def test_a_run_can_be_resumed_with_another_patience(tmp_path):
    """Less of it ends a run that has waited long enough, with the best weights; more lets it go on."""
    options = {"max_epochs": 9, "min_delta": 99.0, "checkpoint": tmp_path / "run.pt"}  # the first epoch stays the best
    first, second, third = small_model(), small_model(seed=1), small_model(seed=2)
    history = fit(first, *loaders(), patience=3, **options)
    assert (history.best_epoch, len(history.rows)) == (1, 4)
    assert len(fit(second, *loaders(), patience=1, **options).rows) == 4
    assert len(fit(third, *loaders(), patience=5, **options).rows) == 6
    assert weights_of(first) == weights_of(second) == weights_of(third)


def test_resuming_another_run_is_refused(tmp_path):
    checkpoint = tmp_path / "run.pt"
    train, val = loaders()
    options = {"max_epochs": 1, "checkpoint": checkpoint}
    fit(small_model(), train, val, schedule="cosine", **options)
    kept = {"schedule": "cosine", **options}
    check_refused(
        "learning_rate was 0.002 and is 0.1; expected the same, or another file to start over",
        learning_rate=0.1,
        **kept,
    )
    check_refused("schedule was cosine and is None", **options, warmup_epochs=0.0)
    check_refused("max_epochs was 1 and is 2", **kept | {"max_epochs": 2})
    check_refused("model was .*'dropout': 0.3.* and is .*'dropout': 0.1", model=small_model(dropout=0.1), **kept)
    check_refused("train records was", train=loaders(count=11)[0], **kept)
    check_refused("train batch_residues was 120 and is 60", train=loaders(batch_residues=60)[0], **kept)
    save_checkpoint(checkpoint, {"weights": [1.0]})
    check_refused("not a checkpoint of fit", **kept)
    fit(small_model(), train, val, resume=False, **kept)
    assert len(load_checkpoint(checkpoint)["rows"]) == 1


def test_an_interrupt_reaches_the_caller_with_the_best_weights_in_place():
    class Interrupted(Table):
        calls = 0

        def forward(self, inputs, lengths):
            self.calls += self.training
            if self.calls == 14:
                raise KeyboardInterrupt
            return super().forward(inputs, lengths)

    train, val = loaders()
    steps = len(train.buckets(shuffle=True))
    model, twin = Interrupted(), Table()
    twin.load_state_dict(model.state_dict())
    with pytest.raises(KeyboardInterrupt):
        fit(model, train, val, learning_rate=0.02)
    fit(twin, train, val, learning_rate=0.02, max_epochs=13 // steps)
    assert weights_of(model) == weights_of(twin)
