"""Chapter 4: what relatives in a random split give away."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    found = chapter.scored["random"][chapter.scored["random"]["e_value"] <= 1e-3]
    leak, low, high = (100 * float(share) for share in chapter.leak)
    return {
        **{f"{split}_q3": chapter.q3[split, "copier"][0] for split in chapter.scored},
        **{f"{split}_window_q3": chapter.q3[split, "window"][0] for split in chapter.scored},
        **{f"{split}_gain": 100 * chapter.q3[split, "gain"][0] for split in chapter.scored},
        "leak_points": leak,
        "leak_low": low,
        "leak_high": high,
        "random_relatives": chapter.relatives(*chapter.data["random"]),
        "random_found": len(found),
        "homology_found": int((chapter.val["e_value"] <= 1e-3).sum()),
        "found_q3": found["copier"].sum() / max(found["known"].sum(), 1),
    }
