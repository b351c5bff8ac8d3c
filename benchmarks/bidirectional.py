"""The two ways to run a bidirectional LSTM layer, side by side: residues per second, and their ratio.

    PSSP_RESULTS=benchmarks/results python benchmarks/bidirectional.py

One layer on the 21 one-hot channels, over a batch of real chains: a training step (forward, loss, backward) and a
prediction, in float32 and, where the processor computes with it, in bfloat16 (autocast). The two ways take turns, and
each one's time is its fastest round, so that other work on the machine disturbs the ratio little. Before they are
timed, their outputs and gradients are compared in float32; the benchmark stops if they differ.
"""

import argparse
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch

import pssp_tutorial as pssp
from pssp_tutorial.models.device import has_bfloat16

UNITS = (64, 128, 256, 512)
ROUNDS = 3
LARGEST_DIFFERENCE = 1e-4  # of the largest value of a tensor


def train_step(layer: pssp.BidirectionalLSTM, batch: pssp.Batch) -> None:
    layer.zero_grad(set_to_none=True)
    layer(batch.inputs, batch.lengths)[batch.mask].float().square().mean().backward()


@torch.inference_mode()
def predict(layer: pssp.BidirectionalLSTM, batch: pssp.Batch) -> None:
    layer(batch.inputs, batch.lengths)


def seconds(work: Callable, layer: pssp.BidirectionalLSTM, batch: pssp.Batch, precision: torch.dtype) -> float:
    start = time.perf_counter()
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        work(layer, batch)
    return time.perf_counter() - start


def largest_difference(layer: pssp.BidirectionalLSTM, batch: pssp.Batch) -> float:
    """Between the two ways, of any output of a residue and any gradient, against the largest of its kind."""
    results = []
    for layer.packed in (False, True):
        train_step(layer, batch)
        outputs = layer(batch.inputs, batch.lengths)[batch.mask].detach()
        results.append([outputs, *(weights.grad.clone() for weights in layer.parameters())])
    return max(((one - other).abs().max() / other.abs().max()).item() for one, other in zip(*results, strict=True))


def processor() -> dict[str, object]:
    """The processor, and which of the instructions that speed bfloat16 up it has."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return {"name": platform.processor()}
    facts = dict(line.replace("\t", "").split(":", 1) for line in lines if ":" in line)
    flags = facts.get("flags", "").split()
    return {
        "name": facts.get("model name", "").strip(),
        **{flag: flag in flags for flag in ("avx512_bf16", "amx_bf16")},
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--residues", type=int, default=4_000, help="of the batch")
    options.add_argument("--results", default="bidirectional", help="name of the file (default: bidirectional)")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    batch = list(pssp.make_loader(pssp.load_chains("mini").val, batch_residues=chosen.residues))[-1]
    has = processor()
    precisions = {"float32": torch.float32}
    if has_bfloat16(torch.device("cpu")):
        precisions["bfloat16"] = torch.bfloat16
    values: dict[str, float] = {"residues": batch.residues}
    for units in UNITS:
        torch.manual_seed(0)
        layer = pssp.BidirectionalLSTM(21, units)
        values[f"difference_{units}"] = difference = largest_difference(layer, batch)
        if difference > LARGEST_DIFFERENCE:
            raise SystemExit(f"{units} units: the two ways differ by {difference:.1e} of the largest value")
        for work in (train_step, predict):
            for name, precision in precisions.items():
                best = {False: float("inf"), True: float("inf")}
                for layer.packed in (False, True) * ROUNDS:
                    best[layer.packed] = min(best[layer.packed], seconds(work, layer, batch, precision))
                key = f"{work.__name__}_{units}_{name}"
                values |= {f"{key}_{way}": batch.residues / best[way == "packed"] for way in ("fast", "packed")}
                values[f"{key}_ratio"] = best[True] / best[False]
                print(f"{key:>24}: {values[f'{key}_packed']:>9,.0f} packed,", end=" ")
                print(f"{values[f'{key}_fast']:>9,.0f} fast: {values[f'{key}_ratio']:.1f} times", flush=True)
            if "bfloat16" in precisions:  # the whole gain, against what PyTorch's own layer does by default
                key = f"{work.__name__}_{units}"
                values[f"{key}_bfloat16_over_packed_float32"] = (
                    values[f"{key}_bfloat16_fast"] / values[f"{key}_float32_packed"]
                )
    values["largest_difference"] = max(values[f"difference_{units}"] for units in UNITS)
    values["smallest_ratio"] = min(value for name, value in values.items() if name.endswith("_ratio"))
    print(f"smallest ratio {values['smallest_ratio']:.2f}")
    command = f"python benchmarks/bidirectional.py --threads {chosen.threads} --residues {chosen.residues}"
    command += f" --results {chosen.results}"
    pssp.save_results(
        chosen.results, values, unit="residues per second", threads=chosen.threads, processor=has, command=command
    )


if __name__ == "__main__":
    main()
