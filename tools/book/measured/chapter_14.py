"""Chapter 14: what a model costs, and what eight bits and other programs change."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"threads": 1, "split": "val", "chains": "mini", "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    return {
        "operations": int(chapter.counts.sum()),
        "peak_per_second": chapter.peak,
        "pruned_q3": dict(zip(map(str, chapter.shares), chapter.scores, strict=True)),
    }


def check(chapter: SimpleNamespace) -> None:
    scores = dict(zip(chapter.shares, chapter.scores, strict=True))
    assert scores[0.4] > scores[0] - 0.01, scores
    assert scores[0.6] < scores[0] - 0.02, scores
    assert scores[0.7] < scores[0] - 0.1, scores
    together, alone = chapter.together, chapter.alone  # of the graph without lengths
    assert sum(a.states != b.states for a, b in zip(alone, together, strict=True)) > 5
