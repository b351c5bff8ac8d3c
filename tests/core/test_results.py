"""Saved numbers: written whole, only where asked, and as plain numbers that a page can print."""

import json

import numpy as np
import pytest
import torch

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.results import FOLDER_VARIABLE, read_results, save_results


def test_nothing_is_written_without_a_folder_and_this_is_said(tmp_path, monkeypatch):
    """Once it was silent: whoever measured for an hour looked for a file that never came."""
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match=r"chapter_0: not written; pass folder=\.\.\., or set PSSP_RESULTS"):
        assert save_results("chapter_0", {"q3": np.float64(0.5)}) == {"q3": 0.5}
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "other"))
    save_results("chapter_0", {"q3": 0.5}, folder=tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_numbers_and_context_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "results"))
    save_results("chapter_0", {"a": np.float32(0.25), "b": torch.tensor([1, 2]), "c": np.int64(3)}, seed=7)
    document = json.loads((tmp_path / "results" / "chapter_0.json").read_text())
    assert document["values"] == {"a": 0.25, "b": [1, 2], "c": 3}
    assert document["context"]["seed"] == 7
    assert {"python", "torch", "numpy", "machine", "command"} <= set(document["context"])


def test_results_of_the_benchmarks_are_read():
    """A chapter that draws them runs from any folder; a wrong name says which names are right."""
    assert read_results("uniprot_parse")["flat_470_entries"] == 470
    with pytest.raises(PSSPError, match=r"nothing.json: no such file; expected one of .*uniprot_parse"):
        read_results("nothing")


def test_a_value_that_is_no_number_leaves_the_old_file(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    save_results("chapter_0", {"q3": 0.5})
    with pytest.raises(AttributeError):
        save_results("chapter_0", {"q3": object()})
    assert [path.name for path in tmp_path.iterdir()] == ["chapter_0.json"]
    assert json.loads((tmp_path / "chapter_0.json").read_text())["values"] == {"q3": 0.5}
