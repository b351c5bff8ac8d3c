"""What training lowers, and what a model must give for it (chapter 6)."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.batches.loader import BatchLoader
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX
from pssp_tutorial.training.stopping import TrainingError

Objective: TypeAlias = Callable[[nn.Module, Batch], tuple[Tensor, Tensor]]
"""From a model and a batch, the sum of the loss over the scored labels, and the model's outputs."""

ScoreFunction: TypeAlias = Callable[[Tensor, Tensor], float]
"""From the scored labels [label] and the outputs for them, logits [label, class] or numbers [label], a score."""


def summed_loss(outputs: Tensor, batch: Batch, class_weights: Tensor | None = None) -> Tensor:
    """The sum over the scored labels: of classes the cross-entropy, of numbers the squared error.

    Parameters: `outputs` [batch, length, class] or [batch, class] logits, or numbers of the labels' shape;
    `class_weights` [class] factors on the loss of each true class.

    >>> twice = Batch(torch.zeros(2, 1, 1), torch.tensor([1, 1]), torch.tensor([1, -100]))
    >>> summed_loss(torch.zeros(2, 2), twice)  # once a sequence: of one known label, log 2
    tensor(0.6931)
    """
    if batch.labels.is_floating_point():
        return (outputs - batch.labels)[batch.mask].square().sum()
    labels = batch.labels.where(batch.mask, IGNORE_INDEX)
    return cross_entropy(
        outputs.flatten(0, -2), labels.flatten(), class_weights, ignore_index=IGNORE_INDEX, reduction="sum"
    )


def check_outputs(model: nn.Module, train: BatchLoader, val: BatchLoader) -> None:
    """Raise TrainingError for a model that doesn't give what the labels ask for, tried on the shortest sequence."""
    batch = val.batch([int(val.lengths.argmin())]).to(next(model.parameters()).device)
    with torch.inference_mode():
        outputs = evaluation_twin(model)(batch.inputs, batch.lengths)
    expected = list(batch.labels.shape)
    names = ["batch", "length"][: len(expected)]
    if train.classes is not None:
        expected, names = [*expected, train.classes], [*names, "class"]
    if not isinstance(outputs, Tensor) or list(outputs.shape) != expected:
        found = f"the shape {list(outputs.shape)}" if isinstance(outputs, Tensor) else f"a {type(outputs).__name__}"
        raise TrainingError(f"the model gives {found}; expected {expected}, [{', '.join(names)}]")
    if train.classes is None:
        return
    if (outputs >= 0).all() and torch.allclose(outputs.sum(dim=-1), torch.ones(()).to(outputs)):
        raise TrainingError("the model gives probabilities; expected logits: the loss holds the softmax already")
