"""How fast UniProt entries are parsed and labelled, and that memory does not grow with the file.

    PSSP_RESULTS=benchmarks/results python benchmarks/uniprot_parse.py

Makes files of 470, 1,880 and 7,520 entries out of the 47 real ones, flat and JSON, and reads each in a process of
its own. Seconds are the processor's, which other work on the machine disturbs little; memory is the largest that
Python's objects took up while the file was read.
"""

import gc
import json
import multiprocessing
import tempfile
import time
import tracemalloc
from pathlib import Path

import pssp_tutorial as pssp

COPIES = (10, 40, 160)
MEBIBYTE = 1 << 20


def entry_as_json(entry: pssp.UniProtEntry) -> str:
    """An entry with what the parser reads, and UniProt's names for it."""
    kinds = {"HELIX": "Helix", "STRAND": "Beta strand", "TURN": "Turn"}
    features = [
        {
            "type": kinds[feature.kind],
            "location": {
                "start": {"value": feature.start + 1, "modifier": "EXACT"},
                "end": {"value": feature.end, "modifier": "EXACT"},
            },
            "evidences": [{"evidenceCode": "ECO:0007829", "source": "PDB", "id": name} for name in feature.structures],
        }
        for feature in entry.features
    ]
    references = [
        {
            "database": "PDB",
            "id": structure.id,
            "properties": [
                {"key": "Method", "value": structure.method},
                {"key": "Chains", "value": ", ".join(f"{name}={a + 1}-{b}" for name, a, b in structure.chains)},
            ],
        }
        for structure in entry.structures
    ]
    document = {
        "entryType": "UniProtKB reviewed (Swiss-Prot)",
        "primaryAccession": entry.accession,
        "uniProtkbId": entry.name,
        "features": features,
        "uniProtKBCrossReferences": references,
        "sequence": {"value": entry.sequence, "length": len(entry)},
    }
    return json.dumps(document)


def write(path: Path, copies: int, format: str) -> None:
    with path.open("w") as handle:
        if format == "flat":
            text = pssp.uniprot_text()
            for _ in range(copies):
                handle.write(text)
        else:
            text = ",\n".join(map(entry_as_json, pssp.load_uniprot_entries()))
            handle.write('{"results":[\n' + text)
            for _ in range(copies - 1):
                handle.write(",\n" + text)
            handle.write("\n]}\n")


def measure(path: str, answer: multiprocessing.Queue) -> None:
    """Time two passes, then trace the memory of a third one, which tracing makes slow."""
    for _ in pssp.label_entries(pssp.load_uniprot_entries()):
        pass  # everything is imported
    began = time.process_time()
    entries = sum(1 for _ in pssp.read_uniprot(path))
    parsed = time.process_time() - began
    began = time.process_time()
    labelled = sum(1 for _ in pssp.label_entries(pssp.read_uniprot(path)))
    both = time.process_time() - began
    tracemalloc.start()
    for number, entry in enumerate(pssp.read_uniprot(path)):
        pssp.label_entry(entry)
        if number % 100 == 0:
            gc.collect()  # what Python has not got round to collecting is not held
    answer.put((entries, labelled, parsed, both, tracemalloc.get_traced_memory()[1] / MEBIBYTE))


def main() -> None:
    context = multiprocessing.get_context("spawn")
    values = {}
    for format in ("flat", "json"):
        for copies in COPIES:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "entries")
                write(path, copies, format)
                answer = context.Queue()
                process = context.Process(target=measure, args=(str(path), answer))
                process.start()
                entries, labelled, parsed, both, memory = answer.get()
                process.join()
                found = {
                    "entries": entries,
                    "labelled": labelled,
                    "megabytes": path.stat().st_size / 1e6,
                    "entries_per_second_parsed": entries / parsed,
                    "entries_per_second_parsed_and_labelled": entries / both,
                    "peak_memory_mebibytes": memory,
                }
            values |= {f"{format}_{entries}_{name}": value for name, value in found.items()}
            speed = f"{entries / parsed:.0f} entries/s parsed, {entries / both:.0f} parsed and labelled"
            print(f"{format} {entries} entries, {found['megabytes']:.1f} MB: {speed}, at most {memory:.2f} MiB held")
    pssp.save_results("uniprot_parse", values, command="python benchmarks/uniprot_parse.py", processes=1)


if __name__ == "__main__":
    main()
