"""Files are written whole or not at all, and only files are written."""

import os

import pytest

from pssp_tutorial.files import FileError, write_atomically


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
