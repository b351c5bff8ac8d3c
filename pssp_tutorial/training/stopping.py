"""When to stop training, and which weights to keep (chapter 6)."""

import math
from typing import Any, Literal

from torch import Tensor, nn

from pssp_tutorial.core.errors import PSSPError


class TrainingError(PSSPError):
    """A run that can't begin, go on or be resumed."""


class EarlyStopping:
    """Stop when a score on the validation set has not got better for ``patience`` epochs in a row.

    Better means by more than ``min_delta``: a tie does not count, and nan never does. The weights of the best
    epoch are copied, for :meth:`restore`.

    ``patience`` is 1 or more; ``min_delta``, in the unit of the score, 0 or more. ``mode`` says whether a smaller score
    (a loss, ``"min"``) or a larger one (an accuracy, ``"max"``) is better.

    The attributes ``epoch``, ``best_epoch`` (counted from 1) and ``misses`` (epochs that were not better) tell how it
    went. Raises TrainingError for a setting outside these.

    Source: Prechelt 1998, doi 10.1007/3-540-49430-8_3.

    >>> stopper = EarlyStopping(patience=2)
    >>> [stopper.update(loss) for loss in (0.9, 0.8, 0.8, 0.85)]
    [False, False, False, True]
    >>> stopper.best, stopper.best_epoch
    (0.8, 2)
    """

    def __init__(self, patience: int = 3, min_delta: float = 0.0, mode: Literal["min", "max"] = "min") -> None:
        if patience < 1:
            raise TrainingError(f"patience is {patience}; expected 1 or more")
        if not min_delta >= 0:
            raise TrainingError(f"min_delta is {min_delta}; expected 0 or more")
        if mode not in ("min", "max"):
            raise TrainingError(f"mode is {mode!r}; expected 'min' or 'max'")
        self.patience, self.min_delta, self.mode = patience, min_delta, mode
        self.best = math.inf if mode == "min" else -math.inf
        self.epoch = self.best_epoch = self.misses = 0
        self.weights: dict[str, Tensor] | None = None

    @property
    def waited(self) -> int:
        """Epochs since the best one."""
        return self.epoch - self.best_epoch

    @property
    def stopped(self) -> bool:
        """Whether patience has run out."""
        return self.waited >= self.patience

    def update(self, value: float, model: nn.Module | None = None) -> bool:
        """Take the score of one more epoch, and the model that reached it; True means stop."""
        self.epoch += 1
        gain = self.best - value if self.mode == "min" else value - self.best
        if gain > self.min_delta:
            self.best, self.best_epoch = value, self.epoch
            if model is not None:
                self.weights = {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
        else:
            self.misses += 1
        return self.stopped

    def restore(self, model: nn.Module) -> None:
        """Put the best epoch's weights into the model; before any epoch was best, leave it as it is."""
        if self.weights is not None:
            model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs to keep."""
        return {name: getattr(self, name) for name in ("best", "epoch", "best_epoch", "misses", "weights")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`state_dict` gave."""
        for name, value in state.items():
            setattr(self, name, value)
