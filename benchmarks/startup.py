"""What a reader waits for first: importing the package, and reading the chain set.

    PSSP_RESULTS=benchmarks/results python benchmarks/startup.py

Each in a process of its own; the median of five.
"""

import statistics
import subprocess
import sys

import pssp_tutorial as pssp

ROUNDS = 5
TIMED = "import time; start = time.perf_counter(); {code}; print(time.perf_counter() - start)"


def seconds(code: str, before: str = "pass") -> float:
    command = [sys.executable, "-c", f"{before}; {TIMED.format(code=code)}"]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(ROUNDS)]
    return statistics.median(float(run.stdout) for run in runs)


def main() -> None:
    values = {
        "import_seconds": seconds("import pssp_tutorial"),
        "load_chains_seconds": seconds("pssp.load_chains()", before="import pssp_tutorial as pssp"),
    }
    for name, value in values.items():
        print(f"{name}: {value:.3f}")
    pssp.save_results("startup", values, rounds=ROUNDS, command="make bench")


if __name__ == "__main__":
    main()
