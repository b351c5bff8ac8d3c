"""The chapters of the first two parts run on a set made from UniProt's entries, changed in nothing but the path.

And their numbers are right.

Such a set has residues of unknown state, no accessibility and no `reserved` chain. A chapter that counts an unknown
residue as wrong shows a reader's model as worse than it is; one that stops with an error shows nothing.
"""

import json
import re
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import measured
import nbformat
import numpy as np
import pytest
import torch

import pssp_tutorial as pssp
from pssp_tutorial.cli.main import main

BOOK = Path(__file__).parents[2] / "book"
CALL = "pssp.load_chains()"


def code_cells(chapter: str) -> list[nbformat.NotebookNode]:
    cells = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code" and cell.id != "setup"]  # that one is IPython


CHAPTERS = [path.stem for path in sorted(BOOK.glob("0[1-8]_*.ipynb"))]  # part III needs what only the book's set has
ON_OWN_DATA = [chapter for chapter in CHAPTERS if any(CALL in cell.source for cell in code_cells(chapter))]


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set that chapter 3 tells how to build, with larger shares held out of the few entries."""
    path = tmp_path_factory.mktemp("set") / "mine.tsv.xz"
    shares = ["--val", "0.25", "--test", "0.3", "--max-length", "1300", "--redundancy", "python"]
    assert main(["uniprot", "build", "--shipped", "--quiet", *shares, "--out", str(path)]) == 0
    return path


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def run(chapter: str, path: Path) -> dict[str, Any]:
    """Execute the code cells, draw the figures, and return the variables."""
    variables: dict[str, Any] = {"display": str}
    for cell in code_cells(chapter):
        source = cell.source.replace(CALL, f"pssp.load_chains(path={str(path)!r})")
        exec(compile(source, f"{chapter}, {cell.id}", "exec"), variables)
        for number in plt.get_fignums():
            plt.figure(number).canvas.draw()
        plt.close("all")
    return variables


def test_all_chapters_that_use_the_data_are_run() -> None:
    assert ON_OWN_DATA == ["01_proteins", "04_batches", "06_training", "07_evaluation"]


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("chapter", ON_OWN_DATA)
@pytest.mark.slow
def test_chapter_runs_and_counts_right(
    chapter: str, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # 0 / 0 would stand on the page as nan
        variables = run(chapter, mine)
    assert list(tmp_path.iterdir()) == []
    number, values = int(chapter[:2]), measured.values(variables, chapter)
    stored = json.loads((BOOK / "results" / f"chapter_{number}.json").read_text(encoding="utf-8"))["values"]
    assert values.keys() == stored.keys()
    chains = pssp.load_chains(path=mine)
    assert min(map(len, chains.splits)) >= 3
    assert any("?" in record.structure for record in chains.test)
    CHECKS[number](chains, variables, values, capsys.readouterr().out)


def true_states(records: tuple) -> list[str]:
    return [pssp.reduce_states(record.structure) for record in records]


def q3_of(true: list[str], predicted: list[str]) -> float:
    """By hand, one residue after the other."""
    pairs = [pair for both in zip(true, predicted, strict=True) for pair in zip(*both, strict=True) if pair[0] != "?"]
    return sum(one == other for one, other in pairs) / len(pairs)


def letters(codes: list[np.ndarray]) -> list[str]:
    return [pssp.decode_states(each) for each in codes]


def check_1(chains: pssp.ChainSet, variables: dict, values: dict, output: str) -> None:
    true, window = true_states(chains.val), variables["window"]
    predicted = letters([window.predict(variables["windows"]([record])) for record in chains.val])
    assert values["window_q3"] == pytest.approx(q3_of(true, predicted))
    assert variables["by_width"][17] == variables["q3_against"]("default")[0] == pytest.approx(values["window_q3"])
    known = "".join(true_states(chains.train)).replace("?", "")
    common = max("HEC", key=known.count)
    assert values["majority_q3"] == pytest.approx(q3_of(true, [common * len(states) for states in true]))
    neighbours = [pair for states in true for pair in pairwise(states) if "?" not in pair]
    assert values["same_as_neighbour"] == pytest.approx(np.mean([one == other for one, other in neighbours]))
    assert variables["composition"].sum() == pytest.approx(1)
    assert set(variables["window"].classes_) == {0, 1, 2}


def check_4(chains: pssp.ChainSet, variables: dict, values: dict, output: str) -> None:
    for split, (train, tested) in variables["data"].items():
        table, predicted = variables["fit_table"](train), {"window": [], "copier": []}
        for record, best, alignment, e_value in variables["find_relatives"](train, tested):
            window = variables["window_scores"](table, record).argmax(axis=1)
            copied = variables["copy_states"](window, alignment, best) if e_value <= 1e-3 else window
            predicted["window"].append(window)
            predicted["copier"].append(copied)
        for learner, codes in predicted.items():
            expected = q3_of(true_states(tested), letters(codes))
            assert variables["q3"][split, learner][0] == pytest.approx(expected)
    assert values["random_found"] > 0  # so that something was copied
    true, right = true_states(chains.val), values["homology_window_q3"]
    lengths, known = list(map(len, true)), len("".join(true).replace("?", ""))
    padding = len(true) * max(lengths) - sum(lengths)  # all fit in one batch of 32
    assert variables["traps"]["32 at random"] == pytest.approx({
        "padding counted": (right * known + padding) / (known + padding), "mean of batches": right, "per residue": right
    })  # fmt: skip
    assert values["random_q3"] > values["random_window_q3"]
    assert variables["counts"]["chains"].sum() == len(chains)
    relative = pssp.ProteinRecord("half known", "MKTVRQERLKSIVRILERSK", "H" * 10 + "?" * 10)
    alignment = variables["aligner"].align(relative.sequence, relative.sequence)[0]
    copied = variables["copy_states"](np.full(20, 2), alignment, relative)
    assert pssp.decode_states(copied) == "H" * 10 + "C" * 10  # what the relative lacks, the window table says


def check_5(chains: pssp.ChainSet, variables: dict, values: dict, output: str) -> None:
    assert variables["train_residues"] == sum(len(states.replace("?", "")) for states in true_states(chains.train))


def check_6(chains: pssp.ChainSet, variables: dict, values: dict, output: str) -> None:
    true = true_states(chains.test)
    predicted = [each.states for each in pssp.predict(variables["model"], chains.test, device="cpu")]
    assert values["test_q3"] == pytest.approx(q3_of(true, predicted), abs=1e-6)
    known = "".join(true_states(variables["records"])).replace("?", "")
    common = max("HEC", key=known.count)
    assert values["majority_test_q3"] == pytest.approx(q3_of(true, [common * len(states) for states in true]))


def check_7(chains: pssp.ChainSet, variables: dict, values: dict, output: str) -> None:
    true, predicted = true_states(chains.test), variables["guess"]
    assert values["test_q3"] == pytest.approx(q3_of(true, predicted)) == variables["report"].q3
    known = "".join(true).replace("?", "")
    assert values["majority"] == pytest.approx(max(map(known.count, "HEC")) / len(known))
    runs = [run for states in true for run in re.findall("H+|E+|C+", states)]  # an unknown residue ends a segment
    residues = variables["residues"]
    assert sorted(residues.groupby("segment").size()) == sorted(map(len, runs))
    assert values["half_width"] == pytest.approx(
        np.subtract(*reversed(pssp.score_interval(variables["report"])[1:])) / 2
    )
    for line in ("matrix:       True", "by hand:      True", "scikit-learn: True", "interval:     True"):
        assert line in output
    assert residues["surface"].isna().all()  # these chains carry no accessibility


CHECKS = {1: check_1, 4: check_4, 5: check_5, 6: check_6, 7: check_7}
