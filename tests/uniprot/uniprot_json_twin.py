"""A flat-file entry as the JSON that UniProt's REST service documents, read with plain patterns."""

import re
from datetime import datetime

TYPES = {"HELIX": "Helix", "STRAND": "Beta strand", "TURN": "Turn", "CHAIN": "Chain"}


def twin(text: str) -> dict:
    """The JSON twin of one entry; positions stay 1-based, as both formats have them."""
    accessions = re.findall(r"\w+(?=;)", "".join(re.findall(r"^AC   (.*)$", text, re.MULTILINE)))
    dates = [_iso(date) for date in re.findall(r"^DT   (\S{11})", text, re.MULTILINE)]
    version = re.search(r"entry version (\d+)", text)
    flags = re.search(r"Flags:.*?(Fragments?);", text)
    sequence = "".join(re.findall(r"^     (.*)$", text, re.MULTILINE)).replace(" ", "")
    size, weight, checksum = re.search(r"^SQ   SEQUENCE +(\d+) AA; +(\d+) MW; +(\w+) CRC", text, re.MULTILINE).groups()
    return {
        "entryType": "UniProtKB reviewed (Swiss-Prot)",
        "primaryAccession": accessions[0],
        "secondaryAccessions": accessions[1:],
        "uniProtkbId": text.split()[1],
        "entryAudit": {
            "firstPublicDate": dates[0],
            "lastSequenceUpdateDate": dates[1],
            "lastAnnotationUpdateDate": dates[2],
        }
        | ({"entryVersion": int(version[1])} if version else {}),
        "proteinDescription": {"flag": flags[1]} if flags else {},
        "features": [_feature(*found) for found in _features(text)],
        "uniProtKBCrossReferences": [_reference(line) for line in re.findall(r"^DR   PDB; (.*)\.$", text, re.M)],
        "sequence": {"value": sequence, "length": int(size), "molWeight": int(weight)}
        | ({"crc64": checksum} if len(checksum) == 16 else {}),
    }


def _features(text: str) -> list[tuple[str, str, str, str]]:
    kinds = "|".join(TYPES)
    pattern = rf"^FT   ({kinds}) +(\d+)(?:\.\.| +)?(\d+)?.*\n((?:FT {{19}}.*\n)*)"
    return re.findall(pattern, text, re.MULTILINE)


def _feature(kind: str, first: str, last: str, more: str) -> dict:
    evidences = [
        {"evidenceCode": code, "source": "PDB", "id": name} for code, name in re.findall(r"(ECO:\d+)\|PDB:(\w+)", more)
    ]
    location = {
        "start": {"value": int(first), "modifier": "EXACT"},
        "end": {"value": int(last or first), "modifier": "EXACT"},
    }
    found = {"type": TYPES[kind], "location": location, "description": ""}
    return found | ({"evidences": evidences} if evidences else {})


def _iso(date: str) -> str:
    return datetime.strptime(date, "%d-%b-%Y").date().isoformat()


def _reference(line: str) -> dict:
    name, *rest = line.split("; ")
    properties = dict(zip(("Method", "Resolution", "Chains"), rest, strict=False)) if len(rest) == 3 else {}
    return {
        "database": "PDB",
        "id": name,
        "properties": [{"key": key, "value": value} for key, value in properties.items()],
    }
