"""Chapter 4: what relatives in a random split give away, what padding costs, and means that mislead."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    found = chapter.scored["random"][chapter.scored["random"]["e_value"] <= 1e-3]
    means = [row["mean of batches"] for row in chapter.traps.values()]
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
        "padding_random": chapter.shares["32 chains at random"],
        "padding_buckets": chapter.shares["buckets, shuffled"],
        "q3_padding_counted": chapter.traps["32 at random"]["padding counted"],
        "highest_mean": max(means),
        "lowest_mean": min(means),
        "q3_per_residue": chapter.right.sum() / chapter.known.sum(),
    }
