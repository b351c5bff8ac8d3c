"""The stored numbers agree with one another, and the cheap ones come out again.

`make test` executes every chapter once, and after its last cell compares its numbers with those in book/results
(confirmations.py). Of what the benchmarks measured, the cheap part is computed again here. `make results` measures
everything again.
"""

import json
from pathlib import Path

import measured
import numpy as np
import pytest
from confirmations import with_confirmations
from nbval.plugin import IPyNbFile

import pssp_tutorial as pssp

RESULTS = Path(__file__).parents[2] / "book" / "results"
ONE_MODEL = 0.02  # by which two runs that train the same model may differ, between processors


def test_every_results_file_of_a_chapter_has_its_source() -> None:
    """A file that nothing writes any more would stay true only by chance."""
    chapters = {path.stem for path in RESULTS.parent.glob("*.ipynb") if measured.is_measured(path.stem)}
    assert {measured.results_name(chapter) for chapter in chapters} == {path.stem for path in RESULTS.glob("chapter_*")}
    assert chapters


def test_numbers_are_confirmed_after_the_last_cell(request: pytest.FixtureRequest) -> None:
    """Without the added cell the chapters would run, and nobody would look at what they measure."""
    chapters = [
        item
        for name in ("05_model", "08_honesty")
        for item in IPyNbFile.from_parent(request.session, path=RESULTS.parent / f"{name}.ipynb").collect()
    ]
    added = [item for item in with_confirmations(chapters) if item not in chapters]
    assert [item.cell.source.splitlines()[-1] for item in added] == ["measured.confirm(globals(), '05_model')"]
    assert added[0].parent is chapters[0].parent


def test_a_number_that_has_moved_is_not_confirmed() -> None:
    """The comparison after a chapter's last cell names what differs, is missing or is new."""
    stored = chapter(2)
    assert list(measured.compare(stored, stored)) == []
    assert list(measured.compare(stored, stored | {"q3": 0.4})) == [f"q3: 0.4, stored is {stored['q3']}"]


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
    assert seeds["q3"][0] == pytest.approx(chapter(6)["val_q3"], abs=ONE_MODEL)


@pytest.mark.parametrize("kind", ["length", "chain_end", "letter", "dssp"])
def test_groups_of_residues_add_up(kind: str) -> None:
    """Each grouping holds every test residue once, so all give the one Q3, which is that of chapters 6 and 7."""
    where = pssp.read_results("honesty_where")
    groups = where[kind].values()
    residues = sum(group["residues"] for group in groups)
    assert residues == sum(map(len, pssp.load_chains().test))
    assert sum(group["value"] * group["residues"] for group in groups) / residues == pytest.approx(where["q3"])
    assert where["q3"] == pytest.approx(chapter(6)["test_q3"], abs=ONE_MODEL)
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


def test_the_claimed_gain_of_chapter_9_is_the_sum_of_its_parts() -> None:
    """Tuned against untuned: what tuning brings, and what the idea does. No winner is scored by its own trial."""
    tuning = pssp.read_results("tuning")
    gains = {name: gain["value"] for name, gain in tuning["gains"].items()}
    assert gains["claimed"] == pytest.approx(gains["tuning"] + gains["both_tuned"], abs=1e-9)
    for arm, search in {"bilstm_tuned": "tpe", "bilstm_random": "random", "convolution_tuned": "convolution"}.items():
        best = max(tuning["trials"][search], key=lambda trial: trial["steering"])
        assert tuning["arms"][arm]["settings"] == best["settings"]
        assert best["steering"] not in tuning["arms"][arm]["steering"]["seeds"]
