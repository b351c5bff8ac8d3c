"""Pictures of mutants and attributions: what is where, and in which colour."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

import pssp_tutorial as pssp
from pssp_tutorial.plots.inside import ORDER
from pssp_tutorial.plots.style import PlotError


def test_a_mutant_stands_in_its_row_and_column() -> None:
    """Rows are in another order than the channels: a mix-up would put glycine's numbers beside alanine."""
    assert sorted(ORDER) == list(pssp.AMINO_ACIDS)
    changes = np.zeros((4, 20, 3))
    changes[2, pssp.AMINO_ACIDS.index("W"), 1] = 1.5
    ax = pssp.plot_mutagenesis(changes, "MKTX", state="E")
    values = ax.images[0].get_array()
    assert np.argwhere(values).tolist() == [[ORDER.index("W"), 2]]
    places, rows = ax.lines[0].get_data()
    assert [(place, ORDER[row]) for place, row in zip(places, rows, strict=True)] == [(0, "M"), (1, "K"), (2, "T")]
    plt.close("all")


def test_bars_have_the_colour_of_their_sign() -> None:
    ax = pssp.plot_attribution([0.5, -0.2, 0.1], "MKT", 2)
    colours = [to_hex(bar.get_facecolor()).upper() for bar in ax.patches]
    assert colours == [pssp.PALETTE[state] for state in "HCH"]
    assert ax.lines[0].get_xdata() == [2]
    plt.close("all")


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(PlotError, match="expected 3"):
        pssp.plot_attribution([0.5, -0.2, 0.1], "MKTV", 0)
    with pytest.raises(PlotError, match="counted from 0"):
        pssp.plot_attribution([0.5, -0.2, 0.1], "MKT", 3)
    with pytest.raises(PlotError, match="expected 2"):
        pssp.plot_mutagenesis(np.zeros((2, 20, 3)), "MKT")
