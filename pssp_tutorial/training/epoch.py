"""One pass over the batches: to train, or to score (chapter 6).

Every average weighs by label, by residue in a protein: losses and hits are summed over what is scored and divided once.
"""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.training.objectives import Objective, ScoreFunction, summed_loss
from pssp_tutorial.training.stopping import TrainingError


class Score(NamedTuple):
    """Loss and fraction of hits, over the scored labels; of numbers the mean squared error, and nan."""

    loss: float
    accuracy: float


class TrainScore(NamedTuple):
    """As :class:`Score`, taken while the weights changed; and the gradient's norm, a mean over the batches."""

    loss: float
    accuracy: float
    gradient_norm: float


def train_epoch(
    model: nn.Module,
    batches: Iterable[Batch],
    optimizer: torch.optim.Optimizer,
    *,
    clip_norm: float = 1.0,
    class_weights: Tensor | None = None,
    objective: Objective | None = None,
) -> TrainScore:
    """Take one step of the optimiser for each batch, on the model's device; the model stays in training mode.

    ``clip_norm`` and the weights, float32[class], are as of :class:`~pssp_tutorial.FitSettings`. The ``objective`` is
    lowered instead of the cross-entropy of classes, or the squared error of numbers: from the model and a batch, it
    gives the sum of the loss over the scored labels, and the model's outputs.

    Raises TrainingError if a loss or gradient is not finite (before the step: the weights stay finite), or nothing is
    scored.

    >>> from pssp_tutorial import BiLSTM, ProteinRecord, make_loader
    >>> loader, model = make_loader([ProteinRecord("one", "GAKKL", "CHHHC")]), BiLSTM(hidden_size=4)
    >>> train_epoch(model, loader, torch.optim.AdamW(model.parameters())).accuracy <= 1
    True
    """
    device = next(model.parameters()).device
    model.train()
    sums, norm_sum, steps = _Sums(), 0.0, 0
    for number, batch in enumerate(batches, start=1):
        scored = int(batch.mask.sum())
        if not scored:
            continue
        batch = batch.to(device)
        loss, outputs = objective(model, batch) if objective else _loss(model, batch, class_weights)
        optimizer.zero_grad()
        (loss / scored).backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), clip_norm).item()
        for name, value in {"loss": loss.item() / scored, "gradient norm": norm}.items():
            if not math.isfinite(value):
                raise TrainingError(
                    f"batch {number}: the {name} is {value}; expected a finite number: try a lower learning_rate"
                )
        optimizer.step()
        sums.add(loss, outputs, batch, scored)
        norm_sum, steps = norm_sum + norm, steps + 1
    return TrainScore(*sums.score(), norm_sum / steps)


def validate(model: nn.Module, batches: Iterable[Batch], *, class_weights: Tensor | None = None) -> Score:
    """Score a model on its device and leave it as it is; parameters as in :func:`train_epoch`.

    >>> from pssp_tutorial import BiLSTM, ProteinRecord, make_loader
    >>> validate(BiLSTM(hidden_size=4), make_loader([ProteinRecord("one", "GAKKL", "CHHHC")])).loss > 0
    True
    """
    return score_epoch(model, batches, {}, class_weights=class_weights)[0]


@torch.inference_mode()
def score_epoch(
    model: nn.Module,
    batches: Iterable[Batch],
    scores: Mapping[str, ScoreFunction],
    *,
    class_weights: Tensor | None = None,
) -> tuple[Score, dict[str, float]]:
    """Score a model as :func:`validate`, and with functions of all labels and outputs.

    >>> from pssp_tutorial import BiLSTM, ProteinRecord, make_loader
    >>> loader = make_loader([ProteinRecord("one", "GAKKL", "CHHHC"), ProteinRecord("two", "GA", "CH")])
    >>> score_epoch(BiLSTM(hidden_size=4), loader, {"labels": lambda labels, logits: len(labels)})[1]
    {'labels': 7.0}
    """
    device = next(model.parameters()).device
    twin = evaluation_twin(model)
    sums, kept = _Sums(), []
    for batch in batches:
        batch = batch.to(device)
        loss, outputs = _loss(twin, batch, class_weights)
        sums.add(loss, outputs, batch, int(batch.mask.sum()))
        if scores:
            kept.append((batch.labels[batch.mask].cpu(), outputs[batch.mask].cpu()))
    score = sums.score()
    if not scores:
        return score, {}
    labels, found = map(torch.cat, zip(*kept, strict=True))
    return score, {name: float(function(labels, found)) for name, function in scores.items()}


def _loss(model: nn.Module, batch: Batch, class_weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """The sum of the loss over the scored labels, and the outputs; a sum needs 32 bits."""
    outputs = model(batch.inputs, batch.lengths).float()
    return summed_loss(outputs, batch, class_weights), outputs


class _Sums:
    """What is summed over the batches and divided once."""

    def __init__(self) -> None:
        self.loss, self.hits, self.scored, self.numbers = 0.0, 0, 0, False

    def add(self, loss: Tensor, outputs: Tensor, batch: Batch, scored: int) -> None:
        self.loss += loss.item()
        self.scored += scored
        self.numbers = batch.labels.is_floating_point()
        if not self.numbers:
            self.hits += int((outputs.argmax(dim=-1) == batch.labels)[batch.mask].sum())

    def score(self) -> Score:
        if not self.scored:
            raise TrainingError("no label in the batches is scored; expected at least one that is known")
        return Score(self.loss / self.scored, math.nan if self.numbers else self.hits / self.scored)
