"""The numbers in the book come out again, within a tolerance, when its chapters are executed.

`make test` executes every chapter once, with PSSP_RESULTS set; this compares the files which that run wrote
with those in book/results. Of what the benchmarks measured, the cheap part is computed again, and the files must agree
with one another. `make results` measures everything again.
"""

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import pssp_tutorial as pssp

RESULTS = Path(__file__).parents[2] / "book" / "results"
CHAPTER_RESULTS = sorted(RESULTS.glob("chapter_*.json"))
TIMES = ("seconds", "minutes", "per_second")  # endings of keys that depend on the machine: only their sign is checked
RELATIVE, ABSOLUTE = 0.05, 0.02  # instruction sets and thread counts move a trained model by less


def leaves(values: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Every value with its dotted key.

    >>> list(leaves({"f1": {"H": 0.7}, "loss": [1, 2]}))
    [('f1.H', 0.7), ('loss.0', 1), ('loss.1', 2)]
    """
    if isinstance(values, dict | list):
        pairs = values.items() if isinstance(values, dict) else enumerate(values)
        for name, value in pairs:
            yield from leaves(value, f"{key}.{name}".lstrip("."))
    else:
        yield key, values


def agree(key: str, stored: object, fresh: object) -> bool:
    """Whether a fresh value confirms the stored one.

    >>> agree("q3", 0.671, 0.668), agree("q3", 0.671, 0.60), agree("train_seconds", 20, 55), agree("state", "H", "E")
    (True, False, True, False)
    """
    if not isinstance(stored, int | float) or isinstance(stored, bool):
        return stored == fresh
    if key.endswith(TIMES):
        return fresh > 0
    return math.isclose(stored, fresh, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


@pytest.mark.parametrize("path", CHAPTER_RESULTS, ids=lambda path: path.stem)
def test_execution_confirms_the_numbers(path: Path) -> None:
    fresh_path = Path(os.environ.get("PSSP_RESULTS", "")) / path.name
    if "PSSP_RESULTS" not in os.environ or not fresh_path.exists():
        pytest.skip(f"no fresh {path.name}: `make test` executes the chapters that write it")
    stored, fresh = (json.loads(file.read_text(encoding="utf-8"))["values"] for file in (path, fresh_path))
    stored, fresh = dict(leaves(stored)), dict(leaves(fresh))
    assert stored.keys() == fresh.keys()
    assert {key: (stored[key], fresh[key]) for key in stored if not agree(key, stored[key], fresh[key])} == {}


def test_chapter_7_takes_the_model_of_chapter_6_apart() -> None:
    """Both chapters train it from the same seed; the page would contradict itself if the numbers differed."""
    six, seven = (json.loads((RESULTS / f"chapter_{number}.json").read_text())["values"] for number in (6, 7))
    assert six["test_q3"] == seven["test_q3"]


def chapter(number: int) -> dict:
    return json.loads((RESULTS / f"chapter_{number}.json").read_text(encoding="utf-8"))["values"]


def test_the_baselines_of_chapter_1_are_plausible() -> None:
    """A window of 17 is a classic: far above these bounds there would be a leak, far below a fault."""
    values = chapter(1)
    assert values["majority_q3"] < values["propensity_q3"] < values["window_q3"]
    assert 0.61 < values["window_q3"] < 0.65


def test_only_the_random_split_leaks() -> None:
    """What chapter 4 says: copying gains on the random split alone, whose chains are not easier by themselves."""
    values = chapter(4)
    assert values["random_q3"] - values["random_window_q3"] > 0.10
    assert abs(values["homology_q3"] - values["homology_window_q3"]) < 0.01
    assert abs(values["random_window_q3"] - values["homology_window_q3"]) < 0.02


def test_seeds_follow_from_their_scores() -> None:
    """Mean and spread are those of the five scores, and the first seed is the model of chapter 6."""
    seeds = pssp.read_results("honesty_seeds")
    assert seeds["mean"] == pytest.approx(np.mean(seeds["q3"]), abs=1e-12)
    assert seeds["standard_deviation"] == pytest.approx(np.std(seeds["q3"], ddof=1), abs=1e-12)
    assert seeds["range"] == pytest.approx(max(seeds["q3"]) - min(seeds["q3"]), abs=1e-12)
    assert seeds["q3"][0] == pytest.approx(chapter(6)["val_q3"], abs=ABSOLUTE)


@pytest.mark.parametrize("kind", ["length", "chain_end", "letter", "dssp"])
def test_groups_of_residues_add_up(kind: str) -> None:
    """Each grouping holds every test residue once, so all give the one Q3, which is that of chapters 6 and 7."""
    where = pssp.read_results("honesty_where")
    groups = where[kind].values()
    residues = sum(group["residues"] for group in groups)
    assert residues == sum(map(len, pssp.load_chains().test))
    assert sum(group["value"] * group["residues"] for group in groups) / residues == pytest.approx(where["q3"])
    assert where["q3"] == pytest.approx(chapter(6)["test_q3"], abs=ABSOLUTE)
    assert all(group["low"] <= group["value"] <= group["high"] for group in groups)


def test_states_of_the_test_chains_are_counted_again() -> None:
    """The shares of the eight states come from the data, not from the model: they must be exact."""
    states = "".join(record.structure for record in pssp.load_chains().test)
    stored = pssp.read_results("honesty_where")["dssp"]
    assert {state: group["residues"] for state, group in stored.items()} == {s: states.count(s) for s in set(states)}


def test_entries_parsed_are_counted_again() -> None:
    entries = pssp.load_uniprot_entries()
    stored = pssp.read_results("uniprot_parse")
    assert stored["flat_470_entries"] == 10 * len(entries)
    assert stored["flat_470_labelled"] == 10 * len(list(pssp.label_entries(entries)))


def test_a_million_residues_took_less_than_a_second() -> None:
    values = pssp.read_results("metrics")
    assert values["residues"] == 1_000_000
    assert {name: seconds for name, seconds in values.items() if name.endswith("_seconds") and seconds >= 1} == {}
