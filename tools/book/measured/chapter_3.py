"""Chapter 3: what a missing mask does, and where UniProt and DSSP differ."""

from types import SimpleNamespace
from typing import Any

import pandas as pd

CONTEXT = {"seed": 0, "command": "make chapters CHAPTERS=03_uniprot"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    shares = pd.crosstab(chapter.both["DSSP"], chapter.both["UniProt"], normalize="index")
    whole, six = chapter.table["all 44"], chapter.table["six of 2022"]
    ahead = 100 * (chapter.scores["window table"] - chapter.scores["always coil"])
    return {
        "naive_coil": whole["called coil"],
        "wrongly_coil": whole["of these unknown"],
        "wrongly_coil_share": whole["wrongly coil"],
        "recent_wrongly_coil_share": six["wrongly coil"],
        "always_coil_naive": whole["always coil, naive"],
        "always_coil_masked": whole["always coil, masked"],
        "agreement": chapter.q3,
        "disagreement": 1 - chapter.q3,
        "turn_share": shares.loc["T", "T"],
        "bend_share": shares.loc["S", "E"],
        "rule_documented": chapter.fits["as documented"],
        "rule_bends": chapter.fits["and with S"],
        "first_residue_lost": chapter.wrong_share(1, 0),
        "shifted": chapter.wrong_share(1, 1),
        "table_ahead": ahead["masked"],
        "coil_ahead": -ahead["naive"],
    }
