"""Chapter 10: a family's profile, what profiles add, and inputs that are missing or hold the answer."""

from types import SimpleNamespace
from typing import Any

import numpy as np

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters CHAPTERS=10_relatives"}


def identity(query: str, row: str) -> float:
    """The share of a row's residues that are the query's."""
    return float(np.mean([one == other for one, other in zip(query, row, strict=True) if other != "-"]))


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    alignment, table = chapter.alignment, chapter.table
    few, many = table[table["diversity"] < 4], table[table["diversity"] > 10]
    return {
        "profiles": len(chapter.profiles),
        "identity": np.mean([identity(alignment[0], row) for row in alignment[1:]]),
        "agreement": {
            "by_hand": chapter.agreement["profile by hand"],
            "one_hot": chapter.agreement["one-hot sequence"],
        },
        "q3": {"residues": chapter.reports["residues"].q3, "profile": chapter.reports["residues and profile"].q3},
        "gain": chapter.gain._asdict(),
        "few": {"chains": len(few), "points": 100 * few["gain"].mean()},
        "many": {"chains": len(many), "points": 100 * many["gain"].mean()},
        "missing": {name: report.q3 for name, report in chapter.missing.items()},
        "present": {name: report.q3 for name, report in chapter.present.items()},
        "true_q3": chapter.leak.q3,
        "gift": chapter.gift._asdict(),
    }


def check(chapter: SimpleNamespace) -> None:
    """The profile gains, is missed by the network that knew nothing else, less by the other; the leak is seen."""
    assert chapter.gain.value > 0.1  # "more than ten points"
    assert chapter.missing["informed"].q3 < chapter.reports["residues"].q3
    assert chapter.missing["informed"].q3 < chapter.missing["prepared"].q3
    assert chapter.gift.low > 0
