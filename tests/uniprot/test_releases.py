"""A release that changes between pages, and pages that lead elsewhere."""

import pytest

from pssp_tutorial.uniprot.client import FetchError, FetchSettings, next_url


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
