"""Where segments begin and end, and how long they are (chapter 7).

A score says how much of a helix was found. These say how many residues its ends are off, and in which direction.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.evaluation.scores import gather_labels
from pssp_tutorial.evaluation.segments import Overlaps, pair_segments
from pssp_tutorial.proteins.alphabet import states_of

if TYPE_CHECKING:
    import pandas as pd


def observed_segments(
    true: Sequence[np.ndarray], predicted: Sequence[np.ndarray], classes: int = 3, ids: Sequence[str] | None = None
) -> "pd.DataFrame":
    """Each observed segment with the predicted one of its state that overlaps it most.

    Parameters and errors are those of :meth:`pssp_tutorial.Report.from_labels`. A segment ends where a masked residue
    begins.

    One row per segment: id, state, length, partner (residues of the predicted segment; 0 if none overlaps), overlap,
    start_error and end_error (predicted minus observed place, in residues; positive: further along the chain; nan
    without a partner).

    >>> observed_segments([[2, 0, 0, 0, 0, 2]], [[2, 2, 0, 0, 2, 2]]).loc[1, "length":].tolist()
    [4.0, 2.0, 2.0, 1.0, -1.0]
    """
    import pandas as pd

    names, rows, columns, place, protein = gather_labels(true, predicted, classes, ids)
    pairs = pair_segments(rows, columns, place, protein)
    order = np.lexsort((-pairs.overlap, pairs.segment))  # the largest overlap first; of equal ones, the first
    best = order[np.unique(pairs.segment[order], return_index=True)[1]]
    pairs = Overlaps(*(field[best] for field in pairs))
    shift = np.where(pairs.overlap > 0, pairs.shift, np.nan)
    return pd.DataFrame(
        {
            "id": pd.Series(np.array(names, dtype=object)[pairs.protein], dtype=object),
            "state": np.array(list(states_of(classes)))[pairs.state],
            "length": pairs.observed,
            "partner": pairs.predicted,
            "overlap": pairs.overlap,
            "start_error": shift,
            "end_error": shift + pairs.predicted - pairs.observed,
        }
    )


def segment_statistics(true: Sequence[np.ndarray], predicted: Sequence[np.ndarray], classes: int = 3) -> "pd.DataFrame":
    """How many segments each state has, how long they are, how many are found and how far their ends are off.

    One row per state that is observed or predicted: segments and mean_length, observed and predicted; found, the share
    of the observed segments that a predicted one overlaps; start_error and end_error, mean absolute values over the
    found ones; exact, the share of the observed segments with both ends right.

    >>> segment_statistics([[2, 0, 0, 0, 0, 2]], [[2, 2, 0, 0, 2, 2]]).loc["H"].tolist()
    [1.0, 1.0, 4.0, 2.0, 1.0, 1.0, 1.0, 0.0]
    """
    import pandas as pd

    observed = observed_segments(true, predicted, classes)
    _, rows, columns, place, protein = gather_labels(true, predicted, classes)
    theirs = pair_segments(columns, rows, place, protein)
    each = np.unique(theirs.segment, return_index=True)[1]
    letters = np.array(list(states_of(classes)))[theirs.state[each]]
    predicted_lengths = pd.Series(theirs.observed[each]).groupby(letters)
    ends = observed[["start_error", "end_error"]] = observed[["start_error", "end_error"]].abs()
    by_state = observed.assign(exact=(ends == 0).all(axis=1), found=observed["overlap"] > 0).groupby("state")
    table = pd.DataFrame(
        {
            "observed": by_state.size(),
            "predicted": predicted_lengths.size(),
            "observed_length": by_state["length"].mean(),
            "predicted_length": predicted_lengths.mean(),
            "found": by_state["found"].mean(),
            "start_error": by_state["start_error"].mean(),
            "end_error": by_state["end_error"].mean(),
            "exact": by_state["exact"].mean(),
        }
    )
    table[["observed", "predicted"]] = table[["observed", "predicted"]].fillna(0).astype(int)
    return table.reindex([state for state in states_of(classes) if state in table.index])
