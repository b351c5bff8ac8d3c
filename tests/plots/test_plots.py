"""Every picture shows what it was given, in axes of the caller's choice, and changes no setting."""

from itertools import combinations
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb

import pssp_tutorial as plots
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.evaluation.report import Report
from pssp_tutorial.plots.style import PlotError
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX, reduce_states
from pssp_tutorial.proteins.record import ProteinRecord

STRUCTURE = "CCHHHHHHHHTTEEEEESSGGGBC??EEEEC"  # two helices (H and G), three strands (E, B and E)
PROTEIN = ProteinRecord("tiny", "MKTVRQERLKSIVRILERSKEPVSGAQLAMK", STRUCTURE)


@pytest.fixture(autouse=True)
def _settings_and_figures():
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
    plt.close("all")


@pytest.fixture
def gates():
    rng = np.random.default_rng(0)
    signs = {"f": 1, "i": 1, "g": -1, "o": 1, "c": -3, "h": -1}
    return SimpleNamespace(**{name: rng.uniform(min(low, 0), abs(low), (31, 4)) for name, low in signs.items()})


@pytest.fixture
def prediction():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), size=31).astype(np.float32)
    states = "".join("HEC"[number] for number in probabilities.argmax(axis=1))
    return SimpleNamespace(id="tiny", sequence=PROTEIN.sequence, states=states, probabilities=probabilities)


def report(proteins=20, classes=3):
    rng = np.random.default_rng(0)
    true = [rng.integers(0, classes, size) for size in rng.integers(30, 300, proteins)]
    return Report.from_labels(true, [np.where(rng.random(t.size) < 0.7, t, 0) for t in true], classes)


def drawn(ax, name):
    return [artist for artist in [*ax.patches, *ax.lines, *ax.collections, *ax.texts] if artist.get_gid() == name]


def test_colours_differ_in_lightness():
    """Colour-blind readers and grey prints have only the lightness to go by."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    linear = {state: weights @ np.array(to_rgb(colour)) ** 2.2 for state, colour in plots.PALETTE.items()}
    lightness = {state: 116 * value ** (1 / 3) - 16 for state, value in linear.items()}
    assert set(plots.PALETTE) == set("HEC")
    assert all(abs(lightness[one] - lightness[other]) > 15 for one, other in combinations("HEC", 2))


def test_structure_has_an_arrow_a_strand_and_a_ribbon_a_helix():
    """A ribbon has two sides; the eight states are drawn as three; an unknown stretch is no coil."""
    ax = plt.figure().add_subplot()
    assert plots.draw_structure(ax, STRUCTURE, start=101) is ax
    assert {name: len(drawn(ax, name)) for name in ("strand", "helix", "coil", "unknown")} == {
        "strand": 3,
        "helix": 2 * 2,
        "coil": 5,
        "unknown": 1,
    }
    assert ax.get_xlim() == (100.5, 131.5)
    helix = drawn(ax, "helix")[0].get_path().get_extents()
    assert 102.5 <= helix.x0 <= helix.x1 <= 110.5
    assert drawn(ax, "strand")[0].get_xy()[:, 0].tolist()[0] == 112.5
    assert ax.get_xlabel() == "residue"
    assert all(tick == int(tick) for tick in ax.get_xticks())


@pytest.mark.parametrize("structure", ["H", "E", "C", "?", "HE", "EEE"])
def test_shortest_structures(structure):
    """One residue is a structure too, and stays within its place."""
    ax = plots.draw_structure(plt.figure().add_subplot(), structure)
    ax.figure.canvas.draw()
    assert ax.get_xlim() == (0.5, len(structure) + 0.5)


def test_a_row_holds_a_residue():
    with pytest.raises(PSSPError, match="width 0; expected 1 residue a row or more"):
        plots.plot_record(PROTEIN, width=0)


def test_record_is_wrapped_like_text():
    """Every letter and every tenth number is there; a strand across a line break has one arrow head."""
    ax = plots.plot_record(PROTEIN, width=15)
    letters = [text for text in ax.texts if text.get_gid() is None]
    assert "".join(text.get_text() for text in letters) == PROTEIN.sequence
    assert len({text.get_position()[1] for text in letters}) == 3
    assert [text.get_text() for text in drawn(ax, "number")] == ["1", "10", "20", "30"]
    corners = [len(np.unique(patch.get_xy(), axis=0)) for patch in drawn(ax, "strand")]
    assert corners == [4, 5, 5, 7]  # 13 to 15 without a head, which follows in the next row; 23; 27 to 30
    pale = [text for text in letters if text.get_color() != letters[0].get_color()]
    assert [PROTEIN.structure[letters.index(text)] for text in pale] == ["?", "?"]
    assert ax.get_title(loc="left") == "tiny"


def test_record_may_start_anywhere():
    """A part of a protein keeps the numbers of its residues, and no two numbers overlap."""
    numbers = [text.get_text() for text in drawn(plots.plot_record(PROTEIN, start=361), "number")]
    assert numbers[:3] == ["361", "370", "380"]
    assert drawn(plots.plot_record(PROTEIN, start=369), "number")[0].get_text() == "370"


def test_record_without_structure():
    """The sequence alone is worth a picture."""
    ax = plots.plot_record(ProteinRecord("bare", "MKTV"), ax=plt.figure().add_subplot())
    assert not ax.patches
    assert len(drawn(ax, "unknown")) == 1


@pytest.mark.parametrize("epochs", [1, 12])
def test_history_marks_the_epoch_that_was_kept(epochs):
    """The reader sees where training should have stopped, in both panels."""
    epoch = np.arange(1, epochs + 1)
    values = {"train_loss": 1 / epoch, "val_loss": 1 + (epoch - 5) ** 2, "train_accuracy": epoch / 20}
    frame = pd.DataFrame({"epoch": epoch, **values, "val_accuracy": 0.6 - (epoch - 5) ** 2 / 1000})
    axes = plots.plot_history(SimpleNamespace(frame=frame, best_epoch=min(5, epochs)))
    for ax, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        lines = {line.get_label(): line for line in ax.lines}
        np.testing.assert_array_equal(lines["val"].get_ydata(), frame[f"val_{quantity}"])
        np.testing.assert_array_equal(lines["train"].get_ydata(), frame[f"train_{quantity}"])
        (ring,) = drawn(ax, "best")
        assert ring.get_xydata().tolist() == [[min(5, epochs), frame[f"val_{quantity}"][min(5, epochs) - 1]]]
    again = plots.plot_history(frame, axes=plt.subplots(2)[1])
    assert drawn(again[0], "best")[0].get_xdata() == min(5, epochs)


@pytest.mark.parametrize("classes", [3, 8])
def test_confusion_has_a_labelled_cell_for_each_pair(classes):
    """Shares of the true state: the rows sum to one."""
    scores = report(classes=classes)
    ax = plots.plot_confusion(scores)
    assert len(ax.texts) == classes**2
    shares = ax.collections[0].get_array().reshape(classes, classes)
    np.testing.assert_allclose(shares, scores.confusion / scores.confusion.sum(axis=1, keepdims=True))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")
    if classes == 3:
        assert ax.texts[0].get_text().endswith(f"\n{scores.confusion[0, 0]:,}")
        assert [label.get_text() for label in ax.get_yticklabels()] == ["helix", "strand", "coil"]


def test_gates_stand_under_their_residues(gates):
    """Six maps, a row per unit, on the residues' own numbers; gates from 0 to 1, states around 0."""
    axes = plots.plot_gates(gates, PROTEIN.sequence, STRUCTURE, start=11)
    assert len(axes) == 7
    assert len(drawn(axes[0], "strand")) == 3
    for ax, name in zip(axes[1:], "figoch", strict=True):
        (image,) = ax.images
        np.testing.assert_array_equal(image.get_array(), getattr(gates, name).T)
        assert list(image.get_extent()) == [10.5, 41.5, 4, 0]
        low, high = image.get_clim()
        assert (low, high) == (0, 1) if name in "fio" else low == -high
        assert ax.get_xlim() == (10.5, 41.5)
    assert "".join(label.get_text() for label in axes[-1].get_xticklabels()) == PROTEIN.sequence
    chosen = plots.plot_gates(gates, PROTEIN.sequence, units=[2, 0])
    np.testing.assert_array_equal(chosen[1].images[0].get_array(), gates.f.T[[2, 0]])
    two = plots.plot_gates(gates, PROTEIN.sequence, show="cf")
    assert [ax.get_title(loc="left") for ax in two[1:]] == ["cell state c", "forget gate f"]
    np.testing.assert_array_equal(two[2].images[0].get_array(), gates.f.T)
    with pytest.raises(PlotError, match="show is 'fx'; expected some of the letters figoch"):
        plots.plot_gates(gates, PROTEIN.sequence, show="fx")
    with pytest.raises(PlotError, match="sequence has 3 residues; expected 31"):
        plots.plot_gates(gates, "MKT")


def test_prediction_beside_the_truth(prediction):
    """Errors are counted where the truth is known; the three probabilities fill the height."""
    axes = plots.plot_prediction(prediction, PROTEIN)
    reduced = "CCHHHHHHHHCCEEEEECCHHHEC??EEEEC"
    wrong = [k + 1 for k, (a, b) in enumerate(zip(reduced, prediction.states, strict=True)) if a not in ("?", b)]
    (marks,) = drawn(axes[0], "wrong")
    assert [segment[0, 0] for segment in marks.get_segments()] == wrong
    layers = axes[1].patches
    assert [layer.get_label() for layer in layers] == ["helix", "strand", "coil"]
    np.testing.assert_allclose(layers[-1].get_data().values, 1, atol=1e-6)
    np.testing.assert_allclose(layers[0].get_data().values, prediction.probabilities[:, 0])
    assert axes[0].get_xlim() == axes[1].get_xlim() == (0.5, 31.5)
    with pytest.raises(PlotError, match="truth has 2 residues; expected 31"):
        plots.plot_prediction(prediction, "HH")
    with pytest.raises(PlotError, match="1 axes; expected 2"):
        plots.plot_prediction(prediction, axes=plt.subplots()[1])
    with pytest.raises(PlotError, match="is a str; expected what predict gives"):
        plots.plot_prediction("MKTV")
    with pytest.raises(PlotError, match="truth is a SimpleNamespace; expected states"):
        plots.plot_prediction(prediction, prediction)


def test_prediction_of_eight_states_is_summed_to_three(prediction):
    """The picture has three colours: H, G and I are one of them."""
    eight = np.random.default_rng(1).dirichlet(np.ones(8), size=31)
    prediction.probabilities, prediction.states = eight, STRUCTURE.replace("?", "C")
    axes = plots.plot_prediction(prediction)
    helix, strand = eight[:, :3].sum(axis=1), eight[:, 3:5].sum(axis=1)
    np.testing.assert_allclose(axes[1].patches[0].get_data().values, helix)
    assert not drawn(axes[0], "wrong")
    largest = "".join("HEC"[place] for place in np.argmax([helix, strand, 1 - helix - strand], axis=0))
    assert largest != reduce_states(prediction.states)
    (marks,) = drawn(plots.plot_prediction(prediction, "C" * 31)[0], "wrong")  # the largest sum is drawn
    assert [segment[0, 0] for segment in marks.get_segments()] == [k + 1 for k in range(31) if largest[k] != "C"]


@pytest.mark.parametrize("proteins", [1, 20])
def test_per_protein_shows_each_one(proteins):
    """A dot a protein, one without known states left out, and the mean over proteins, not over residues."""
    rng = np.random.default_rng(0)
    true = [*(rng.integers(0, 3, 50) for _ in range(proteins)), np.full(5, IGNORE_INDEX)]
    scores = Report.from_labels(true, [np.zeros(labels.size, dtype=int) for labels in true])
    axes = plots.plot_per_protein(scores)
    assert len(axes[0].collections[0].get_offsets()) == proteins
    assert sum(bar.get_width() for bar in axes[1].patches) == proteins
    assert all(drawn(ax, "mean")[0].get_ydata()[0] == pytest.approx(scores.q_per_protein) for ax in axes)
    axes[0].figure.canvas.draw()


def test_axes_of_the_caller(gates, prediction):
    """A reader who arranges panels keeps them: nothing opens a figure of its own."""
    frame = pd.DataFrame({f"{split}_{name}": [1.0] for split in ("train", "val") for name in ("loss", "accuracy")})
    for rows, draw in (
        (1, lambda axes: [plots.plot_confusion(report(), ax=axes[0])]),
        (1, lambda axes: [plots.plot_record(PROTEIN, ax=axes[0])]),
        (2, lambda axes: plots.plot_history(frame.assign(epoch=1), axes)),
        (2, lambda axes: plots.plot_prediction(prediction, PROTEIN, axes)),
        (2, lambda axes: plots.plot_per_protein(report(), axes)),
        (7, lambda axes: plots.plot_gates(gates, PROTEIN.sequence, axes=axes)),
    ):
        given = plt.subplots(rows, squeeze=False)[1][:, 0]
        figures = plt.get_fignums()
        assert list(draw(given)) == list(given)
        assert plt.get_fignums() == figures


def test_new_figures_are_white_and_fit_a_phone():
    """A transparent figure has unreadable letters on a dark page; letters under 2.4% of the width on a phone too."""
    figure = plots.plot_confusion(report()).figure
    assert figure.get_facecolor() == (1, 1, 1, 1)
    letters = figure.axes[0].xaxis.label.get_size() / 72
    assert letters / figure.get_size_inches()[0] > 0.024


def test_style_ends_with_its_block():
    """No setting of the reader changes behind their back."""
    before = mpl.rcParams["font.size"]
    with plots.use_style():
        assert mpl.rcParams["font.size"] == 11
    assert mpl.rcParams["font.size"] == before


def test_style_leaves_the_interactive_mode_alone():
    """A notebook's first figure switches it on; off again, no later figure of the notebook would be shown."""
    with plots.use_style():
        plt.ion()
    assert plt.isinteractive()
    plt.ioff()
