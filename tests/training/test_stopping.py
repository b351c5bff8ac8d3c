"""Early stopping, by hand."""

import math

import pytest
from small_runs import Table
from torch import nn

from pssp_tutorial.training.stopping import EarlyStopping, TrainingError


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
