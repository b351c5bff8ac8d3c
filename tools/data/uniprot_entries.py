"""Collect the real UniProt entries that two test suites hold, as they are, in one file and its index.

    python tools/data/uniprot_entries.py EMBOSS BIOPYTHON data

EMBOSS is the folder into which Debian's package emboss-test (6.6.0+dfsg-12) was unpacked, BIOPYTHON the unpacked
source archive of Biopython 1.88. Every file below them is searched for flat-file entries with a HELIX, STRAND or
TURN feature. Of two versions of an entry the newer one stays. No letter of an entry is changed.
"""

import gzip
import re
import sys
from datetime import datetime
from pathlib import Path

from pssp_tutorial.core.resources import write_checked

ENTRY = re.compile(rb"^ID   .*?^//[ \t]*$", re.MULTILINE | re.DOTALL)
FEATURE = re.compile(rb"^FT   (HELIX|STRAND|TURN) ", re.MULTILINE)
COLUMNS = (
    "accession name length helix strand turn integrated sequence_date entry_date entry_version release licence source"
)


def iso(date: str) -> str:
    return datetime.strptime(date, "%d-%b-%Y").date().isoformat()


def licence(text: str) -> str:
    """The notice that stands in the entry itself."""
    if "Attribution (CC BY 4.0)" in text:
        return "CC BY 4.0"
    if "Attribution-NoDerivs" in text:
        return "CC BY-ND 3.0"
    return "Swiss-Prot, unmodified" if "This SWISS-PROT entry is copyright" in text else "none"


def describe(entry: bytes, source: str) -> dict[str, str]:
    """One row of the index, read with plain patterns and not with the package that the file will test."""
    text = entry.decode("ascii")
    dates = re.findall(r"^DT   (\d\d-[A-Z]{3}-\d{4})", text, re.MULTILINE)
    version = re.search(r"entry version (\d+)", text)
    release = re.search(r"\(Rel\. (\d+), Last annotation update\)", text)
    features = [kind.decode() for kind in FEATURE.findall(entry)]
    row = {
        "accession": re.search(r"^AC   (\w+);", text, re.MULTILINE)[1],
        "name": text.split()[1],
        "length": re.search(r"(\d+) AA\.", text)[1],
        "helix": str(features.count("HELIX")),
        "strand": str(features.count("STRAND")),
        "turn": str(features.count("TURN")),
        "integrated": iso(dates[0]),
        "sequence_date": iso(dates[1]),
        "entry_date": iso(dates[2]),
        "entry_version": version[1] if version else "",
        "release": f"Swiss-Prot {release[1]}" if release else f"UniProt of {iso(dates[2])}",
        "licence": licence(text),
        "source": source,
    }
    assert list(row) == COLUMNS.split()
    return row


def collect(folders: dict[str, Path]) -> dict[str, tuple[dict[str, str], bytes]]:
    newest: dict[str, tuple[dict[str, str], bytes]] = {}
    for package, folder in folders.items():
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            if not FEATURE.search(content):
                continue
            for entry in ENTRY.findall(content):
                if not FEATURE.search(entry):
                    continue
                row = describe(entry, f"{package}:{path.name}")
                known = newest.get(row["accession"])
                if known is None or row["entry_date"] > known[0]["entry_date"]:
                    newest[row["accession"]] = (row, entry)
    return dict(sorted(newest.items()))


def main(emboss: Path, biopython: Path, target: Path) -> None:
    entries = collect({"emboss-test 6.6.0+dfsg-12": emboss, "biopython 1.88": biopython})
    text = b"".join(entry.rstrip() + b"\n" for _, entry in entries.values())
    packed = target / "uniprot_entries.dat.gz"
    digest = write_checked(packed, gzip.compress(text, compresslevel=9, mtime=0))
    rows = ["\t".join(COLUMNS.split()), *("\t".join(row.values()) for row, _ in entries.values())]
    (target / "uniprot_entries.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(entries)} entries, {packed.stat().st_size:,} bytes, SHA-256 {digest}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
