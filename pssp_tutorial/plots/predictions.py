"""A prediction beside the truth (chapter 5)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from pssp_tutorial.plots.structures import draw_structure
from pssp_tutorial.plots.style import (
    INK,
    PALETTE,
    PlotError,
    as_array,
    check_lengths,
    new_column,
    number_residues,
    styled,
)
from pssp_tutorial.proteins.alphabet import (
    STATE_NAMES,
    STATES3,
    UNKNOWN_STATE,
    decode_states,
    encode_states,
    reduce_states,
    states_of,
)

if TYPE_CHECKING:
    from pssp_tutorial.prediction.prediction import Prediction
    from pssp_tutorial.proteins.record import ProteinRecord


@styled
def plot_prediction(
    prediction: "Prediction", truth: "str | ProteinRecord | None" = None, axes: Sequence[Axes] | None = None
) -> np.ndarray:
    """Draw a prediction, the truth where it is known, the residues between them that differ, and the probabilities.

    Parameters
    ----------
    prediction : Prediction
        Of eight states the probabilities are summed to three, and the largest sum is drawn.
    truth : str or ProteinRecord, optional
        States of the same residues; ``?`` where unknown.
    axes : two Axes, optional
        For the structures and for the probabilities.

    Raises
    ------
    PlotError
        If prediction and truth differ in length, or are something else.

    >>> from types import SimpleNamespace
    >>> prediction = SimpleNamespace(id="tiny", states="HHC", probabilities=np.full((3, 3), 1 / 3))
    >>> axes = plot_prediction(prediction, truth="HCC")
    >>> [label.get_text() for label in axes[0].get_yticklabels()]
    ['predicted', 'errors', 'true']
    """
    if not hasattr(prediction, "probabilities"):
        raise PlotError(f"prediction is a {type(prediction).__name__}; expected what predict gives for one protein")
    probabilities = as_array(prediction.probabilities)
    letters = states_of(probabilities.shape[1])
    group = encode_states(reduce_states(letters))
    shares = np.stack([probabilities[:, group == number].sum(axis=1) for number in range(len(STATES3))])
    states = prediction.states if letters == STATES3 else decode_states(shares.argmax(axis=0))
    truth = getattr(truth, "structure", truth)
    if not isinstance(truth, str | None):
        raise PlotError(f"truth is a {type(truth).__name__}; expected states, as text or in a record")
    check_lengths(len(states), truth=truth)
    axes = new_column(axes, 2, height=3.6 if truth else 3.2, height_ratios=[1.1 if truth else 0.6, 1.5])
    draw_structure(axes[0], states, numbers=False)
    axes[0].set_yticks([0], ["predicted"])
    if truth:
        draw_structure(axes[0], truth, y=2.0, numbers=False)
        axes[0].set_yticks([0, 1, 2], ["predicted", "errors", "true"])
        pairs = zip(reduce_states(truth), states, strict=True)
        wrong = [place for place, (real, given) in enumerate(pairs, start=1) if UNKNOWN_STATE != real != given]
        axes[0].vlines(wrong, 0.8, 1.2, color=INK, linewidth=1.5, gid="wrong")
    axes[0].tick_params(length=0, labelbottom=False)
    axes[0].spines[:].set_visible(False)
    axes[0].set_title(prediction.id)
    edges, floor = np.arange(probabilities.shape[0] + 1) + 0.5, np.zeros(probabilities.shape[0])
    for state, share in zip(STATES3, shares, strict=True):
        axes[1].stairs(floor + share, edges, baseline=floor, fill=True, color=PALETTE[state], label=STATE_NAMES[state])
        floor = floor + share
    axes[1].set(xlim=(edges[0], edges[-1]), ylim=(0, 1), ylabel="probability")
    number_residues(axes[1])
    axes[1].legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1), handlelength=1, borderaxespad=0.2)
    return axes
