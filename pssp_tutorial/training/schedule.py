"""How the learning rate changes during a run (chapter 6)."""

import math

from pssp_tutorial.training.settings import FitSettings


def learning_rate(settings: FitSettings, done: float, misses: int = 0) -> float:
    """The rate of a step, from the epochs that are done, a fraction among them, and how many of them were not better.

    >>> settings = FitSettings(learning_rate=0.01, schedule="cosine", max_epochs=10, warmup_epochs=2)
    >>> [round(learning_rate(settings, done), 4) for done in (0, 1, 2, 5, 10)]
    [0.0, 0.0049, 0.009, 0.005, 0.0]
    """
    factor = 1.0
    if settings.schedule == "cosine":
        factor = (1 + math.cos(math.pi * done / settings.max_epochs)) / 2
    elif settings.schedule == "plateau":
        factor = 0.5**misses
    warmth = min(1.0, done / settings.warmup_epochs) if settings.warmup_epochs else 1.0
    return settings.learning_rate * warmth * factor
