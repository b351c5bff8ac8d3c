"""The style of the book's figures.

Every function of this room takes axes or makes them, and returns them; none shows or saves. The figures are white, so
that they stand out on light and dark pages, and 6.2 inches wide with letters of 11 points, so that a phone shows them
legibly.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pssp_tutorial.core.errors import PSSPError

PALETTE = {"H": "#9B1B5A", "E": "#F4B02A", "C": "#6488A6"}
"""Helix, strand and coil: apart in lightness too, so that colour-blind readers and grey prints tell them apart."""
INK, FAINT, GRID, PAPER = "#22262B", "#9AA3AB", "#C9D0D6", "#FFFFFF"
WIDTH = 6.2  # inches
STYLE: Any = {
    "figure.facecolor": PAPER,
    "figure.dpi": 130,
    "figure.constrained_layout.use": True,
    "savefig.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "font.size": 11,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "lines.linewidth": 2,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
}


@contextmanager
def use_style() -> Iterator[None]:
    """The book's style in a ``with`` block or a decorated function; then matplotlib's settings are what they were.

    >>> with use_style():
    ...     figure, ax = plt.subplots()
    >>> figure.get_facecolor()
    (1.0, 1.0, 1.0, 1.0)
    """
    before = {name: plt.rcParams[name] for name in STYLE}  # rc_context would end a notebook's interactive mode as well
    plt.rcParams.update(STYLE)
    try:
        yield
    finally:
        plt.rcParams.update(before)


def new_axes(ax: Axes | None, height: float) -> Axes:
    """The axes given, or the only ones of a new figure."""
    return plt.subplots(figsize=(WIDTH, height))[1] if ax is None else ax


def number_residues(ax: Axes) -> None:
    """Whole residue numbers below the axes."""
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    ax.set_xlabel("residue")


def mix(colour: str, other: str, share: float) -> str:
    """A colour between two."""
    red, green, blue = (1 - share) * np.array(colors.to_rgb(colour)) + share * np.array(colors.to_rgb(other))
    return colors.to_hex((red, green, blue))


class PlotError(PSSPError):
    """Things that cannot be drawn, or differ in length and would stand side by side."""


def new_column(axes: Sequence[Axes] | None, rows: int, height: float, **layout: Any) -> np.ndarray:
    """The axes given, or those of a new figure, one below the other."""
    if axes is None:
        return plt.subplots(rows, 1, figsize=(WIDTH, height), sharex=True, squeeze=False, **layout)[1][:, 0]
    column = np.atleast_1d(np.asarray(axes))
    if len(column) != rows:
        raise PlotError(f"{len(column)} axes; expected {rows}, one below the other")
    return column


def check_lengths(expected: int, **texts: str | None) -> None:
    for name, text in texts.items():
        if text is not None and len(text) != expected:
            raise PlotError(f"{name} has {len(text)} residues; expected {expected}, as the values to plot")


def as_array(values: Any) -> np.ndarray:
    """A tensor, on any device and with or without a gradient, or an array."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)


def ramp(colour: str) -> colors.Colormap:
    """From paper to a dark shade of the colour."""
    return colors.LinearSegmentedColormap.from_list("ramp", [PAPER, colour, mix(colour, "#0B1A2A", 0.75)])


def two_sided() -> colors.Colormap:
    """From blue over paper to red-violet."""
    dark = [mix(PALETTE[state], "#000000", 0.35) for state in "CH"]
    return colors.LinearSegmentedColormap.from_list("two", [dark[0], PALETTE["C"], PAPER, PALETTE["H"], dark[1]])
