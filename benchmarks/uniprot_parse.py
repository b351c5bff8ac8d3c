"""How fast UniProt entries are parsed and labelled, and that memory does not grow with the file.

    PSSP_RESULTS=benchmarks/results python benchmarks/uniprot_parse.py

Makes files of 470, 1,880 and 7,520 entries out of the 47 real ones, and reads each in a process of
its own. Seconds are the processor's, which other work on the machine disturbs little; memory is the largest that
Python's objects took up while the file was read.
"""

import gc
import multiprocessing
import tempfile
import time
import tracemalloc
from pathlib import Path

import pssp_tutorial as pssp

COPIES = (10, 40, 160)
MEBIBYTE = 1 << 20


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
    for copies in COPIES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "entries")
            path.write_text(pssp.uniprot_text() * copies, encoding="utf-8")
            answer = context.Queue()
            process = context.Process(target=measure, args=(str(path), answer))
            process.start()
            entries, labelled, parsed, both, memory = answer.get()
            process.join()
            megabytes = path.stat().st_size / 1e6
        values |= {
            f"flat_{entries}_entries": entries,
            f"flat_{entries}_labelled": labelled,
            f"flat_{entries}_megabytes": megabytes,
            f"flat_{entries}_entries_per_second_parsed": entries / parsed,
            f"flat_{entries}_entries_per_second_parsed_and_labelled": entries / both,
            f"flat_{entries}_peak_memory_mebibytes": memory,
        }
        speed = f"{entries / parsed:.0f} entries/s parsed, {entries / both:.0f} parsed and labelled"
        print(f"{entries} entries, {megabytes:.1f} MB: {speed}, at most {memory:.2f} MiB held")
    pssp.save_results("uniprot_parse", values, command="python benchmarks/uniprot_parse.py", processes=1)


if __name__ == "__main__":
    main()
