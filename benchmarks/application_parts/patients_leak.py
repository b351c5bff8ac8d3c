"""Matched sets split apart: the score of people whose own case or controls were learnt from (chapter 21).

People to learn from and to choose by are dealt into five folds, by matched set and by person, three times each. Those
of the test part stay closed. About five minutes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, trained
from application_parts.patients import SETTINGS, boosting, features, logistic, network
from pssp_tutorial.applications.patients import Patients

FOLDS = 5
Answer = Callable[["People", np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]
"""From the rows to learn from, to stop by and to ask, and a seed: the risk of those asked."""


@dataclass(frozen=True, eq=False)
class People:
    """Who is dealt: what models read of each, the outcome, its weight, and the matched set."""

    inputs: list[torch.Tensor]
    tables: dict[str, np.ndarray]
    happened: np.ndarray
    weights: np.ndarray
    sets: np.ndarray

    @classmethod
    def of(cls, patients: Patients, event: str) -> "People":
        parts = [pssp.patient_parts(patients, event)[name] for name in ("train", "val")]
        tables = [features(part) for part in parts]
        return cls(
            [one for part in parts for one in part.loader.inputs],
            {name: np.concatenate([table[name] for table in tables]) for name in tables[0]},
            np.concatenate([part.happened for part in parts]),
            np.concatenate([part.weights for part in parts]),
            np.concatenate([part.loader.ids for part in parts]),
        )

    def loader(self, rows: np.ndarray, seed: int = 0) -> pssp.SequenceLoader:
        labels = [int(one) for one in self.happened[rows]]
        return pssp.SequenceLoader(
            [self.inputs[row] for row in rows], labels, batch_positions=1_500, seed=seed, classes=2
        )


def by_mates(people: People, learn: np.ndarray, stop: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
    """What happened to the others of the same set, as far as they were learnt from: no feature is read."""
    known = np.concatenate([learn, stop])
    _, member = np.unique(people.sets, return_inverse=True)
    met = np.bincount(member[known], people.happened[known], member.max() + 1)
    count = np.bincount(member[known], minlength=member.max() + 1)
    return ((met + people.happened[known].mean()) / (count + 1))[member[asked]]


def by_table(name: str, model: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> Answer:
    def answer(people: People, learn: np.ndarray, stop: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
        table, known = people.tables[name], np.concatenate([learn, stop])
        return model(table[known], people.happened[known], table[asked])

    return answer


def by_network(people: People, learn: np.ndarray, stop: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
    model, _ = trained(network, lambda seed: people.loader(learn, seed), people.loader(stop), seed, **SETTINGS)
    logits = torch.stack(pssp.outputs_in_order(model, people.loader(asked)))
    return (logits[:, 1] - logits[:, 0]).numpy()


ANSWERS: dict[str, Answer] = {
    "outcomes of the set": by_mates,
    "logistic regression, last values": by_table("last values", logistic),
    "boosting, summaries": by_table("summaries", boosting),
    "LSTM": by_network,
}


def dealt(owners: np.ndarray, seed: int) -> np.ndarray:
    """A fold for each row, the same for all rows of an owner."""
    _, member = np.unique(owners, return_inverse=True)
    order = np.random.default_rng(seed).permutation(member.max() + 1)
    return (order % FOLDS)[member]


def told(people: People, answer: Answer, folds: np.ndarray, seed: int) -> np.ndarray:
    """float[person, 2]: the risk that models say who have not learnt from the person's fold, and the fold."""
    risk = np.empty(len(folds))
    for fold in range(FOLDS):
        asked, stop = (np.flatnonzero(folds == number % FOLDS) for number in (fold, fold + 1))
        learn = np.setdiff1d(np.arange(len(folds)), np.concatenate([asked, stop]))
        risk[asked] = answer(people, learn, stop, asked, seed)
    return np.column_stack([risk, folds])


def outcome(patients: Patients, event: str) -> dict[str, Any]:
    people = People.of(patients, event)
    owners = {"by set": people.sets, "by person": np.arange(len(people.sets))}

    def score(rows: np.ndarray, one: np.ndarray) -> float:
        """The mean of the folds' AUC."""
        within = [rows[one[rows, 1] == fold] for fold in range(FOLDS)]
        happened, weights = people.happened, people.weights
        return float(np.mean([roc_auc_score(happened[at], one[at, 0], sample_weight=weights[at]) for at in within]))

    found = {}
    for name, answer in ANSWERS.items():
        runs = {
            split: [told(people, answer, dealt(owner, seed), seed) for seed in SEEDS] for split, owner in owners.items()
        }
        found[name] = summarise(runs, score, people.sets)
        print(event, name, found[name]["differences"], flush=True)
    _, sizes = np.unique(people.sets, return_counts=True)
    apart = [dealt(owners["by person"], seed) for seed in SEEDS]
    return {
        "auc": found,
        "people": len(people.sets),
        "happened": people.happened.sum(),
        "sets": len(sizes),
        "sets_of_one": (sizes == 1).sum(),
        "with_a_mate_elsewhere": np.mean([mate_elsewhere(people.sets, folds) for folds in apart]),
    }


def mate_elsewhere(sets: np.ndarray, folds: np.ndarray) -> float:
    """Share of people one of whose set is in another fold."""
    return float(np.mean([np.any((sets == own) & (folds != fold)) for own, fold in zip(sets, folds, strict=True)]))


def patients_leak() -> None:
    """Writes applications_patients_leak.json."""
    patients = pssp.load_patients()
    save("patients_leak", {event: outcome(patients, event) for event in ("death", "diabetes")})
