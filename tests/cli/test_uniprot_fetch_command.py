"""``pssp uniprot fetch``: entries of a server in a file, and errors of the network in one line."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest
from command_line import PSSP

from pssp_tutorial import uniprot_text


def test_fetch_into_a_file(server, pssp, tmp_path):
    out = tmp_path / "entries.dat.gz"
    code, data, said = pssp("uniprot", "fetch", "--server", server.url, "--out", out, "--query", "any")
    assert (code, data) == (0, b"")
    assert gzip.decompress(out.read_bytes()) == server.expected()
    assert said == f"47 entries of UniProt 2026_01 in {out}\n"  # no bar, for this is no terminal
    assert json.loads(Path(f"{out}.info.json").read_text())["query"] == "any"


def test_fetch_to_standard_output(server, pssp):
    code, data, said = pssp("uniprot", "fetch", "--server", server.url, "--limit", 7, "--quiet")
    assert (code, said) == (0, "")
    assert data == server.expected(limit=7)


@pytest.mark.posix("terminal to open")
def test_a_bar_is_shown_on_a_terminal_only(server, tmp_path, on_a_terminal):
    """In a log file its hundreds of states stand one behind the other."""
    command = [*PSSP, "uniprot", "fetch", "--server", server.url, "--query", "any", "--out", str(tmp_path / "a")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, f"47 entries of UniProt 2026_01 in {tmp_path / 'a'}\n")
    code, _, shown = on_a_terminal([*command, "--no-resume"])
    assert code == 0
    assert "47/47" in shown


def test_fetch_the_accessions_of_a_file(server, pssp, tmp_path):
    listed = tmp_path / "mine.txt"
    listed.write_text("\ufeffQ7Z739\n\n# zinc\nq00000 # gone\nP62258\n", encoding="utf-8")
    code, data, said = pssp("uniprot", "fetch", "--server", server.url, "--accessions", listed)
    assert (code, data.decode()) == (0, uniprot_text("Q7Z739") + uniprot_text("P62258"))
    assert said == "1 of 3 accessions not found: Q00000\n2 entries of UniProt 2026_01\n"
    listed.write_text("P62258\nBRCA1\nP12345 P12346\n")
    code, _, said = pssp("uniprot", "fetch", "--server", server.url, "--accessions", listed)
    bad = f"{listed}: line 2 is 'BRCA1'; {listed}: line 3 is 'P12345 P12346'"
    assert (code, said) == (1, f"pssp: {bad}; expected accessions such as P12345\n")
    assert pssp("uniprot", "fetch", "--accessions", listed, "--out", listed)[0] == 1
    assert pssp("uniprot", "fetch", "--accessions", listed, "--query", "any")[0] == 2


def test_fetch_resumes_unless_told_otherwise(server, pssp, tmp_path):
    arguments = ("uniprot", "fetch", "--server", server.url, "--out", tmp_path / "a", "--quiet")
    assert pssp(*arguments)[0] == 0
    assert pssp(*arguments)[0] == 0
    assert len(server.requests) == 2  # the page, and whether the release is the same
    assert pssp(*arguments, "--no-resume")[0] == 0
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (503, 3, "answers 503 Service Unavailable, 6 times; try again later: what was fetched is kept"),
        ("wait long", 3, "asks to wait 3600 s"),
        (400, 1, "refuses the query: 'colour' is not a valid search field"),
    ],
)
def test_network_errors(server, pssp, tmp_path, fault, code, message):
    server.faults = dict.fromkeys(range(100), fault)
    got, data, said = pssp("uniprot", "fetch", "--server", server.url, "--out", tmp_path / "out.dat")
    assert (got, data) == (code, b"")
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "out.dat").exists()


def test_certificates_that_cannot_be_used_are_a_fault_of_the_network(server, pssp, tmp_path, monkeypatch):
    """requests says so with an OSError, which the command line would take for a disk that is full."""
    for bundle in (tmp_path / "missing.pem", tmp_path / "damaged.pem"):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        (tmp_path / "damaged.pem").write_text("no certificate")
        code, data, said = pssp("uniprot", "fetch", "--server", "https://127.0.0.1:9/search")
        assert (code, data, said.count("\n")) == (3, b"", 1)
        assert said.startswith("pssp: 127.0.0.1:9 cannot be reached (")


def test_ctrl_c(server, pssp, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("pssp_tutorial.cli.uniprot.fetch_uniprot", stop)
    assert pssp("uniprot", "fetch") == (130, b"", "pssp: stopped\n")
