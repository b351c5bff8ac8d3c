"""What a file seems to be that should be FASTA and is not, by its first line (chapter 4)."""

import re

STARTS = {
    "LOCUS ": "GenBank",
    "ID   ": "a flat file of UniProt or EMBL",
    "HEADER ": "PDB",
    "TITLE ": "PDB",
    "REMARK ": "PDB",
    "CRYST1": "PDB",
    "MODEL ": "PDB",
    "ATOM ": "PDB",
    "data_": "mmCIF",
    "loop_": "mmCIF",
    "# STOCKHOLM": "a Stockholm alignment",
    "CLUSTAL": "a Clustal alignment",
    "MUSCLE": "a Clustal alignment",
    "!!AA_MULTIPLE": "an MSF alignment",
    "PileUp": "an MSF alignment",
    "#NEXUS": "a NEXUS alignment",
    "HMMER3/": "a profile of HMMER",
    "##gff": "GFF",
    "@": "FASTQ or SAM",
    "# PSIPRED": "a prediction of PSIPRED",
    "{\\rtf": "RTF",
    "<!doctype html": "HTML",
    "<html": "HTML",
    "<": "XML or HTML",
    "{": "JSON",
    "[": "JSON",
}
PATTERNS = {
    r"\s*\d+\s+\d+\s*$": "a PHYLIP alignment",
    r"[A-Za-z\s]+[*.]?\s*$": "a sequence without a name",
    r".*[\t,;].*[\t,;]?": "a table",
}
PIR = re.compile(r"(?:[PF]1|D[LC]|R[LC]|N[13]|XX);")
"""How the title of a record in PIR begins, behind the ``>``."""


def seems(line: str) -> str | None:
    """What a file is whose first line that is not empty reads like this; None if nothing known begins so.

    >>> seems("LOCUS       NP_000549   142 aa"), seems("id,sequence"), seems("MKTVRQ"), seems("# note")
    ('GenBank', 'a table', 'a sequence without a name', None)
    """
    for start, kind in STARTS.items():
        if line.lower().startswith(start.lower()):
            return kind
    return next((kind for pattern, kind in PATTERNS.items() if re.match(pattern, line)), None)
