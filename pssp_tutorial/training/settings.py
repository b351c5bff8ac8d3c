"""The settings of a training run, which check themselves (chapter 6)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Real
from typing import Literal, TypedDict

from pssp_tutorial.training.stopping import EarlyStopping, TrainingError

Mode = Literal["min", "max"]
Schedule = Literal["cosine", "plateau"]

MODES: dict[str, Mode] = {"train_loss": "min", "train_accuracy": "max", "val_loss": "min", "val_accuracy": "max"}


class FitOptions(TypedDict, total=False):
    """The fields of :class:`FitSettings`, as keywords of :func:`~pssp_tutorial.fit`."""

    max_epochs: int
    patience: int
    min_delta: float
    monitor: str
    mode: Mode | None
    learning_rate: float
    schedule: Schedule | None
    warmup_epochs: float
    weight_decay: float
    clip_norm: float
    class_weights: Sequence[float] | None
    average: float
    bfloat16: bool
    seed: int


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """When training stops, and how it takes its steps.

    Parameters
    ----------
    max_epochs, patience, min_delta
        When to stop: see :class:`EarlyStopping`.
    monitor : str
        The column of the history that decides: a loss, an accuracy, or a score of your own, ``val_`` and its name.
    mode : {"min", "max"}, optional
        Whether the smallest or the largest is best. Left out: the smallest loss, the largest accuracy.
    learning_rate : float
        Largest rate. It stays; or with ``schedule="cosine"`` it falls to 0 at ``max_epochs``; or with ``"plateau"``
        it halves after each epoch that was not better. During ``warmup_epochs`` it rises from 0.
    weight_decay, clip_norm
        Of AdamW; the norm to which a longer gradient is scaled down.
    class_weights : sequence of float, optional
        Factors on the loss of each true class, in training and in validation.
    average : float
        Decay of a running mean of the weights, such as 0.999; the mean is validated, kept and returned. 0: none.
    bfloat16 : bool
        Compute with 16 bits where PyTorch deems it safe: faster. A device without bfloat16 computes with 32 bits.
    seed : int
        Dropout draws from it.

    Raises TrainingError for a setting outside these.

    >>> FitSettings(max_epochs=5, schedule="cosine").direction
    'min'
    """

    max_epochs: int = 20
    patience: int = 3
    min_delta: float = 0.0
    monitor: str = "val_loss"
    mode: Mode | None = None
    learning_rate: float = 2e-3
    schedule: Schedule | None = None
    warmup_epochs: float = 0.0
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    class_weights: Sequence[float] | None = None
    average: float = 0.0
    bfloat16: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for one in fields(self):
            if isinstance(one.default, int | float) and not isinstance(getattr(self, one.name), Real):
                raise TrainingError(f"{one.name} is {getattr(self, one.name)!r}; expected a number")
        if self.class_weights is not None:
            try:
                object.__setattr__(self, "class_weights", [float(weight) for weight in self.class_weights])
            except (TypeError, ValueError) as error:
                raise TrainingError(f"class_weights are {self.class_weights!r}; expected numbers") from error
        if self.schedule not in (None, "cosine", "plateau"):
            raise TrainingError(f"schedule is {self.schedule!r}; expected one of None, 'cosine', 'plateau'")
        for name in ("max_epochs", "learning_rate", "clip_norm"):
            if not getattr(self, name) > 0:
                raise TrainingError(f"{name} is {getattr(self, name)}; expected more than 0")
        for name in ("max_epochs", "seed"):
            if getattr(self, name) % 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; expected a whole number")
        for name in ("warmup_epochs", "weight_decay", "seed"):
            if not getattr(self, name) >= 0:
                raise TrainingError(f"{name} is {getattr(self, name)}; expected 0 or more")
        if not 0 <= self.average < 1:
            raise TrainingError(f"average is {self.average}; expected a decay from 0 to below 1")
        if self.class_weights is not None and not min(self.class_weights, default=0) >= 0:
            raise TrainingError(f"class_weights are {self.class_weights}; expected 0 or more")
        self.stopper()  # which checks the rest

    @property
    def direction(self) -> Mode | None:
        """Whether the smallest or the largest value of ``monitor`` is best; None where that is not said."""
        return self.mode or MODES.get(self.monitor)

    def rate(self, done: float, misses: int = 0) -> float:
        """The learning rate when so many epochs are done, a fraction among them, and so many were not better.

        >>> settings = FitSettings(learning_rate=0.01, schedule="cosine", max_epochs=10, warmup_epochs=2)
        >>> [round(settings.rate(done), 4) for done in (0, 1, 2, 5, 10)]
        [0.0, 0.0049, 0.009, 0.005, 0.0]
        """
        factor = 1.0
        if self.schedule == "cosine":
            factor = (1 + math.cos(math.pi * done / self.max_epochs)) / 2
        elif self.schedule == "plateau":
            factor = 0.5**misses
        warmth = min(1.0, done / self.warmup_epochs) if self.warmup_epochs else 1.0
        return self.learning_rate * warmth * factor

    def stopper(self) -> EarlyStopping:
        """Early stopping with these settings."""
        return EarlyStopping(self.patience, self.min_delta, self.direction or "min")
