"""The next value of a gene, and the second half of its course: in an experiment and for genes left out (chapter 18).

Courses are counted from the mean of their first six times. In the file each is counted from its mean over the whole
experiment; what that leak is worth is measured too. About two minutes.
"""

import numpy as np
from sklearn.linear_model import Ridge

import pssp_tutorial as pssp
from application_parts.common import SEEDS, Score, save, summarise, timed, trained
from pssp_tutorial.applications.expression import EXPERIMENTS, START, Courses, Expression, ExpressionSplit

Told = dict[str, list[np.ndarray]]
"""By method, for each seed: float[gene, time from START on]."""


def autoregression(split: ExpressionSplit) -> Ridge:
    rows = [
        (part.values[part.observed[:, at], at - START : at], part.values[part.observed[:, at], at])
        for part in split.train
        for at in range(START, part.values.shape[1])
    ]
    return Ridge(10.0).fit(*map(np.concatenate, zip(*rows, strict=True)))


def step_by_step(model: Ridge, values: np.ndarray, seen: int | None = None) -> np.ndarray:
    """What it says of each time from START on; past ``seen`` it reads its own answers."""
    known, answers = values.copy(), []
    for at in range(START, values.shape[1]):
        answers.append(model.predict(known[:, at - START : at]))
        if seen is not None and at >= seen:
            known[:, at] = answers[-1]
    return np.stack(answers, axis=1)


def mean_so_far(values: np.ndarray) -> np.ndarray:
    return (np.cumsum(values, axis=1) / np.arange(1, values.shape[1] + 1))[:, START - 1 : -1]


def peeking_mean(expression: Expression, test: Courses, peek: Courses, half: int) -> np.ndarray:
    """The leak: the mean of the training genes of the same phase, in the test experiment itself.

    It is moved up or down so that it fits the gene in the half that is read.
    """
    phases = np.array(expression.phases)
    means = {phase: peek.values[phases[peek.genes] == phase].mean(axis=0) for phase in set(expression.phases)}
    shape = np.stack([means[phase] for phase in phases[test.genes]])
    level = (test.values - shape)[:, :half].mean(axis=1, keepdims=True)
    return (shape + level)[:, START:]


def network_answers(split: ExpressionSplit, half: int, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    model, seconds = trained(
        lambda: pssp.Forecaster(1, 32, dropout=0.2),
        lambda seed: pssp.course_loader(split.train, seed=seed),
        pssp.course_loader(split.val),
        seed,
        max_epochs=40,
        patience=8,
        learning_rate=5e-3,
    )
    answers = []
    for model.seen in (None, half):
        told = pssp.outputs_in_order(model, pssp.course_loader([split.test]))
        answers.append(np.stack([one.numpy()[:, 0] for one in told])[:, START - 1 :])
    return *answers, seconds


def both_models(split: ExpressionSplit, half: int) -> tuple[Told, Told, dict[str, float]]:
    """The regression and the networks: the next values, rolled out from the half, and the seconds to train."""
    model, fitting = timed(lambda: autoregression(split))
    runs = [network_answers(split, half, seed) for seed in SEEDS]
    values = split.test.values
    one_step = {"autoregression": [step_by_step(model, values)], "LSTM": [one[0] for one in runs]}
    rolled = {"autoregression": [step_by_step(model, values, half)], "LSTM": [one[1] for one in runs]}
    return one_step, rolled, {"autoregression": fitting, "LSTM": runs[-1][2]}


def wanted(test: Courses) -> np.ndarray:
    return np.where(test.observed, test.values, np.nan)[:, START:]


def late_only(told: Told, half: int) -> Told:
    return {name: [one[:, half - START :] for one in found] for name, found in told.items()}


def held_out(expression: Expression, experiment: str) -> dict:
    split = pssp.hold_out_experiment(expression, experiment)
    values, half, expected = split.test.values, split.test.values.shape[1] // 2, wanted(split.test)
    one_step, rolled, seconds = both_models(split, half)
    so_far, ahead = mean_so_far(values), values.shape[1] - START
    one_step = {
        "mean so far": [so_far],
        "last value": [values[:, START - 1 : -1]],
        **one_step,
    }
    rolled = {
        "mean so far": [np.repeat(so_far[:, half - START, None], ahead, axis=1)],
        "last value": [np.repeat(values[:, half - 1, None], ahead, axis=1)],
        "same phase, same experiment": [peeking_mean(expression, split.test, split.peek, half)],
        **rolled,
    }
    rolled = late_only(rolled, half)
    late = expected[:, half - START :]
    return {
        "one_step": summarise(one_step, scorer(expected), split.test.genes),
        "rolled_out": summarise(rolled, scorer(late), split.test.genes),
        "growth": {
            name: [pssp.rmse(late[:, at], found[0][:, at]) for at in range(late.shape[1])]
            for name, found in rolled.items()
        },
        "seconds": seconds,
        "as_in_the_file": whole_means(expression, experiment, half, late, rolled),
    }


def whole_means(expression: Expression, experiment: str, half: int, late: np.ndarray, fair: Told) -> dict:
    """The leak: each course counted from its mean over the whole experiment, as it comes; rolled out again."""
    split = pssp.hold_out_experiment(expression, experiment, start=None)
    _, rolled, _ = both_models(split, half)
    shift = np.nanmean(late - wanted(split.test)[:, half - START :], axis=1, keepdims=True)
    leaky = {name: [one + shift for one in found] for name, found in late_only(rolled, half).items()}
    leaky["mean of the whole course"] = [np.broadcast_to(shift, late.shape)]
    pairs = {"mean of the whole course": "mean so far", "autoregression": "autoregression", "LSTM": "LSTM"}
    return {
        name: summarise({"as in the file": leaky[name], "from its start": fair[rival]}, scorer(late), split.test.genes)
        for name, rival in pairs.items()
    }


def scorer(expected: np.ndarray) -> Score:
    def score(rows: np.ndarray, one: np.ndarray) -> float:
        return pssp.rmse(expected[rows], one[rows])

    return score


def expression() -> None:
    """Writes applications_expression.json."""
    data = pssp.load_expression()
    save("expression", {experiment: held_out(data, experiment) for experiment in EXPERIMENTS})
