"""What a search for settings finds, and how much of it is luck: on real chains.

    PSSP_RESULTS=benchmarks/results python benchmarks/tuning.py

Thirty random trials and thirty of TPE for the BiLSTM, thirty of TPE for the ConvBiLSTM, and each of these searches
three times; then the winners and the defaults from new seeds. One half of the validation chains steers the search and
picks the epoch, the other half has no say. One thread, thirty to ninety minutes; a run that was made is kept in
build/tuning, and a killed search goes on.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from honesty_parts.recipe import as_numbers, over_families, over_seeds

import pssp_tutorial as pssp

RUNS = Path(__file__).parents[1] / "build" / "tuning"
MODELS = {"BiLSTM": pssp.BiLSTM, "ConvBiLSTM": pssp.ConvBiLSTM}
CHAINS, LONGEST, LONGEST_SCORED, EPOCHS, TRIALS = 400, 250, 300, 5, 30
DEFAULT = {  # those of the package, in batches that suit few chains
    "learning_rate": 2e-3,
    "hidden_size": 64,
    "num_layers": 2,
    "dropout": 0.3,
    "batch_residues": 2_000,
    "weight_decay": 0.01,
}
SEEDS = range(1_000, 1_003)  # no trial of a search has one of these
REPEATED = range(1_000, 1_020)
SEARCHES = 3
SIZES, PICKS, DRAWS = (30, 60, 120, 236), (1, 2, 5, 10, 20), 4_000


@cache
def records() -> tuple[list[pssp.ProteinRecord], list[pssp.ProteinRecord]]:
    """The training chains, and the validation chains: those of even places steer, those of odd places have no say."""
    chains = pssp.load_chains()
    short = [record for record in chains.train if len(record) <= LONGEST]
    picked = torch.randperm(len(short), generator=torch.Generator().manual_seed(0))[:CHAINS]
    return [short[index] for index in picked.tolist()], [r for r in chains.val if len(r) <= LONGEST_SCORED]


@cache
def residues() -> np.ndarray:
    """Residues of each validation chain."""
    return np.array([len(record) for record in records()[1]])


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """The space: what can matter by factors, on a logarithmic scale."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 3e-4, 3e-2, log=True),
        "hidden_size": trial.suggest_int("hidden_size", 16, 64, log=True),
        "num_layers": trial.suggest_int("num_layers", 1, 2),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5),
        "batch_residues": trial.suggest_int("batch_residues", 1_000, 8_000, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 0.3, log=True),
    }


def run(model: str, name: str, settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """One training: Q3 on either half, the curve on the steering half, and the right residues of each chain."""
    kept = RUNS / f"{model}_{name}_{seed}.json"
    if not kept.exists():
        train, val = records()
        torch.manual_seed(seed)
        network = MODELS[model](**{key: settings[key] for key in ("hidden_size", "num_layers", "dropout")})
        history = pssp.fit(
            network,
            pssp.make_loader(train, settings["batch_residues"], seed=seed),
            pssp.make_loader(val[::2]),
            max_epochs=EPOCHS,
            patience=EPOCHS,
            monitor="val_accuracy",
            learning_rate=settings["learning_rate"],
            weight_decay=settings["weight_decay"],
            schedule="cosine",
            bfloat16=True,
            seed=seed,
        )
        hits = pssp.evaluate(network, val).confusions.trace(axis1=1, axis2=2)
        found = {"settings": settings, "seed": seed, **scores_of(hits)}
        found |= {"curve": history.frame["val_accuracy"].tolist(), "seconds": history.frame["seconds"].sum()}
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found | {"hits": hits.tolist()}))
        print(f"{kept.stem}: {found['steering']:.4f} {found['other']:.4f} {found['seconds']:.0f} s", flush=True)
    found = json.loads(kept.read_text())
    assert found["settings"] == settings, f"{kept} is of other settings: remove build/tuning"
    return found


def scores_of(hits: np.ndarray) -> dict[str, float]:
    """Q3 on the steering half and on the other."""
    halves = {"steering": slice(0, None, 2), "other": slice(1, None, 2)}
    return {name: float(hits[half].sum() / residues()[half].sum()) for name, half in halves.items()}


def search(model: str, name: str, sampler: type[optuna.samplers.BaseSampler], number: int) -> list[dict[str, Any]]:
    """The trials of one search, in their order; each from a seed of its own."""
    name, trials = name if number == 0 else f"{name}_{number}", []

    def objective(trial: optuna.Trial) -> float:
        trials.append(run(model, name, suggest(trial), 100 * number + trial.number))
        return trials[-1]["steering"]

    seed = number + (sampler is optuna.samplers.TPESampler)
    optuna.create_study(direction="maximize", sampler=sampler(seed=seed)).optimize(objective, n_trials=TRIALS, n_jobs=1)
    return trials


def importance(trials: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """What Optuna makes of the trials, by two of its ways: how much each setting matters, in shares of 1."""
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    for done in trials:
        study.enqueue_trial(done["settings"])
        trial = study.ask()
        suggest(trial)
        study.tell(trial, done["steering"])
    ways = {
        "pedanova": optuna.importance.PedAnovaImportanceEvaluator(),
        "fanova": optuna.importance.FanovaImportanceEvaluator(seed=0),
    }
    return {name: optuna.importance.get_param_importances(study, evaluator=way) for name, way in ways.items()}


def curse(hits: np.ndarray, rng: np.random.Generator) -> list[dict[str, float]]:
    """The best of several runs, chosen on some chains, and what is left of its lead on the chains that are left.

    A lead is a run's Q3 minus the mean of all runs on the same chains. ``hits``: right residues, int[run, chain].
    """
    rows = []
    for size in SIZES:
        for picks in PICKS:
            leads = np.empty((DRAWS, 2))
            for draw in range(DRAWS):
                runs, chains = rng.permutation(len(hits))[:picks], rng.permutation(hits.shape[1])
                q3 = [hits[:, part].sum(axis=1) / residues()[part].sum() for part in (chains[:size], chains[size:])]
                best = runs[q3[0][runs].argmax()]
                leads[draw] = [each[best] - each.mean() for each in q3]
            seen, left = leads.mean(axis=0)
            rows.append({"chains": size, "runs": picks, "seen": seen, "left": left})
    return rows


def repeated(model: str, name: str, settings: dict[str, Any], seeds: range = SEEDS) -> list[dict[str, Any]]:
    """One setting from several new seeds."""
    return [run(model, name, settings, seed) for seed in seeds]


def hits_of(runs: list[dict[str, Any]]) -> np.ndarray:
    return np.array([each["hits"] for each in runs])


def arm_of(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Scores of one setting over its seeds, on either half; on the other half with an interval over the proteins."""
    arm = {half: over_seeds([each[half] for each in runs]) for half in ("steering", "other")}
    return arm | {"interval": interval(hits_of(runs).mean(axis=0)), "settings": runs[0]["settings"]}


def interval(hits: np.ndarray) -> dict[str, float]:
    """Q3, or a difference, on the half that had no say. Held-out chains are each the only one of their family."""
    own = residues()[1::2]
    return as_numbers(over_families(hits[1::2], own, [str(place) for place in range(len(own))]))


def winners(model: str, name: str, searches: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The winner of each search, from new seeds."""
    names = [name if number == 0 else f"{name}_{number}" for number in range(SEARCHES)]
    return [one for each, own in zip(searches, names, strict=True) for one in repeated(model, own, best_of(each))]


def by_search(runs: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """An arm's runs, three of each search's winner; those of the defaults, which nobody searched for, each time."""
    parts = [runs[at : at + len(SEEDS)] for at in range(0, len(runs), len(SEEDS))]
    return parts if len(parts) == SEARCHES else parts * SEARCHES


def best_of(trials: list[dict[str, Any]]) -> dict[str, Any]:
    return max(trials, key=lambda trial: trial["steering"])["settings"]


def main() -> None:
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    random, tpe = optuna.samplers.RandomSampler, optuna.samplers.TPESampler
    kinds = {
        "random": ("BiLSTM", "random", random),
        "tpe": ("BiLSTM", "tpe", tpe),
        "convolution": ("ConvBiLSTM", "tpe", tpe),
    }
    searches = {kind: [search(*each, number) for number in range(SEARCHES)] for kind, each in kinds.items()}
    trials = {kind: each[0] for kind, each in searches.items()}
    runs = {
        "bilstm_default": repeated("BiLSTM", "default", DEFAULT),
        "bilstm_tuned": winners("BiLSTM", "tuned", searches["tpe"]),
        "bilstm_random": winners("BiLSTM", "random_winner", searches["random"]),
        "convolution_default": repeated("ConvBiLSTM", "default", DEFAULT),
        "convolution_tuned": winners("ConvBiLSTM", "tuned", searches["convolution"]),
    }
    many = repeated("BiLSTM", "tuned", best_of(trials["tpe"]), REPEATED)
    mean = {name: hits_of(each).mean(axis=0) for name, each in runs.items()}
    gains = {
        "claimed": ("convolution_tuned", "bilstm_default"),
        "both_default": ("convolution_default", "bilstm_default"),
        "both_tuned": ("convolution_tuned", "bilstm_tuned"),
        "tuning": ("bilstm_tuned", "bilstm_default"),
    }
    values = {
        "trials": {name: [{k: v for k, v in t.items() if k != "hits"} for t in each] for name, each in trials.items()},
        "searches": {kind: [max(t["steering"] for t in one) for one in each] for kind, each in searches.items()},
        "arms": {name: arm_of(each) for name, each in runs.items()},
        "gains": {name: interval(mean[one] - mean[other]) for name, (one, other) in gains.items()},
        "by_search": {
            name: [
                scores_of(hits_of(one).mean(axis=0))["other"] - scores_of(hits_of(other).mean(axis=0))["other"]
                for one, other in zip(*(by_search(runs[arm]) for arm in pair), strict=True)
            ]
            for name, pair in gains.items()
        },
        "repeated": {key: [each[key] for each in many] for key in ("steering", "other", "curve")},
        "curse": curse(hits_of(many), np.random.default_rng(0)),
        "curse_of_the_search": curse(hits_of(trials["random"]), np.random.default_rng(0)),
        "importance": {name: importance(each) for name, each in trials.items()},
    }
    context = {"training_chains": CHAINS, "epochs": EPOCHS, "trials": TRIALS, "threads": 1, "split": "val"}
    pssp.save_results("tuning", values, seeds=list(SEEDS), **context, command="python benchmarks/tuning.py")


if __name__ == "__main__":
    main()
