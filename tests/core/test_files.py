"""Files are written whole or not at all, and only files are written."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import FileError, check_targets, write_atomically


@pytest.mark.posix("symbolic links that everybody may make")
def test_a_link_stays_and_the_file_behind_it_is_written(tmp_path):
    """A user whose results folder is a link to a larger disk keeps the link."""
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    with write_atomically(link) as handle:
        handle.write(b"new")
    assert link.is_symlink()
    assert real.read_text() == "new"


@pytest.mark.posix("named pipes")
def test_a_pipe_is_refused_and_left_alone(tmp_path):
    """Renaming a file over /dev/stdout, as root, would break the machine for everybody."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FileError, match="is a device or a pipe; expected the name of a file"), write_atomically(pipe):
        pass
    assert pipe.is_fifo()


def test_an_error_in_between_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), write_atomically(path) as handle:
        handle.write(bytes(1 // 0))
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_a_folder_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (".", "", tmp_path):
        with pytest.raises(FileError, match="Is a directory"), write_atomically(name):
            pytest.fail("the work was begun")
    assert not list(tmp_path.iterdir())


@pytest.mark.posix("symbolic links that everybody may make")
def test_what_is_read_is_not_written(tmp_path, monkeypatch):
    """By whatever name, for a user may have linked the one to the other."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("mine")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    for name in ("./a.txt", tmp_path / "a.txt", "link.txt"):
        with pytest.raises(PSSPError, match="is also the input; expected another file to write"):
            check_targets([name], ["-", None, "a.txt"])
    with pytest.raises(PSSPError, match=r"new\.txt: would be written twice"):
        check_targets(["new.txt", tmp_path / "new.txt"])
    check_targets(["-", None, "deep/er/new.txt", "link.txt"], ["-", None])
    assert (tmp_path / "deep" / "er").is_dir()
    with pytest.raises(FileError, match=r"a\.txt/new\.txt: not written, for its folder cannot be made"):
        check_targets(["a.txt/new.txt"])


@pytest.mark.parametrize("ending", [".sha256", ".info.json"])
def test_what_stands_beside_a_file_is_no_other_output(tmp_path, ending):
    """Else the results of one command would stand where the next one looks for a checksum."""
    file, beside = tmp_path / "a.tsv", tmp_path / f"a.tsv{ending}"
    for targets, sources in (([file, beside], []), ([beside, file], []), ([beside], [file])):
        with pytest.raises(PSSPError, match=f"a.tsv{ending}: belongs to .*a.tsv; expected another file to write"):
            check_targets(targets, sources)
    check_targets([beside], [tmp_path / "b.tsv"])


@pytest.mark.posix("symbolic links that everybody may make")
def test_names_that_no_file_can_have_are_refused_before_the_work(tmp_path):
    """A loop of links was a crash, an empty name meant the folder, and a folder failed when the work was done."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for name in ("", loop, loop / "new.txt", "n" * 400, tmp_path, "new/"):
        with pytest.raises(FileError, match=f"{name or repr('')}: not written"):
            check_targets([name], [loop])
    with pytest.raises(FileError, match="loop: not written"), write_atomically(loop):
        pytest.fail("the work was begun")


@pytest.mark.posix("such permissions")
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path):
    """What only its owner could read would be open to all."""
    path = tmp_path / "mine.txt"
    path.write_text("old")
    path.chmod(0o600)
    with write_atomically(path) as handle:
        assert Path(handle.name).stat().st_mode & 0o777 == 0o600
        handle.write(b"new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)


def test_a_users_file_of_such_a_name_is_left_alone(tmp_path):
    """Once the temporary name was fixed: ``--out mine.tsv`` removed a user's own ``mine.tsv.part``."""
    (tmp_path / "mine.tsv.part").write_text("of the user")
    with write_atomically(tmp_path / "mine.tsv") as handle:
        handle.write(b"new")
    with pytest.raises(ZeroDivisionError), write_atomically(tmp_path / "mine.tsv") as handle:
        handle.write(bytes(1 // 0))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "mine.tsv": "new",
        "mine.tsv.part": "of the user",
    }


def test_two_that_write_one_file_each_leave_a_whole_one(tmp_path):
    """Once they tore each other's temporary file; the last whole one wins."""
    path, together = tmp_path / "a.txt", threading.Barrier(4, timeout=60)
    seen, errors = set(), []

    def write(letter):
        try:
            for _ in range(20):
                with write_atomically(path, durable=False) as handle:
                    handle.write(letter * 50_000)
                    together.wait()  # all are in the midst of writing
                    handle.write(letter * 50_000)
                seen.add(path.read_bytes())
        except Exception as error:
            errors.append(error)
            together.abort()

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert seen <= {letter * 100_000 for letter in (b"a", b"b", b"c", b"d")}
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_an_old_file_that_goes_meanwhile_is_no_error(tmp_path, monkeypatch):
    """A fetch that starts anew removes the page whose permissions another one is about to copy."""
    path, copymode = tmp_path / "a.txt", shutil.copymode

    def gone(source: Path, target: Path) -> None:
        source.unlink()
        copymode(source, target)

    path.write_text("old")
    monkeypatch.setattr(shutil, "copymode", gone)
    with write_atomically(path) as handle:
        handle.write(b"new")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["new"]


def test_an_error_of_something_else_is_not_told_as_one_of_writing(tmp_path):
    """A bad file of certificates, found while a download is written, was once reported as "not written"."""
    with pytest.raises(FileNotFoundError, match="elsewhere"), write_atomically(tmp_path / "a.txt"):
        (tmp_path / "elsewhere").read_bytes()
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_with_the_name(tmp_path, full_disk):
    (tmp_path / "a.txt").write_text("old")
    full_disk("a.txt")
    told = pytest.raises(FileError, match=r"a\.txt: not written \(No space left on device\)")
    with told, write_atomically(tmp_path / "a.txt") as handle:
        handle.write(b"new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.posix("names that are no text", macos=False)
def test_names_as_long_as_the_system_allows_and_names_that_are_no_text(tmp_path):
    for name in ("x" * 255, "\U0001f9ec" * 63, os.fsdecode(b"caf\xe9.txt")):
        with write_atomically(tmp_path / name) as handle:
            handle.write(b"whole")
        assert (tmp_path / name).read_bytes() == b"whole"
    with pytest.raises(FileError, match="File name too long"), write_atomically(tmp_path / ("x" * 256)):
        pass
    with pytest.raises(FileError, match="File name too long"):
        check_targets([tmp_path / ("x" * 256)])
    with pytest.raises(FileError, match=r"a\\x00b: not written, for no file's name"), write_atomically("a\0b"):
        pass
    (tmp_path / os.fsdecode(b"folder\xe9")).mkdir()
    with pytest.raises(FileError) as caught, write_atomically(tmp_path / os.fsdecode(b"folder\xe9")):
        pass
    assert "folder\\udce9: not written" in str(caught.value)
    str(caught.value).encode()  # it can be logged


@pytest.mark.posix("such permissions")
def test_a_new_file_has_the_permissions_of_any_other(tmp_path):
    """A temporary file of the standard library is the user's alone, which a shared results folder would keep."""
    before = os.umask(0o027)
    try:
        with write_atomically(tmp_path / "a.txt") as handle:
            handle.write(b"whole")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640
