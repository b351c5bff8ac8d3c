"""Attention weights of two networks of chapter 11's shape: beside the effects of mutants, and without them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import architectures
import numpy as np
import torch
from honesty_parts.recipe import as_numbers, hits_of, over_families, over_seeds, report
from scipy.stats import rankdata
from torch import Tensor, nn

import pssp_tutorial as pssp
from inside_parts.shared import SEEDS, Records, mean_of
from pssp_tutorial.models.attention import AttentionLayer, rotated
from pssp_tutorial.models.contract import real_positions

NAMES = {"attention": "attention", "mixed": "conv + LSTM + attention"}
LONGEST = 100  # residues of the chains that are mutated
FAR = 40  # residues: means by distance are taken up to here, and one for all beyond
EPOCHS, RATE = 4, 9e-3
RUNS = Path(__file__).parents[2] / "build" / "inside"


class Weighed(nn.Module):
    """An attention layer whose weights are kept, and may be shuffled or made equal: how is learned, shuffled, equal."""

    def __init__(self, layer: AttentionLayer, how: str, seed: int) -> None:
        super().__init__()
        self.layer, self.how, self.seed, self.seen = layer, how, seed, torch.empty(0)

    def forward(self, values: Tensor, lengths: Tensor) -> Tensor:
        q, k, v = self.layer.from_input(values).unflatten(-1, (3, self.layer.heads, -1)).permute(2, 0, 3, 1, 4)
        real = real_positions(lengths, values.shape[1])[:, None, None]
        scores = rotated(q) @ rotated(k).transpose(-1, -2) / q.shape[-1] ** 0.5
        if self.how == "equal":
            scores = torch.zeros_like(scores)
        weights = scores.masked_fill(~real, -torch.inf).softmax(dim=-1)  # [batch, head, query, key]
        if self.how == "shuffled":  # among the real residues, anew for each query and head; padding keeps its zeros
            chance = torch.rand(weights.shape, generator=torch.Generator().manual_seed(self.seed)).masked_fill(
                ~real, 2.0
            )
            weights = weights.gather(-1, chance.argsort(dim=-1))
        self.seen = weights.detach().mean(dim=1)
        return self.layer.out((weights @ v).transpose(1, 2).flatten(2))


def weighed(model: nn.Module, how: str) -> nn.Module:
    """A twin of a network, the weights of all its attention layers treated so."""
    twin = pssp.evaluation_twin(model)
    layers = cast(nn.ModuleList, twin.layers)
    for index, layer in enumerate(layers):
        if isinstance(layer, AttentionLayer | Weighed):
            layers[index] = Weighed(layer.layer if isinstance(layer, Weighed) else layer, how, seed=index)
    return twin.eval()


def attention(chains: int) -> dict[str, Any]:
    """Both networks, three seeds: do weights tell whose mutants matter, and what happens without the learned ones?"""
    scored = architectures.halves()[1]
    mutated = [record for record in scored if len(record) <= LONGEST][:chains]
    answer: dict[str, Any] = {"mutated_chains": len(mutated), "scored_chains": len(scored)}
    for key, name in NAMES.items():
        networks = [trained(name, seed, "learned") for seed in SEEDS]
        flat = [trained(name, seed, "equal") for seed in SEEDS]
        answer[key] = agreement(networks, mutated) | without(networks, flat, scored)
        print(key, answer[key], flush=True)
    return answer


def trained(name: str, seed: int, how: str) -> nn.Module:
    """A short training on chapter 11's chains, made once; with equal weights from the start, or the learned ones."""
    torch.manual_seed(seed)
    model = pssp.ARCHITECTURES[name]()
    if how == "equal":
        model = weighed(model, how)
    RUNS.mkdir(parents=True, exist_ok=True)
    pssp.fit(
        model,
        pssp.make_loader(architectures.training_chains(), architectures.BATCH_RESIDUES),
        pssp.make_loader(architectures.halves()[0][: architectures.CHOOSING]),
        max_epochs=EPOCHS,
        patience=EPOCHS,
        learning_rate=RATE,
        seed=seed,
        checkpoint=RUNS / f"{name.replace(' ', '')}_{how}_{seed}.pt",
        **architectures.COMMON,
    )
    return model


def agreement(networks: Sequence[nn.Module], records: Records) -> dict[str, Any]:
    """Rank correlations over the other residues of a chain: means over its residues, the seeds and the chains."""
    kinds: dict[str, list[float]] = {}
    maps = [maps_of(network, records) for network in networks]  # for each seed and chain: distance, effects, weights
    apart = [[beyond(kind) for kind in zip(*seed, strict=True)] for seed in maps]
    for chain in range(len(records)):
        found: dict[str, list[float]] = {}
        for number, seed in enumerate(maps):
            distance, effects, *weights = seed[chain]
            other = maps[number - 1][chain]
            found.setdefault("nearness", []).append(alike(-distance, effects))
            found.setdefault("effects_of_seeds", []).append(alike(effects, other[1]))
            for layer, each in enumerate(weights, start=1):
                names = (f"layer_{layer}", f"beyond_{layer}", f"seeds_{layer}")
                pairs = (
                    (each, effects),
                    (apart[number][layer + 1][chain], apart[number][1][chain]),
                    (each, other[layer + 1]),
                )
                for name, pair in zip(names, pairs, strict=True):
                    found.setdefault(name, []).append(alike(*pair))
        for name, values in found.items():
            kinds.setdefault(name, []).append(float(np.mean(values)))
    return {"agreement": {name: mean_of(values) for name, values in kinds.items()}}


def maps_of(network: nn.Module, records: Records) -> list[list[np.ndarray]]:
    """Of each chain, [residue explained, residue read]: distance, mean effect of mutants, and each layer's weights."""
    twin = weighed(network, "learned")
    found = []
    for record in records:
        inputs, length = pssp.encode(record)[None], torch.tensor([len(record)])
        with torch.inference_mode():
            states = pssp.log_odds(twin(inputs, length))[0].argmax(dim=-1).numpy()
        weights = [layer.seen[0].numpy() for layer in cast(nn.ModuleList, twin.layers) if isinstance(layer, Weighed)]
        places = np.arange(len(record))
        effects = np.stack([
            np.abs(pssp.substitutions(network, record.sequence, place)[:, places, states]).mean(axis=0)
            for place in places
        ])  # fmt: skip
        found.append([np.abs(places[:, None] - places), effects.T, *weights])
    return found


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation of each row without its diagonal, a mean over the rows."""
    off = ~np.eye(len(one), dtype=bool)
    ranks = [rankdata(each[off].reshape(len(one), -1), axis=1) for each in (one, other)]
    centred = [each - each.mean(axis=1, keepdims=True) for each in ranks]
    sizes = [np.sqrt((each**2).sum(axis=1)) for each in centred]
    return float(((centred[0] * centred[1]).sum(axis=1) / (sizes[0] * sizes[1])).mean())


def beyond(maps: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Logarithms of a map, minus their mean over all chains at the same distance and side."""
    logs = [np.log(each + 1e-12) for each in maps]
    offsets = [np.clip(np.arange(len(each)) - np.arange(len(each))[:, None], -FAR, FAR) + FAR for each in maps]
    flat = np.concatenate([each.ravel() for each in offsets])
    sums = np.bincount(flat, np.concatenate([each.ravel() for each in logs]), 2 * FAR + 1)
    means = sums / np.bincount(flat, minlength=2 * FAR + 1).clip(min=1)
    return [each - means[places] for each, places in zip(logs, offsets, strict=True)]


def without(networks: Sequence[nn.Module], flat: Sequence[nn.Module], records: Records) -> dict[str, Any]:
    """Q3 with the learned weights; and what shuffled, equal and always equal weights change."""
    families = [record.id for record in records]  # each the only one of its family
    groups = {"learned": [weighed(network, "learned") for network in networks], "trained_equal": list(flat)}
    groups |= {how: [weighed(network, how) for network in networks] for how in ("shuffled", "equal")}
    said = {how: [pssp.predict(network, list(records)) for network in group] for how, group in groups.items()}
    reports = {
        how: [report(records, [pssp.encode_states(one.states) for one in each]) for each in runs]
        for how, runs in said.items()
    }
    residues, hits = (
        reports["learned"][0].confusions.sum(axis=(1, 2)),
        {how: hits_of(each) for how, each in reports.items()},
    )
    q3 = {how: as_numbers(over_families(each, residues, families)) for how, each in hits.items()}
    answer: dict[str, Any] = {"q3": {how: q3[how] | over_seeds([one.q3 for one in reports[how]]) for how in q3}}
    for how in ("shuffled", "equal", "trained_equal"):
        gap = as_numbers(over_families(100 * (hits[how] - hits["learned"]), residues, families))
        states = [["".join(one.states for one in run) for run in said[name]] for name in (how, "learned")]
        moved = [np.mean([a != b for a, b in zip(*pair, strict=True)]) for pair in zip(*states, strict=True)]
        answer[how] = gap | {"changed_states": float(np.mean(moved))}
    return answer
