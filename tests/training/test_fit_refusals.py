"""What cannot be trained is refused at once, and the model stays as it was."""

import math

import pytest
import torch
from small_runs import Table, check_refused, learnable_records, loaders, small_model

from pssp_tutorial.batches.proteins import Loader, make_loader
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.training.fit import fit
from pssp_tutorial.training.stopping import TrainingError


def test_fit_refuses_data_that_do_not_fit():
    train, _ = loaders()
    leak = make_loader([*learnable_records("val", 5), train.records[3]])
    check_refused(f"{train.records[3].id}: its id is in train and in val", val=leak)
    renamed = ProteinRecord("new name", train.records[3].sequence, train.records[3].structure)
    check_refused("new name: its sequence is in train and in val", val=make_loader([renamed]))
    soft_masked = ProteinRecord("in small letters", renamed.sequence.lower(), renamed.structure)
    check_refused("in small letters: its sequence is in train and in val", val=make_loader([soft_masked]))
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
