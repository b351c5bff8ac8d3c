"""Pictures of a training (chapter 6)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pssp_tutorial.plots.style import GRID, INK, PALETTE, new_column, use_style

if TYPE_CHECKING:
    import pandas as pd

    from pssp_tutorial.training.fit import History


@use_style()
def plot_history(history: "History | pd.DataFrame", axes: Sequence[Axes] | None = None) -> np.ndarray:
    """Draw loss and accuracy on the train and val split by epoch, and mark the epoch that was kept.

    Of the frame of a history, the epoch with the lowest loss on val is marked. Two ``axes``, if given, are for the loss
    and for the accuracy.

    >>> import pandas as pd
    >>> frame = {"epoch": [1, 2], "train_loss": [1, 0.9], "val_loss": [0.9, 1]}
    >>> axes = plot_history(pd.DataFrame(frame | {"train_accuracy": [0.5, 0.6], "val_accuracy": [0.6, 0.5]}))
    >>> [ax.get_ylabel() for ax in axes]
    ['loss', 'accuracy']
    """
    frame: Any = getattr(history, "frame", history)
    best = getattr(history, "best_epoch", None) or frame["epoch"][frame["val_loss"].idxmin()]
    column = new_column(axes, 2, height=5.0)
    for ax, quantity in zip(column, ("loss", "accuracy"), strict=True):
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
    column[0].legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    column[0].figure.align_ylabels(column)
    column[1].yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g}%")
    column[1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    column[1].set_xlabel("epoch")
    return column
