"""Chapter 2: how fast gradients fade and grow, and what a small LSTM learns."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    U, variants = chapter.rnn.weight_hh_l0.detach(), chapter.variants
    return {
        "orders_lost": {kind: (norms[0] / norms[39]).log10().item() for kind, norms in chapter.before.items()},
        "rnn": {"norm": chapter.torch.linalg.svdvals(U).max().item()},
        "q3": chapter.q3,
        "majority": chapter.majority,
        "mixed_q3": chapter.mixed_q3,
        "explode": {"stuck": chapter.steps.loc["not clipped", "gates stuck"].item()},
        "variants": {
            "carousel_lost": variants.loc["1997", "powers of ten lost"],
            "carousel_cell": variants.loc["1997", "largest |c|"],
            "forget_lost": variants.loc["with forget gate", "powers of ten lost"],
        },
    }


def check(chapter: SimpleNamespace) -> None:
    memory = chapter.table
    assert memory.loc[["plain RNN", "LSTM"]].to_numpy().max() < 0.35, "without a forget bias there is only guessing"
    assert memory.loc["LSTM, forget bias 3"].min() > 0.9, "with a forget bias the first letter is remembered"
    assert 0.54 < chapter.q3 < 0.61
    assert (chapter.forget.columns[:2] == ["P", "G"]).all(), "proline and glycine close the forget gate most"
    lowest = chapter.forget.T.rank()
    assert (lowest.loc["P"] == 1).all(), "with every seed"
    assert (lowest.loc["G"] == 2).all(), "with every seed"
    assert chapter.differences.to_numpy().max() < 1e-10, "the backward pass by hand is autograd's"
    assert chapter.exploding[79] > 1_000 * chapter.exploding[0], "the gates don't stop an explosion"
    assert chapter.steps.loc["clipped", "gates stuck"] < 0.01 < 0.9 < chapter.steps.loc["not clipped", "gates stuck"]
    assert chapter.variants.loc["1997", "powers of ten lost"] < 2, "the carousel carries the gradient"
