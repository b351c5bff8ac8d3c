"""``pssp uniprot``: what a biologist types, what comes out, and that no error of theirs shows a traceback."""

import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest
from command_line import PSSP, accessions, process

from pssp_tutorial import label_entries, load_chains, load_uniprot_entries, uniprot_text
from pssp_tutorial.cli.main import EXIT_CODES
from pssp_tutorial.uniprot.client import QUERY


@pytest.mark.parametrize(
    ("ending", "reason"),
    [("info.json", "it is not ours to replace"), ("sha256", "it is not the checksum of mine.tsv.xz")],
)
def test_a_file_of_the_user_beside_the_data_set_stays(server, pssp, tmp_path, ending, reason):
    """The user hears of it before the entries are fetched, and not after an hour."""
    beside = tmp_path / f"mine.tsv.xz.{ending}"
    beside.write_text("notes")
    code, _, said = pssp("uniprot", "build", "--server", server.url, "--out", tmp_path / "mine.tsv.xz")
    assert (code, said.count("\n"), server.requests) == (4, 1, [])
    assert f"mine.tsv.xz.{ending}: not written, for {reason}" in said
    assert beside.read_text() == "notes"


def test_parse_writes_a_table_and_reports(pssp, tmp_path):
    source = tmp_path / "entries.dat"
    source.write_text(uniprot_text())
    code, data, said = pssp("uniprot", "parse", source)
    rows = [line.split("\t") for line in data.decode().splitlines()]
    assert code == 0
    assert len(rows) == 45
    header = rows[0]
    row = dict(zip(header, next(row for row in rows if row[0] == "Q7Z739"), strict=True))
    assert row["source"] == "UniProt Q7Z739 version 153 of 2022-08-03"
    assert row["structures"] == "6ZOT X-ray 2.7 Å A/B 392-571"
    assert row["structure"][391:400] == "CHHHHHHHH"
    assert row["structure"][:391] == "?" * 391
    assert len(row["sequence"]) == len(row["structure"]) == int(row["length"]) == 585
    assert said.startswith("47 entries read, 44 kept, 3 dropped\n  3 dropped: no coverage\n")


def test_parse_reads_standard_input():
    done = process("uniprot", "parse", "-", input=uniprot_text("Q7Z739"), text=True)
    rows = [line.split("\t")[:3] for line in done.stdout.splitlines()]
    assert (done.returncode, rows) == (0, [["accession", "name", "length"], ["Q7Z739", "YTHD3_HUMAN", "585"]])


@pytest.mark.parametrize("language", ["C", "en_US.UTF-8"])
def test_parse_unpacks_standard_input_and_refuses_what_is_no_text(language):
    """``pssp uniprot parse - < entries.dat.gz`` is an easy slip; a C locale must not let other bytes through."""
    command, environment = ("uniprot", "parse", "-"), os.environ | {"LC_ALL": language}
    packed = gzip.compress(uniprot_text("Q7Z739").encode())
    done = process(*command, input=packed, env=environment)
    assert (done.returncode, accessions(done.stdout)) == (0, ["Q7Z739"])
    for damaged, reason in ((packed[:999], b"Compressed file ended"), (b"\x89PNG\xff\xfe", b"'utf-8' codec")):
        done = process(*command, input=damaged, env=environment)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.count(b"\n") == 1
        assert b"not readable as text (" + reason in done.stderr


@pytest.mark.posix("named pipes")
def test_a_device_is_not_replaced_by_a_file(pssp, tmp_path):
    """A file is put in place of the old one, which must not happen to a device, a pipe or a link."""
    os.mkfifo(tmp_path / "pipe")
    for name in (tmp_path / "pipe", "/dev/null"):
        code, data, said = pssp("uniprot", "parse", "--shipped", "--out", name)
        assert (code, data) == (2, b"")
        assert f"argument --out: {str(name)!r}; expected the name of a file, not a device or a pipe" in said
    assert pssp("uniprot", "build", "--shipped", "--out", "-")[0] == 2
    (tmp_path / "there").mkdir()
    (tmp_path / "link.tsv").symlink_to(tmp_path / "there" / "table.tsv")
    assert pssp("uniprot", "parse", "--shipped", "--quiet", "--out", tmp_path / "link.tsv")[0] == 0
    assert (tmp_path / "link.tsv").is_symlink()
    assert (tmp_path / "there" / "table.tsv").read_text().startswith("accession\t")


def test_methods_in_small_letters_and_unknown_ones(pssp):
    kept = list(label_entries(load_uniprot_entries(), methods=["X-ray", "EM"]))
    code, data, _ = pssp("uniprot", "parse", "--shipped", "--methods", "x-ray,em")
    assert (code, accessions(data)) == (0, [item.entry.accession for item in kept])
    assert pssp("uniprot", "parse", "--shipped", "--methods", "xray")[0] == 1


@pytest.mark.posix("bash")
def test_the_reader_of_the_output_may_stop():
    code = f"{subprocess.list2cmdline(PSSP)} uniprot parse --shipped --quiet | head -c 20"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_standard_output_that_is_full(full_device):
    with full_device.open("w") as full:
        done = process("uniprot", "parse", "--shipped", "--quiet", stdout=full, text=True)
    assert (done.returncode, done.stderr) == (4, "pssp: not written (No space left on device)\n")


def test_build_from_a_file(pssp, tmp_path):
    source, out = tmp_path / "entries.dat.gz", tmp_path / "mine.tsv.xz"
    source.write_bytes(gzip.compress(uniprot_text().encode()))
    options = ("--max-length", 250, "--redundancy", "python", "--val", 0.2, "--test", 0.2)
    code, data, said = pssp("uniprot", "build", source, "--out", out, *options)
    assert (code, data) == (0, b"")
    chains = load_chains(path=out)
    assert f"{len(chains)} proteins in {out}: {len(chains.train)} train, {len(chains.val)} val" in said
    origin = json.loads(Path(f"{out}.info.json").read_text())
    assert origin["sources"] == ["entries.dat.gz"]
    assert origin["settings"]["max_length"] == 250
    assert origin["report"][0].startswith("47 entries read, ")
    first = out.read_bytes()
    assert pssp("uniprot", "build", source, "--out", out, *options)[0] == 0
    assert out.read_bytes() == first


def test_build_fetches_first_when_there_is_no_file(server, pssp, tmp_path):
    out = tmp_path / "mine.tsv.xz"
    code, _, said = pssp(
        "uniprot", "build", "--server", server.url, "--limit", 12, "--out", out, "--redundancy", "python", "--quiet"
    )
    assert (code, said) == (0, "")
    assert 8 <= len(load_chains(path=out)) <= 12
    (fetched,) = json.loads(Path(f"{out}.info.json").read_text())["sources"]
    assert (fetched["release"], fetched["entries"], fetched["query"]) == ("2026_01", 12, QUERY)


@pytest.mark.parametrize("command", ["", "uniprot", "uniprot fetch", "uniprot parse", "uniprot build"])
def test_help_explains_and_names_the_exit_codes(pssp, command):
    code, text, _ = pssp(*command.split(), "--help")
    assert code == 0
    if command != "uniprot":
        assert EXIT_CODES in text.decode()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("uniprot", "parse", "missing.dat"), 1, "pssp: missing.dat: no such file or directory"),
        (("uniprot", "parse", "."), 1, "pssp: .: is a directory"),
        (("uniprot", "parse"), 1, "pssp: no file; expected FILE, - for standard input, or --shipped"),
        (
            ("uniprot", "parse", "proteins.fasta"),
            1,
            "proteins.fasta: line 1: entry 1: the line is '>a', as in FASTA; expected an entry",
        ),
        (("uniprot", "parse", "empty.dat"), 1, "pssp: no entry is left"),
        (("uniprot", "parse", "image.dat"), 1, "image.dat: line 1: entry 1: not readable as text"),
        (("uniprot", "parse", "text.dat.gz"), 1, "text.dat.gz: line 1: entry 1: the line is 'no gzip'; expected"),
        (("uniprot", "build", "empty.dat", "--out", "x.tsv.xz"), 1, "pssp: no entry is left"),
        (("uniprot", "parse", "--shipped", "--out", "folder"), 4, "pssp: folder: not written (Is a directory)"),
        (("uniprot", "parse", "--shipped", "--out", "empty.dat/x"), 4, "pssp: empty.dat/x: not written"),
        (("uniprot", "parse", "--shipped", "--limit", "0"), 2, "argument --limit: '0'; expected a number of 1 or more"),
        (("uniprot", "parse", "--max-resolution", "good"), 2, "'good'; expected ångström, such as 2.5"),
        (("uniprot", "build", "--shipped", "--out", "x.tsv.xz", "--val", "2"), 2, "'2'; expected a share from 0 to 1"),
        (("uniprot", "build", "--shipped", "--out", "x.tsv"), 2, "'x.tsv'; expected a name that ends in .tsv.xz"),
        (
            ("uniprot", "build", "a", "--query", "b", "--out", "x.xz"),
            1,
            "pssp: --query and --accessions search in UniProt",
        ),
        (
            ("uniprot", "build", "a", "--query", "", "--out", "x.xz"),
            1,
            "pssp: --query and --accessions search in UniProt",
        ),
        (("uniprot", "parse", "a.tsv", "--out", "a.tsv"), 1, "pssp: a.tsv: is also the input; expected another file"),
        (("uniprot", "parse", "a", "--out", "./a"), 1, "pssp: a: is also the input; expected another file"),
        (("uniprot", "build", "a.xz", "--out", "a.xz"), 1, "pssp: a.xz: is also the input; expected another file"),
        (("uniprot", "parse", "--shipped", "--out", "."), 4, "pssp: .: not written (Is a directory)"),
        (("uniprot", "parse", "--shipped", "--methods", "xray"), 1, "UniProt's methods are X-ray, NMR, EM and so on"),
        (("uniprot", "build", "--shipped"), 2, "the following arguments are required: --out"),
        (("uniprot", "fetch", "--format", "fasta"), 2, "unrecognized arguments: --format fasta"),
        (("predikt",), 2, "invalid choice: 'predikt'"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(pssp, tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    Path("proteins.fasta").write_text(">a\nMKT\n")
    Path("empty.dat").write_text("")
    Path("image.dat").write_bytes(b"\x89PNG\xff\xfe\x00")
    Path("text.dat.gz").write_text("no gzip")
    Path("folder").mkdir()
    before = sorted(tmp_path.iterdir())
    got, data, said = pssp(*arguments)
    assert (got, data) == (code, b"")
    assert message in said
    assert "Traceback" not in said
    assert sorted(tmp_path.iterdir()) == before


def test_a_table_is_packed_if_its_name_says_so(pssp, tmp_path):
    arguments = ("uniprot", "parse", "--shipped", "--quiet", "--out")
    for name in ("a.tsv", "a.tsv.gz"):
        assert pssp(*arguments, tmp_path / name) == (0, b"", "")
    assert gzip.decompress((tmp_path / "a.tsv.gz").read_bytes()) == (tmp_path / "a.tsv").read_bytes()


@pytest.mark.parametrize("arguments", [(), ("uniprot",)])
def test_without_a_command_there_is_help(pssp, arguments):
    """A beginner types the bare name first."""
    assert pssp(*arguments) == pssp(*arguments, "--help")
    assert b"commands:" in pssp(*arguments)[1]


def test_a_damaged_entry_stops_unless_it_may_be_skipped(pssp, tmp_path):
    source = tmp_path / "entries.dat"
    damaged = uniprot_text("Q7Z739").replace("Q7Z739", "P12345").replace("     MSATS", "     MSAT")
    source.write_text(damaged + uniprot_text("P62258"))
    code, data, said = pssp("uniprot", "parse", source, "--out", tmp_path / "out.tsv")
    assert code == 1
    assert f"pssp: {source}: line 1: P12345: the sequence has 584 residues, the entry says 585" in said
    assert not (tmp_path / "out.tsv").exists()
    code, data, said = pssp("uniprot", "parse", source, "--skip-unreadable")
    assert (code, accessions(data)) == (0, ["P62258"])
    assert "1 dropped: unreadable" in said
