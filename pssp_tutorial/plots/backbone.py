"""A backbone as a still picture: the trace of its alpha carbons, with depth (chapters 1 and 7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from PIL import Image

from pssp_tutorial.plots.style import FAINT, INK, PALETTE, PAPER, mix
from pssp_tutorial.proteins.alphabet import UNKNOWN_STATE

SIZE = (6.2, 4.65)  # inches
DOTS = 130  # an inch
COLOURS = 96  # of the picture's file
CARBON = 1  # the alpha carbon in a backbone's atoms
FARTHEST = 4.6  # Å between the alpha carbons of neighbours; beyond, the chain has a gap
PIECES = 8  # of the drawn line for each residue
WIDTHS = {"H": 7.5, "E": 6.5, "C": 2.8, UNKNOWN_STATE: 2.0}  # points, of a chain seen from the usual distance
ARROW = (12.0, 2.0)  # points, at the start and the end of an arrow's head
BEAD = 10.0  # points
EDGE = 1.5  # points, of the dark line around everything
BEHIND = 2.0  # Å: the dark line lies so far behind, so that it does not cut what it surrounds
HAZE = 0.6  # how much of the paper's colour is mixed into what lies farthest


@dataclass(frozen=True)
class Stroke:
    """A short straight line in space, with its looks."""

    start: np.ndarray
    end: np.ndarray
    colour: str
    width: float
    haze: float = HAZE
    ahead: float = 0.0


def facing(backbone: np.ndarray) -> np.ndarray:
    """Turn and move a backbone so that its longest side lies across, its shortest in depth, and its start on the left.

    >>> backbone = np.zeros((3, 4, 3)) + [[[0, 0, 0]], [[0, 0, 5]], [[0, 1, 10]]]
    >>> facing(backbone)[:, 1].round(1).tolist()
    [[-5.0, 0.2, 0.0], [-0.0, -0.3, 0.0], [5.0, 0.2, 0.0]]
    """
    backbone = np.asarray(backbone, dtype=np.float64)
    carbons = backbone[:, CARBON][np.isfinite(backbone[:, CARBON]).all(axis=1)]
    centre = carbons.mean(axis=0)
    across, up = np.linalg.svd(carbons - centre, full_matrices=False)[2][:2]
    across = across if across @ (carbons[0] - centre) <= 0 else -across
    up = up if up @ (carbons[0] - centre) >= 0 else -up
    return (backbone - centre) @ np.stack([across, up, np.cross(across, up)]).T


def picture(backbone: np.ndarray, states: str, wrong: list[int]) -> bytes:
    """The still picture, as a PNG file, of a backbone float[length, 4, 3] as :func:`facing` turns it.

    Of the three states, ``?`` is drawn thin and pale; the ``wrong`` residues, counted from 0, get a dark bead.
    """
    figure = Figure(figsize=SIZE, dpi=DOTS, facecolor=PAPER)
    ax = figure.add_axes((0, 0, 1, 1))
    draw_backbone(ax, backbone, states, wrong)
    FigureCanvasAgg(figure).draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]  # type: ignore[attr-defined]
    file = BytesIO()
    Image.fromarray(pixels).quantize(COLOURS).save(file, "PNG", optimize=True)
    return file.getvalue()


def draw_backbone(ax: Axes, backbone: np.ndarray, states: str, wrong: list[int]) -> None:
    """Draw the trace from the back to the front: helices as coils, strands as arrows, wrong residues as beads."""
    carbons = backbone[:, CARBON]
    places = carbons.copy()
    for residue in (place for run in runs(carbons) for place in run[1:-1] if states[place] == "E"):
        places[residue] = carbons[residue - 1 : residue + 2].mean(axis=0)  # else its pleat looks like a zigzag
    strokes = [stroke for run in runs(carbons) for stroke in trace(places, states, run)]
    strokes += [bead(places[residue]) for residue in wrong if np.isfinite(places[residue]).all()]
    depths = np.array([(stroke.start[2] + stroke.end[2]) / 2 for stroke in strokes])
    span = max(float(np.ptp(depths)), 1e-9)
    layers = []
    for stroke, depth in zip(strokes, depths, strict=True):
        haze = stroke.haze * (depths.max() - depth) / span
        line = stroke.start[:2], stroke.end[:2]
        layers.append((depth + stroke.ahead, line, mix(stroke.colour, PAPER, haze), stroke.width))
        layers.append((depth + stroke.ahead - BEHIND, line, mix(INK, PAPER, haze), stroke.width + EDGE))
    layers.sort(key=lambda layer: layer[0])
    _, lines, colours, widths = zip(*layers, strict=True)
    ax.add_collection(LineCollection(lines, colors=colours, linewidths=widths, capstyle="round"), autolim=False)
    _frame(ax, carbons[np.isfinite(carbons).all(axis=1)])


def runs(carbons: np.ndarray) -> Iterator[range]:
    """The stretches of residues without a gap.

    >>> list(runs(np.array([[0.0, 0, 0], [3.8, 0, 0], [20, 0, 0], [np.nan] * 3, [23, 0, 0]])))
    [range(0, 2), range(2, 3), range(4, 5)]
    """
    steps = np.linalg.norm(np.diff(carbons, axis=0), axis=1)
    joined = steps < FARTHEST  # False for nan, too
    borders = [0, *(np.flatnonzero(~joined) + 1), len(carbons)]
    for first, end in pairwise(map(int, borders)):
        if np.isfinite(carbons[first]).all():
            yield range(first, end)


def trace(places: np.ndarray, states: str, run: range) -> Iterator[Stroke]:
    """The strokes of one stretch, in the colours and widths of its states."""
    path = _smooth(places[run.start : run.stop])
    for number, (start, end) in enumerate(pairwise(path)):
        along = (number + 0.5) / PIECES  # residues from the stretch's first
        residue = run.start + round(along)
        colour = PALETTE.get(states[residue], FAINT)
        yield Stroke(start, end, colour, _width(states, residue, run.start + along))


def bead(place: np.ndarray) -> Stroke:
    return Stroke(place, place + np.array([0.2, 0, 0]), INK, BEAD, haze=0.3, ahead=1.0)


def _smooth(points: np.ndarray) -> np.ndarray:
    """A Catmull-Rom curve through the points, with PIECES pieces from one to the next."""
    padded = np.vstack([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, PIECES, endpoint=False)[:, None]
    curve = [points[:1]] if len(points) == 1 else []
    for before, here, there, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        turn, bend = 2 * before - 5 * here + 4 * there - after, 3 * (here - there) + after - before
        curve.append(here + 0.5 * t * (there - before + t * (turn + t * bend)))
    return np.vstack([*curve, points[-1:]])


def _width(states: str, residue: int, along: float) -> float:
    """The width at a place; the last residue and a half of a strand taper to a point."""
    state = states[residue]
    if state == "E":
        end = residue
        while end + 1 < len(states) and states[end + 1] == "E":
            end += 1
        left = end + 0.5 - along
        if left < 1.5:
            return ARROW[1] + (ARROW[0] - ARROW[1]) * left / 1.5
    return WIDTHS[state]


def _frame(ax: Axes, carbons: np.ndarray) -> None:
    """The whole chain in the middle of the axes, one ångström as wide as high."""
    low, high = carbons[:, :2].min(axis=0) - 3, carbons[:, :2].max(axis=0) + 3
    centre = (low + high) / 2
    half = np.array(SIZE) / 2 * max((high - low) / np.array(SIZE))
    ax.set(xlim=centre[0] + half[0] * np.array([-1, 1]), ylim=centre[1] + half[1] * np.array([-1, 1]))
    ax.axis("off")
