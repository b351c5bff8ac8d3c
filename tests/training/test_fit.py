"""Training learns, stops in time, repeats, and leaves the best weights."""

import math

import numpy as np
import pytest
import torch
from small_runs import Table, loaders, small_model, weights_of, without_seconds

from pssp_tutorial.training.epoch import validate
from pssp_tutorial.training.fit import fit


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
