"""What a reader waits for first: importing the package, reading the chain set, and one prediction on the command line.

    PSSP_RESULTS=benchmarks/results python benchmarks/startup.py

Each in a process of its own; the median of five.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pssp_tutorial as pssp

ROUNDS = 5
SEQUENCE = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"  # ubiquitin
TIMED = "import time; start = time.perf_counter(); {code}; print(time.perf_counter() - start)"


def seconds(code: str, before: str = "pass") -> float:
    command = [sys.executable, "-c", f"{before}; {TIMED.format(code=code)}"]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(ROUNDS)]
    return statistics.median(float(run.stdout) for run in runs)


def predict_seconds() -> float:
    """From typing `pssp predict` on one sequence to the end of its output; the median."""
    code = "import sys; from pssp_tutorial.cli import main; sys.exit(main())"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        pssp.save_pretrained(pssp.BiLSTM(hidden_size=256, num_classes=8, embedding_size=128), path)  # of release's size
        runs = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            command = [sys.executable, "-c", code, "predict", "-", "--model", str(path)]
            subprocess.run(command, input=f">one\n{SEQUENCE}\n", capture_output=True, text=True, check=True)
            runs.append(time.perf_counter() - start)
    return statistics.median(runs)


def main() -> None:
    values = {
        "import_seconds": seconds("import pssp_tutorial"),
        "load_chains_seconds": seconds("pssp.load_chains()", before="import pssp_tutorial as pssp"),
        "predict_seconds": predict_seconds(),
    }
    for name, value in values.items():
        print(f"{name}: {value:.3f}")
    pssp.save_results("startup", values, rounds=ROUNDS, command="make bench")


if __name__ == "__main__":
    main()
