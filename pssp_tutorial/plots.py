"""Pictures of trainings, gates, predictions and scores; those of structures come from :mod:`pssp_tutorial.cartoons`.

Every function takes axes or makes them, and returns them; none shows or saves. The figures are white, so that they
stand out on light and dark pages, and 6.2 inches wide with letters of 11 points, so that a phone shows them legibly.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from pssp_tutorial.alphabet import (
    STATE_NAMES,
    STATES3,
    UNKNOWN_STATE,
    decode_states,
    encode_states,
    reduce_states,
    states_of,
)
from pssp_tutorial.cartoons import (
    GRID,
    INK,
    PALETTE,
    PAPER,
    WIDTH,
    draw_structure,
    mix,
    new_axes,
    number_residues,
    plot_record,
    styled,
    use_style,
)
from pssp_tutorial.errors import PSSPError

if TYPE_CHECKING:
    import pandas as pd

    from pssp_tutorial.inference import Prediction
    from pssp_tutorial.lstm import GateRecord
    from pssp_tutorial.metrics import Report
    from pssp_tutorial.records import ProteinRecord
    from pssp_tutorial.training import History

__all__ = [
    "PALETTE",
    "PlotError",
    "draw_structure",
    "plot_confusion",
    "plot_gates",
    "plot_history",
    "plot_per_protein",
    "plot_prediction",
    "plot_record",
    "use_style",
]


class PlotError(PSSPError):
    """Things to plot side by side that differ in length."""


@styled
def plot_history(history: "History | pd.DataFrame", axes: Sequence[Axes] | None = None) -> np.ndarray:
    """Draw loss and accuracy on the train and val split by epoch, and mark the epoch that was kept.

    Parameters
    ----------
    history : History, or its frame
        Of a frame, the epoch with the lowest loss on val is marked.
    axes : two Axes, optional
        For the loss and for the accuracy.

    >>> import pandas as pd
    >>> frame = {"epoch": [1, 2], "train_loss": [1, 0.9], "val_loss": [0.9, 1]}
    >>> axes = plot_history(pd.DataFrame(frame | {"train_accuracy": [0.5, 0.6], "val_accuracy": [0.6, 0.5]}))
    >>> [ax.get_ylabel() for ax in axes]
    ['loss', 'accuracy']
    """
    frame = getattr(history, "frame", history)
    best = getattr(history, "best_epoch", None) or frame["epoch"][frame["val_loss"].idxmin()]
    axes = _new_column(axes, 2, height=5.0)
    for ax, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for split, dashes, colour in (("train", (3, 1.5), PALETTE["C"]), ("val", (None, None), PALETTE["H"])):
            values = frame[f"{split}_{quantity}"]
            ax.plot(frame["epoch"], values, dashes=dashes, color=colour, marker="o", markersize=4, label=split)
        score = float(frame.loc[frame["epoch"] == best, f"val_{quantity}"].iloc[0])
        ax.axvline(best, color=INK, linewidth=1, linestyle=":", zorder=0)
        ring = {"markersize": 11, "markerfacecolor": "none", "markeredgecolor": INK}
        ax.plot(best, score, "o", **ring, label=f"best: epoch {best}", gid="best")
        ax.set_ylabel(quantity)
        ax.grid(axis="y", color=GRID, linewidth=0.6)
        ax.set_axisbelow(True)
    axes[0].legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    axes[0].figure.align_ylabels(axes)
    axes[1].yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g}%")
    axes[1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes[1].set_xlabel("epoch")
    return axes


@styled
def plot_confusion(report: "Report", ax: Axes | None = None) -> Axes:
    """Draw the confusion matrix: of each true state, the share that was given each state, and the residues.

    >>> from pssp_tutorial.metrics import Report
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
        shares, ax=ax, vmin=0, vmax=1, cmap=_ramp(PALETTE["C"]), annot=np.array(words), fmt="", cbar=False, square=True,
        linewidths=1.5, linecolor=PAPER, annot_kws={"size": 12 if few else 10},
    )  # fmt: skip
    names = [STATE_NAMES[state] for state in states] if few else list(states)
    ax.set_xticklabels(names, rotation=0)
    ax.set_yticklabels(names, rotation=0)
    ax.tick_params(length=0)
    ax.set(xlabel="predicted", ylabel="true")
    return ax


@styled
def plot_gates(
    gates: "GateRecord",
    sequence: str,
    structure: str | None = None,
    *,
    start: int = 1,
    units: Sequence[int] | None = None,
    axes: Sequence[Axes] | None = None,
) -> np.ndarray:
    """Draw what an LSTM's gates and states do at each residue, one row a hidden unit.

    Parameters
    ----------
    gates : GateRecord
        f, i, g, o, c, h, each [length, hidden].
    sequence : str
        Its letters label the residues, if there are at most 60.
    structure : str, optional
        Drawn above the maps.
    start : int
        Number of the first residue.
    units : sequence of int, optional
        The hidden units to show, in this order; all if left out.
    axes : seven Axes, optional
        For the structure and the six maps.

    Raises
    ------
    PlotError
        If gates, sequence and structure differ in length.

    >>> from types import SimpleNamespace
    >>> gates = SimpleNamespace(**{name: np.zeros((4, 2)) for name in "figoch"})
    >>> [ax.get_title(loc="left") for ax in plot_gates(gates, "MKTV", "CHHC")[1:3]]
    ['forget gate f', 'input gate i']
    """
    structure = structure or UNKNOWN_STATE * len(sequence)
    _check_lengths(len(gates.f), sequence=sequence, structure=structure)
    names = {"f": "forget gate f", "i": "input gate i", "g": "candidate g", "o": "output gate o"}
    names |= {"c": "cell state c", "h": "hidden state h"}
    left = start - 0.5
    axes = _new_column(axes, 7, height=9.2, height_ratios=[0.45] + [1] * 6)
    draw_structure(axes[0], structure, start, numbers=False)
    axes[0].axis("off")
    for ax, (name, title) in zip(axes[1:], names.items(), strict=True):
        values = _array(getattr(gates, name)).T  # [hidden, length]
        values = values if units is None else values[list(units)]
        gate = name in "fio"
        limit = 1.0 if gate else max(float(np.abs(values).max(initial=0)), 1e-6)
        image = ax.imshow(
            values, aspect="auto", interpolation="nearest", vmin=0 if gate else -limit, vmax=limit,
            cmap=_ramp(PALETTE["C"]) if gate else _two_sided(), extent=(left, left + len(sequence), len(values), 0),
        )  # fmt: skip
        bar = ax.figure.colorbar(image, ax=ax, pad=0.01, aspect=8)
        ticks = [0, 1] if gate else [-limit, 0, limit]
        bar.set_ticks(ticks, labels=[f"{tick:.2g}".replace("-", "−") for tick in ticks])
        bar.outline.set_visible(False)
        ax.set_title(title, size=11, pad=3)
        ax.set_yticks([])
        ax.tick_params(axis="x", length=0)
        ax.spines["left"].set_visible(False)
    axes[1].set_title(f"{len(values)} hidden units", size=11, pad=3, loc="right")
    number_residues(axes[-1])
    if len(sequence) <= 60:
        letters = {"family": "monospace", "size": min(11, 550 / max(len(sequence), 1))}
        axes[-1].set_xticks(range(start, start + len(sequence)), list(sequence), **letters)
        axes[-1].set_xlabel(f"residues {start} to {start + len(sequence) - 1}")
    return axes


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
    probabilities = _array(prediction.probabilities)
    letters = states_of(probabilities.shape[1])
    group = encode_states(reduce_states(letters))
    shares = np.stack([probabilities[:, group == number].sum(axis=1) for number in range(len(STATES3))])
    states = prediction.states if letters == STATES3 else decode_states(shares.argmax(axis=0))
    truth = getattr(truth, "structure", truth)
    if not isinstance(truth, str | None):
        raise PlotError(f"truth is a {type(truth).__name__}; expected states, as text or in a record")
    _check_lengths(len(states), truth=truth)
    axes = _new_column(axes, 2, height=3.6 if truth else 3.2, height_ratios=[1.1 if truth else 0.6, 1.5])
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


@styled
def plot_per_protein(report: "Report", axes: Sequence[Axes] | None = None) -> np.ndarray:
    """Draw the accuracy of each protein against its length, and how the accuracies spread.

    Parameters
    ----------
    report : Report
        Proteins without a scored residue are left out.
    axes : two Axes, optional
        For the points and for the histogram, which share the y axis.

    >>> from pssp_tutorial.metrics import Report
    >>> axes = plot_per_protein(Report.from_labels([[0, 0], [1]], [[0, 1], [1]]))
    >>> axes[0].get_xlabel()
    'scored residues'
    """
    table = report.per_protein.dropna(subset="accuracy")
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(WIDTH, 3.9), sharey=True, width_ratios=[2.6, 1])[1]
    mean = report.q_per_protein
    axes[0].scatter(table["length"], table["accuracy"], s=16, color=PALETTE["C"], alpha=0.6, linewidths=0)
    axes[0].set_xscale("log")
    axes[1].hist(table["accuracy"], bins=np.linspace(0, 1, 41), orientation="horizontal", color=PALETTE["C"])
    for ax in axes:
        ax.axhline(mean, color=PALETTE["H"], linewidth=1.5, gid="mean")
        ax.grid(axis="y", color=GRID, linewidth=0.6)
        ax.set_axisbelow(True)
    axes[1].set_title(f"mean {mean:.1%}", loc="right", color=PALETTE["H"])
    axes[0].yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g}%")
    axes[0].xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes[0].xaxis.set_major_formatter("{x:.0f}")
    axes[0].xaxis.set_minor_locator(NullLocator())
    axes[0].set(xlabel="scored residues", ylabel="accuracy", ylim=(max(0, table["accuracy"].min() - 0.05), 1))
    axes[1].set(xlabel="proteins")
    return np.asarray(axes)


def _new_column(axes: Sequence[Axes] | None, rows: int, height: float, **layout: Any) -> np.ndarray:
    if axes is None:
        axes = plt.subplots(rows, 1, figsize=(WIDTH, height), sharex=True, **layout)[1]
    axes = np.atleast_1d(axes)
    if len(axes) != rows:
        raise PlotError(f"{len(axes)} axes; expected {rows}, one below the other")
    return axes


def _check_lengths(expected: int, **texts: str | None) -> None:
    for name, text in texts.items():
        if text is not None and len(text) != expected:
            raise PlotError(f"{name} has {len(text)} residues; expected {expected}, as the values to plot")


def _array(values: Any) -> np.ndarray:
    """A tensor, on any device and with or without a gradient, or an array."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)


def _ramp(colour: str) -> colors.Colormap:
    """From paper to a dark shade of the colour."""
    return colors.LinearSegmentedColormap.from_list("ramp", [PAPER, colour, mix(colour, "#0B1A2A", 0.75)])


def _two_sided() -> colors.Colormap:
    """From blue over paper to red-violet."""
    dark = [mix(PALETTE[state], "#000000", 0.35) for state in "CH"]
    return colors.LinearSegmentedColormap.from_list("two", [dark[0], PALETTE["C"], PAPER, PALETTE["H"], dark[1]])
