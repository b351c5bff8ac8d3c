"""Look at the gates of the small model: what its units follow, which proteins to show, and the still pictures.

    PSSP_RESULTS=book/results python tools/book/microscope.py     # about a minute on one core
    python tools/book/live_data.py                                        # then write the data of the interactive pages

Everything is measured on the validation chains, of which the weights have seen none. A unit follows what its hidden
state correlates with most: being in a helix, a strand or coil, or being near a start or an end of a helix or strand.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

import pssp_tutorial as pssp
from pssp_tutorial.models.storage import load_pretrained
from pssp_tutorial.plots.style import GRID, INK, WIDTH
from pssp_tutorial.proteins.alphabet import segments

FIGURES = Path(__file__).parents[2] / "book" / "figures"
FOLLOWED = ("helix", "strand", "coil", "starts", "ends")
NEAR = 2  # a start or an end: so many residues before it and so many after
WEAKEST = 0.15  # a unit whose largest correlation is below follows none of them
LENGTHS = range(60, 111)  # of the proteins shown
AROUND = np.arange(-8, 9)  # residues around the start or the end of a helix
SHORTEST = 8  # residues of a helix that counts there
RULES = {
    "mostly helix": {"helix_least": 0.6, "strand_most": 0.05},
    "mostly strand": {"strand_least": 0.4, "helix_most": 0.1},
    "helix and strand": {"helix_least": 0.25, "strand_least": 0.2},
    "predicted worst": {},
}  # shares of a protein's residues
MOST = 0.98  # of the cell states are within the colours; one unit that counts far would make the others pale
SHOWN = {"layer": 1, "reverse": False}  # of the still pictures: the second layer, forwards


def features(structure: str) -> np.ndarray:
    """What a unit may follow, as 0 and 1: float64[length, 5], in the order of FOLLOWED.

    >>> features("CCCHHHHCC").T.astype(int).tolist()[3:]
    [[0, 1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1, 1]]
    """
    states = pssp.reduce_states(structure)
    starts, ends = np.zeros(len(states)), np.zeros(len(states))
    for state, first, end in segments(states):
        if state != "C":
            starts[max(first - NEAR, 0) : first + NEAR] = first > 0
            ends[max(end - NEAR, 0) : end + NEAR] = end < len(states)
    letters = np.array(list(states))
    return np.stack([*(letters == state for state in "HEC"), starts, ends], axis=1).astype(float)


def layer_inputs(model: pssp.BiLSTM, record: pssp.ProteinRecord) -> Iterator[torch.Tensor]:
    """What each layer reads, and at the end what the classifier reads: [length, channel] each."""
    with torch.inference_mode():
        values, lengths = model.embedding(pssp.encode(record)).unsqueeze(0), torch.tensor([len(record)])
        yield values[0]
        for layer in model.layers:
            values = layer(values, lengths)
            yield values[0]


def gates_of(model: pssp.BiLSTM, record: pssp.ProteinRecord, layer: int, reverse: bool) -> pssp.GateRecord:
    inputs = list(layer_inputs(model, record))[layer]
    return pssp.record_gates(model.layers[layer].lstm, inputs, reverse=reverse)


def order_of_units(model: pssp.BiLSTM, records: list[pssp.ProteinRecord]) -> list:
    """For each layer and direction the units, those that follow the same together: [unit, what it follows, r]."""
    wanted = np.concatenate([features(record.structure) for record in records])
    hidden = zip(*(list(layer_inputs(model, record))[1:] for record in records), strict=True)
    order = []
    for outputs in map(np.concatenate, hidden):  # of one layer: [residue, 2 hidden]
        correlations = np.corrcoef(outputs.T, wanted.T)[: outputs.shape[1], outputs.shape[1] :]
        order.append([sorted_units(part) for part in np.split(correlations, 2)])
    return order


def sorted_units(correlations: np.ndarray) -> list[list]:
    """Units by what they follow and by how well: [unit, what, r]; correlations [unit, feature]."""
    best = np.abs(correlations).argmax(axis=1)
    rows = [(unit, FOLLOWED[k], float(correlations[unit, k])) for unit, k in enumerate(best)]
    rows = [row if abs(row[2]) >= WEAKEST else (row[0], "none", row[2]) for row in rows]
    groups = [*FOLLOWED, "none"]
    return [list(row) for row in sorted(rows, key=lambda row: (groups.index(row[1]), -abs(row[2])))]


def tally(units: list[list]) -> dict[str, int]:
    """How many units follow what."""
    return {what: sum(row[1] == what for row in units) for what in (*FOLLOWED, "none")}


def fits(shares: dict[str, float], rule: dict[str, float]) -> bool:
    """Whether shares of helix and strand keep a rule.

    >>> fits({"helix": 0.7, "strand": 0.1}, {"helix_least": 0.6, "strand_most": 0.05})
    False
    """
    bounds = [(shares[name.split("_")[0]], name.endswith("least"), limit) for name, limit in rule.items()]
    return all(share >= limit if least else share <= limit for share, least, limit in bounds)


def choose_proteins(model: pssp.BiLSTM, records: list[pssp.ProteinRecord]) -> list[dict]:
    """A protein of median accuracy of each kind, and the one that is predicted worst."""
    scored = []
    records = [record for record in records if len(record) in LENGTHS]
    for record, prediction in zip(records, pssp.predict(model, records, device="cpu"), strict=True):
        true = pssp.reduce_states(record.structure)
        right = sum(one == other for one, other in zip(true, prediction.states, strict=True))
        shares = {name: true.count(state) / len(true) for name, state in (("helix", "H"), ("strand", "E"))}
        scored.append((right / len(true), record.id, shares))
    chosen = []
    for kind, rule in RULES.items():
        candidates = sorted((q3, name) for q3, name, shares in scored if fits(shares, rule))
        q3, name = candidates[0 if kind == "predicted worst" else len(candidates) // 2]
        chosen.append({"kind": kind, "id": name, "q3": q3, "candidates": len(candidates), **rule})
    return chosen


def around_helices(model: pssp.BiLSTM, records: list[pssp.ProteinRecord], unit: int) -> dict:
    """Means of a unit's six values around the starts and the ends of helices: {"starts": {"f": {"-8": 0.6, ...}}}."""
    seen: dict[str, list[np.ndarray]] = {"starts": [], "ends": []}
    for record in records:
        helices = [
            (first, end)
            for state, first, end in segments(pssp.reduce_states(record.structure))
            if state == "H" and end - first >= SHORTEST
        ]
        if helices:
            gates = gates_of(model, record, **SHOWN)
            values = np.stack([getattr(gates, name)[:, unit].numpy() for name in "figoch"])  # [6, length]
        for first, end in helices:
            for name, place in (("starts", first), ("ends", end)):
                if place + AROUND[0] >= 0 and place + AROUND[-1] < len(record):
                    seen[name].append(values[:, place + AROUND])
    means = {}
    for name, parts in seen.items():
        rows = np.mean(parts, axis=0).tolist()  # [6, place]
        means[name] = {
            letter: dict(zip(map(str, AROUND), row, strict=True)) for letter, row in zip("figoch", rows, strict=True)
        }
        means[name]["helices"] = len(parts)
    return means


def picture_of_gates(model: pssp.BiLSTM, record: pssp.ProteinRecord, order: list[list]) -> plt.Figure:
    """True and predicted structure over the heat maps of the six values, the units in their order."""
    with pssp.use_style():
        figure, axes = plt.subplots(8, 1, figsize=(WIDTH, 9.6), sharex=True, height_ratios=[0.42] * 2 + [1] * 6)
    units = [unit for unit, _, _ in order]
    predicted = pssp.predict(model, record, device="cpu").states
    gates = gates_of(model, record, **SHOWN)
    limit = gates.c.abs().quantile(MOST).item()
    gates = replace(gates, c=gates.c.clamp(-limit, limit))
    pssp.plot_gates(
        replace(gates, c=gates.c.clamp(-limit, limit)), record.sequence, predicted, units=units, axes=axes[1:]
    )
    pssp.draw_structure(axes[0], record.structure, numbers=False)
    for ax, name in zip(axes, ("true", "predicted"), strict=False):
        ax.axis("on")
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0, labelbottom=False)
        ax.set_yticks([0], [name])
    follows = [what for _, what, _ in order]
    groups = {what: [row for row, other in enumerate(follows) if other == what] for what in dict.fromkeys(follows)}
    named = {what: rows for what, rows in groups.items() if len(rows) >= 6}  # fewer have no room for a name
    for ax in axes[2:]:
        ax.set_yticks([np.mean(rows) + 0.5 for rows in named.values()], list(named), size=9)
        ax.tick_params(axis="y", length=0)
        for rows in list(groups.values())[1:]:
            ax.axhline(rows[0], color=INK, linewidth=0.7)
    return figure


def picture_of_unit(means: dict) -> plt.Figure:
    """The six values of one unit around the starts and the ends of helices."""
    with pssp.use_style():
        figure, axes = plt.subplots(2, 2, figsize=(WIDTH, 4.6), sharex=True, sharey="row")
        styles = {"f": "-", "i": "--", "o": ":", "g": "--", "c": "-", "h": ":"}
        shades = {"f": INK, "i": pssp.PALETTE["H"], "o": "#3B5F7E", "g": pssp.PALETTE["H"], "c": INK, "h": "#3B5F7E"}
        for column, (name, values) in zip(axes.T, means.items(), strict=True):
            for ax, group in zip(column, ("fio", "cgh"), strict=True):
                for letter in group:
                    ax.plot(AROUND, list(values[letter].values()), styles[letter], color=shades[letter], label=letter)
                inside = (-0.5, AROUND[-1] + 0.5) if name == "starts" else (AROUND[0] - 0.5, -0.5)
                ax.axvspan(*inside, color=pssp.PALETTE["H"], alpha=0.12, linewidth=0)
                ax.set_xlim(AROUND[0] - 0.5, AROUND[-1] + 0.5)
                ax.grid(axis="y", color=GRID, linewidth=0.6)
            column[1].set_xlabel(f"residues from a helix's {'start' if name == 'starts' else 'end'}")
        axes[0, 0].set(ylabel="gates", ylim=(0, 1))
        axes[1, 0].set(ylabel="candidate, states")
        for ax in axes[:, 1]:
            ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def main() -> None:
    torch.set_num_threads(1)
    model, val = load_pretrained("small"), list(pssp.load_chains().val)
    order, proteins = order_of_units(model, val), choose_proteins(model, val)
    shown = order[SHOWN["layer"]][SHOWN["reverse"]]
    unit, _, r = max((row for row in shown if row[1] == "helix"), key=lambda row: row[2])  # high inside helices
    means = around_helices(model, val, unit)
    counts = {f"{k}": {way: tally(units) for way, units in zip(("forwards", "backwards"), layer, strict=True)}
              for k, layer in enumerate(order, start=1)}  # fmt: skip
    values = {
        "model": model.name,
        "chains": len(val),
        "weakest": WEAKEST,
        "most": MOST,
        "order": order,
        "counts": counts,
    }
    values["proteins"] = {protein["kind"].replace(" ", "_"): protein for protein in proteins}
    values["unit"] = {"number": unit, "r": r, "means": means}
    pssp.save_results("microscope", values, command="python tools/book/microscope.py", threads=1)
    for name, protein in values["proteins"].items():
        picture = picture_of_gates(model, pssp.load_chains()[protein["id"]], shown)
        picture.savefig(FIGURES / f"microscope_{name}.png", dpi=170, metadata={"Software": None})
    picture_of_unit(means).savefig(FIGURES / "microscope_unit.png", dpi=170, metadata={"Software": None})
    print(counts, values["proteins"], unit, r, sep="\n")


if __name__ == "__main__":
    main()
