"""Pictures of an LSTM's gates (chapter 2)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from pssp_tutorial.plots.structures import draw_structure
from pssp_tutorial.plots.style import (
    PALETTE,
    PlotError,
    as_array,
    check_lengths,
    new_column,
    number_residues,
    ramp,
    two_sided,
    use_style,
)
from pssp_tutorial.proteins.alphabet import UNKNOWN_STATE

if TYPE_CHECKING:
    from pssp_tutorial.models.lstm import GateRecord

TITLES = {
    "f": "forget gate f",
    "i": "input gate i",
    "g": "candidate g",
    "o": "output gate o",
    "c": "cell state c",
    "h": "hidden state h",
}


@use_style()
def plot_gates(
    gates: "GateRecord",
    sequence: str,
    structure: str | None = None,
    *,
    start: int = 1,
    units: Sequence[int] | None = None,
    show: str = "figoch",
    axes: Sequence[Axes] | None = None,
) -> np.ndarray:
    """Draw what an LSTM's gates and states do at each residue, one row a hidden unit.

    Letters label the residues, if there are at most 60, and ``start`` is the number of the first; the structure is
    drawn above the maps. ``units`` are the hidden units to show, in this order, and ``show`` which of f, i, g, o, c and
    h to draw, from the top. ``axes``, if given, are one for the structure, and one for each map.

    Raises PlotError if gates, sequence and structure differ in length, or for another letter in show.

    >>> from types import SimpleNamespace
    >>> gates = SimpleNamespace(**{name: np.zeros((4, 2)) for name in "figoch"})
    >>> [ax.get_title(loc="left") for ax in plot_gates(gates, "MKTV", "CHHC")[1:3]]
    ['forget gate f', 'input gate i']
    """
    structure = structure or UNKNOWN_STATE * len(sequence)
    check_lengths(len(gates.f), sequence=sequence, structure=structure)
    if not show or set(show) - set(TITLES):
        raise PlotError(f"show is {show!r}; expected some of the letters {''.join(TITLES)}")
    ratios = [0.45] + [1] * len(show)
    column = new_column(axes, 1 + len(show), height=0.5 + 1.45 * len(show), height_ratios=ratios)
    draw_structure(column[0], structure, start, numbers=False)
    column[0].axis("off")
    for ax, name in zip(column[1:], show, strict=True):
        values = as_array(getattr(gates, name)).T  # [hidden, length]
        values = values if units is None else values[list(units)]
        _draw_map(ax, values, start - 0.5, gate=name in "fio")
        ax.set_title(TITLES[name], size=11, pad=3)
    column[1].set_title(f"{len(values)} hidden units", size=11, pad=3, loc="right")
    number_residues(column[-1])
    if len(sequence) <= 60:
        letters: Any = {"family": "monospace", "size": min(11, 550 / max(len(sequence), 1))}
        column[-1].set_xticks(range(start, start + len(sequence)), list(sequence), **letters)
        column[-1].set_xlabel(f"residues {start} to {start + len(sequence) - 1}")
    return column


def _draw_map(ax: Axes, values: np.ndarray, left: float, *, gate: bool) -> None:
    """Values [hidden, length] as colours: a gate's from 0 to 1, others about 0."""
    hidden, length = values.shape
    limit = 1.0 if gate else max(float(np.abs(values).max(initial=0)), 1e-6)
    image = ax.imshow(
        values, aspect="auto", interpolation="nearest", vmin=0 if gate else -limit, vmax=limit,
        cmap=ramp(PALETTE["C"]) if gate else two_sided(), extent=(left, left + length, hidden, 0),
    )  # fmt: skip
    bar = ax.figure.colorbar(image, ax=ax, pad=0.01, aspect=8)
    ticks = [0, 1] if gate else [-limit, 0, limit]
    bar.set_ticks(ticks, labels=[f"{tick:.2g}".replace("-", "−") for tick in ticks])
    bar.outline.set_visible(False)
    ax.set_yticks([])
    ax.tick_params(axis="x", length=0)
    ax.spines["left"].set_visible(False)
