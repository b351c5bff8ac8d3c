"""Files with numbers beside the residues of the chain set: of other chains, or damaged, they are refused."""

import hashlib
import lzma
from pathlib import Path

import pytest

from pssp_tutorial.core.resources import resource
from pssp_tutorial.proteins.by_chain import load_backbones, load_profiles
from pssp_tutorial.proteins.chains import ChainDataError

READERS = {"backbones.xz": load_backbones, "profiles.xz": load_profiles}


def repacked(name: str, old: bytes, new: bytes, folder: Path) -> Path:
    """The embedded file with a change in its content, and a checksum that is right."""
    content = lzma.decompress(resource("data", name).read_bytes())
    assert content.count(old) == 1
    packed = lzma.compress(content.replace(old, new), preset=0)
    path = folder / name
    path.write_bytes(packed)
    path.with_name(f"{name}.sha256").write_text(f"{hashlib.sha256(packed).hexdigest()}  {name}\n")
    return path


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"1A12_C\t212", b"1A12_D\t212", r"line \d+ is '1A12_D.*expected 'a chain of the chain set'"),
        (b"1A12_C\t212", b"1A12_C\t211", r"line \d+ is '1A12_C..211.*expected '1A12_C..212"),
        (b"\n\n", b"\n", r"not as tools/data/\w+\.py writes it"),
        (b"\n\n", b"\n\n\x00\x00", r"\d+ numbers for \d+ residues; expected \d+"),
        (b"\n\n", b"\n9ZZZ_Z\t1\t00000000\n\n", "9ZZZ_Z"),
    ],
)
def test_numbers_of_other_chains_are_refused(name: str, old: bytes, new: bytes, message: str, tmp_path: Path) -> None:
    """Numbers beside the wrong sequence would give false pictures, or train and teach nonsense."""
    with pytest.raises(ChainDataError, match=message):
        READERS[name](repacked(name, old, new, tmp_path))


def test_no_backbone_may_be_missing(tmp_path: Path) -> None:
    """Whoever draws a mini chain relies on its backbone."""
    lines, numbers = lzma.decompress(resource("data", "backbones.xz").read_bytes()).split(b"\n\n", maxsplit=1)
    first, rest = lines.split(b"\n", maxsplit=1)
    left = numbers[24 * int(first.split(b"\t")[1]) :]  # 4 atoms with 3 coordinates of 2 bytes
    path = repacked("backbones.xz", lines + b"\n\n" + numbers, rest + b"\n\n" + left, tmp_path)
    with pytest.raises(ChainDataError, match="419 chains; expected 420"):
        load_backbones(path)


@pytest.mark.parametrize("name", READERS)
def test_damage_is_found_by_the_checksum(name: str, tmp_path: Path) -> None:
    path = repacked(name, b"1A12_C\t212", b"1A12_C\t212", tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ChainDataError, match="damaged"):
        READERS[name](path)
    path.unlink()
    with pytest.raises(ChainDataError, match="no such file or directory; restore"):
        READERS[name](path)
