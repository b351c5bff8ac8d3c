"""Maps of what the small model read: against mutants, their completeness, and those of random networks."""

from typing import Any

import numpy as np
import torch

import pssp_tutorial as pssp
from inside_parts.shared import SEEDS, Records, mean_of, untrained

STEPS = (16, 32, 64, 128)
AROUND = 10  # residues to either side where maps and mutants are compared


def attributing(model: pssp.BiLSTM, records: Records) -> dict[str, Any]:
    """How well maps of the middle residue agree with mutants, how complete they are, and random networks' maps."""
    kinds: dict[str, list[float]] = {}
    gaps: dict[int, list[float]] = {steps: [] for steps in STEPS}
    random: dict[str, list[float]] = {name: [] for name in ("alike", "near_trained", "near_untrained")}
    networks = [untrained(seed) for seed in SEEDS]
    for record in records:
        place, sequence = len(record) // 2, record.sequence
        near = range(max(place - AROUND, 0), min(place + AROUND + 1, len(record)))
        truth = [-pssp.substitutions(model, sequence, other)[:, place, 0].mean() for other in near]
        gradient = gradients(model, record, place)
        one_hot = pssp.encode(record).numpy()
        centred = gradient - gradient[:, :20].mean(axis=1, keepdims=True)
        maps = {"gradient": (gradient * one_hot).sum(1), "centred": (centred * one_hot).sum(1)}
        maps["integrated"] = pssp.attributions(model, sequence, place, "H").residues
        maps["integrated_from_zero"] = pssp.attributions(model, sequence, place, "H", baseline=torch.zeros(21)).residues
        for name, values in maps.items():
            kinds.setdefault(name, []).append(np.corrcoef(values[near.start : near.stop], truth)[0, 1])
        for steps in STEPS:
            gaps[steps].append(abs(pssp.attributions(model, sequence, place, "H", steps=steps).gap))
        sizes = np.abs(maps["integrated"])
        for network in networks:
            other = np.abs(pssp.attributions(network, sequence, place, "H", steps=32).residues)
            random["alike"].append(np.corrcoef(sizes, other)[0, 1])
            random["near_untrained"].append(other[place - 3 : place + 4].sum() / other.sum())
        random["near_trained"].append(sizes[place - 3 : place + 4].sum() / sizes.sum())
    answer: dict[str, Any] = {
        "chains": len(records),
        "agreement": {name: mean_of(values) for name, values in kinds.items()},
        "gap": {str(steps): {"median": np.median(values), "largest": max(values)} for steps, values in gaps.items()},
        "random": {name: {"median": np.median(values)} for name, values in random.items()},
    }  # fmt: skip
    print(answer, flush=True)
    return answer


def gradients(model: pssp.BiLSTM, record: pssp.ProteinRecord, place: int) -> np.ndarray:
    """The gradient of the helix log-odds of one residue by every channel of the input: float32[length, 21]."""
    inputs = pssp.encode(record)[None].requires_grad_()
    logits = pssp.evaluation_twin(model)(inputs, torch.tensor([len(record)]))
    (gradient,) = torch.autograd.grad(pssp.log_odds(logits)[0, place, 0], inputs)
    return gradient[0].numpy()
