"""What was measured of people before a day, visit by visit (chapter 21)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.applications.patients import DAYS_A_YEAR, Patients, patient_outcome, split_by_matched_set
from pssp_tutorial.batches.sequences import SequenceLoader

if TYPE_CHECKING:
    import pandas as pd

LEAST_VISITS = 3
TESTS = ("hdl", "sbp", "fib4", "smoke")
POSSIBLE = {"hdl": (1, 250), "sbp": (40, 300), "fib4": (0, np.inf), "smoke": (0, 1)}
"""Values outside are mistakes of the pen (a blood pressure of 13,682) and are taken as missing."""
USUAL_AGE, USUAL_BMI = (53, 15), (30, 7)
"""Mean and spread, to bring them near 0."""


@dataclass(frozen=True, eq=False)
class Visits:
    """Each person's last visits before the index date, the latest last.

    NaN stands where nothing was measured, and behind a person's last visit.
    """

    ids: np.ndarray  # int64[person]
    values: np.ndarray  # in the order of TESTS, float32[person, visit, test]
    days: np.ndarray  # from the index date, so 0 or less, float32[person, visit]
    lengths: np.ndarray  # visits of each person, one or more, int64[person]


@dataclass(frozen=True, eq=False)
class PatientPart:
    """The people of one split."""

    visits: Visits
    happened: np.ndarray  # whether the event came within the years, bool[person]
    weights: np.ndarray  # of censoring_weights, for the scores, float64[person]
    loader: SequenceLoader  # what a model reads of them, and the outcome as classes 0 and 1


def patient_visits(patients: Patients, ids: np.ndarray, last: int = 30) -> Visits:
    """The ``last`` visits before the index date of those of these people who had three or more.

    A visit is a day on which something was measured; of two values of a day the mean is taken.

    >>> from pssp_tutorial import load_patients
    >>> visits = patient_visits(load_patients(), np.arange(1, 200))
    >>> visits.values.shape[1:], int(visits.lengths.min())
    ((30, 4), 3)
    """
    rows = patients.measurements
    rows = rows[(rows["days"] <= 0) & rows["id"].isin(ids)]
    lowest, highest = (rows["test"].map({name: ends[side] for name, ends in POSSIBLE.items()}) for side in (0, 1))
    rows = rows[(rows["value"] >= lowest) & (rows["value"] <= highest)]
    table = rows.pivot_table(index=["id", "days"], columns="test", values="value").reindex(columns=list(TESTS))
    number = table.groupby("id").cumcount(ascending=False).to_numpy()  # 0 is the latest
    count = table.groupby("id")["hdl"].transform("size").to_numpy()
    kept = (number < last) & (count >= LEAST_VISITS)
    table, number = table[kept], number[kept]
    found, person = np.unique(table.index.get_level_values("id"), return_inverse=True)
    lengths = np.bincount(person)
    place = lengths[person] - 1 - number
    values = np.full((len(found), last, len(TESTS)), np.nan, dtype=np.float32)
    days = np.full((len(found), last), np.nan, dtype=np.float32)
    values[person, place], days[person, place] = table.to_numpy(), table.index.get_level_values("days")
    return Visits(found, values, days, lengths)


def visit_inputs(visits: Visits, people: "pd.DataFrame", usual: np.ndarray) -> list[np.ndarray]:
    """What a model reads of each person: float32[visit, 15].

    The four values, standardised, and 0 where nothing was measured; whether each was measured; the years to the index
    date and since the visit before; and, the same at every visit, age, sex, body mass index, whether that is missing,
    and whether the person is a case. ``usual`` holds mean and spread of the values of those to learn from, [2, test].
    """
    measured = ~np.isnan(visits.values)
    years = visits.days / DAYS_A_YEAR
    gaps = np.diff(years, axis=1, prepend=years[:, :1])
    values = np.where(measured, (visits.values - usual[0]) / usual[1], 0)
    person = people.loc[visits.ids]
    same = [
        (person["age"] - USUAL_AGE[0]) / USUAL_AGE[1],
        person["male"],
        (person["bmi"].fillna(USUAL_BMI[0]) - USUAL_BMI[0]) / USUAL_BMI[1],
        person["bmi"].isna(),
        person["matched_to"] == person.index,
    ]
    always = np.broadcast_to(np.stack(same, axis=1).astype(float)[:, None], (*years.shape, len(same)))
    steps = np.concatenate([values, measured, years[:, :, None] / 10, gaps[:, :, None], always], axis=2)
    return [one[:length].astype(np.float32) for one, length in zip(steps, visits.lengths, strict=True)]


def patient_parts(
    patients: Patients, event: str = "death", years: float = 5.0, *, seed: int = 0
) -> dict[str, PatientPart]:
    """People with three visits or more and a known outcome, by matched set: ``train``, ``val`` and ``test``.

    Parameters as in :func:`patient_outcome`; ``seed`` draws the split. The ids of the loaders are the matched sets, so
    that :func:`~pssp_tutorial.fit` refuses one that is both learnt from and chosen by.

    >>> from pssp_tutorial import load_patients
    >>> {name: len(part.happened) for name, part in patient_parts(load_patients(), "diabetes").items()}
    {'train': 3004, 'val': 762, 'test': 1264}
    """
    outcome = patient_outcome(patients, event, years)
    outcome = outcome[outcome["known"]]
    visits = patient_visits(patients, outcome.index.to_numpy())
    outcome, people = outcome.loc[visits.ids], patients.people.loc[visits.ids]
    split = split_by_matched_set(patients.people, seed=seed)[patients.people.index.get_indexer(people.index)]
    learnt = visits.values[split == "train"]
    inputs = visit_inputs(visits, people, np.stack([np.nanmean(learnt, axis=(0, 1)), np.nanstd(learnt, axis=(0, 1))]))
    sets = people["matched_to"].fillna(people.index.to_series()).astype(int).to_numpy()
    happened, weights = outcome["happened"].to_numpy(), outcome["weight"].to_numpy()
    parts = {}
    for name in ("train", "val", "test"):
        rows = np.flatnonzero(split == name)
        some = Visits(*(values[rows] for values in (visits.ids, visits.values, visits.days, visits.lengths)))
        loader = SequenceLoader(
            [inputs[row] for row in rows],
            [int(one) for one in happened[rows]],
            ids=[f"matched set {sets[row]}" for row in rows],
            batch_positions=1_500,
            seed=seed,
            classes=2,
        )
        parts[name] = PatientPart(some, happened[rows], weights[rows], loader)
    return parts
