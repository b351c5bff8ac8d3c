"""How far five seeds of one recipe lie apart, and where the first of them errs.

Scored on the validation chains: seeds are a choice. Only the first one is taken apart on the test
chains. Held-out chains are each the only one of their family, so that to draw chains is to draw families.
"""

from itertools import combinations

import numpy as np
import pandas as pd

import pssp_tutorial as pssp
from honesty_parts.recipe import BATCH_RESIDUES, CONTEXT, DRAWS, Run, as_numbers, chapter_records, report, trained
from pssp_tutorial.evaluation.bootstrap import draw_scores, score_difference, score_interval

SEEDS = range(5)
LENGTHS = [30, 60, 100, 150, 200, 300, 400, 10_000]
CHAIN_ENDS = [1, 2, 3, 4, 6, 11, 21, 41, 10_000]
LEVEL = 0.05


def seeds() -> None:
    """Writes honesty_seeds.json."""
    val = pssp.load_chains().val
    reports = [report(val, run_of(seed).predicted["val"]) for seed in SEEDS]
    scores = np.array([each.q3 for each in reports])
    drawn = [draw_scores(each, draws=DRAWS) for each in reports]  # the same proteins for every model
    pairs = [score_difference(first, second, draws=DRAWS) for first, second in combinations(reports, 2)]
    chances = [p_value(first - second) for first, second in combinations(drawn, 2)]
    first, second = (draw_scores(each, seed=number) for number, each in enumerate(reports[:2]))
    unpaired = np.diff(np.quantile(first - second, [0.025, 0.975]))[0] / 2
    values = {
        "q3": scores,
        "mean": scores.mean(),
        "standard_deviation": scores.std(ddof=1),
        "range": np.ptp(scores),
        "sov": [each.sov for each in reports],
        "pairs": len(pairs),
        "pairs_apart": sum(pair.low > 0 or pair.high < 0 for pair in pairs),
        "p_values": sorted(chances),
        "pairs_apart_holm": holm(chances),
        "largest_difference": as_numbers(max(pairs, key=lambda pair: abs(pair.value))),
        "half_width": score_interval(reports[0]).half_width,
        "half_width_paired": np.mean([pair.half_width for pair in pairs]),
        "half_width_unpaired": unpaired,
    }
    pssp.save_results("honesty_seeds", values, seeds=list(SEEDS), split="val", **CONTEXT, command="make bench")


def p_value(differences: np.ndarray) -> float:
    """How often a drawn difference has the other sign or none, both ways."""
    beyond = min((differences <= 0).sum(), (differences >= 0).sum())
    return float(min(1.0, 2 * (beyond + 1) / (len(differences) + 1)))


def holm(chances: list[float], level: float = LEVEL) -> int:
    """How many of several comparisons stand when the chance of one false claim among all is kept below ``level``.

    Source: Holm 1979, Scandinavian Journal of Statistics 6, 65-70.
    """
    for rank, chance in enumerate(sorted(chances)):
        if chance > level / (len(chances) - rank):
            return rank
    return len(chances)


def run_of(seed: int) -> Run:
    """Chapter 6's model, from another seed."""
    chains = pssp.load_chains()
    train = pssp.make_loader(chapter_records(), batch_residues=BATCH_RESIDUES, seed=seed)
    scored = {"val": chains.val, "test": chains.test} if seed == 0 else {"val": chains.val}
    return trained("seed", train, pssp.make_loader(chains.val), scored, seed=seed)


def where() -> None:
    """Writes honesty_where.json: accuracy of the first model on the test chains by what a residue is and where."""
    records = pssp.load_chains().test
    predicted = [pssp.decode_states(labels) for labels in run_of(0).predicted["test"]]
    lengths = np.array([len(record) for record in records])
    place = np.concatenate([np.arange(1, length + 1) for length in lengths])
    true = [pssp.reduce_states(record.structure) for record in records]
    table = pd.DataFrame(
        {
            "protein": np.repeat(np.arange(len(records)), lengths),
            "letter": list("".join(record.sequence for record in records)),
            "dssp": list("".join(record.structure for record in records)),
            "true": list("".join(true)),
            "predicted": list("".join(predicted)),
            "length": np.repeat(lengths, lengths),
            "from_start": place,
            "from_end": np.repeat(lengths, lengths) + 1 - place,
        }
    )
    table["right"] = table["true"] == table["predicted"]
    table["length_group"] = pd.cut(table["length"], LENGTHS, right=False, labels=LENGTHS[:-1])
    nearest = table[["from_start", "from_end"]].min(axis=1)
    table["end_group"] = pd.cut(nearest, CHAIN_ENDS, right=False, labels=CHAIN_ENDS[:-1])
    values = {
        "length": by_group(table, "length_group"),
        "chain_end": by_group(table, "end_group"),
        "letter": by_group(table, "letter"),
        "dssp": by_group(table, "dssp"),
        "q3": table["right"].mean(),
        "coil_at_ends": (table["true"] == "C")[nearest <= 3].mean(),
        "coil": (table["true"] == "C").mean(),
    }
    pssp.save_results("honesty_where", values, seed=0, split="test", **CONTEXT, command="make bench")


def by_group(table: pd.DataFrame, column: str) -> dict[str, dict[str, float]]:
    """Accuracy of each group with its interval, the share of its commonest state, and its residues."""
    groups = {}
    for name, rows in table.groupby(column, observed=True):
        labels = [[pssp.encode_states("".join(part[kind])) for _, part in rows.groupby("protein")] for kind in KINDS]
        scores = pssp.Report.from_labels(*labels)
        groups[str(name)] = as_numbers(score_interval(scores)) | {
            "commonest_state": scores.support.max() / scores.residues,
            "residues": scores.residues,
        }
    return groups


KINDS = ("true", "predicted")
