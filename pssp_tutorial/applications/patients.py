"""People over the years: irregular visits, missing values, and people who leave before the end (chapter 21)."""

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.applications.tables import ApplicationDataError, read_table

if TYPE_CHECKING:
    import pandas as pd

DAYS_A_YEAR = 365.25
SHARES = 0.6, 0.15  # of the matched sets, to learn from and to choose by
PEOPLE = {
    "id": "int32",
    "age": "int32",
    "male": "int32",
    "bmi": "float64",
    "matched_to": "float64",
    "followed_days": "int32",
    "died": "int32",
}


@dataclass(frozen=True, eq=False)
class Patients:
    """A population study of fatty liver: each case with up to four people of the same age and sex.

    ``people``, by ``id``: ``age`` (years at the index date), ``male`` (0 or 1), ``bmi`` (kg/m²), ``matched_to`` (the id
    of the case, a case's own; NaN for 31 people), ``followed_days`` (from the index date to death or the last contact)
    and ``died`` (0 or 1). ``measurements``: ``id``, ``days`` (from the index date; negative before it), ``test`` and
    ``value``: ``hdl`` cholesterol (mg/dl), systolic blood pressure ``sbp`` (mmHg), the liver score ``fib4`` (no unit)
    and ``smoke`` (0 or 1). ``events``: ``id``, ``days`` and ``event``, diagnoses such as ``diabetes``.
    """

    people: "pd.DataFrame"
    measurements: "pd.DataFrame"
    events: "pd.DataFrame"


def load_patients(folder: str | PathLike | None = None) -> Patients:
    """The study's three tables, read with their checksums.

    Raises ReadError or ApplicationDataError if a file is missing, damaged or another one.

    >>> patients = load_patients()
    >>> len(patients.people), len(patients.measurements), len(patients.events)
    (17549, 205435, 34340)
    """
    people = read_table("patients.csv.xz", PEOPLE, folder=folder)
    tests = {"id": "int32", "days": "int32", "test": "str", "value": "float64"}
    happened = {"id": "int32", "days": "int32", "event": "str"}
    return Patients(
        people.set_index("id"),
        read_table("patients_measurements.csv.xz", tests, folder=folder),
        read_table("patients_events.csv.xz", happened, folder=folder),
    )


def patient_outcome(patients: Patients, event: str = "death", years: float = 5.0) -> "pd.DataFrame":
    """Who meets an event within so many years, of those who had not met it at the index date.

    The event is ``death``, or one of ``patients.events["event"]``. The columns, by ``id``: ``happened`` (bool, within
    the years), ``known`` (bool: it happened, or the person died without it, or was watched to the end) and ``weight``
    (float, see :func:`censoring_weights`; 0 where not known).

    Raises ApplicationDataError for an event that the study does not have.

    >>> outcome = patient_outcome(load_patients(), "diabetes")
    >>> len(outcome), int(outcome["known"].sum()), int(outcome["happened"].sum())
    (15155, 9380, 703)
    """
    people = patients.people
    kinds = ("death", *sorted(patients.events["event"].unique()))
    if event not in kinds:
        raise ApplicationDataError(f"event {event!r}; expected one of {', '.join(kinds)}")
    if event == "death":
        first = people["followed_days"].where(people["died"] == 1).astype(float)
    else:
        first = patients.events[patients.events["event"] == event].groupby("id")["days"].min().astype(float)
        first = first.reindex(people.index)
    at_risk = ~(first <= 0)
    horizon = years * DAYS_A_YEAR
    followed = people["followed_days"][at_risk].astype(float)
    watched = first[at_risk].fillna(np.inf).clip(upper=followed)
    happened = first[at_risk] <= followed
    ended = happened | (people["died"][at_risk] == 1)
    table = (happened & (watched <= horizon)).to_frame("happened")
    table["known"] = (ended & (watched <= horizon)) | (watched >= horizon)
    table["weight"] = censoring_weights(watched.to_numpy(), ended.to_numpy(), horizon)
    return table


def censoring_weights(days: np.ndarray, ended: np.ndarray, horizon: float) -> np.ndarray:
    """Weights, float64[person], that let those who were watched to the end stand for those who were not.

    A person who was lost from sight before the horizon has weight 0. Every other has one over the probability of still
    being watched, just before the event or at the horizon, after Kaplan and Meier.

    The ``days``, float64[person], are those until the event, where the person's ``ended``, bool[person], is true, and
    else until the person was lost from sight; the ``horizon`` is in days too.

    >>> days, ended = np.array([1.0, 2.0, 3.0, 9.0]), np.array([True, False, True, False])
    >>> censoring_weights(days, ended, horizon=5).round(6).tolist()
    [1.0, 0.0, 1.5, 1.5]
    """
    days, ended = np.asarray(days, dtype=np.float64), np.asarray(ended, dtype=bool)
    times, lost = np.unique(days[~ended], return_counts=True)
    everybody, events = np.sort(days), np.sort(days[ended])
    at_risk = len(days) - np.searchsorted(everybody, times, side="left")
    at_risk = at_risk - (np.searchsorted(events, times, side="right") - np.searchsorted(events, times, side="left"))
    still_watched = np.concatenate([[1.0], np.cumprod(1 - lost / at_risk)])
    before = still_watched[np.searchsorted(times, np.minimum(days, horizon), side="left")]
    known = (ended & (days <= horizon)) | (days >= horizon)
    return np.where(known, 1 / np.where(known, before, 1), 0.0)


def split_by_matched_set(people: "pd.DataFrame", seed: int = 0) -> np.ndarray:
    """A split's name for each person: ``train``, ``val`` or ``test``, a case and its controls always on one side.

    The matched sets are put in an order drawn from ``seed``: the first 60% are to learn from, the next 15% to choose
    by, the rest to test on. Who is matched to nobody is a set of its own. Shares are of sets, so those of people are
    only about as large. ``people`` are those of :func:`load_patients`, or some rows of them.

    >>> people = load_patients().people
    >>> people.assign(split=split_by_matched_set(people)).groupby("matched_to")["split"].nunique().max().item()
    1
    """
    own = people["matched_to"].fillna(people.index.to_series())
    sets, member = np.unique(own, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(sets))
    first, second = int(SHARES[0] * len(sets)), int(sum(SHARES) * len(sets))
    names = np.empty(len(sets), dtype="<U5")
    names[order[:first]], names[order[first:second]], names[order[second:]] = "train", "val", "test"
    return names[member]
