"""Files of others, the cache, full disks and kills: whatever happens, a file is whole."""

import gzip
import multiprocessing
import random
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from uniprot_server import fetch_in_child

from pssp_tutorial.core.files import FileError
from pssp_tutorial.uniprot import fetch as uniprot_fetch
from pssp_tutorial.uniprot.pages import default_folder


@pytest.fixture
def fork_server():
    """What starts processes that have the package loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pssp_tutorial.uniprot.fetch", "uniprot_server"])
    return context


@pytest.mark.parametrize("content", ["my notes", "{}", '{"release": "2026_01"}'])
def test_an_info_file_of_the_user_is_not_replaced(server, fetch, tmp_path, content):
    """``<out>.info.json`` is a name that we invent; whoever has such a file already keeps it, and hears of it first."""
    (tmp_path / "out.dat.info.json").write_text(content)
    with pytest.raises(FileError, match=r"out\.dat\.info\.json: not written, for it is not ours to replace; move it"):
        fetch()
    assert (tmp_path / "out.dat.info.json").read_text() == content
    assert not server.requests
    assert not (tmp_path / "out.dat").exists()


@pytest.mark.posix("fork server")
def test_several_fetches_share_a_cache(server, fetch, tmp_path, fork_server):
    """Threads and processes that fetch the same, some anew and with a release that changes: each file is whole."""
    server.release_at[12] = "2026_02"
    server.delay = 0.002
    cache = str(tmp_path / "cache")
    processes = [
        fork_server.Process(target=fetch_in_child, args=(server.url, str(tmp_path / f"{n}.dat"), cache))
        for n in range(4)
    ]
    for process in processes:
        process.start()
    with ThreadPoolExecutor(4) as pool:
        again = [pool.submit(fetch, f"thread{n}.dat", resume=bool(n % 2)) for n in range(4)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    whole = [server.expected(), server.expected(release="2026_02")]
    assert all((tmp_path / f"{n}.dat").read_bytes() in whole for n in range(4))
    assert all(future.result().entries == 47 for future in again)
    assert not list(tmp_path.rglob("*.part"))


def test_resume_false_starts_anew(server, fetch):
    fetch()
    before = len(server.requests)
    fetch(resume=False)
    assert len(server.requests) - before == 10


@pytest.mark.parametrize("damage", ["page", "packing", "missing page", "no head", "head of another shape"])
def test_a_damaged_cache_is_noticed(server, fetch, tmp_path, damage):
    """Whatever is wrong with a page: this one page is fetched again."""
    fetch()
    page = sorted((tmp_path / "cache").rglob("*.gz"))[3]
    head, text = gzip.decompress(page.read_bytes()).split(b"\n", 1)
    contents = {
        "page": gzip.compress(head + b"\n" + text.replace(b"HELIX", b"TURN ")),
        "packing": page.read_bytes()[:-9],
        "no head": gzip.compress(text),
        "head of another shape": gzip.compress(b"[1]\n" + text),
    }
    page.write_bytes(contents[damage]) if damage in contents else page.unlink()
    before = len(server.requests)
    fetch()
    assert len(server.requests) - before == 1
    assert (tmp_path / "out.dat").read_bytes() == server.expected()


def test_the_cache_is_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv("PSSP_CACHE", str(tmp_path / "there"))
    assert default_folder() == tmp_path / "there"
    monkeypatch.delenv("PSSP_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "pssp_tutorial"


@pytest.mark.parametrize("place", ["out", "page", "origin"])
def test_a_full_disk_is_told_and_the_old_file_stays(server, fetch, tmp_path, full_disk, monkeypatch, place):
    (tmp_path / "out.dat").write_bytes(b"old")
    fetch("warm.dat")
    page = next((tmp_path / "cache" / "uniprot").rglob("*.gz"))
    name = {"out": "out.dat", "page": page.name, "origin": "out.dat.info.json"}[place]
    if place == "page":
        page.unlink()
    full_disk(name)
    with pytest.raises(FileError, match=r"not written \(No space left on device\)") as caught:
        fetch()
    assert name in str(caught.value)
    assert (tmp_path / "out.dat").read_bytes() == (server.expected() if place == "origin" else b"old")
    monkeypatch.undo()
    fetch()
    assert (tmp_path / "out.dat").read_bytes() == server.expected()
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_in_the_way(fetch, tmp_path):
    (tmp_path / "out.dat").mkdir()
    with pytest.raises(FileError, match=r"out\.dat: not written \(Is a directory\)"):
        fetch()


def test_a_stop_by_the_user_leaves_nothing_half_written(server, fetch, tmp_path, monkeypatch):
    (tmp_path / "out.dat").write_bytes(b"old")

    def stop(*arguments):
        yield b"half"
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(uniprot_fetch, "_entries", stop)
        with pytest.raises(KeyboardInterrupt):
            fetch()
    assert (tmp_path / "out.dat").read_bytes() == b"old"
    assert not list(tmp_path.glob("*.part"))
    fetch()
    assert (tmp_path / "out.dat").read_bytes() == server.expected()


@pytest.mark.posix("fork server")
@pytest.mark.kill
def test_a_kill_at_random_moments_then_resume_gives_the_same_file(server, tmp_path, fork_server, pytestconfig):
    """SIGKILL, so that no code of ours runs at the end; then the fetch goes on in this process."""
    server.delay = 0.003
    cache, out = tmp_path / "cache", tmp_path / "out.dat"
    arguments = (server.url, str(out), str(cache))
    fetch_in_child(*arguments)
    began = time.perf_counter()
    shutil.rmtree(cache)
    whole = fork_server.Process(target=fetch_in_child, args=arguments)
    whole.start()
    whole.join()
    duration = time.perf_counter() - began
    generator = random.Random(20260101)
    interrupted = set()
    kills = pytestconfig.getoption("--kills")
    for _ in range(kills):
        shutil.rmtree(cache)
        out.write_bytes(b"old")
        child = fork_server.Process(target=fetch_in_child, args=arguments)
        child.start()
        time.sleep(generator.uniform(0, duration))
        child.kill()
        child.join()
        assert out.read_bytes() in (b"old", server.expected())
        interrupted.add(len(list(cache.rglob("*.gz"))))
        fetch_in_child(*arguments)
        assert out.read_bytes() == server.expected()
    if kills >= 20:
        assert len(interrupted) > 3  # it was stopped at different pages
