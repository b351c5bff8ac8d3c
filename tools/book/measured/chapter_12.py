"""Chapter 12: the language model that is trained live, and the one that sees the answer."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "training_chains": 300, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    return {
        "entropy": chapter.entropy,
        **{f"{part}_2": bits[1] for part, bits in chapter.bits.items()},
        "helix_4": chapter.bits["helix"][3],
        "frequencies": chapter.counted[1],
        "trigram": chapter.counted[3],
        "lstm": chapter.read,
        "stacked": chapter.seen,
    }
