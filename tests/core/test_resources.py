"""A file and its checksum: readers get the old one or the new one, whatever happens to the writer."""

import hashlib
import multiprocessing
import subprocess
from pathlib import Path

import pytest

from pssp_tutorial.core.files import FileError, ReadError
from pssp_tutorial.core.resources import own_digests, read_checked, write_checked

OLD, NEW = b"old" * 1000, b"new" * 5000


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.tsv.xz"
    write_checked(path, OLD)
    return path


def test_sha256sum_agrees(path):
    """The checksum file is that of a common program, so that users can check without us."""
    line = f"{hashlib.sha256(OLD).hexdigest()}  a.tsv.xz\n"
    assert path.with_name("a.tsv.xz.sha256").read_text() == line
    try:
        subprocess.run(["sha256sum", "-c", "a.tsv.xz.sha256"], cwd=path.parent, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("sha256sum is not installed")


@pytest.mark.parametrize("step", [0, 1, 2, 3, 4, 5])
def test_a_stop_at_any_step_leaves_a_readable_file(path, monkeypatch, step):
    """Three files are put into place, and a stop may come before or after each: once it could damage a model."""
    replace, calls = Path.replace, []

    def stopping(part, whole):
        for before in (True, False):
            calls.append(whole.name)
            if len(calls) == step + 1:
                raise KeyboardInterrupt
            if before:
                replace(part, whole)

    monkeypatch.setattr(Path, "replace", stopping)
    with pytest.raises(KeyboardInterrupt):
        write_checked(path, NEW)
    monkeypatch.undo()
    assert calls == ["a.tsv.xz.sha256", "a.tsv.xz.sha256", *["a.tsv.xz"] * 2, *["a.tsv.xz.sha256"] * 2][: step + 1]
    assert read_checked(path) == (OLD if step < 3 else NEW)
    write_checked(path, NEW)
    assert own_digests(path) == [hashlib.sha256(NEW).hexdigest()]


@pytest.mark.parametrize("full", ["a.tsv.xz", "a.tsv.xz.sha256"])
def test_a_full_disk_leaves_the_old_pair(path, full_disk, full):
    full_disk(full)
    with pytest.raises(FileError, match="No space left"):
        write_checked(path, NEW)
    assert read_checked(path) == OLD


def write_often(path, letter, times):
    for number in range(times):
        write_checked(path, letter * (1000 + number))


def test_readers_and_writers_at_once(path):
    """Two processes that write and one that reads: every reading is whole, and the last pair belongs together."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_often, args=(path, letter, 60)) for letter in (b"a", b"b")]
    for writer in writers:
        writer.start()
    readings = set()
    while any(writer.is_alive() for writer in writers):
        data = path.read_bytes()
        assert set(data) in ({*b"old"}, {*b"a"}, {*b"b"})
        readings.add(data[:1])
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert read_checked(path)[:1] in (b"a", b"b")
    assert len(own_digests(path)) == 1
    assert sorted(file.name for file in path.parent.iterdir()) == ["a.tsv.xz", "a.tsv.xz.sha256"]


def test_one_writer_never_disturbs_a_reader(path):
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=write_often, args=(path, b"a", 100))
    writer.start()
    while writer.is_alive():
        read_checked(path)
    writer.join()
    assert writer.exitcode == 0


def test_a_checksum_file_of_something_else_is_not_replaced(tmp_path):
    """``<out>.sha256`` may be the user's: the sums of a whole folder, for example."""
    own = tmp_path / "mine.sha256"
    for text in (f"{'0' * 64}  other.txt\n{'1' * 64}  mine\n", "my notes\n"):
        own.write_text(text)
        with pytest.raises(FileError, match=r"mine\.sha256: not written, for it is not the checksum of mine; move"):
            write_checked(tmp_path / "mine", NEW)
        assert own.read_text() == text
        assert not (tmp_path / "mine").exists()


def test_a_pair_that_was_renamed_may_be_written_again(path):
    renamed = path.with_name("b")
    path.rename(renamed)
    path.with_name("a.tsv.xz.sha256").rename(path.with_name("b.sha256"))
    assert read_checked(renamed) == OLD
    write_checked(renamed, NEW)
    assert read_checked(renamed) == NEW


def test_damage_is_told(path):
    beside = path.with_name("a.tsv.xz.sha256")
    path.write_bytes(NEW)
    with pytest.raises(ReadError, match=r"a\.tsv\.xz: damaged: its SHA-256 is \w{16}…, expected \w{16}…; buy"):
        read_checked(path, remedy="buy a new one")
    for content in (b"", b"\xff\xfe", b"notes"):
        beside.write_bytes(content)
        with pytest.raises(ReadError, match=r"sha256: empty, or holds no SHA-256; restore"):
            read_checked(path)
    beside.unlink()
    with pytest.raises(ReadError, match=r"sha256: no such file or directory; restore"):
        read_checked(path)
    path.with_name("folder.sha256").write_text("0" * 64)
    path.with_name("folder").mkdir()
    with pytest.raises(ReadError, match="is a directory"):
        read_checked(path.with_name("folder"))
    for folder in (path.parent, "."):
        with pytest.raises(ReadError, match="is a directory"):
            read_checked(folder)
        with pytest.raises(FileError, match="Is a directory"):
            write_checked(folder, NEW)
