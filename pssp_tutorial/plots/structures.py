"""Proteins drawn as helices, strands and coil (chapter 1)."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path

from pssp_tutorial.plots.style import FAINT, INK, PALETTE, PlotError, mix, new_axes, number_residues, use_style
from pssp_tutorial.proteins.alphabet import UNKNOWN_STATE, segments

if TYPE_CHECKING:
    from pssp_tutorial.prediction.prediction import Prediction
    from pssp_tutorial.proteins.record import ProteinRecord

RESIDUES_PER_TURN = 3.6


@use_style()
def draw_structure(
    ax: Axes, structure: str, start: int = 1, *, y: float = 0.0, height: float = 1.0, numbers: bool = True
) -> Axes:
    """Draw helices as ribbons, strands as arrows and coil as a line along the residue numbers.

    Residue k is drawn at x = k, as wide as 1; ``start`` is the number of the first, ``y`` the middle of the drawing.
    Eight DSSP states are drawn as three, ``?`` as a dotted line. Without ``numbers``, ticks, labels and spines stay.

    >>> import matplotlib.pyplot as plt
    >>> ax = draw_structure(plt.figure().add_subplot(), "CCHHHHHHHHCCEEEEECC")
    >>> [patch.get_gid() for patch in ax.patches]
    ['helix', 'helix', 'strand']
    """
    for state, first, end in segments(structure):
        _draw_segment(ax, state, start + first - 0.5, start + end - 0.5, y, height)
    ax.margins(x=0, y=0.08)
    ax.autoscale_view()
    if numbers:
        ax.yaxis.set_visible(False)
        ax.spines[["left", "right", "top"]].set_visible(False)
        number_residues(ax)
    return ax


@use_style()
def plot_record(
    record: "ProteinRecord | Prediction", width: int = 50, ax: Axes | None = None, *, start: int = 1
) -> Axes:
    """Draw a protein in rows, as a page of text: residue numbers, sequence and structure.

    Residues without a known state stand in pale letters; ``width`` is the number of residues per row, ``start`` the
    number of the first one.

    >>> from pssp_tutorial.proteins.record import ProteinRecord
    >>> ax = plot_record(ProteinRecord("tiny", "MKTVRQERLK", "CCHHHHHHCC"))
    >>> ax.get_title(loc="left")
    'tiny'
    """
    if width < 1:
        raise PlotError(f"width {width!r}; expected 1 residue a row or more")
    sequence = record.sequence
    structure = getattr(record, "structure", None) or getattr(record, "states", None) or UNKNOWN_STATE * len(sequence)
    rows = -(-len(sequence) // width)
    ax = new_axes(ax, height=0.4 + rows)
    place: Any = {"ha": "center", "va": "center"}
    for position, letter in enumerate(sequence):
        row, column = divmod(position, width)
        colour = FAINT if structure[position] == UNKNOWN_STATE else INK
        ax.text(column + 1, -row, letter, family="monospace", size=min(11, 550 / width), color=colour, **place)
        number = start + position
        if number % 10 == 0 or (position == 0 and number % 10 < 8):  # 8 and 9 would stand too close to the next ten
            ax.text(column + 1, 0.26 - row, str(number), size=9, gid="number", **place)
    for state, first, end in segments(structure):
        for row in range(first // width, (end - 1) // width + 1):  # a segment goes on in the next row
            left, right = max(first, row * width), min(end, (row + 1) * width)
            edges = left - row * width + 0.5, right - row * width + 0.5
            _draw_segment(ax, state, *edges, -row - 0.32, 0.3, head=right == end)
    ax.set(xlim=(0, width + 1), ylim=(0.45 - rows, 0.4))
    ax.set_title(record.id)
    ax.axis("off")
    return ax


def _draw_segment(ax: Axes, state: str, left: float, right: float, y: float, height: float, head: bool = True) -> None:
    ax.update_datalim([(left, y - height / 2), (right, y + height / 2)])
    if state == "H":
        _draw_helix(ax, left, right, y, height)
    elif state == "E":
        neck = max(left, right - 2.2) if head else right
        body, wing = 0.24 * height, 0.5 * height
        tip = [(neck, wing), (right, 0), (neck, -wing)] if head else []
        outline = [(left, -body), (left, body), (neck, body), *tip, (neck, -body)]
        corners = [(x, y + offset) for x, offset in outline]
        ax.add_patch(Polygon(corners, facecolor=PALETTE["E"], edgecolor=INK, linewidth=0.7, zorder=3, gid="strand"))
    else:
        known = state != UNKNOWN_STATE
        colour, dashes, gid = (PALETTE["C"], "-", "coil") if known else (INK, ":", "unknown")
        width = 2.4 if known else 1.2
        ax.plot([left, right], [y, y], color=colour, linestyle=dashes, linewidth=width, solid_capstyle="butt", gid=gid)


def _draw_helix(ax: Axes, left: float, right: float, y: float, height: float) -> None:
    """A right-handed ribbon with 3.6 residues per turn: front strokes fall, back strokes rise and are darker."""
    turns = max(1, round((right - left) / RESIDUES_PER_TURN))
    ribbon = 0.3 * (right - left) / turns
    borders = np.concatenate([[0], (np.arange(2 * turns) + 0.5) / (2 * turns), [1]])  # ends, crests and troughs
    strokes: dict[bool, list[Path]] = {True: [], False: []}
    for number, (begin, end) in enumerate(pairwise(borders)):
        share = np.linspace(begin, end, 16)
        x = left + ribbon / 2 + share * (right - left - ribbon)
        wave = y + height / 2 * np.sin(2 * np.pi * turns * share)
        outline = np.column_stack([np.append(x - ribbon / 2, x[::-1] + ribbon / 2), np.append(wave, wave[::-1])])
        strokes[number % 2 == 1].append(Path(np.vstack([outline, outline[:1]]), closed=True))
    edge = mix(PALETTE["H"], INK, 0.75)
    for front, paths in sorted(strokes.items()):
        colour = PALETTE["H"] if front else mix(PALETTE["H"], INK, 0.5)
        path = Path.make_compound_path(*paths)
        ax.add_patch(PathPatch(path, facecolor=colour, edgecolor=edge, linewidth=0.4, zorder=3 + front, gid="helix"))
