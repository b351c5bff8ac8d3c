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
    use_style,
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


@use_style()
def plot_prediction(
    prediction: "Prediction", truth: "str | ProteinRecord | None" = None, axes: Sequence[Axes] | None = None
) -> np.ndarray:
    """Draw a prediction, the truth where it is known, the residues between them that differ, and the probabilities.

    Of eight states the probabilities are summed to three, and the largest sum is drawn. The truth is a record, or
    states with ``?`` where unknown. Two ``axes``, if given, are for the structures and for the probabilities.

    Raises PlotError if prediction and truth differ in length, or are something else.

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
    real = getattr(truth, "structure", truth)
    if not isinstance(real, str | None):
        raise PlotError(f"truth is a {type(real).__name__}; expected states, as text or in a record")
    check_lengths(len(states), truth=real)
    column = new_column(axes, 2, height=3.6 if real else 3.2, height_ratios=[1.1 if real else 0.6, 1.5])
    _draw_states(column[0], states, real)
    column[0].set_title(prediction.id)
    _stack_probabilities(column[1], shares)
    return column


def _draw_states(ax: Axes, states: str, truth: str | None) -> None:
    """The predicted structure, and below it the errors and the true one if it is known."""
    draw_structure(ax, states, numbers=False)
    ax.set_yticks([0], ["predicted"])
    if truth:
        draw_structure(ax, truth, y=2.0, numbers=False)
        ax.set_yticks([0, 1, 2], ["predicted", "errors", "true"])
        pairs = zip(reduce_states(truth), states, strict=True)
        wrong = [place for place, (real, given) in enumerate(pairs, start=1) if UNKNOWN_STATE != real != given]
        ax.vlines(wrong, 0.8, 1.2, color=INK, linewidth=1.5, gid="wrong")
    ax.tick_params(length=0, labelbottom=False)
    ax.spines[:].set_visible(False)


def _stack_probabilities(ax: Axes, shares: np.ndarray) -> None:
    """The probabilities [class, length], one on top of the other."""
    edges, floor = np.arange(shares.shape[1] + 1) + 0.5, np.zeros(shares.shape[1])
    for state, share in zip(STATES3, shares, strict=True):
        ax.stairs(floor + share, edges, baseline=floor, fill=True, color=PALETTE[state], label=STATE_NAMES[state])
        floor = floor + share
    ax.set(xlim=(edges[0], edges[-1]), ylim=(0, 1), ylabel="probability")
    number_residues(ax)
    ax.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1), handlelength=1, borderaxespad=0.2)
