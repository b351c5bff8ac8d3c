"""Graders of chapter 20: simulating biological systems."""

from collections.abc import Callable

import numpy as np

from pssp_tutorial.checks.grading import Cases, Observations, by_cases, by_observation, present

Change = Callable[[np.ndarray], np.ndarray]


def decay(state: np.ndarray) -> np.ndarray:
    return -0.3 * state


def turning(state: np.ndarray) -> np.ndarray:
    return np.array([state[1], -state[0]])


def braked(state: np.ndarray) -> np.ndarray:
    """Two genes, each switched off by the other's protein: not in proportion to anything."""
    return 2 / (1 + state[::-1] ** 2) - 0.5 * state


def steps() -> Cases:
    return {
        "a decay": (decay, np.array([10.0]), 1.0),
        "two genes that brake each other": (braked, np.array([0.3, 1.2]), 0.8),
        "a circle": (turning, np.array([1.0, 0.0]), 0.5),
        "a step of no length": (decay, np.array([2.0, 3.0]), 0.0),
    }


def runge_kutta(change: Change, state: np.ndarray, step: float) -> np.ndarray:
    one = change(state)
    two = change(state + step / 2 * one)
    three = change(state + step / 2 * two)
    four = change(state + step * three)
    return state + step / 6 * (one + 2 * two + 2 * three + four)


def from_one(change: Change, state: np.ndarray, step: float) -> np.ndarray:
    one = change(state)
    two = three = change(state + step / 2 * one)
    four = change(state + step * three)
    return state + step / 6 * (one + 2 * two + 2 * three + four)


def whole_steps(change: Change, state: np.ndarray, step: float) -> np.ndarray:
    one = change(state)
    two = change(state + step * one)
    three = change(state + step * two)
    four = change(state + step * three)
    return state + step / 6 * (one + 2 * two + 2 * three + four)


def equal_weights(change: Change, state: np.ndarray, step: float) -> np.ndarray:
    one = change(state)
    two = change(state + step / 2 * one)
    three = change(state + step / 2 * two)
    four = change(state + step * three)
    return state + step / 4 * (one + two + three + four)


def three_eighths(change: Change, state: np.ndarray, step: float) -> np.ndarray:
    one = change(state)
    two = change(state + step / 3 * one)
    three = change(state + step * (two - one / 3))
    four = change(state + step * (one - two + three))
    return state + step / 8 * (one + 3 * two + 3 * three + four)


@by_cases(
    "20.1",
    cases=steps,
    mistakes={
        "That is Euler's step: it trusts the slope at the start for the whole step. Look three times more.": (
            lambda change, state, step: state + step * change(state)
        ),
        "That is the midpoint rule, of order 2. Two more slopes make it order 4.": (
            lambda change, state, step: state + step * change(state + step / 2 * change(state))
        ),
        "The third slope is taken where the second one leads, not where the first one led again.": from_one,
        "The second and third slopes are taken half a step ahead, not a whole one.": whole_steps,
        "The four slopes count one, two, two, one: the sum is divided by six.": equal_weights,
        "That is another method of order 4, with looks at each third of a step. Here, take the middle twice.": (
            three_eighths
        ),
        "You return how far the state moves. Add it to the state.": (
            lambda change, state, step: runge_kutta(change, state, step) - state
        ),
    },
    hint="Four slopes: at the start, twice half a step ahead, and a whole step ahead. They count one, two, two, one.",
)
def exercise_20_1(change: Change, state: np.ndarray, step: float) -> np.ndarray:
    """``follow(change, state, step)``: the state one step of Runge and Kutta's method of order 4 later.

    ``change(state)`` is how fast each entry changes.
    """
    return runge_kutta(change, state, step)


Predict = Callable[[np.ndarray], np.ndarray]


def drift(course: np.ndarray) -> np.ndarray:
    """The next look from all so far: the last, moved by half of its last step."""
    return course[-1] + 0.5 * (course[-1] - course[-2])


def growth(course: np.ndarray) -> np.ndarray:
    return course[-1] + 0.1 * len(course)


def homesick(course: np.ndarray) -> np.ndarray:
    return 0.5 * (course[-1] + course[0])


def courses() -> Cases:
    values = np.random.default_rng(0).normal(size=(9, 3)).cumsum(axis=0)
    return {
        "four looks ahead": (drift, values, 5, 4),
        "one look ahead": (drift, values, 6, 1),
        "a predictor that counts the looks": (growth, values[:, :1], 4, 5),
        "a predictor that remembers the first look": (homesick, values, 3, 3),
        "a course that ends with what was seen": (drift, values[:4], 4, 2),
    }


def rolled(predict: Predict, course: np.ndarray, seen: int, ahead: int, *, whole: bool = False) -> np.ndarray:
    known = course[:seen]
    for _ in range(ahead):
        known = np.concatenate([known, predict(known)[None]])
    return known if whole else known[seen:]


def with_the_truth(predict: Predict, course: np.ndarray, seen: int, ahead: int) -> np.ndarray:
    return np.stack([predict(course[: seen + step]) for step in range(ahead)])


def never_fed(predict: Predict, course: np.ndarray, seen: int, ahead: int) -> np.ndarray:
    return np.stack([predict(course[:seen])] * ahead)


@by_cases(
    "20.2",
    cases=courses,
    mistakes={
        "You predict each look from the true ones before it. From the second on, these are what you want to know.": (
            with_the_truth
        ),
        "The predictor never sees its own answers: append each one before you ask for the next.": never_fed,
        "You return what was seen as well. Leave the first `seen` looks out.": (
            lambda predict, course, seen, ahead: rolled(predict, course, seen, ahead, whole=True)
        ),
        "You go one look too far.": lambda predict, course, seen, ahead: rolled(predict, course, seen, ahead + 1),
    },
    hint="Begin with `course[:seen]`; `ahead` times, predict from all that you have and append the answer.",
)
def exercise_20_2(predict: Predict, course: np.ndarray, seen: int, ahead: int) -> np.ndarray:
    """``roll_out(predict, course, seen, ahead)``: what comes after the looks that were seen, [ahead, channel].

    ``course`` is [look, channel]; ``predict(looks)`` gives the next look, [channel], from all looks so far.
    """
    return rolled(predict, course, seen, ahead)


Split = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def of_windows(owners: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    return generator.random(len(owners)) < share


def of_sets(owners: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    different = np.unique(owners)
    chosen = generator.choice(different, round(share * len(different)), replace=False)
    return np.isin(owners, chosen)


def first_sets(owners: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    different = np.unique(owners)
    return np.isin(owners, different[: round(share * len(different))])


def turned_round(owners: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    return ~of_sets(owners, share, generator)


def as_numpy_pleases(owners: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    return of_sets(owners, share, np.random.default_rng())


def always_four(owners: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    return np.isin(owners, generator.choice(np.unique(owners), 4, replace=False))


LEAK = "A parameter set has windows on both sides. Draw among the different owners, then take all windows of these."
FIXED = "Your test sets are the same for every generator. Draw them with `generator`."
OWN = "The same generator must give the same split: draw with `generator`, and with nothing else."
TURNED = "It is the other way round: True is for test."
SHARE = "The share is of the parameter sets: `round(share * number of sets)` of them are for test."
KIND = "Return one bool for each window, True where it is for test."


@by_observation(
    "20.3",
    mistakes={
        LEAK: of_windows,
        FIXED: first_sets,
        OWN: as_numpy_pleases,
        TURNED: turned_round,
        SHARE: always_four,
        KIND: lambda owners, share, generator: owners,
    },
)
def exercise_20_3(for_test: Split) -> Observations:
    """``for_test(owners, share, generator)``: bool for each window, whether it is for test.

    ``owners`` says for each window which parameter set it was cut from; ``share`` of the sets are for test, drawn with
    a ``numpy.random.Generator``, and no set has windows on both sides.
    """
    owners = np.random.default_rng(0).permutation(np.repeat(np.arange(100, 120), np.arange(11, 51, 2)))

    def split(share: float, seed: int) -> np.ndarray:
        return np.asarray(present(for_test(owners.copy(), share, np.random.default_rng(seed))))

    found = [split(0.2, seed) for seed in range(4)]
    right_kind = all(one.shape == owners.shape and one.dtype == bool for one in found)
    yield right_kind, "one bool for each window", KIND
    if not right_kind:
        return
    both = [np.intersect1d(owners[one], owners[~one]).size for one in found]
    yield not any(both), "no parameter set on both sides", LEAK
    counts = {len(np.unique(owners[one])) for one in found}
    yield counts == {4}, "4 of 20 parameter sets are for test", TURNED if counts == {16} else SHARE
    different = len({tuple(np.unique(owners[one])) for one in found}) > 1
    yield different, "another generator draws other sets", FIXED
    yield np.array_equal(split(0.2, 0), found[0]), "the same generator draws the same sets", OWN
    yield len(np.unique(owners[split(0.35, 5)])) == 7, "another share: 7 of 20", SHARE
