"""Chapter 1: letters from the map of bonds, baselines, and how far neighbours and proteins agree."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "training_chains": 1_000, "window": 17, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    names = dict(zip(["majority", "propensity", "window"], chapter.reports.values(), strict=True))
    chains, window = chapter.chains, names["window"]
    return {
        **{f"{name}_q3": report.q3 for name, report in names.items()},
        **{f"{name}_macro_f1": report.macro_f1 for name, report in names.items()},
        "window_sov": window.sov,
        "window_f1": window.f1,
        "strict_q3": chapter.q3_against("strict")[0],
        "same_as_neighbour": chapter.same,
        "fragment_agreement": chapter.agreement,
        "chance_agreement": chapter.chance,
        "half_width_by_residue": chapter.by_residue,
        "half_width_by_protein": chapter.by_protein,
        "glycine_at_positive_phi": float((chapter.letter[chapter.phi > 0] == "G").mean()),
        "own_letters_and_rules": chapter.with_rules,
        "rules_and_stored": chapter.with_stored,
        "reductions_differ": chapter.composition[["G", "I", "B"]].sum(),
        "chains": len(chapter.embedded),
        "clusters": chains.table["cluster"].nunique(),
        "train_chains": len(chains.train),
        "validation_residues": sum(map(len, chains.val)),
    }
