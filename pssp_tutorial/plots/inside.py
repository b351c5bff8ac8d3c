"""Pictures of what a model reads: mutants and attributions (chapter 13)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from pssp_tutorial.plots.style import INK, PALETTE, PlotError, as_array, check_lengths, new_axes, two_sided, use_style
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS, STATES3

ORDER = "GPAVILMFWYCSTNQHKRDE"  # the special ones, then greasy, aromatic, polar, charged
LETTERS = 30  # a longer sequence has numbers below its picture, which a phone can show


@use_style()
def plot_mutagenesis(changes: np.ndarray, sequence: str, *, state: str = "H", ax: Axes | None = None) -> Axes:
    """Draw the changes [length, 20, 3] that `mutagenesis` gives as a map: residues across, what replaces them down.

    A dot marks the amino acid that the residue is. Red-violet makes the state likelier, blue less likely.
    Raises PlotError if changes and sequence differ in length.

    >>> plot_mutagenesis(np.zeros((4, 20, 3)), "MKTV").get_ylabel()
    'replaced by'
    """
    check_lengths(len(changes), sequence=sequence)
    rows = [AMINO_ACIDS.index(letter) for letter in ORDER]
    values = as_array(changes)[:, rows, STATES3.index(state)].T  # [20, length]
    limit = max(float(np.abs(values).max(initial=0)), 1e-6)
    ax = new_axes(ax, height=4.4)
    image = ax.imshow(values, aspect="auto", interpolation="nearest", cmap=two_sided(), vmin=-limit, vmax=limit)
    own = [(place, ORDER.index(letter)) for place, letter in enumerate(sequence) if letter in ORDER]
    ax.plot(*zip(*own, strict=True), ".", color=INK, markersize=4)
    ax.figure.colorbar(image, ax=ax, pad=0.01, aspect=30, label=f"change of the log-odds of {state}")
    ax.set_yticks(range(len(ORDER)), list(ORDER), family="monospace")
    ax.set_ylabel("replaced by")
    ax.tick_params(length=0)
    _name_residues(ax, sequence)
    return ax


@use_style()
def plot_attribution(
    residues: Sequence[float], sequence: str, position: int, *, state: str = "H", ax: Axes | None = None
) -> Axes:
    """Draw what each residue adds to the log-odds of a state at one position, as bars; a triangle marks the position.

    Raises PlotError if values and sequence differ in length, or the position is outside the sequence.

    >>> len(plot_attribution([0.5, -0.2, 1.0], "MKT", 1).patches)
    3
    """
    check_lengths(len(residues), sequence=sequence)
    if not 0 <= position < len(sequence):
        raise PlotError(f"position is {position}; expected 0 to {len(sequence) - 1}, counted from 0")
    ax = new_axes(ax, height=2.2)
    values = as_array(residues)
    ax.bar(range(len(values)), values, width=0.85, color=np.where(values > 0, PALETTE["H"], PALETTE["C"]))
    ax.plot([position], [1.02], "v", color=INK, markersize=7, transform=ax.get_xaxis_transform(), clip_on=False)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set_ylabel(f"adds to {state}")
    _name_residues(ax, sequence)
    return ax


def _name_residues(ax: Axes, sequence: str) -> None:
    """The letters below a short sequence, numbers below a long one."""
    ax.set_xlim(-0.5, len(sequence) - 0.5)
    if len(sequence) <= LETTERS:
        size = min(11, 440 / len(sequence))
        ax.set_xticks(range(len(sequence)), list(sequence), family="monospace", size=size)
    else:
        places = range(9, len(sequence), 10)
        ax.set_xticks(places, [str(place + 1) for place in places])
    ax.set_xlabel("residue")
