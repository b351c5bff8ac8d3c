"""Chapter 2: how fast gradients fade, and what a small LSTM learns."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    return {
        "orders_lost": {kind: (norms[0] / norms[39]).log10().item() for kind, norms in chapter.before.items()},
        "q3": chapter.q3,
        "majority": chapter.majority,
        "mixed_q3": chapter.mixed_q3,
        "unit_correlation": chapter.confirmed,
    }


def check(chapter: SimpleNamespace) -> None:
    memory = chapter.table
    assert memory.loc[["plain RNN", "LSTM"]].to_numpy().max() < 0.35, "without a forget bias there is only guessing"
    assert memory.loc["LSTM, forget bias 3"].min() > 0.9, "with a forget bias the first letter is remembered"
    assert 0.54 < chapter.q3 < 0.61
    assert set(chapter.by_residue.index[:2]) == {"P", "G"}, "proline and glycine close the forget gate most"
