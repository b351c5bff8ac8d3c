"""The shipped entries, and entries made for a test."""

import re
from io import StringIO

from pssp_tutorial import load_uniprot_entries, read_uniprot, uniprot_text
from pssp_tutorial.uniprot.entry import PDBStructure, UniProtEntry, UniProtFeature

TEXTS = {
    re.search(r"^AC   (\w+);", text, re.MULTILINE)[1]: text + "//\n" for text in uniprot_text().split("//\n") if text
}
ENTRIES = {entry.accession: entry for entry in load_uniprot_entries()}


def read(text: str) -> list:
    return list(read_uniprot(StringIO(text)))


STRUCTURE = PDBStructure("1ABC", "X-ray", 2.0, (("A", 2, 18),))


def made(*features, length=20, structures=(STRUCTURE,), **fields):
    """An entry from (kind, start, end, PDB ids...) with one structure of residues 3 to 18."""
    features = tuple(UniProtFeature(kind, start, end, tuple(ids)) for kind, start, end, *ids in features)
    return UniProtEntry("P12345", "MADE", "A" * length, features, tuple(structures), **fields)
