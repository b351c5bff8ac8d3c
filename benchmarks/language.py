"""A language model of proteins: its perplexity, what it is worth when labels are few, and the leak of pretraining.

    PSSP_RESULTS=benchmarks/results python benchmarks/language.py [ngrams] [pretraining] [few] [leak]

One thread, about half an hour for all parts, nine minutes of it for the three long pretrainings. A killed run goes on
where it was: what is finished is kept in build/language. What is chosen is chosen on one half of the validation chains,
A, and all scores are those of the other half, B. Each validation chain is a family of its own. No test chain is used.
"""

from collections.abc import Sequence
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from honesty_parts.recipe import as_numbers, over_families, over_seeds
from parts import kept_arrays, run_parts
from torch import nn
from torch.nn.functional import cross_entropy

import pssp_tutorial as pssp
from pssp_tutorial.evaluation.bootstrap import Interval

RUNS = Path(__file__).parents[1] / "build" / "language"
kept = partial(kept_arrays, RUNS)
LONGEST, HIDDEN, EPOCHS, RATES = 400, 128, 3, (2e-3, 5e-3, 1e-2)  # of the pretraining
STRENGTHS, ORDERS = (10.0, 100.0, 1_000.0, 10_000.0, 100_000.0), (1, 2, 3, 4)  # of the n-grams
SIZES, SEEDS, SEARCHED = (10, 30, 100, 300), (0, 1, 2), (1e-3, 3e-3, 1e-2, 3e-2)  # of the few labels
ARMS = ("none", "untrained", "pretrained")
LABELLED_LONGEST, PASSES, PREDICTOR_EPOCHS = 200, 300, 8  # an epoch is 300 chains, some of them several times
LEAK_CHAINS, LEAK_LONGEST, LEAK_EPOCHS, LEAK_LABELS = 700, 300, 8, 100

Records = Sequence[pssp.ProteinRecord]


@cache
def halves() -> tuple[Records, Records]:
    """Two halves of the validation chains: A to choose on, B to score."""
    val = pssp.load_chains().val
    order = np.random.default_rng(0).permutation(len(val))
    return tuple([val[index] for index in sorted(part)] for part in np.array_split(order, 2))


@cache
def shortest(longest: int) -> Records:
    """Training chains up to a length."""
    return [record for record in pssp.load_chains().train if len(record) <= longest]


def perplexity(losses: np.ndarray, residues: np.ndarray, records: Records) -> dict[str, float]:
    """The exponential of the mean surprise per residue, with an interval over families; losses are sums by chain."""
    interval = over_families(losses, residues, [record.id for record in records])
    return as_numbers(Interval(*np.exp(interval)))


def known(records: Records) -> np.ndarray:
    return np.array([len(record) - record.sequence.count("X") for record in records])


def ngrams() -> None:
    """Writes language_ngrams.json: perplexities of 1- to 4-grams, the smoothing of each chosen on A."""
    a, b = halves()
    sequences = [record.sequence for record in shortest(LONGEST)]

    def losses(order: int, strength: float, records: Records) -> np.ndarray:
        model = pssp.NGram(sequences, order, strength)
        return np.array([np.nansum(model.losses(record.sequence)) for record in records])

    values = {}
    for order in ORDERS:
        tried = {strength: losses(order, strength, a).sum() / known(a).sum() for strength in STRENGTHS}
        strength = min(tried, key=tried.get)
        arrays = kept(f"ngram_{order}", lambda: {"losses": losses(order, strength, b)})  # noqa: B023
        values[str(order)] = perplexity(arrays["losses"], known(b), b) | {"strength": strength}
        values[str(order)] |= {"tried": {str(key): np.exp(value) for key, value in tried.items()}}
    pssp.save_results("language_ngrams", values, split="val, half B", **context(), command=COMMAND)


COMMAND = "python benchmarks/language.py"


def context() -> dict[str, Any]:
    chains = shortest(LONGEST)
    return {"threads": 1, "training_chains": len(chains), "training_residues": sum(map(len, chains))}


def pretrained(
    name: str, records: Records, val: Records, *, rate: float, epochs: int, seed: int = 0
) -> tuple[pssp.LanguageModel, float]:
    """A language model trained once and then read, and its best perplexity on `val`."""
    path = RUNS / f"{name}.pt"
    torch.manual_seed(seed)
    model = pssp.LanguageModel(HIDDEN)
    train = pssp.ResidueLoader(records, 4_000, seed=seed)
    RUNS.mkdir(parents=True, exist_ok=True)
    history = pssp.fit(
        model,
        train,
        pssp.ResidueLoader(val),
        max_epochs=epochs,
        patience=epochs,
        learning_rate=rate,
        schedule="cosine",
        warmup_epochs=0.2,
        bfloat16=True,
        seed=seed,
        checkpoint=path,
    )
    print(name, history.frame[["train_loss", "val_loss", "seconds"]].round(3).values.tolist(), flush=True)
    return model, float(np.exp(history.frame["val_loss"].min()))


@torch.inference_mode()
def chain_losses(model: pssp.LanguageModel, records: Records) -> np.ndarray:
    """The surprise summed over each chain, float[chain, direction]."""
    loader, twin = pssp.ResidueLoader(records), pssp.evaluation_twin(model)
    losses = np.zeros((len(records), 2))
    for bucket in loader.buckets():
        batch = loader.batch(bucket)
        logits = twin(batch.inputs, batch.lengths)  # [batch, length, direction, residue]
        each = cross_entropy(logits.flatten(0, 2), batch.labels.flatten(), reduction="none", ignore_index=-100)
        losses[bucket] = each.view(batch.labels.shape).sum(dim=1).numpy()
    return losses


@cache
def chosen_rate() -> tuple[float, dict[str, float]]:
    """The learning rate that is best on A after one epoch on 2,000 chains."""
    records, a = shortest(LONGEST), halves()[0]
    picked = [records[index] for index in np.random.default_rng(1).permutation(len(records))[:2_000]]
    tried = {rate: pretrained(f"rate_{rate}", picked, a, rate=rate, epochs=1)[1] for rate in RATES}
    return min(tried, key=tried.get), {str(rate): value for rate, value in tried.items()}


@cache
def long_model(seed: int) -> pssp.LanguageModel:
    return pretrained(f"long_{seed}", shortest(LONGEST), halves()[0], rate=chosen_rate()[0], epochs=EPOCHS, seed=seed)[
        0
    ]


def pretraining() -> None:
    """Writes language_pretraining.json: the long models' perplexity on B, and on chains they were trained on."""
    _, b = halves()
    models, (rate, tried) = [long_model(seed) for seed in SEEDS], chosen_rate()
    losses = np.stack([chain_losses(model, b) for model in models])  # [seed, chain, direction]
    ways = {"left": losses[..., 0], "right": losses[..., 1], "both": losses.mean(axis=2)}
    values = {name: perplexity(each.mean(axis=0), known(b), b) for name, each in ways.items()}
    values["both"] |= over_seeds(np.exp(ways["both"].sum(axis=1) / known(b).sum()).tolist())
    values |= {"rate": rate, "tried": tried}
    counted = read("ngram_3")["losses"]
    values["left_against_trigram"] = perplexity(ways["left"].mean(axis=0) - counted, known(b), b)  # a ratio
    trained = shortest(LONGEST)[::20]
    there = np.mean([chain_losses(model, trained).mean(axis=1) for model in models], axis=0)
    values["training_chains"] = perplexity(there, known(trained), trained)
    values |= {"parameters": pssp.count_parameters(models[0]), "epochs": EPOCHS, "hidden_size": HIDDEN}
    pssp.save_results("language_pretraining", values, seeds=SEEDS, split="val, half B", **context(), command=COMMAND)


def read(name: str) -> dict[str, np.ndarray]:
    with np.load(RUNS / f"{name}.npz") as archive:
        return dict(archive)


def loader_of(records: Records, model: pssp.LanguageModel | None, **settings: Any) -> pssp.BatchLoader:
    if model is None:
        return pssp.make_loader(records, **settings)
    return pssp.feature_loader(records, pssp.language_features(model, records), **settings)


@lru_cache(maxsize=4)
def val_loaders(model: pssp.LanguageModel | None) -> tuple[pssp.BatchLoader, ...]:
    return tuple(loader_of(half, model) for half in halves())


def labelled(seed: int, size: int) -> Records:
    """The first chains of a seed's own order: those of a smaller size are among those of a larger one."""
    records = shortest(LABELLED_LONGEST)
    return [records[index] for index in np.random.default_rng(100 + seed).permutation(len(records))[:size]]


def predictor(records: Records, model: pssp.LanguageModel | None, rate: float, seed: int) -> dict[str, np.ndarray]:
    """A small tagger trained on few chains: its best accuracy on A, and the right residues of each chain of B."""
    torch.manual_seed(seed)
    train = loader_of(list(records) * (PASSES // len(records)), model, batch_residues=1_000, seed=seed)
    a, b = val_loaders(model)
    tagger = pssp.BiLSTM(32, 1, input_size=21 if model is None else 21 + 2 * HIDDEN)
    recipe = {"max_epochs": PREDICTOR_EPOCHS, "patience": PREDICTOR_EPOCHS, "schedule": "cosine"}
    history = pssp.fit(tagger, train, a, learning_rate=rate, monitor="val_accuracy", seed=seed, **recipe)
    return {"a": history.frame["val_accuracy"].max(), "right": right(tagger, b)}


@torch.inference_mode()
def right(tagger: nn.Module, loader: pssp.BatchLoader) -> np.ndarray:
    twin, found = pssp.evaluation_twin(tagger), np.zeros(len(loader.lengths))
    for bucket in loader.buckets():
        batch = loader.batch(bucket)
        hits = (twin(batch.inputs, batch.lengths).argmax(dim=-1) == batch.labels) & batch.mask
        found[bucket] = hits.sum(dim=1).numpy()
    return found


@cache
def arm_model(arm: str, seed: int) -> pssp.LanguageModel | None:
    """No model, one with drawn weights, or a long one; each seed has its own."""
    if arm == "none":
        return None
    torch.manual_seed(1_000 + seed)
    return pssp.LanguageModel(HIDDEN) if arm == "untrained" else long_model(seed)


def run_of(arm: str, size: int, rate: float, seed: int) -> dict[str, np.ndarray]:
    return kept(
        f"few_{arm}_{size}_{rate}_{seed}", lambda: predictor(labelled(seed, size), arm_model(arm, seed), rate, seed)
    )


def rate_for(arm: str, size: int) -> float:
    """The learning rate that is best on A, tried with the first seed."""
    return max(SEARCHED, key=lambda rate: float(run_of(arm, size, rate, SEEDS[0])["a"]))


def few() -> None:
    """Writes language_few.json: Q3 on B of the same tagger with and without features, by number of labelled chains."""
    b = halves()[1]
    residues, families = np.array([record.mask.sum() for record in b]), [record.id for record in b]
    values: dict[str, Any] = {}
    for size in SIZES:
        hits, row = {}, {}
        for arm in ARMS:
            rate = rate_for(arm, size)
            each = np.stack([run_of(arm, size, rate, seed)["right"] for seed in SEEDS])
            hits[arm] = each
            row[arm] = as_numbers(over_families(each.mean(axis=0), residues, families)) | {"rate": rate}
            row[arm] |= over_seeds((each.sum(axis=1) / residues.sum()).tolist())
        for arm in ARMS[:2]:
            gap = hits["pretrained"] - hits[arm]
            row[f"over_{arm}"] = as_numbers(over_families(gap.mean(axis=0), residues, families))
            row[f"over_{arm}"] |= over_seeds((gap.sum(axis=1) / residues.sum()).tolist())
        values[str(size)] = row
    pssp.save_results("language_few", values, seeds=SEEDS, split="val, half B", **context(), command=COMMAND)


def leak() -> None:
    """Writes language_leak.json: pretraining with and without the sequences of the scored chains, three seeds."""
    a, b = halves()
    scored = [record for record in b if len(record) <= LEAK_LONGEST]
    pool, rate = shortest(LEAK_LONGEST), rate_for("pretrained", LEAK_LABELS)
    arms: dict[str, list[dict[str, np.ndarray]]] = {"without": [], "with": []}
    for seed in SEEDS:
        others = [pool[index] for index in np.random.default_rng(200 + seed).permutation(len(pool))[:LEAK_CHAINS]]
        sets = {"without": others, "with": [*scored, *others[len(scored) :]]}
        for arm, records in sets.items():
            name = f"leak_{arm}_{rate}_{seed}"
            arms[arm].append(kept(name, lambda: leaked(arm, records, a, scored, rate, seed)))  # noqa: B023
    residues, families = np.array([record.mask.sum() for record in scored]), [record.id for record in scored]
    values: dict[str, Any] = {"scored": len(scored), "pretraining_chains": LEAK_CHAINS, "labelled": LEAK_LABELS}
    losses, hits = ({arm: np.stack([run[key] for run in arms[arm]]) for arm in arms} for key in ("losses", "right"))
    for arm in arms:
        values[arm] = {"perplexity": perplexity(losses[arm].mean(axis=0), known(scored), scored)}
        values[arm]["perplexity"] |= over_seeds(np.exp(losses[arm].sum(axis=1) / known(scored).sum()).tolist())
        values[arm]["elsewhere"] = over_seeds([float(run["elsewhere"]) for run in arms[arm]])
        values[arm]["q3"] = as_numbers(over_families(hits[arm].mean(axis=0), residues, families))
        values[arm]["q3"] |= over_seeds((hits[arm].sum(axis=1) / residues.sum()).tolist())
    gap = hits["with"] - hits["without"]
    values["q3_gap"] = as_numbers(over_families(gap.mean(axis=0), residues, families))
    values["q3_gap"] |= over_seeds((gap.sum(axis=1) / residues.sum()).tolist())
    ratio = (losses["with"] - losses["without"]).mean(axis=0)
    values["perplexity_ratio"] = perplexity(ratio, known(scored), scored)
    pssp.save_results("language_leak", values, seeds=SEEDS, split="val, half B", **context(), command=COMMAND)


def leaked(arm: str, records: Records, a: Records, scored: Records, rate: float, seed: int) -> dict[str, np.ndarray]:
    """One pretraining, its surprise on the scored chains, and a tagger on its features."""
    best = chosen_rate()[0]
    model, elsewhere = pretrained(f"leak_{arm}_{seed}", records, a, rate=best, epochs=LEAK_EPOCHS, seed=seed)
    losses = chain_losses(model, scored).mean(axis=1)
    inside = [len(record) <= LEAK_LONGEST for record in halves()[1]]
    run = predictor(labelled(seed, LEAK_LABELS), model, rate, seed)
    return {"losses": losses, "elsewhere": np.array(elsewhere), "right": run["right"][inside], "a": np.array(run["a"])}


if __name__ == "__main__":
    run_parts(ngrams, pretraining, few, leak)
