"""Death and diabetes within five years: who it is, last values, summaries, and an LSTM on the visits (chapter 21)."""

import copy

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, timed, trained
from pssp_tutorial.applications.visits import PatientPart, Visits

STILL = slice(10, 15)  # of what a model reads: age, sex, BMI, whether that is missing, case or control
SETTINGS = {"max_epochs": 40, "patience": 8, "learning_rate": 4e-3}


def last_values(visits: Visits) -> np.ndarray:
    """What was last measured of each person, float32[person, test]; NaN where it never was."""
    measured = ~np.isnan(visits.values)
    place = visits.values.shape[1] - 1 - measured[:, ::-1].argmax(axis=1)  # [person, test]
    return np.take_along_axis(visits.values, place[:, None], axis=1)[:, 0]


def features(part: PatientPart) -> dict[str, np.ndarray]:
    """Tables for the baselines: nan where nothing was measured."""
    still = np.stack([one.numpy()[-1, STILL] for one in part.loader.inputs])
    visits, last = part.visits, last_values(part.visits)
    with np.errstate(all="ignore"):
        mean = np.nansum(visits.values, axis=1) / np.isfinite(visits.values).sum(axis=1)
    spaces = np.stack([visits.lengths, visits.days[np.arange(len(last)), visits.lengths - 1]], axis=1)
    return {
        "age, sex, BMI, case": still,
        "last values": np.concatenate([still, last], axis=1),
        "summaries": np.concatenate([still, last, mean, last - visits.values[:, 0], spaces], axis=1),
    }


def filled(train: np.ndarray, test: np.ndarray) -> list[np.ndarray]:
    """Missing values as the mean of the training people, and whether they were missing."""
    usual = np.nanmean(train, axis=0)
    gaps = np.isnan(train).any(axis=0)
    return [
        np.concatenate([np.where(np.isnan(one), usual, one), np.isnan(one)[:, gaps]], axis=1) for one in (train, test)
    ]


def logistic(train: np.ndarray, happened: np.ndarray, test: np.ndarray) -> np.ndarray:
    known, asked = filled(train, test)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    return model.fit(known, happened).predict_proba(asked)[:, 1]


def boosting(train: np.ndarray, happened: np.ndarray, test: np.ndarray) -> np.ndarray:
    model = HistGradientBoostingClassifier(max_iter=80, learning_rate=0.05, max_leaf_nodes=8, random_state=0)
    return model.fit(train, happened).predict_proba(test)[:, 1]


def network() -> pssp.SequenceClassifier:
    return pssp.SequenceClassifier(15, 2, 24, pooling="last")


def outcome(event: str) -> dict:
    parts = pssp.patient_parts(pssp.load_patients(), event)
    tables = {name: features(part) for name, part in parts.items()}
    learnt = {name: np.concatenate([tables["train"][name], tables["val"][name]]) for name in tables["train"]}
    happened = np.concatenate([parts["train"].happened, parts["val"].happened])
    found, seconds = {}, {}
    for name in learnt:
        one, seconds[f"logistic regression, {name}"] = timed(
            lambda name=name: logistic(learnt[name], happened, tables["test"][name])
        )
        found[f"logistic regression, {name}"] = [one]
    one, seconds["boosting, summaries"] = timed(
        lambda: boosting(learnt["summaries"], happened, tables["test"]["summaries"])
    )
    found["boosting, summaries"] = [one]
    found["LSTM"] = []
    for seed in SEEDS:
        model, seconds["LSTM"] = trained(
            network, lambda seed: seeded(parts["train"], seed), parts["val"].loader, seed, **SETTINGS
        )
        logits = torch.stack(pssp.outputs_in_order(model, parts["test"].loader))
        found["LSTM"].append(logits.softmax(dim=1)[:, 1].numpy())
    people = {name: len(part.happened) for name, part in parts.items()}
    return scores(parts["test"], found) | {"seconds": seconds, "people": people}


def seeded(part: PatientPart, seed: int) -> pssp.SequenceLoader:
    """The same people, drawn into batches from another seed."""
    loader = copy.copy(part.loader)
    loader.seed = seed
    return loader


def scores(part: PatientPart, found: dict[str, list[np.ndarray]]) -> dict:
    happened, weights = part.happened, part.weights
    sets = np.array(part.loader.ids)

    def weighted(rows: np.ndarray, one: np.ndarray) -> float:
        return roc_auc_score(happened[rows], one[rows], sample_weight=weights[rows])

    def plain(rows: np.ndarray, one: np.ndarray) -> float:
        return roc_auc_score(happened[rows], one[rows])

    def brier(rows: np.ndarray, one: np.ndarray) -> float:
        return np.average((happened[rows] - one[rows]) ** 2, weights=weights[rows])

    return {
        "auc": summarise(found, weighted, sets),
        "auc_unweighted": summarise(found, plain, sets),
        "brier": summarise(found, brier, sets),
        "mean_risk": {name: np.average(np.mean(ones, axis=0), weights=weights) for name, ones in found.items()},
        "risk_weighted": np.average(happened, weights=weights),
        "risk_of_those_known": happened.mean(),
    }


def patients() -> None:
    """Writes applications_patients.json."""
    save("patients", {event: outcome(event) for event in ("death", "diabetes")})
