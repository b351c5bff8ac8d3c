"""What a reader waits for first: importing the package, reading the chain set, and one prediction on the command line.

    PSSP_RESULTS=benchmarks/results python benchmarks/startup.py

Each in a process of its own; the median of five. Predictions with the release model, and processes that only import
PyTorch, take turns: what is over that is ours.
"""

import argparse
import statistics
import subprocess
import sys
import time

from torch.backends.cpu import get_cpu_capability

import pssp_tutorial as pssp

ROUNDS = 5
SEQUENCE = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"  # ubiquitin
TIMED = "import time; start = time.perf_counter(); {code}; print(time.perf_counter() - start)"


def seconds(code: str, before: str = "pass") -> float:
    command = [sys.executable, "-c", f"{before}; {TIMED.format(code=code)}"]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(ROUNDS)]
    return statistics.median(float(run.stdout) for run in runs)


def predict_seconds() -> tuple[float, float]:
    """From typing `pssp predict` on one sequence to the end of its output, and of a bare `import torch`; medians."""
    code = "import sys; from pssp_tutorial.cli.main import main; sys.exit(main())"
    commands = [[sys.executable, "-c", code, "predict", "-"], [sys.executable, "-c", "import torch"]]
    runs: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for command, times in zip(commands, runs, strict=True):
            start = time.perf_counter()
            subprocess.run(command, input=f">one\n{SEQUENCE}\n", capture_output=True, text=True, check=True)
            times.append(time.perf_counter() - start)
    return statistics.median(runs[0]), statistics.median(runs[1])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--results", default="startup", help="name of the file (default: startup)")
    chosen = options.parse_args()
    predict, torch = predict_seconds()
    values = {
        "import_seconds": seconds("import pssp_tutorial"),
        "load_chains_seconds": seconds("pssp.load_chains()", before="import pssp_tutorial as pssp"),
        "predict_seconds": predict,
        "torch_seconds": torch,
    }
    for name, value in values.items():
        print(f"{name}: {value:.3f}")
    context = {"rounds": ROUNDS, "instructions": get_cpu_capability()}
    command = f"python benchmarks/startup.py --results {chosen.results}"
    pssp.save_results(chosen.results, values, command=command, **context)


if __name__ == "__main__":
    main()
