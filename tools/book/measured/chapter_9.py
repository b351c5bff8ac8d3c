"""Chapter 9: two short searches, the spread of equal settings, and the winner's curse."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

import pssp_tutorial as pssp

TUNED = ("bilstm_tuned", "convolution_tuned")
CONTEXT = {
    "seeds": "0 to 11 in the searches, 100 to 107 beyond",
    "threads": 1,
    "split": "val",
    "command": "make chapters",
}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    sets = {"steering": chapter.mini.val, "other": chapter.other}
    book, winner = (
        {name: over_seeds(chapter.models[plan], records) for name, records in sets.items()} for plan in chapter.plans
    )
    return {
        **{name.lower(): summary(scores) for name, scores in chapter.found.items()},
        "book": book,
        "winner": winner,
        "gain_claimed": max(chapter.found["TPE"]) - book["steering"]["mean"],
        **{f"gain_{name}": winner[name]["mean"] - book[name]["mean"] for name in sets},
        "stored": of_the_stored_search(chapter),
        "curse": {"seen": chapter.lead / 100, "left": chapter.left / 100},
    }


def of_the_stored_search(chapter: SimpleNamespace) -> dict[str, Any]:
    scores = {name: table["steering"] for name, table in chapter.trials.items()}
    rows = chapter.curse.set_index(["chains", "runs"])
    values: dict[str, Any] = {name: summary(list(each)) for name, each in scores.items()}
    values["tpe"]["later"] = float(scores["tpe"][10:].median())
    values["curse"] = {
        f"{end}_{chains}": rows.loc[(chains, 20), end] for end in ("seen", "left") for chains in (30, 236)
    }
    whole = pd.DataFrame(chapter.stored["curse_of_the_search"]).set_index(["chains", "runs"])
    values["curse_of_the_search"] = {end: whole.loc[(30, 20), end] for end in ("seen", "left")}
    ends = (np.reshape(chapter.stored["arms"][arm]["other"]["seeds"], (3, 3)).mean(axis=1) for arm in TUNED)
    values["errors"] = errors_between(*(each.tolist() for each in ends))  # of three searches each
    for name, curves in zip(("random", "tpe", "seeds"), chapter.searches.values(), strict=True):
        finished, epochs = chapter.replay(curves)
        values[f"pruning_{name}"] = {"stopped": int((~finished).sum()), "saved": 1 - epochs / np.size(curves)}
    return values


def errors_between(old: list[float], new: list[float]) -> float:
    """The gain of the mean in its standard errors, as exercise 8.3 asks for."""
    variance = np.var(old, ddof=1) / len(old) + np.var(new, ddof=1) / len(new)
    return float((np.mean(new) - np.mean(old)) / np.sqrt(variance))


def summary(scores: list[float]) -> dict[str, float]:
    return {"worst": min(scores), "median": float(np.median(scores)), "best": max(scores)}


def over_seeds(models: list, records: list) -> dict[str, float]:
    q3 = [pssp.evaluate(model, records).q3 for model in models]
    return {"mean": float(np.mean(q3)), "standard_deviation": float(np.std(q3, ddof=1))}


def check(chapter: SimpleNamespace) -> None:
    assert chapter.lead > chapter.left, "the lead of the luckiest seed shrinks on other chains"
    overlap = {record.id for record in chapter.mini.val} & {record.id for record in chapter.other}
    assert not overlap, "the other chains have no say in the search"
