"""How far assign_dssp agrees with the stored states and with mkdssp, and why not where it does not.

    /usr/bin/python3 benchmarks/dssp_parts/neighbours.py data/chains.tsv.xz build/dssp/neighbours.npz
    PSSP_RESULTS=benchmarks/results python benchmarks/dssp.py

On the 420 mini chains, in about eight minutes on one thread; on Debian with dssp, python3-promod3 and promod3-data. A
residue that differs from its stored state has one of these causes, tried in this order:

- rounding: one of 200 draws, in which every coordinate moves by up to 0.005 Å, gives it the stored state;
- partner_outside: it is stored as strand or bridge, and no bridge of this file holds it there: it pairs with a residue
  that the database left out;
- end: it is one of the five at either end of the chain, whose neighbours the database left out;
- none: none of these.
"""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from dssp_parts import mkdssp

import pssp_tutorial as pssp

DRAWS, HALF_A_STEP, NOISE = 200, 0.005, (0.05, 0.5)  # the last three in Å
END, ROUNDS = 5, 3
NEIGHBOURS = "build/dssp/neighbours.npz"
TELLING = {"1OZ7_A": (70, 70), "4JWX_A": (64, 68), "1A12_C": (0, 1)}  # positions from 0, both included

States = dict[str, str]  # by chain id
CHAINS = list(pssp.load_chains("mini"))
BACKBONES = pssp.load_backbones()
STORED: States = {chain.id: chain.structure for chain in CHAINS}


def assigned(moved_by: float = 0, seed: int = 0) -> States:
    """Our states, with every coordinate moved by up to so many Å."""
    draw = np.random.default_rng(seed)
    return {chain.id: pssp.assign_dssp(moved(BACKBONES[chain.id], moved_by, draw), chain.sequence) for chain in CHAINS}


def moved(atoms: np.ndarray, by: float, draw: np.random.Generator) -> np.ndarray:
    return atoms + draw.uniform(-by, by, atoms.shape) if by else atoms


def seconds() -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        assigned()
        times.append(time.process_time() - start)
    return min(times)


def agreement(true: States, ours: States) -> dict[str, Any]:
    """Shares of equal residues in eight and three states, in all and by state, and the number that differ."""
    eight, three = (
        pssp.Report.from_labels(
            [pssp.encode_states(reduce(true[chain]), classes) for chain in ours],
            [pssp.encode_states(reduce(ours[chain]), classes) for chain in ours],
            classes,
        )
        for classes, reduce in ((8, str), (3, pssp.reduce_states))
    )
    return {
        "differ": int(eight.residues - np.trace(eight.confusion)),
        "q8": eight.q,
        "q3": three.q,
        "q8_by_state": eight.recall,
        "q3_by_state": three.recall,
    }


def differences(true: States, ours: States) -> Iterator[tuple[str, int]]:
    """Chain and position, from 0, of each residue that differs."""
    for chain, states in ours.items():
        yield from (
            (chain, place) for place, pair in enumerate(zip(true[chain], states, strict=True)) if len({*pair}) > 1
        )


def rounded(chain: pssp.ProteinRecord) -> np.ndarray:
    """Of the draws, how many give each residue its stored state, ``int64[length]``."""
    draw = np.random.default_rng(0)
    stored = np.array(list(chain.structure))
    return sum(
        np.array(list(pssp.assign_dssp(moved(BACKBONES[chain.id], HALF_A_STEP, draw), chain.sequence))) == stored
        for _ in range(DRAWS)
    )


def causes(ours: States) -> dict[tuple[str, int], str]:
    """The cause for each residue that differs from its stored state."""
    found = {}
    reached: dict[str, np.ndarray] = {}
    for chain, place in differences(STORED, ours):
        if chain not in reached:
            reached[chain] = rounded(next(each for each in CHAINS if each.id == chain))
        if reached[chain][place]:
            found[chain, place] = "rounding"
        elif STORED[chain][place] in "EB":
            found[chain, place] = "partner_outside"
        elif min(place, len(STORED[chain]) - 1 - place) < END:
            found[chain, place] = "end"
        else:
            found[chain, place] = "none"
    return found


def without(ours: States, left_out: set[str]) -> States:
    return {chain: states for chain, states in ours.items() if chain not in left_out}


def complexes() -> dict[str, tuple[np.ndarray, str]]:
    """Backbone and sequence of the chains of whose entries the database holds other chains, with these behind them."""
    with np.load(NEIGHBOURS) as file:
        chains = [name for name in file.files if not name.endswith(" sequence")]
        return {chain: (file[chain], str(file[f"{chain} sequence"])) for chain in chains}


def telling(ours: States, beside: States) -> list[dict[str, Any]]:
    """Three places where the states differ, each for another cause."""
    shown = []
    for chain, (first, last) in TELLING.items():
        place = slice(first, last + 1)
        draws = rounded(next(each for each in CHAINS if each.id == chain))[place]
        entry = {"id": chain, "first": first, "last": last, "stored": STORED[chain][place], "ours": ours[chain][place]}
        entry["draws_with_the_stored_state"] = draws.tolist()
        entry["beside_neighbours"] = beside[chain][place] if chain in beside else None
        shown.append(entry)
    return shown


def main() -> None:
    ours = assigned()
    program = {chain.id: mkdssp.states(BACKBONES[chain.id], chain.sequence) for chain in CHAINS}
    together = {chain: pssp.assign_dssp(*each) for chain, each in complexes().items()}
    program_together = {
        chain: mkdssp.states(atoms, sequence).replace("P", "C")
        for chain, (atoms, sequence) in complexes().items()
        if sequence.count("X") < mkdssp.MOST_CHAINS
    }
    beside = {chain: states[: len(STORED[chain])] for chain, states in together.items()}
    found = causes(ours)
    counts = Counter(found.values())
    chains = {cause: {chain for (chain, _), each in found.items() if each == cause} for cause in counts}
    values = {
        "chains": len(CHAINS),
        "residues": sum(map(len, CHAINS)),
        "seconds": seconds(),
        "database": agreement(STORED, ours),
        "mkdssp": agreement({chain: states.replace("P", "C") for chain, states in program.items()}, ours),
        "mkdssp_polyproline": sum(states.count("P") for states in program.values()),
        "causes": dict(counts),
        "chains_by_cause": {cause: len(ids) for cause, ids in chains.items()},
        "q8_of_chains_without_partner_outside": agreement(STORED, without(ours, chains["partner_outside"]))["q8"],
        "neighbours": {
            "chains": len(beside),
            "compared_with_mkdssp": len(program_together),
            "compared_residues": sum(len(states) - states.count("?") for states in program_together.values()),
            "differ_from_mkdssp": len(list(differences(together, program_together))),
            "differ_alone": len(list(differences(STORED, {chain: ours[chain] for chain in beside}))),
            "differ_beside": len(list(differences(STORED, beside))),
        },
        "noise": {str(by): 1 - agreement(ours, assigned(by))["q8"] for by in NOISE},
        "telling": telling(ours, beside),
    }
    for name, value in values.items():
        print(f"{name}: {value}")
    context = {"command": "python benchmarks/dssp.py", "seed": 0, "threads": 1, "mkdssp": mkdssp.version()}
    pssp.save_results("dssp", values, **context, draws=DRAWS, rounds=ROUNDS)


if __name__ == "__main__":
    main()
