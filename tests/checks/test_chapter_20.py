"""Answers to chapter 20's exercises that are nearly right: a grader that takes one of them teaches it."""

from collections.abc import Callable

import numpy as np
import pytest

from pssp_tutorial import checks
from pssp_tutorial.checks.chapter_20 import of_sets, rolled, runge_kutta, three_eighths

Step = Callable[..., np.ndarray]


def twice_in_order(change: Step, state: np.ndarray, step: float) -> np.ndarray:
    return runge_kutta(change, runge_kutta(change, state, step / 2), step / 2)


def sets_until_enough_windows(owners: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    order = generator.permutation(np.unique(owners))
    counted = np.cumsum([np.sum(owners == one) for one in order])
    return np.isin(owners, order[counted <= share * len(owners)])


def with_repeats(owners: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    sets = np.unique(owners)
    return np.isin(owners, generator.choice(sets, round(share * len(sets))))


WRONG: dict[str, tuple[str, Step]] = {
    "nothing moves": ("20_1", lambda change, state, step: state),
    "zero": ("20_1", lambda change, state, step: np.zeros_like(state)),
    "the slopes reversed": ("20_1", lambda change, state, step: runge_kutta(lambda x: change(x)[::-1], state, step)),
    "a half step": ("20_1", lambda change, state, step: runge_kutta(change, state, step / 2)),
    "two half steps": ("20_1", twice_in_order),
    "three eighths": ("20_1", three_eighths),
    "the last look": ("20_2", lambda predict, course, seen, ahead: np.repeat(course[seen - 1 : seen], ahead, axis=0)),
    "zeros": ("20_2", lambda predict, course, seen, ahead: np.zeros((ahead, course.shape[1]))),
    "turned": ("20_2", lambda predict, course, seen, ahead: rolled(predict, course, seen, ahead).T),
    "from one look less": ("20_2", lambda predict, course, seen, ahead: rolled(predict, course, seen - 1, ahead)),
    "one look late": ("20_2", lambda predict, course, seen, ahead: rolled(predict, course, seen, ahead + 1)[1:]),
    "the last two looks only": (
        "20_2",
        lambda predict, course, seen, ahead: rolled(predict, course[seen - 2 :], 2, ahead),
    ),
    "no test": ("20_3", lambda owners, share, generator: np.zeros(len(owners), dtype=bool)),
    "all test": ("20_3", lambda owners, share, generator: np.ones(len(owners), dtype=bool)),
    "numbers": ("20_3", lambda owners, share, generator: of_sets(owners, share, generator).astype(int)),
    "a row each": ("20_3", lambda owners, share, generator: of_sets(owners, share, generator)[:, None]),
    "one set less": ("20_3", lambda owners, share, generator: of_sets(owners, share - 0.05, generator)),
    "sets until enough windows": ("20_3", sets_until_enough_windows),
    "drawn with repeats": ("20_3", with_repeats),
}


@pytest.mark.parametrize("name", WRONG)
def test_nearly_right_is_wrong(name: str) -> None:
    """Each of them is right in one way, in kind, shape or size, and was accepted or might be."""
    exercise, answer = WRONG[name]
    assert not getattr(checks, f"exercise_{exercise}")(answer).passed
