"""Graders of the book's exercises, and its quizzes.

``checks.exercise_2_1(my_function)`` says what is right, what is wrong, and gives a hint that fits the mistake. It runs
offline, in a second or so, and never raises for what the answer does.

>>> from pssp_tutorial import checks
>>> checks.exercise_2_1(lambda channels, hidden: channels * hidden).passed
False
>>> checks.EXERCISES[0]
'exercise_1_1'
"""

from importlib import import_module
from typing import Any

_COUNTS = {
    1: 5,
    2: 6,
    3: 4,
    4: 4,
    5: 4,
    6: 4,
    7: 4,
    8: 3,
    9: 4,
    10: 3,
    11: 4,
    12: 3,
    13: 3,
    14: 3,
    15: 3,
    17: 3,
    18: 3,
    19: 3,
    20: 3,
    21: 3,
}
_HOME = {
    f"exercise_{chapter}_{number}": f"chapter_{chapter}"
    for chapter, count in _COUNTS.items()
    for number in range(1, count + 1)
}
EXERCISES = tuple(_HOME)
_HOME |= {"Verdict": "verdict", "Quiz": "quizzes", "quiz": "quizzes", "read_verdicts": "verdict"}
__all__ = [*sorted(_HOME), "EXERCISES"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
