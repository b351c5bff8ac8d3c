"""Chapter 21: what is missing, who was lost, and how far back an LSTM must look."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    return {
        "live": {name: dict(zip(("value", "low", "high"), each, strict=True)) for name, each in chapter.live.items()},
        "leak": {"gained": spread(chapter.leak["by person"]["gained by others' deaths"])},
        "one_risk": {event: one_risk(found["risk_weighted"]) for event, found in chapter.stored.items()},
        "risk_at_5": chapter.risks.loc[5].to_dict(),
        "risk_at_10": chapter.risks.loc[10].to_dict(),
    }


def spread(found: pd.Series) -> dict[str, float]:
    """The mean of all splits, their smallest and their largest."""
    return {"value": found.mean(), "low": found.min(), "high": found.max()}


def one_risk(share: float) -> float:
    """The Brier score of telling everybody the share of those to whom it happened."""
    return share * (1 - share)


def check(chapter: SimpleNamespace) -> None:
    """What the chapter says in words of its own numbers."""
    by_set, by_person = (chapter.leak[split] for split in ("by set", "by person"))
    assert by_set["people with others learnt from"].max() == 0
    assert by_set["AUC, others' deaths"].eq(0.5).all()
    assert by_person["people with others learnt from"].min() > 0.75
    assert by_person["AUC, others' deaths"].min() > 0.58
    assert abs(by_person["gained by others' deaths"].mean()) < 0.002
    groups = pd.DataFrame(chapter.groups)
    assert (groups["risk told"][2:4] > groups["to"][2:4]).all()
    assert (groups["risk told"][1:4] > 1.9 * groups["died, weighted"][1:4]).all()
    assert (groups["trained with weights"] < groups["risk told"]).all()
    assert groups["from"][4] < groups["trained with weights"][4] < groups["died, weighted"][4]
    assert groups["deaths"][:4].sum() < 25
    live, looks = chapter.live, {visits: np.mean(found) for visits, found in chapter.looks.items()}
    assert live["how often"][1] > 0.65
    assert min(live["gained by how often"][1], live["gained by last values"][1]) > 0
    assert live["values less how often"][1] < 0 < live["values less how often"][2]
    assert looks[1] > looks[30] - 0.005
    dropped, weighted, healthy = (chapter.risks[name] for name in chapter.risks)
    assert (dropped > weighted).all()
    assert (weighted >= healthy).all()
    assert dropped[15] > 2 * weighted[15]
