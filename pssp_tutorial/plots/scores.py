"""Pictures of scores: the confusion matrix, and proteins one by one (chapter 7)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from pssp_tutorial.plots.style import GRID, PALETTE, PAPER, WIDTH, new_axes, ramp, use_style
from pssp_tutorial.proteins.alphabet import STATE_NAMES

if TYPE_CHECKING:
    from pssp_tutorial.evaluation.report import ProteinReport


@use_style()
def plot_confusion(report: "ProteinReport", ax: Axes | None = None) -> Axes:
    """Draw the confusion matrix: of each true state, the share that was given each state, and the residues.

    >>> from pssp_tutorial.evaluation.report import Report
    >>> ax = plot_confusion(Report.from_labels([[0, 0, 1, 2]], [[0, 2, 1, 2]]))
    >>> ax.texts[0].get_text()
    '50%\\n1'
    """
    import seaborn

    counts, states = report.confusion, report.states
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    few = len(states) == 3
    ax = new_axes(ax, height=4.6 if few else 5.4)
    words = [[f"{share:.0%}\n{count:,}" if few else f"{share:.0%}" for share, count in zip(*row, strict=True)]
             for row in zip(shares, counts, strict=True)]  # fmt: skip
    seaborn.heatmap(
        shares, ax=ax, vmin=0, vmax=1, cmap=ramp(PALETTE["C"]), annot=np.array(words), fmt="", cbar=False, square=True,
        linewidths=1.5, linecolor=PAPER, annot_kws={"size": 12 if few else 10},
    )  # fmt: skip
    names = [STATE_NAMES[state] for state in states] if few else list(states)
    ax.set_xticklabels(names, rotation=0)
    ax.set_yticklabels(names, rotation=0)
    ax.tick_params(length=0)
    ax.set(xlabel="predicted", ylabel="true")
    return ax


@use_style()
def plot_per_protein(report: "ProteinReport", axes: Sequence[Axes] | None = None) -> np.ndarray:
    """Draw the accuracy of each protein against its length, and how the accuracies spread.

    Proteins without a scored residue are left out. Two ``axes``, if given, are for the points and for the histogram.

    >>> from pssp_tutorial.evaluation.report import Report
    >>> axes = plot_per_protein(Report.from_labels([[0, 0], [1]], [[0, 1], [1]]))
    >>> axes[0].get_xlabel()
    'scored residues'
    """
    table = report.per_protein.dropna(subset="accuracy")
    layout: Any = dict(figsize=(WIDTH, 3.9), sharey=True, width_ratios=[2.6, 1])
    points, spread = plt.subplots(1, 2, **layout)[1] if axes is None else axes
    mean = report.q_per_protein
    points.scatter(table["length"], table["accuracy"], s=16, color=PALETTE["C"], alpha=0.6, linewidths=0)
    points.set_xscale("log")
    spread.hist(table["accuracy"], bins=np.linspace(0, 1, 41).tolist(), orientation="horizontal", color=PALETTE["C"])
    for ax in (points, spread):
        ax.axhline(mean, color=PALETTE["H"], linewidth=1.5, gid="mean")
        ax.grid(axis="y", color=GRID, linewidth=0.6)
        ax.set_axisbelow(True)
    spread.set_title(f"mean {mean:.1%}", loc="right", color=PALETTE["H"])
    points.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g}%")
    points.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    points.xaxis.set_major_formatter("{x:.0f}")
    points.xaxis.set_minor_locator(NullLocator())
    points.set(xlabel="scored residues", ylabel="accuracy", ylim=(max(0, table["accuracy"].min() - 0.05), 1))
    spread.set(xlabel="proteins")
    return np.array([points, spread])
