"""How good the release model is, with 95% intervals over proteins, and whether it has learnt from relatives of CB513.

    python benchmarks/release.py --closed          # the validation split only: while anything is still to be chosen
    python benchmarks/release.py --cb513 PATH      # the test split and CB513 too

It counts the related pairs of a training or validation chain and a protein of CB513 (MMseqs2, E ≤ 1e-3, both ways).
Without a path CB513 is fetched.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch
from cb513 import read_cb513

import pssp_tutorial as pssp
from pssp_tutorial.evaluation.bootstrap import score_interval

sys.path.append(str(Path(__file__).parents[1] / "tools" / "data"))
import separation
import split


def related(queries: dict[str, str], others: dict[str, str]) -> int:
    """Pairs that MMseqs2 calls related, searched both ways."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = ((queries, others), (others, queries))
        return sum(len(split.hits(*pair, Path(folder), separation.EVALUE)) for pair in pairs)


def scores(model: torch.nn.Module, records: list[pssp.ProteinRecord]) -> dict[str, object]:
    """Everything that the model card says of one set of proteins."""
    three, eight = (pssp.evaluate(model, pssp.make_loader(records, 16_000, classes=classes)) for classes in (3, 8))
    q3, sov, q8 = score_interval(three), score_interval(three, "sov"), score_interval(eight)
    return {
        "proteins": three.proteins,
        "residues": three.residues,
        "q3": q3.value, "q3_low": q3.low, "q3_high": q3.high, "q3_half_width": q3.half_width,
        "q3_per_protein": three.q_per_protein,
        "q8": q8.value, "q8_low": q8.low, "q8_high": q8.high,
        "sov": sov.value, "sov_low": sov.low, "sov_high": sov.high,
        "precision": three.precision, "recall": three.recall, "f1": three.f1, "mcc": three.mcc,
    }  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cb513", help="the file; left out: fetched")
    options.add_argument("--model", default="release")
    options.add_argument("--closed", action="store_true", help="leave the test split and CB513 closed")
    chosen = options.parse_args()
    model, chains = pssp.load_pretrained(chosen.model), pssp.load_chains()
    cb513 = read_cb513(chosen.cb513)
    learnt = {record.id: record.sequence for record in (*chains.train, *chains.val)}
    hits = related(learnt, {record.id: record.sequence for record in cb513})
    print(f"{hits} hits between CB513 and the {len(learnt)} chains of train and val")
    reserved = {record.id for record in chains.reserved}
    values: dict[str, object] = {
        "cb513_hits": hits,
        "reserved_in_training": len(reserved & learnt.keys()),
        "parameters": pssp.count_parameters(model),
    }
    opened = {} if chosen.closed else {"test": chains.test, "cb513": cb513}
    for name, records in ({"val": chains.val} | opened).items():
        values[name] = found = scores(model, records)
        print(f"{name}: Q3 {found['q3']:.4f} ({found['q3_low']:.4f} to {found['q3_high']:.4f}), SOV {found['sov']:.4f}")
    results = "release" if chosen.model == "release" else f"release_{Path(chosen.model).stem}"
    command = f"python benchmarks/release.py --model {Path(chosen.model).name} --cb513 PATH"
    if chosen.closed:
        results, command = f"{results}_closed", f"{command} --closed"
    pssp.save_results(results, values, command=command, model=model.name, card=model.card)


if __name__ == "__main__":
    main()
