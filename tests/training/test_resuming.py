"""The same weights however often a run was killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from small_runs import Killed, check_refused, loaders, small_model, weights_of, without_seconds

from pssp_tutorial.training.checkpoints import load_checkpoint, save_checkpoint
from pssp_tutorial.training.fit import fit


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
from small_runs import loaders, small_model
from pssp_tutorial.training.fit import fit

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
