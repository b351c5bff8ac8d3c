"""Text is packed as its name says, and read whatever it is packed with."""

import bz2
import gzip
import io
import lzma
import os
import subprocess
import tarfile
import threading
import zipfile

import pytest

from pssp_tutorial.core.files import FileError, ReadError, check_targets, open_text, packed, write_atomically

TEXT = ">one\nMKTV\n>två\nÅ\n"
PACKED = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}


@pytest.mark.parametrize(("ending", "program"), [("gz", "gzip"), ("xz", "xz"), ("bz2", "bzip2")])
def test_an_ending_packs_and_other_programs_unpack(tmp_path, ending, program):
    """``--out x.xz`` once wrote plain text under that name."""
    contents = []
    for name in (f"a.{ending}", f"b.{ending.upper()}"):
        with write_atomically(tmp_path / name) as handle, packed(handle, name) as target:
            target.write(TEXT.encode())
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1]
    try:
        done = subprocess.run([program, "-dc"], input=contents[0], capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip(f"{program} is not installed")
    assert done.stdout.decode() == TEXT


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.TGZ", "x.zst", "x.bgz", "x.tar.zip"])
def test_an_ending_that_promises_an_archive_is_refused_before_the_work(tmp_path, name):
    with pytest.raises(FileError, match=r"expected \.gz, \.xz, \.bz2 or plain text"):
        check_targets([tmp_path / name])
    with pytest.raises(FileError), write_atomically(tmp_path / name) as handle, packed(handle, name):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["gz", "xz", "bz2"])
def test_packed_text_is_read_whatever_its_name(tmp_path, ending):
    """From a path, a handle of a path, and one that can only be read forwards, as standard input is."""
    data = PACKED[ending](TEXT.encode())
    for name in ("a.fasta", f"a.fasta.{ending}", "a.bgz"):
        (tmp_path / name).write_bytes(data)
        with open_text(tmp_path / name) as text:
            assert text.read() == TEXT
    with (tmp_path / "a.fasta").open("rb") as handle:
        with open_text(handle) as text:
            assert text.read() == TEXT
        assert not handle.closed
    with open_text(io.BytesIO(data[: len(data)])) as text:
        assert text.readline() == ">one\n"
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(data)
    with os.fdopen(reading, "rb", buffering=0) as pipe, open_text(pipe) as text:
        assert text.read() == TEXT


def test_members_and_streams_one_after_the_other_are_one_text(tmp_path):
    """bgzip writes many members, and cat joins packed files; every one must be read."""
    for pack in PACKED.values():
        (tmp_path / "a").write_bytes(pack(b"one\n") + pack(b"two\n"))
        with open_text(tmp_path / "a") as text:
            assert text.read() == "one\ntwo\n"


def test_plain_text_under_a_packed_name_a_mark_and_other_lines(tmp_path):
    (tmp_path / "a.gz").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r")
    with open_text(tmp_path / "a.gz") as text:
        assert text.read() == "one\ntwo\n"
    with open_text(io.StringIO("text")) as text:
        assert text.read() == "text"
    with open_text(io.BytesIO()) as text:
        assert text.read() == ""
    with open_text(io.BytesIO(b"a\xff"), errors="surrogateescape") as text:
        assert text.read() == "a\udcff"


def test_large_text_is_read_to_the_last_byte(tmp_path):
    content = "".join(f"{number}\n" for number in range(100_000))
    for pack in (bytes, *PACKED.values()):
        (tmp_path / "a").write_bytes(pack(content.encode()))
        with open_text(tmp_path / "a") as text:
            assert list(text) == content.splitlines(keepends=True)


def _tar(mode):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        archive.addfile(tarfile.TarInfo("a.fasta"), io.BytesIO())
    return buffer.getvalue()


def _zip():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.fasta", TEXT)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_tar("w"), "is a tar archive"),
        (_tar("w:gz"), "is a tar archive"),
        (_tar("w:xz"), "is a tar archive"),
        (_zip(), "is a zip archive"),
        (gzip.compress(gzip.compress(b">one"), mtime=0), "is packed twice"),
        (b"%PDF-1.7", "is a PDF"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (b">one\n\xff", r"not readable as text \(.*position 5"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-3], "not readable as text"),
        (gzip.compress(TEXT.encode() * 9_000, mtime=0)[:-3], "not readable as text"),
        (bz2.compress(TEXT.encode())[:-3], "not readable as text"),
        (lzma.compress(TEXT.encode())[:-3], "not readable as text"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-8] + b"\0" * 8, "not readable as text"),
        (lzma.compress(TEXT.encode())[:20] + b"\xff" * 40, "not readable as text"),
        (bz2.compress(TEXT.encode())[:20] + b"\xff" * 40, "not readable as text"),
        (b"BZh is how a name begins", "not readable as text"),
    ],
    ids=lambda value: "file" if isinstance(value, bytes) else value,  # packed bytes hold the time
)
def test_what_is_no_text_is_refused_with_what_it_is(tmp_path, content, message):
    """Read as text, a tar archive gives some of its records, and one of them with the next one's header in it."""
    (tmp_path / "a.fasta").write_bytes(content)
    with pytest.raises(ReadError, match=rf"a\.fasta: .*{message}"), open_text(tmp_path / "a.fasta") as text:
        text.read()


@pytest.mark.posix("named pipes")
def test_a_named_pipe_is_opened_once(tmp_path):
    """A second opening would end the program that writes into it, as a shell's ``<(zcat ...)`` does."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(TEXT * 10_000, "utf-8"))
    writer.start()
    with open_text(tmp_path / "pipe") as text:
        assert text.read() == TEXT * 10_000
    writer.join(timeout=60)
    assert not writer.is_alive()


def test_a_file_that_is_not_there_or_is_none(tmp_path):
    with pytest.raises(ReadError, match="nothing: no such file or directory"), open_text(tmp_path / "nothing"):
        pass
    with pytest.raises(ReadError, match="is a directory"), open_text(tmp_path):
        pass
    with pytest.raises(ReadError, match=r"caf\\udce9: no such file"), open_text("caf\udce9"):
        pass
