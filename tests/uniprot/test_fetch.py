"""Fetching from a server on this machine: every fault is survived, and the file is the same, byte for byte."""

import gzip
import hashlib
import json
import time

import pytest

from pssp_tutorial.uniprot.client import ADDRESS, QUERY, FetchError, FetchSettings, QueryError
from pssp_tutorial.uniprot.fetch import fetch_uniprot


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
