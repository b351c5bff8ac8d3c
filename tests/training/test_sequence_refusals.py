"""Models, data and settings that do not fit each other are refused, whatever is trained."""

import math

import numpy as np
import pytest
from sequence_tasks import Reader, data, every_task, f1, model_for
from small_runs import weights_of

from pssp_tutorial.batches.sequences import SequenceLoader
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX
from pssp_tutorial.training.fit import fit
from pssp_tutorial.training.stopping import TrainingError


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
