"""How long a million residues take to score, segment overlap included, and the other measures of chapter 7.

    PSSP_RESULTS=benchmarks/results python benchmarks/metrics.py

5,000 proteins of 200 residues with segments of 1 to 9, of which the prediction draws one residue in five anew. Seconds
are the processor's, on one thread, the fastest of five rounds.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import pssp_tutorial as pssp
from pssp_tutorial.evaluation import bootstrap, scores

PROTEINS, LENGTH, ROUNDS = 5_000, 200, 5


def labels() -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(0)
    true = [np.repeat(rng.integers(0, 3, LENGTH), rng.integers(1, 10, LENGTH))[:LENGTH] for _ in range(PROTEINS)]
    guess = [np.where(rng.random(LENGTH) < 0.8, states, rng.integers(0, 3, LENGTH)) for states in true]
    return true, guess


def seconds(work: Callable[[], Any]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    true, guess = labels()
    report = pssp.Report.from_labels(true, guess)
    rng = np.random.default_rng(1)
    shares = rng.dirichlet([1, 1, 1], PROTEINS * LENGTH)
    drawn = (shares.cumsum(axis=1) > rng.random((PROTEINS * LENGTH, 1))).argmax(axis=1)
    values = {
        "residues": report.residues,
        "report_seconds": seconds(lambda: pssp.Report.from_labels(true, guess).table),
        "boundaries_seconds": seconds(lambda: pssp.segment_statistics(true, guess)),
        "calibration_seconds": seconds(lambda: pssp.reliability(shares, drawn).error),
        "temperature_seconds": seconds(lambda: pssp.fit_temperature(shares, drawn)),
        "interval_seconds": seconds(lambda: pssp.score_interval(report)),
        "interval_macro_f1_seconds": seconds(lambda: pssp.score_interval(report, lambda c: scores.f1(c).mean())),
    }
    for name, value in values.items():
        print(f"{name}: {value:,.3f}")
    context = {"seed": 0, "threads": 1, "proteins": PROTEINS, "draws": bootstrap.DRAWS, "rounds": ROUNDS}
    pssp.save_results("metrics", values, **context, command="make bench")


if __name__ == "__main__":
    main()
