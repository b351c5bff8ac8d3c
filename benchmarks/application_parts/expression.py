"""The next value of a gene, and the second half of its course: in an experiment and for genes left out (chapter 18)."""

import numpy as np
from sklearn.linear_model import Ridge

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, timed, trained
from pssp_tutorial.applications.expression import EXPERIMENTS, Courses, Expression, ExpressionSplit

PAST = 6


def autoregression(split: ExpressionSplit) -> Ridge:
    rows = [
        (part.values[part.observed[:, at], at - PAST : at], part.values[part.observed[:, at], at])
        for part in split.train
        for at in range(PAST, part.values.shape[1])
    ]
    return Ridge(10.0).fit(*map(np.concatenate, zip(*rows, strict=True)))


def step_by_step(model: Ridge, values: np.ndarray, seen: int | None = None) -> np.ndarray:
    """What it says of each time from PAST on; past ``seen`` it reads its own answers."""
    known, answers = values.copy(), []
    for at in range(PAST, values.shape[1]):
        answers.append(model.predict(known[:, at - PAST : at]))
        if seen is not None and at >= seen:
            known[:, at] = answers[-1]
    return np.stack(answers, axis=1)


def peeking_mean(expression: Expression, test: Courses, peek: Courses) -> np.ndarray:
    """The leak: the mean of the training genes of the same phase, in the test experiment itself."""
    phases = np.array(expression.phases)
    means = {phase: peek.values[phases[peek.genes] == phase].mean(axis=0) for phase in set(expression.phases)}
    return np.stack([means[phase] for phase in phases[test.genes]])[:, PAST:]


def network_answers(split: ExpressionSplit, half: int, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    model, seconds = trained(
        lambda: pssp.Forecaster(1, 32, dropout=0.2),
        lambda seed: pssp.course_loader(split.train, seed=seed),
        pssp.course_loader(split.val, PAST),
        seed,
        max_epochs=40,
        patience=8,
        learning_rate=5e-3,
    )
    answers = []
    for model.seen in (None, half):
        told = pssp.outputs_in_order(model, pssp.course_loader([split.test]))
        answers.append(np.stack([one.numpy()[:, 0] for one in told])[:, PAST - 1 :])
    return *answers, seconds


def held_out(expression: Expression, experiment: str) -> dict:
    split = pssp.hold_out_experiment(expression, experiment)
    values, half = split.test.values, split.test.values.shape[1] // 2
    expected = np.where(split.test.observed, values, np.nan)[:, PAST:]
    model, fitting = timed(lambda: autoregression(split))
    late = slice(half - PAST, None)
    one_step = {
        "zero": [np.zeros_like(expected)],
        "last value": [values[:, PAST - 1 : -1]],
        "autoregression": [step_by_step(model, values)],
        "same phase, same experiment": [peeking_mean(expression, split.test, split.peek)],
    }
    rolled = {
        **one_step,
        "last value": [np.repeat(values[:, half - 1 : half], values.shape[1] - PAST, axis=1)],
        "autoregression": [step_by_step(model, values, half)],
    }
    one_step["LSTM"], rolled["LSTM"], seconds = [], [], 0.0
    for seed in SEEDS:
        open_loop, closed_loop, seconds = network_answers(split, half, seed)
        one_step["LSTM"].append(open_loop)
        rolled["LSTM"].append(closed_loop)
    rolled = {name: [one[:, late] for one in found] for name, found in rolled.items()}

    def score(rows: np.ndarray, one: np.ndarray) -> float:
        return pssp.rmse(expected[rows], one[rows])

    def late_score(rows: np.ndarray, one: np.ndarray) -> float:
        return pssp.rmse(expected[:, late][rows], one[rows])

    return {
        "one_step": summarise(one_step, score, split.test.genes),
        "rolled_out": summarise(rolled, late_score, split.test.genes),
        "growth": {
            name: [pssp.rmse(expected[:, late][:, at], found[0][:, at]) for at in range(found[0].shape[1])]
            for name, found in rolled.items()
        },
        "seconds": {"autoregression": fitting, "LSTM": seconds},
    }


def expression() -> None:
    """Writes applications_expression.json."""
    data = pssp.load_expression()
    save("expression", {experiment: held_out(data, experiment) for experiment in EXPERIMENTS})
