"""UniProt's JSON, one entry at a time (chapter 3)."""

import json
import re
from collections.abc import Iterator
from typing import Any

from pssp_tutorial.uniprot.entry import (
    InactiveEntry,
    PDBStructure,
    UniProtEntry,
    UniProtError,
    UniProtFeature,
    half_open,
    parse_structure,
)
from pssp_tutorial.uniprot.source import LARGEST_ENTRY, AnyEntry, TextSource

_KINDS = {"Helix": "HELIX", "Beta strand": "STRAND", "Turn": "TURN"}
_CHUNK = 1 << 16
_SEPARATORS = re.compile(r"[\s,]*")


def read_json(start: str, text: TextSource) -> Iterator[AnyEntry]:
    """Yield the entries of a JSON text whose first letter, ``start``, has been read."""
    for numbered in _objects(start, text):
        yield from text.entry(_json_entry, numbered)


def _objects(start: str, text: TextSource) -> Iterator[tuple[int, dict]]:
    """Yield the objects of a list, or those that follow one another, each with the line on which it begins."""
    decode = json.JSONDecoder().raw_decode
    buffer, line = start + text.read(_CHUNK), text.line
    opening = re.match(r"(?:\{\s*\"results\"\s*:\s*)?\[", buffer)
    place = opening.end() if opening else 0
    counted = 0  # up to this letter of the buffer, line ends are in ``line``
    while True:
        place = _SEPARATORS.match(buffer, place).end()
        line += buffer.count("\n", counted, place)
        counted = place
        text.line = line
        try:
            if buffer[place : place + 1] == "{":
                found, place = decode(buffer, place)
                yield line, found
                continue
            problem = f"{buffer[place : place + 20]!r}; expected an object in braces"
        except RecursionError:
            raise text.error("JSON nested too deeply") from None
        except ValueError as error:  # broken, or not yet complete
            problem = f"not JSON ({str(error).split(': line')[0]})"
        if opening and buffer[place : place + 1] == "]":
            return
        buffer, place, counted = buffer[place:], 0, 0
        more = text.read(max(_CHUNK, len(buffer)))  # doubled, so that a long entry is tried a few times only
        if not more and not buffer and not opening:
            return
        if not more or len(buffer) > LARGEST_ENTRY:
            raise text.error(problem)
        buffer += more


def _json_entry(numbered: tuple[int, dict], name: str) -> AnyEntry:
    line, document = numbered
    accession = str(document.get("primaryAccession", ""))
    try:
        kind = _get(document, "entryType", str)
        if kind == "Inactive":
            return _inactive(document, accession, name, line)
        sequence = _get(document, "sequence", dict)
        value = _get(sequence, "value", str)
        audit = _get(document, "entryAudit", dict, {})
        features, isoforms = _json_features(document, len(value))
        return UniProtEntry(
            accession=accession,
            name=_get(document, "uniProtkbId", str, ""),
            sequence=value,
            features=features,
            structures=tuple(
                _json_structure(reference)
                for reference in _objects_in(document, "uniProtKBCrossReferences")
                if reference.get("database") == "PDB"
            ),
            secondary=tuple(map(str, _get(document, "secondaryAccessions", list, []))),
            reviewed="unreviewed" not in kind,
            fragment=_get(_get(document, "proteinDescription", dict, {}), "flag", str, "").find("Fragment") >= 0,
            version=_get(audit, "entryVersion", int, 0),
            date=_get(audit, "lastAnnotationUpdateDate", str, ""),
            isoform_features=isoforms,
            file=name,
            line=line,
        ).check(_get(sequence, "length", int, None), _get(sequence, "crc64", str, None))
    except _Shape as error:
        raise UniProtError(str(error), file=name, entry=accession[:40], line=line) from error


def _inactive(document: dict, accession: str, name: str, line: int) -> InactiveEntry:
    reason = _get(document, "inactiveReason", dict, {})
    kind = _get(reason, "inactiveReasonType", str, "inactive").lower()
    why = _get(reason, "deletedReason", str, "")
    successors = tuple(map(str, _get(reason, "mergeDemergeTo", list, [])))
    return InactiveEntry(accession, f"{kind} ({why})" if why else kind, successors, name, line)


def _json_features(document: dict, length: int) -> tuple[tuple[UniProtFeature, ...], int]:
    features, isoforms = [], 0
    for found in _objects_in(document, "features"):
        kind = _KINDS.get(_get(found, "type", str, ""))
        if kind is None:
            continue
        location = _get(found, "location", dict)
        if "sequence" in location:
            isoforms += 1
            continue
        ends = [_get(location, end, dict) for end in ("start", "end")]
        exact = [_get(end, "modifier", str, "EXACT") == "EXACT" for end in ends]
        first, last = (_get(end, "value", int) if known else None for end, known in zip(ends, exact, strict=True))
        start, end = half_open(1 if first is None else first, length if last is None else last)
        evidence = (item.get("id") for item in _objects_in(found, "evidences") if item.get("source") == "PDB")
        pdb_ids = tuple(dict.fromkeys(map(str, evidence)))
        features.append(UniProtFeature(kind, start, end, pdb_ids, all(exact)))
    return tuple(features), isoforms


def _json_structure(reference: dict) -> PDBStructure:
    texts = {str(item.get("key")): str(item.get("value")) for item in _objects_in(reference, "properties")}
    fields = (texts.get(key, "") for key in ("Method", "Resolution", "Chains"))
    return parse_structure(_get(reference, "id", str), *fields)


class _Shape(Exception):  # noqa: N818
    """A JSON document without a field that UniProt documents, or with another type."""


def _get(mapping: dict, key: str, kind: type, *default: Any) -> Any:
    """The value of a field; its default if it is missing or null."""
    value = mapping.get(key)
    if value is None and default:
        return default[0]
    if not isinstance(value, kind) or isinstance(value, bool):
        found = "missing" if value is None else repr(value)[:40]
        raise _Shape(f"field {key!r} is {found}; expected {kind.__name__}")
    return value


def _objects_in(mapping: dict, key: str) -> list[dict]:
    found = _get(mapping, key, list, [])
    for item in found:
        if not isinstance(item, dict):
            raise _Shape(f"field {key!r} holds {repr(item)[:40]}; expected objects")
    return found
