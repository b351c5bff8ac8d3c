"""The quantity that this room explains: the log-odds of a state at a residue (chapter 13)."""

import torch
from torch import Tensor

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alphabet import REDUCTIONS, STATES3, STATES8


class InsideError(PSSPError):
    """A question about a model that has no answer: a position outside the protein, a unit that is not there."""


def log_odds(logits: Tensor) -> Tensor:
    """ln p / (1 - p) of each state, [..., state], from the logits [..., class] of 3 or 8 classes.

    Logits are defined up to a constant that all classes share; log-odds are not, so they can be compared. Eight classes
    become H, E and C: their probabilities are summed, by the default reduction.

    >>> log_odds(torch.tensor([[5.0, 5.0, 5.0]])).exp()  # odds of 1 to 2
    tensor([[0.5000, 0.5000, 0.5000]])
    """
    if logits.shape[-1] not in (len(STATES3), len(STATES8)):
        raise InsideError(f"the model has {logits.shape[-1]} classes; expected 3 or 8")
    own = _members(logits.shape[-1]).to(logits.device)  # [state, class]
    spread = logits.unsqueeze(-2)  # [..., 1, class]
    inside = spread.masked_fill(~own, -torch.inf).logsumexp(dim=-1)
    outside = spread.masked_fill(own, -torch.inf).logsumexp(dim=-1)
    return inside - outside  # eq. (log-odds)


def _members(classes: int) -> Tensor:
    """Which classes make up which of the three states: bool[state, class]."""
    letters = STATES3 if classes == len(STATES3) else [REDUCTIONS["default"][state] for state in STATES8]
    return torch.tensor([[letter == state for letter in letters] for state in STATES3])
