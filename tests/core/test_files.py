"""Files are written whole or not at all, and only files are written."""

import os

import pytest

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import FileError, check_targets, write_atomically


def test_a_link_stays_and_the_file_behind_it_is_written(tmp_path):
    """A user whose results folder is a link to a larger disk keeps the link."""
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    with write_atomically(link) as handle:
        handle.write(b"new")
    assert link.is_symlink()
    assert real.read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
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
