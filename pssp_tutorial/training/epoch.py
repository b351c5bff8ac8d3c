"""One pass over the batches: to train, or to score (chapter 6).

Every average weighs by residue: losses and hits are summed over the scored residues and divided once.
"""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX

Objective: TypeAlias = Callable[[nn.Module, Batch], tuple[Tensor, Tensor]]
"""What training lowers: from a model and a batch, the sum of the loss over the scored residues, and the logits."""


class TrainingError(PSSPError):
    """A run that can't begin, go on or be resumed."""


class Score(NamedTuple):
    """Cross-entropy and fraction of hits, over the scored residues."""

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

    Parameters
    ----------
    clip_norm : float
        A longer gradient is scaled down to this norm.
    class_weights : float32[class], optional
        Factors on the loss of each true class.
    objective : callable, optional
        What to lower instead of the cross-entropy: see :data:`Objective`.

    Raises
    ------
    TrainingError
        If a loss or gradient is not finite (before the step: the weights stay finite), or nothing is scored.

    >>> from pssp_tutorial import BiLSTM, ProteinRecord, make_loader
    >>> loader, model = make_loader([ProteinRecord("one", "GAKKL", "CHHHC")]), BiLSTM(hidden_size=4)
    >>> train_epoch(model, loader, torch.optim.AdamW(model.parameters())).accuracy <= 1
    True
    """
    device = next(model.parameters()).device
    model.train()
    loss_sum = norm_sum = 0.0
    hits = residues = steps = 0
    for number, batch in enumerate(batches, start=1):
        scored = int(batch.mask.sum())
        if not scored:
            continue
        loss, batch_hits = _score(model, batch.to(device), class_weights, objective)
        optimizer.zero_grad()
        (loss / scored).backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), clip_norm).item()
        for name, value in {"loss": loss.item() / scored, "gradient norm": norm}.items():
            if not math.isfinite(value):
                raise TrainingError(
                    f"batch {number}: the {name} is {value}; expected a finite number: try a lower learning_rate"
                )
        optimizer.step()
        loss_sum, hits, residues = loss_sum + loss.item(), hits + batch_hits, residues + scored
        norm_sum, steps = norm_sum + norm, steps + 1
    if not steps:
        raise TrainingError("no scored residue in the batches; expected at least one")
    return TrainScore(loss_sum / residues, hits / residues, norm_sum / steps)


def validate(model: nn.Module, batches: Iterable[Batch], *, class_weights: Tensor | None = None) -> Score:
    """Score a model on its device without changing it; parameters as in :func:`train_epoch`.

    >>> from pssp_tutorial import BiLSTM, ProteinRecord, make_loader
    >>> validate(BiLSTM(hidden_size=4), make_loader([ProteinRecord("one", "GAKKL", "CHHHC")])).loss > 0
    True
    """
    device = next(model.parameters()).device
    twin = evaluation_twin(model)
    loss_sum, hits, residues = 0.0, 0, 0
    with torch.inference_mode():
        for batch in batches:
            loss, batch_hits = _score(twin, batch.to(device), class_weights)
            loss_sum, hits, residues = loss_sum + loss.item(), hits + batch_hits, residues + int(batch.mask.sum())
    if not residues:
        raise TrainingError("no scored residue in the batches; expected at least one")
    return Score(loss_sum / residues, hits / residues)


def _score(
    model: nn.Module, batch: Batch, class_weights: Tensor | None, objective: Objective | None = None
) -> tuple[Tensor, int]:
    """Sum of the loss, and number of hits, over the scored residues of a batch."""
    if objective is not None:
        loss, logits = objective(model, batch)
    else:
        logits = model(batch.inputs, batch.lengths).float()  # [batch, length, class]; a sum needs 32 bits
        loss = cross_entropy(
            logits.flatten(0, 1), batch.labels.flatten(), class_weights, ignore_index=IGNORE_INDEX, reduction="sum"
        )
    return loss, int((logits.argmax(dim=-1) == batch.labels).sum())
