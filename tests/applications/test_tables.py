"""The shipped tables of Part IV: counts that their packages state, and what a damaged or foreign file says."""

import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

import pssp_tutorial as pssp
from pssp_tutorial.applications.cpgs import load_cpgs
from pssp_tutorial.applications.expression import load_expression
from pssp_tutorial.applications.image_series import load_image_series
from pssp_tutorial.applications.methylation import load_methylation
from pssp_tutorial.applications.pathway import load_glycolysis
from pssp_tutorial.applications.patients import load_patients
from pssp_tutorial.applications.systems import load_repressilator
from pssp_tutorial.applications.tables import data_path
from pssp_tutorial.applications.visual_fields import load_visual_fields
from pssp_tutorial.core.resources import write_checked

LOADERS = {
    "adenines.csv.xz": load_methylation,
    "cpgs.csv.xz": load_cpgs,
    "expression.csv.xz": load_expression,
    "image_series.csv.xz": load_image_series,
    "repressilator.xml": load_repressilator,
    "glycolysis.json": load_glycolysis,
    "patients_events.csv.xz": load_patients,
    "visual_fields.csv.xz": load_visual_fields,
}
"""A file that each loader reads; of several the last."""


def copy_data(folder: Path) -> None:
    for path in data_path("").iterdir():
        folder.joinpath(path.name).write_bytes(path.read_bytes())


@pytest.mark.parametrize("name", LOADERS)
def test_a_damaged_file_is_named_with_what_to_do(name: str, tmp_path: Path) -> None:
    """One flipped bit must never become a number in a table."""
    copy_data(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(pssp.PSSPError, match=f"{name}: damaged: .*restore it from the repository"):
        LOADERS[name](tmp_path)


@pytest.mark.parametrize("name", LOADERS)
def test_a_missing_file_is_named_with_what_to_do(name: str, tmp_path: Path) -> None:
    """A traceback of the system tells a reader nothing."""
    copy_data(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(pssp.PSSPError, match=f"{name}: [a-z ]+; restore it from the repository"):
        LOADERS[name](tmp_path)


def without_a_column(text: bytes) -> bytes:
    return b"\n".join(line.partition(b",")[2] for line in text.splitlines())


def with_a_word_for_a_number(text: bytes) -> bytes:
    lines = text.splitlines()
    return b"\n".join([lines[0], b",".join([b"nothing"] * len(lines[1].split(b","))), *lines[2:]])


@pytest.mark.parametrize("change", [without_a_column, with_a_word_for_a_number], ids=["columns", "words"])
@pytest.mark.parametrize("name", [name for name in LOADERS if name.endswith(".xz")])
def test_another_table_is_refused(name: str, change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """A table of one's own, with its checksum, is either of the form described or told what it lacks."""
    copy_data(tmp_path)
    text = lzma.decompress((tmp_path / name).read_bytes())
    (tmp_path / f"{name}.sha256").unlink()
    write_checked(tmp_path / name, lzma.compress(change(text), preset=0))
    with pytest.raises(pssp.PSSPError, match=f"{name}: (its columns are|not a table)"):
        LOADERS[name](tmp_path)


def test_another_model_is_refused(tmp_path: Path) -> None:
    """Any SBML file can be put there; only the repressilator has these parameters."""
    write_checked(tmp_path / "repressilator.xml", b"<sbml><model><parameter id='k' value='1'/></model></sbml>")
    with pytest.raises(pssp.PSSPError, match="not the repressilator"):
        load_repressilator(tmp_path)
    (tmp_path / "repressilator.xml.sha256").unlink()
    write_checked(tmp_path / "repressilator.xml", b"no markup")
    with pytest.raises(pssp.PSSPError, match="not the repressilator"):
        load_repressilator(tmp_path)


def test_every_shipped_file_has_its_checksum_and_stands_in_the_readme() -> None:
    """Data without an origin and a licence must not travel."""
    readme = data_path("").parent.joinpath("README.md").read_text(encoding="utf-8")
    names = {path.name for path in data_path("").iterdir()}
    tables = {name for name in names if not name.endswith(".sha256")}
    assert names == tables | {f"{name}.sha256" for name in tables}
    assert [name for name in sorted(tables) if f"`{name}`" not in readme] == []
