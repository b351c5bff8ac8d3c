"""Fetching from a server on this machine: every fault is survived, and the file is the same, byte for byte."""

import gzip
import hashlib
import json
import multiprocessing
import random
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from uniprot_server import UniProtServer, fetch_in_child

from pssp_tutorial.core.files import FileError
from pssp_tutorial.uniprot import fetch as uniprot_fetch
from pssp_tutorial.uniprot.client import ADDRESS, QUERY, FetchError, FetchSettings, QueryError, next_url
from pssp_tutorial.uniprot.fetch import fetch_uniprot
from pssp_tutorial.uniprot.pages import default_folder


@pytest.fixture
def server():
    with UniProtServer().running() as running:
        yield running


@pytest.fixture
def fetch(server, tmp_path):
    """Fetch into out.dat with a cache of the test's own."""

    def run(name="out.dat", query=None, settings=None, **options):
        query = query or (QUERY if "accessions" in options else "any")
        options = {"cache": tmp_path / "cache", "progress": False} | options
        return fetch_uniprot(tmp_path / name, query, settings=settings or server.settings(), **options)

    return run


def test_pages_become_one_file(server, fetch, tmp_path):
    fetched = fetch()
    content = (tmp_path / "out.dat").read_bytes()
    assert content == server.expected()
    assert len(server.requests) == 10  # 47 entries, 5 per page
    assert (fetched.entries, fetched.total, fetched.release) == (47, 47, "2026_01")
    assert fetched.sha256 == hashlib.sha256(content).hexdigest()
    info = json.loads((tmp_path / "out.dat.info.json").read_text())
    assert info["release"] == "2026_01"
    assert info["release_date"] == "28-January-2026"
    assert info["query"] == "any"
    assert "CC BY 4.0" in info["licence"]


def test_the_request_is_polite_and_asks_for_what_it_should(server, fetch):
    fetch(query=QUERY)
    first, headers = server.requests[0], server.headers[0]
    assert first == {"query": QUERY, "format": "txt", "size": "5", "compressed": "true"}
    assert headers["User-Agent"].startswith("pssp-tutorial/")
    assert ADDRESS in headers["User-Agent"]


def test_a_limit_is_kept_to_the_entry(server, fetch, tmp_path):
    fetched = fetch(limit=12)
    assert (tmp_path / "out.dat").read_bytes() == server.expected(limit=12)
    assert fetched.entries == 12
    assert len(server.requests) == 3
    fetch(limit=3, name="three.dat")
    assert server.requests[-1]["size"] == "3"


def test_packed_by_the_ending_and_always_the_same(server, fetch, tmp_path):
    fetch("a.dat.gz")
    time.sleep(1.1)  # gzip would store the second
    fetch("b.dat.gz", cache=tmp_path / "second")
    first, second = ((tmp_path / name).read_bytes() for name in ("a.dat.gz", "b.dat.gz"))
    assert first == second
    assert gzip.decompress(first) == server.expected()


def test_a_server_that_does_not_pack(server, fetch, tmp_path):
    server.packed = False
    fetch()
    assert (tmp_path / "out.dat").read_bytes() == server.expected()


@pytest.mark.parametrize(
    "fault", ["wait", 429, 500, 502, 503, 504, "drop", "cut", "truncated", "corrupt", "short", "html", "garbled"]
)
def test_every_fault_is_survived(server, fetch, tmp_path, fault):
    """The first, a middle and the last page fail, the middle one twice."""
    server.faults = {0: fault, 4: fault, 5: fault, 12: fault}
    fetch()
    assert (tmp_path / "out.dat").read_bytes() == server.expected()


def test_every_page_fails_in_another_way(server, fetch, tmp_path):
    kinds = ["wait", 500, "drop", "cut", "truncated", 503, "corrupt", "short", "garbled", 502]
    server.faults = {2 * number: kind for number, kind in enumerate(kinds)}
    fetch()
    assert (tmp_path / "out.dat").read_bytes() == server.expected()


def test_a_server_that_hangs_is_asked_again(server, fetch, tmp_path):
    server.faults = {1: "hang"}
    fetch(settings=server.settings(timeout=(1, 0.3)))
    assert (tmp_path / "out.dat").read_bytes() == server.expected()


def test_retry_after_is_honoured(server, fetch, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr("pssp_tutorial.uniprot.client.time.sleep", waits.append)
    server.faults = {1: "wait long"}
    monkeypatch.setattr("pssp_tutorial.uniprot.client.LONGEST_WAIT", 7200)
    fetch()
    assert [seconds for seconds in waits if seconds > 1] == [3600]
    assert (tmp_path / "out.dat").read_bytes() == server.expected()


def test_nobody_waits_for_an_hour(server, fetch, tmp_path):
    server.faults = {3: "wait long"}
    with pytest.raises(FetchError, match="asks to wait 3600 s; try again then: what was fetched is kept"):
        fetch()
    assert not (tmp_path / "out.dat").exists()
    before = len(server.requests)
    fetch()
    assert len(server.requests) - before == 7
    assert (tmp_path / "out.dat").read_bytes() == server.expected()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (503, "answers 503 Service Unavailable, 3 times; try again later: what was fetched is kept"),
        ("drop", r"cannot be reached \(ProtocolError\), 3 times; check the network|breaks the connection"),
        ("truncated", "a damaged page"),
        ("html", "not whole txt, it begins with b'<html><body>"),
    ],
)
def test_a_fault_that_stays_is_told_and_the_rest_resumes(server, fetch, tmp_path, fault, message):
    (tmp_path / "out.dat").write_bytes(b"old")
    server.faults = dict.fromkeys(range(4, 100), fault)
    with pytest.raises(FetchError, match=message):
        fetch(settings=server.settings(attempts=3))
    assert (tmp_path / "out.dat").read_bytes() == b"old"
    server.faults, before = {}, len(server.requests)
    fetch()
    assert len(server.requests) - before == 6  # four pages were kept
    assert (tmp_path / "out.dat").read_bytes() == server.expected()


def test_no_network(tmp_path):
    settings = FetchSettings(url="http://127.0.0.1:9/search", attempts=2, backoff=0.001)
    with pytest.raises(FetchError, match=r":9 cannot be reached \(NewConnectionError\), 2 times; check the network"):
        fetch_uniprot(tmp_path / "out.dat", cache=tmp_path, settings=settings, progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(query="nothing"), "the query matches no entry"),
        (dict(limit=0), "limit 0; expected at least 1"),
        (dict(accessions=["P62258"], query="any"), "accessions are looked for by themselves; expected no query"),
    ],
)
def test_a_bad_query_is_told(fetch, tmp_path, options, message):
    with pytest.raises(QueryError, match=message):
        fetch(**options)
    assert not (tmp_path / "out.dat").exists()


def test_a_refused_query_is_told_in_unis_words_and_not_repeated(server, fetch):
    server.faults = {0: 400}
    with pytest.raises(QueryError, match="refuses the query: 'colour' is not a valid search field"):
        fetch()
    assert len(server.requests) == 1


def test_a_query_that_matches_too_much_needs_a_limit(fetch, monkeypatch):
    monkeypatch.setattr("pssp_tutorial.uniprot.pages.LARGEST_TOTAL", 40)
    with pytest.raises(QueryError, match="matches 47 entries; expected at most 40 without a limit"):
        fetch()
    assert fetch(limit=10).entries == 10


# --- releases -------------------------------------------------------------------------------------------------


def test_a_release_that_changes_between_pages_starts_the_fetch_over(server, fetch, tmp_path):
    told = []
    server.release_at[4] = "2026_02"
    fetched = fetch(tell=told.append)
    assert (tmp_path / "out.dat").read_bytes() == server.expected(release="2026_02")
    assert fetched.release == "2026_02"
    assert told == ["UniProt changed from release 2026_01 to 2026_02: starting over"]


def test_a_release_that_changes_while_a_fetch_is_stopped(server, fetch, tmp_path):
    server.faults = dict.fromkeys(range(4, 8), 503)
    with pytest.raises(FetchError):
        fetch(settings=server.settings(attempts=2))
    server.faults, server.release_at = {}, {0: "2026_02"}
    fetch()
    assert (tmp_path / "out.dat").read_bytes() == server.expected(release="2026_02")


def test_a_complete_fetch_is_repeated_only_for_a_new_release(server, fetch, tmp_path):
    fetch()
    before = len(server.requests)
    fetch("again.dat")
    assert len(server.requests) - before == 1
    assert server.requests[-1]["size"] == "1"
    server.release_at = {0: "2026_02"}
    fetch("later.dat")
    assert (tmp_path / "again.dat").read_bytes() == server.expected()
    assert (tmp_path / "later.dat").read_bytes() == server.expected(release="2026_02")


def test_a_server_that_changes_its_release_forever(server, fetch):
    server.release_at = {number: f"2026_{number:02}" for number in range(100)}
    with pytest.raises(FetchError, match=r"UniProt changed from release .*, 4 times; try again later"):
        fetch()


def test_more_or_fewer_entries_than_announced(server, fetch):
    server.announced = 50
    with pytest.raises(FetchError, match="UniProt announced 50 entries and sent 47, 4 times"):
        fetch()
    server.announced = 44
    with pytest.raises(FetchError, match="UniProt announced 44 entries and sent 45, 4 times"):
        fetch(resume=False)


def test_a_next_page_elsewhere_is_refused(server, fetch, monkeypatch):
    settings = server.settings()
    monkeypatch.setattr(server, "url", "http://example.org/elsewhere")
    with pytest.raises(FetchError, match=r"names a next page on example\.org; expected one on the same host"):
        fetch(settings=settings)


@pytest.mark.parametrize("link", ["http://LOCALHOST:1/x?cursor=5", "https://localhost/x?cursor=5", "/x?cursor=5"])
def test_a_next_page_in_another_spelling_is_asked_for_as_the_first_one(link):
    """Behind a proxy UniProt names another scheme or port; the host is the same, and ours is the way to it."""
    assert next_url(f'<{link}>; REL="Next"', "http://localhost:8080/y") == "http://localhost:8080/x?cursor=5"
    assert next_url("", "http://localhost:8080/y") is next_url(f'<{link}>; rel="prev"', "http://localhost/y") is None


def test_certificates_that_are_not_there_are_a_fault_of_the_network(fetch, monkeypatch):
    """requests says so with an OSError, which looked like a file that cannot be written."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    with pytest.raises(FetchError, match=r"example\.org cannot be reached \(Could not find a suitable TLS CA"):
        fetch(settings=FetchSettings(url="https://example.org/search"))


# --- lists of accessions --------------------------------------------------------------------------------------


def entry_of(server, accession):
    return next(entry for entry in server.entries if f"\nAC   {accession};".encode() in entry)


def test_a_list_of_accessions_comes_in_its_order(server, fetch, tmp_path):
    """Once each, in small letters too, also one that was merged; and what there is not is told."""
    told = []
    asked = ["q7z739", "P62258", "Q00000", "P62258", "B3KXL4", "P60904"]
    fetched = fetch(accessions=asked, tell=told.append)
    expected = b"".join(entry_of(server, name) for name in ("Q7Z739", "P62258", "P60904"))
    assert (tmp_path / "out.dat").read_bytes() == expected
    assert (fetched.entries, fetched.missing) == (3, ("Q00000",))
    assert fetched.accessions == ("Q7Z739", "P62258", "Q00000", "B3KXL4", "P60904")
    assert told == ["1 of 5 accessions not found: Q00000"]
    assert json.loads((tmp_path / "out.dat.info.json").read_text())["missing"] == ["Q00000"]


def test_a_long_list_is_fetched_in_batches_and_resumes(server, fetch, tmp_path):
    names = [entry.split(b"\nAC   ")[1].split(b";")[0].decode() for entry in server.entries]
    names += [f"Q{number:05}"[:5] + "0" for number in range(0, 600, 10)]
    random.Random(1).shuffle(names)
    server.faults = {3: 503, 4: 503}
    with pytest.raises(FetchError):
        fetch(accessions=names, settings=server.settings(attempts=2))
    server.faults, before = {}, len(server.requests)
    fetched = fetch(accessions=names)
    assert all(request["query"].count("sec_acc:") <= 50 for request in server.requests)
    assert len({request["query"] for request in server.requests}) == 3
    assert server.requests[before].get("cursor")  # the pages before are kept
    found = [name for name in names if not name.startswith("Q00") or name in str(server.entries)]
    assert (tmp_path / "out.dat").read_bytes() == b"".join(entry_of(server, name) for name in found)
    assert (fetched.entries, len(fetched.missing)) == (47, 60)


def test_a_limit_takes_the_first_of_a_list(server, fetch, tmp_path):
    fetch(accessions=["P62258", "Q7Z739", "P60904"], limit=2)
    assert (tmp_path / "out.dat").read_bytes() == entry_of(server, "P62258") + entry_of(server, "Q7Z739")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            dict(accessions=["P62258", "BRCA1", "P12345-2"]),
            "2 is 'BRCA1'; accession 3 is 'P12345-2'; expected",
        ),
        (dict(accessions=[]), "an empty list; expected accessions such as P12345"),
        (dict(accessions=["Q00000"]), "the query matches no entry"),
    ],
)
def test_a_list_that_cannot_be_fetched_is_told(fetch, tmp_path, options, message):
    with pytest.raises(QueryError, match=message):
        fetch(**options)
    assert not (tmp_path / "out.dat").exists()


# --- files of others ------------------------------------------------------------------------------------------


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
def test_several_fetches_share_a_cache(server, fetch, tmp_path):
    """Threads and processes that fetch the same, some anew and with a release that changes: each file is whole."""
    server.release_at[12] = "2026_02"
    server.delay = 0.002
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pssp_tutorial.uniprot.fetch", "uniprot_server"])
    processes = [
        context.Process(target=fetch_in_child, args=(server.url, str(tmp_path / f"{n}.dat"), str(tmp_path / "cache")))
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


# --- the cache ------------------------------------------------------------------------------------------------


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


# --- disks and kills ------------------------------------------------------------------------------------------


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
def test_a_kill_at_random_moments_then_resume_gives_the_same_file(server, tmp_path, pytestconfig):
    """SIGKILL, so that no code of ours runs at the end; then the fetch goes on in this process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pssp_tutorial.uniprot.fetch", "uniprot_server"])
    server.delay = 0.003
    cache, out = tmp_path / "cache", tmp_path / "out.dat"
    arguments = (server.url, str(out), str(cache))
    fetch_in_child(*arguments)
    began = time.perf_counter()
    shutil.rmtree(cache)
    whole = context.Process(target=fetch_in_child, args=arguments)
    whole.start()
    whole.join()
    duration = time.perf_counter() - began
    generator = random.Random(20260101)
    interrupted = set()
    kills = pytestconfig.getoption("--kills")
    for _ in range(kills):
        shutil.rmtree(cache)
        out.write_bytes(b"old")
        child = context.Process(target=fetch_in_child, args=arguments)
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
