"""Chapter 20: what the short run of the surrogate, one fit of the mechanism each and the leak in the page say."""

from types import SimpleNamespace
from typing import Any

import numpy as np

CONTEXT = {"seed": 0, "training_sets": 2_000, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    speed, price = chapter.stored["speed"], chapter.parasite["speed"]
    solver = {count: min(row[count] for row in price["solver"].values()) for count in ("alone", "of_many")}
    together = chapter.parasite["seconds"]["simulation"] / sum(chapter.parasite["sizes"].values())
    return {
        "factor": float(np.exp(chapter.scale.spread)),
        "windows": len(chapter.owners),
        "lstm": {name: float(chapter.live.loc[name, "LSTM, short run"]) for name in chapter.regions},
        "times_careful": speed["solver"]["0_25 minutes"]["of_many"] / speed["network"]["of_many"],
        "times_coarse": speed["solver"]["5 minutes"]["of_many"] / speed["network"]["of_many"],
        "times_fit_alone": chapter.stored["test"]["seconds_per_fit"] / speed["network"]["alone"],
        "times_pathway": solver["of_many"] / price["network"]["of_many"],
        "times_pathway_all": together / price["network"]["of_many"],
        "times_pathway_alone": solver["alone"] / price["network"]["alone"],
        "longest_step": longest_step(chapter.pathway),
        "times_fit": chapter.stored["test"]["seconds_per_fit"] / speed["network"]["of_many"],
        "claimed": float(chapter.claimed),
        "true": float(chapter.true),
    }


def longest_step(pathway: Any) -> float:
    """Milliseconds beyond which Runge and Kutta's method grows where glucose crosses the glycosome's membrane.

    The method is stable down to -2.785 for step times rate.
    """
    crossing = list(pathway.laws).index("GlcT_g")
    rate = pathway.parameters["GlcT_g_k1"] * float(abs(pathway.effects[:, crossing]).sum())
    return 2.785 / rate * 60_000


def check(chapter: SimpleNamespace) -> None:
    live, solver = chapter.live, chapter.stored["speed"]["solver"]["5 minutes"]
    assert solver["rmse"] < chapter.stored["test"]["rmse"]["methods"]["LSTM"]["mean"]
    assert solver["of_many"] < 2 * chapter.stored["speed"]["network"]["of_many"]
    assert live.loc["test", "LSTM, short run"] < live.loc["test"].drop("LSTM, short run").min()
    assert live.loc["damped", "last value"] < live.loc["damped", "LSTM, short run"]
    assert chapter.claimed < 0.75 * chapter.true
    errors = {
        name: {method: one["mean"] for method, one in chapter.parasite[name]["rmse"]["methods"].items()}
        for name in chapter.fed
    }
    best = {name: min(found, key=found.__getitem__) for name, found in errors.items()}
    assert best == {"test": "LSTM", "starved": "perceptron", "airless": "LSTM"}
    assert errors["airless"]["LSTM"] / errors["test"]["LSTM"] > 5
    assert min(errors["starved"].values()) > 2
    assert chapter.parasite["starved"]["rmse"]["differences"]["LSTM less perceptron"][1] > 0
    exact, loose = (chapter.parasite["speed"]["solver"][name] for name in ("0_003", "0_1"))
    assert all(exact[count] < 2 * loose[count] for count in ("alone", "of_many"))
    assert loose["rmse"] < errors["test"]["LSTM"]
    last = chapter.parasite["starved"]["first"]
    assert last["LSTM"][-1] > 2 * last["ATP_c"][-1]
