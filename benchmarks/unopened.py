"""How good the release model is on chains by which nothing was chosen, scored after the last choice.

    PSSP_RESULTS=benchmarks/results python benchmarks/unopened.py [--cb513 PATH]

The test split and CB513 were opened three times, and CB513 decided when to stop. So this takes `reserved` chains: those
that MMseqs2 relates (E ≤ 1e-3, both ways) to no chain of train, val or test and to no protein of CB513, and of each
cluster the first; but none of reserved_by_search.txt, from which the first version of the model had still learnt.
"""

import argparse
import tempfile
from pathlib import Path

from cb513 import read_cb513
from release import scores, separation, split

import pssp_tutorial as pssp


def unused(chains: pssp.ChainSet, cb513: list[pssp.ProteinRecord]) -> list[pssp.ProteinRecord]:
    """The reserved chains that are unrelated to all that a model has learnt from or been scored on; one a cluster."""
    opened = {record.id: record.sequence for record in (*chains.train, *chains.val, *chains.test, *cb513)}
    cluster_of = {record.id: cluster for record, cluster in zip(chains, chains.cluster, strict=True)}
    clusters = {cluster_of[name] for name in opened if name in cluster_of}
    left = {record.id: record for record in chains.reserved if cluster_of[record.id] not in clusters}
    with tempfile.TemporaryDirectory() as folder:
        while kin := split.related(
            opened, {name: record.sequence for name, record in left.items()}, Path(folder), separation.EVALUE
        ):
            for name in kin:
                del left[name]  # the fewer are searched, the smaller an E-value: so once more
            print(f"{len(kin)} have relatives, {len(left)} are left", flush=True)
    once_learnt = set((split.HERE / "reserved_by_search.txt").read_text().split())
    first = {cluster_of[name]: left[name] for name in sorted(left, reverse=True)}
    return [record for record in first.values() if record.id not in once_learnt]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cb513", help="the file; left out: fetched")
    chosen = options.parse_args()
    model, chains = pssp.load_pretrained(), pssp.load_chains()
    left = unused(chains, read_cb513(chosen.cb513))
    print(f"{len(left)} of {len(chains.reserved)} reserved chains, {sum(map(len, left))} residues")
    values = {"reserved": len(chains.reserved), **scores(model, left)}
    print(f"Q3 {values['q3']:.4f} ({values['q3_low']:.4f} to {values['q3_high']:.4f}), SOV {values['sov']:.4f}")
    pssp.save_results("unopened", values, command="python benchmarks/unopened.py --cb513 PATH", model=model.name)


if __name__ == "__main__":
    main()
