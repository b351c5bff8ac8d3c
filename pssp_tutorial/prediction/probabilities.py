"""From a batch to the probabilities of each of its proteins (chapter 5)."""

from functools import cache

import numpy as np
import torch
from torch import nn

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.prediction.prediction import InferenceError
from pssp_tutorial.proteins.alphabet import REDUCTIONS, STATES3, STATES8


def probabilities_of(model: nn.Module, batch: Batch, classes: int, reduction: str = "default") -> list[np.ndarray]:
    """Probabilities of each protein of a batch, without its padding: float32[length, class] each.

    Those of a model of eight classes are summed by the reduction where three are asked for. The model is in evaluation
    mode. Raises InferenceError if it has fewer classes, or gives no numbers.
    """
    on_device = batch.to(next(model.parameters()).device)
    with torch.inference_mode():
        probabilities = model(on_device.inputs, on_device.lengths).float().softmax(dim=-1).cpu().numpy()
    if (found := probabilities.shape[2]) != classes:
        if (found, classes) != (len(STATES8), len(STATES3)):
            raise InferenceError(f"the model has {found} classes; expected {classes}, the number of states asked for")
        probabilities = probabilities @ _joined(reduction)
    proteins = [rows[:length].copy() for rows, length in zip(probabilities, batch.lengths.tolist(), strict=True)]
    for record_id, rows in zip(batch.ids, proteins, strict=True):
        if not np.isfinite(rows).all():
            raise InferenceError(f"{record_id}: the model gives nan; expected finite logits: are its weights sound?")
    return proteins


@cache
def _joined(reduction: str) -> np.ndarray:
    """1 where a state (row) becomes one of the three (column), else 0: float32[8, 3]."""
    table = REDUCTIONS[reduction]
    return np.array([[table[state] == target for target in STATES3] for state in STATES8], dtype=np.float32)
