"""Finished chunks of a cluster are found again, and nothing of a user's is taken for one."""

from pathlib import Path

import numpy as np
import pytest

import pssp_tutorial as pssp
from pssp_tutorial.cli.main import main
from pssp_tutorial.prediction.kept import Kept


@pytest.fixture(scope="module")
def records() -> list[pssp.ProteinRecord]:
    return list(pssp.load_chains("mini").train[:4])


@pytest.mark.parametrize("name", ["notes.txt", "000000.npz", "000001.npz.0123456789abcdef.part", "deep/data.txt", ""])
def test_a_folder_of_the_users_own_is_refused(tmp_path: Path, name: str, capsys: pytest.CaptureFixture) -> None:
    """It was emptied when the output was there: years of work may lie in a folder that happens to have its name.

    An archive of NumPy's under a chunk's name is told by what is in it, and a file with the folder's name is no folder.
    """
    fasta, out = tmp_path / "proteins.fasta", tmp_path / "out.jsonl"
    fasta.write_text(">one\nMKTV\n")
    mine = Path(f"{out}.chunks", name)
    mine.parent.mkdir(parents=True, exist_ok=True)
    with mine.open("wb") as handle:
        np.savez(handle, probabilities=np.zeros(3), digest="mine")
    before = mine.read_bytes()
    code = main(["predict", str(fasta), "--out", str(out), "--model", "small", "--workers", "1"])
    said = capsys.readouterr().err
    told = f"pssp: {Path(f'{out}.chunks', name.partition('/')[0])}: is in the way of finished chunks, which are kept in"
    assert (code, said.startswith(told), said.count("\n")) == (4, True, 1), said
    assert mine.read_bytes() == before
    assert not out.exists()


def test_kept_chunks_are_those_of_the_settings(tmp_path: Path, records: list[pssp.ProteinRecord]) -> None:
    """Another model's or another file's chunk under the same number, or half a file, must not be taken."""
    chunk = records[:3]
    predictions = pssp.predict(pssp.load_pretrained("small"), chunk)
    kept = Kept(tmp_path / "chunks", "small, 3 states")
    kept.add(0, chunk, predictions)
    found = kept.find(0, chunk)
    assert [(each.id, each.states) for each in found] == [(each.id, each.states) for each in predictions]
    assert all(np.array_equal(a.probabilities, b.probabilities) for a, b in zip(found, predictions, strict=True))
    assert kept.find(1, chunk) is None
    assert kept.find(0, records[1:4]) is None
    assert Kept(tmp_path / "chunks", "release, 3 states").find(0, chunk) is None
    path = tmp_path / "chunks" / "000000.npz"
    path.write_bytes(path.read_bytes()[:100])
    assert kept.find(0, chunk) is None


def test_only_chunks_are_cleared(tmp_path: Path, records: list[pssp.ProteinRecord]) -> None:
    """What a killed run left goes as well; what somebody put there during the run stays."""
    chunk, folder = records[:3], tmp_path / "chunks"
    Kept(folder, "small, 3 states").add(7, chunk, pssp.predict(pssp.load_pretrained("small"), chunk))
    whole = (folder / "000007.npz").read_bytes()
    for name, content in (("000008.npz", whole[:200]), ("000009.npz.0123456789abcdef.part", b""), ("1234567.npz", b"")):
        (folder / name).write_bytes(content)
    kept = Kept(folder, "release, 3 states")
    (folder / "mine.npz").write_bytes(whole)
    (folder / "000010.npz").mkdir()
    kept.clear()
    assert sorted(path.name for path in folder.iterdir()) == ["000010.npz", "mine.npz"]
    (folder / "000010.npz").rmdir()
    (folder / "mine.npz").rename(folder / "000011.npz")
    Kept(folder, "small, 3 states").clear()
    assert not folder.exists()
    kept.clear()
