"""Forty looks ahead at the repressilator: a line, an LSTM, and the mechanism itself, fitted (chapter 20)."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import least_squares
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, timed, trained
from pssp_tutorial.applications.trajectories import TRAJECTORY_REGIONS, Trajectories, TrajectoryScale

SEEN, PAST, FITTED, STARTS, STEP, NOISE = 20, 8, 10, 8, 1e-6, 0.05
LOW, HIGH = np.array([10, 1.1, 20, 1.2, 5, 0.3]), np.array([32, 3, 70, 3.2, 35, 0.7])
"""Bounds of the fitted parameters; the leak through a closed promoter is taken as published."""

LOOPING = pssp.FitSettings(max_epochs=30, patience=6, learning_rate=2e-3)
SOLVER_STEPS = (0.25, 0.5, 1.0, 2.0, 2.5, 5.0)


def straight_on(train: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Vector autoregression, fed with its own answers."""
    times = range(PAST, train.shape[1])
    past = np.concatenate([train[:, at - PAST : at].reshape(len(train), -1) for at in times])
    model = Ridge(1.0).fit(past, np.concatenate([train[:, at] for at in times]))
    known = values[:, :SEEN]
    for _ in range(values.shape[1] - SEEN):
        following = model.predict(known[:, -PAST:].reshape(len(known), -1))
        known = np.concatenate([known, following[:, None]], axis=1)
    return known[:, SEEN:]


def straight_to_the_rest(train: np.ndarray, val: np.ndarray, values: np.ndarray) -> np.ndarray:
    """All looks ahead at once, linear in all that was seen; how strongly it is held back is chosen on val."""
    fits = [Ridge(strength).fit(*halves(train)) for strength in (0.1, 1.0, 10.0, 100.0, 1000.0)]
    return of_the_best(fits, val, values)


def looked_up(train: np.ndarray, val: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean of what the nearest training courses did next; how many is chosen on val."""
    fits = [KNeighborsRegressor(count).fit(*halves(train)) for count in (1, 2, 4, 8, 16, 32)]
    return of_the_best(fits, val, values)


def of_the_best(fits: list[Any], val: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The forecasts of the fit that errs least on val."""
    seen, rest = halves(val)
    best = min(fits, key=lambda fit: pssp.rmse(rest, fit.predict(seen)))
    return best.predict(halves(values)[0]).reshape(len(values), -1, values.shape[2])


def halves(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is seen of each course, and what follows, each as one row."""
    return values[:, :SEEN].reshape(len(values), -1), values[:, SEEN:].reshape(len(values), -1)


def fitted(values: np.ndarray, scale: TrajectoryScale, seed: int) -> np.ndarray:
    """The mechanism's own parameters and start, by least squares from up to eight starts; what follows from it."""
    generator = np.random.default_rng(seed)
    low, high = np.append(LOW, np.zeros(6)), np.append(HIGH, [4.0] * 3 + [9.0] * 3)
    first = np.clip(values[0].astype(float) * scale.spread + scale.mean, 0.01, 8.9)

    def courses(guesses: np.ndarray, samples: int) -> np.ndarray:
        parameters = np.column_stack([guesses[:, :6], np.full(len(guesses), 0.0005)])
        found = pssp.simulate_repressilator(parameters, np.expm1(guesses[:, 6:]), samples=samples, step=2.0)
        return (np.log1p(np.maximum(found[:, :, 3:], 0)) - scale.mean) / scale.spread

    def errors(guess: np.ndarray) -> np.ndarray:
        return (courses(guess[None], SEEN)[0] - values[:SEEN]).ravel()

    def slopes(guess: np.ndarray) -> np.ndarray:
        """By small changes, all simulated at once."""
        sizes = np.where(guess + STEP * (high - low) > high, -STEP, STEP) * (high - low)
        found = courses(np.vstack([guess, guess + np.diag(sizes)]), SEEN).reshape(len(guess) + 1, -1)
        return ((found[1:] - found[0]) / sizes[:, None]).T

    fits = []
    for _ in range(STARTS):
        start = np.concatenate([generator.uniform(LOW, HIGH), generator.uniform(0, 3, 3), first])
        fits.append(least_squares(errors, start, jac=slopes, bounds=(low, high), max_nfev=40))
        if 2 * fits[-1].cost / fits[-1].fun.size < (2 * NOISE / scale.spread) ** 2:
            break  # what is left is noise
    return courses(min(fits, key=lambda fit: fit.cost).x[None], len(values))[0, SEEN:]


def systems() -> None:
    """Writes applications_systems.json."""
    courses = pssp.load_trajectories()
    scale = TrajectoryScale.of(courses["train"])
    loaders = {name: pssp.trajectory_loader(courses[name], scale, seed=9) for name in ("val", *TRAJECTORY_REGIONS)}
    train = whole(courses["train"], pssp.trajectory_loader(courses["train"], scale), scale)
    val = whole(courses["val"], loaders["val"], scale)
    models, seconds, epochs = [], {}, []
    for seed in SEEDS:
        model, first = trained(
            lambda: pssp.Forecaster(3, 64),
            lambda seed: pssp.trajectory_loader(courses["train"], scale, seed=seed),
            loaders["val"],
            seed,
            max_epochs=30,
            patience=6,
            learning_rate=5e-3,
        )
        model.seen = SEEN
        started = time.process_time()
        closed = pssp.trajectory_loader(courses["train"], scale, seed=seed)
        history = pssp.fit(model, closed, loaders["val"], LOOPING, seed=seed, progress=False)
        seconds["LSTM, training"] = first + time.process_time() - started
        epochs.append([len(history.rows), history.best_epoch])
        models.append(model)
    tests = whole(courses["test"], loaders["test"], scale)
    seconds["nearest courses"] = timed(lambda: looked_up(train, val, tests))[1]
    values = {
        name: region_scores(courses[name], loaders[name], (train, val), scale, models) for name in TRAJECTORY_REGIONS
    }
    speed = speeds(courses["test"], models[0], loaders["test"], scale)
    unit = {"mean": scale.mean, "spread": scale.spread}
    save("systems", values | {"seconds": seconds, "speed": speed, "scale": unit, "epochs_and_best": epochs})


def whole(part: Trajectories, loader: pssp.SequenceLoader, scale: TrajectoryScale) -> np.ndarray:
    """Noisy where the network reads, and without noise from there on: what is to be predicted."""
    exact = scale.apply(part.proteins)
    noisy = np.stack([one.numpy() for one in loader.inputs])
    return np.concatenate([noisy[:, :SEEN], exact[:, SEEN:]], axis=1)


def region_scores(
    part: Trajectories,
    loader: pssp.SequenceLoader,
    known: tuple[np.ndarray, np.ndarray],
    scale: TrajectoryScale,
    models: list[pssp.Forecaster],
) -> dict[str, Any]:
    values, (train, val) = whole(part, loader, scale), known
    truth = values[:, SEEN:]
    found = {
        "mean": [np.zeros_like(truth)],
        "last value": [np.repeat(values[:, SEEN - 1 : SEEN], truth.shape[1], axis=1)],
        "autoregression": [straight_on(train, values)],
        "regression": [straight_to_the_rest(train, val, values)],
        "nearest courses": [looked_up(train, val, values)],
        "LSTM": [np.stack(pssp.outputs_in_order(model, loader))[:, SEEN - 1 :] for model in models],
    }

    def score(rows: np.ndarray, one: np.ndarray) -> float:
        return pssp.rmse(truth[rows], one[rows])

    all_sets = summarise(found, score, np.arange(len(truth)))
    few = {name: [one[:FITTED] for one in ones] for name, ones in found.items()}
    fits, seconds = timed(lambda: np.stack([fitted(values[row], scale, row) for row in range(FITTED)]))
    few["fitted mechanism"] = [fits]

    def few_score(rows: np.ndarray, one: np.ndarray) -> float:
        return pssp.rmse(truth[:FITTED][rows], one[rows])

    return {
        "rmse": all_sets,
        "by_look": {
            name: np.mean([np.sqrt(((one - truth) ** 2).mean(axis=(0, 2))) for one in ones], axis=0)
            for name, ones in found.items()
        },
        "with_fits": summarise(few, few_score, np.arange(FITTED)),
        "seconds_per_fit": seconds / FITTED,
        "median_of_fits": np.median(np.sqrt(((fits - truth[:FITTED]) ** 2).mean(axis=(1, 2)))),
    }


def speeds(
    part: Trajectories, model: pssp.Forecaster, loader: pssp.SequenceLoader, scale: TrajectoryScale
) -> dict[str, Any]:
    """Seconds for a course, of many at once and of one alone, best of three; the solver's errors at longer steps."""

    def best(function: Callable[[], Any]) -> float:
        return min(timed(function)[1] for _ in range(3))

    def solved(count: int, step: float) -> np.ndarray:
        return pssp.simulate_repressilator(part.parameters[:count], part.initial[:count], step=step)[:, :, 3:]

    many, exact = len(part), scale.apply(part.proteins)[:, SEEN:]
    alone = pssp.SequenceLoader([loader.inputs[0]], [loader.labels[0]])
    return {
        "network": {
            "of_many": best(lambda: pssp.outputs_in_order(model, loader, many)) / many,
            "alone": best(lambda: pssp.outputs_in_order(model, alone)),
        },
        "solver": {
            f"{step:g} minutes".replace(".", "_"): {
                "of_many": best(lambda step=step: solved(many, step)) / many,
                "alone": best(lambda step=step: solved(1, step)),
                "rmse": pssp.rmse(exact, scale.apply(solved(many, step))[:, SEEN:]),
            }
            for step in SOLVER_STEPS
        },
    }
