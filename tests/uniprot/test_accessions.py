"""Lists of accessions come in their order, and what there is not is told."""

import json
import random

import pytest

from pssp_tutorial.uniprot.client import FetchError, QueryError


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
