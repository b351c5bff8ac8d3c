"""Other predictors that read one sequence, on the proteins of CB513: accuracy, SOV, seconds and memory in one table.

    PSSP_RESULTS=benchmarks/results python benchmarks/peers.py --cb513 PATH --predictdssp build/predictdssp

reprof and garnier are Debian's (`apt install reprof emboss time`). PredictDSSP is its wheel, unpacked into a folder:
`pip download --no-deps PredictDSSP`, then unzip; only its network and its encoding are used. The source article's
model and that of chapter 6 are trained here, on the same chains with the same settings, and kept in build/. What is not
there is left out of the table.
`--proteins N` takes every k-th protein, about N of them.

reprof, garnier and PredictDSSP may have seen proteins of CB513, or relatives: none says that it kept them out of what
it learnt from. The models of this book have seen none of them and no relative that benchmarks/release.py can find.
Memory is the largest that the system saw.
"""

import argparse
import multiprocessing
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import torch
from cb513 import read_cb513
from honesty_parts.recipe import chapter_records

import pssp_tutorial as pssp
from pssp_tutorial.evaluation.bootstrap import score_interval
from pssp_tutorial.proteins.alphabet import STATES3, encode_states, reduce_states

KEPT = Path("build/benchmarks")
OURS = ("article", "chapter_6")
STATES = str.maketrans("LTS-", "CCCC")  # reprof's loop, garnier's turn
MAY_HAVE_SEEN = {
    "reprof": True,
    "garnier": True,
    "PredictDSSP": True,
    "article": False,
    "chapter_6": False,
    "small": False,
    "release": False,
}
MEBIBYTE = 1 << 20
PREDICTDSSP = "build/predictdssp"
PEAKS = KEPT / "peaks.txt"
Method = Callable[[list[pssp.ProteinRecord]], Iterable[str]]


def outside(*command: object) -> None:
    """Run a program, and keep its peak memory in KiB: GNU time's, for that of our own children would count us too."""
    timed = ["/usr/bin/time", "--format=%M", "--append", f"--output={PEAKS}", *map(str, command)]
    subprocess.run(timed, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def reprof(records: list[pssp.ProteinRecord]) -> Iterable[str]:
    """One process per protein, which is how the program is made."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "one.fasta"), Path(folder, "one.reprof")
        for record in records:
            pssp.write_fasta([record], source)
            outside("reprof", "-i", source, "-o", out)
            rows = [line.split("\t") for line in out.read_text().splitlines() if not line.startswith("#")]
            yield "".join(row[2] for row in rows[1:]).translate(STATES)


def garnier(records: list[pssp.ProteinRecord]) -> Iterable[str]:
    """GOR I; residues that its table leaves out are coil."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "all.fasta"), Path(folder, "all.tsv")
        plain = [pssp.ProteinRecord(record.id, without_x(record)) for record in records]
        pssp.write_fasta(plain, source)
        outside("garnier", source, "-outfile", out, "-rformat", "excel")
        states = {record.id: ["C"] * len(record) for record in records}
        found = set()
        for line in out.read_text().splitlines():
            name, start, end, *_, state = line.split("\t")
            if name != "SeqName":
                found.add(name)
                states[name][int(start) - 1 : int(end)] = state * (int(end) - int(start) + 1)
        assert len(found) == len(records), "garnier stops at the first letter that it does not know"
        for record in records:
            yield "".join(states[record.id]).translate(STATES)


def without_x(record: pssp.ProteinRecord) -> str:
    """The sequence in 20 letters, for programs that know no X: alanine stands for it."""
    return pssp.normalise_sequence(record.sequence).replace("X", "A")


def predictdssp(folder: str) -> Method:
    """Its network alone, without the rest of its package; it knows 20 letters, so X is given to it as alanine."""

    def method(records: list[pssp.ProteinRecord]) -> Iterable[str]:
        package = types.ModuleType("PredictDSSP")
        package.__path__ = [str(Path(folder, "PredictDSSP"))]
        sys.modules["PredictDSSP"] = package
        from PredictDSSP.py_predictor_v2 import Predictor

        (weights,) = Path(folder, "PredictDSSP", "networks").glob("*.pt")
        network = Predictor(weights, dtype="residues")
        for record in records:
            yield "".join("HEC"[place] for place in network.predict(without_x(record)).argmax(axis=1))

    return method


def of_model(load: Callable[[], torch.nn.Module]) -> Method:
    """A model of this package."""
    return lambda records: (prediction.states for prediction in pssp.predict(load(), records, device="cpu"))


def trained(name: str) -> torch.nn.Module:
    """The source article's model, or that of chapter 6, on chapter 6's chains and with its settings."""
    kept = KEPT / f"{name}.safetensors"
    if not kept.exists():
        torch.manual_seed(0)
        model = pssp.ProteinSecondaryStructurePrediction(21, 64, 2, 3) if name == "article" else pssp.BiLSTM(64)
        rate = pssp.read_results("settings")["chosen"]["rate"]
        train, val = pssp.make_loader(chapter_records(), batch_residues=4_000), pssp.make_loader(pssp.load_chains().val)
        schedule = {"schedule": "plateau", "learning_rate": rate, "warmup_epochs": 0.5}
        pssp.fit(model, train, val, max_epochs=30, patience=3, **schedule)
        kept.parent.mkdir(parents=True, exist_ok=True)
        pssp.save_pretrained(model, kept, precision="float32")
    return pssp.load_pretrained(kept)


def train_ours() -> None:
    for name in OURS:
        trained(name)


def run(method: Method, records: list[pssp.ProteinRecord], answer: "multiprocessing.Queue") -> None:
    """In a process of its own: states, seconds, and the larger of its and its programs' memory in MiB."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    PEAKS.unlink(missing_ok=True)
    states = list(method(records))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if method in (reprof, garnier):
        peak = max(map(int, PEAKS.read_text().split()))
    answer.put((states, seconds, peak * 1024 / MEBIBYTE))


def score(records: list[pssp.ProteinRecord], states: list[str]) -> pssp.Report:
    true = [encode_states(reduce_states(record.structure)) for record in records]
    predicted = [encode_states(text) for text in states]
    for record, labels in zip(records, predicted, strict=True):
        assert len(labels) == len(record), record.id
    return pssp.Report.from_labels(true, predicted, len(STATES3), [record.id for record in records])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cb513", help="the file; left out: fetched")
    options.add_argument("--predictdssp", help="folder with the unpacked wheel", default=PREDICTDSSP)
    options.add_argument("--proteins", type=int, default=511, help="about how many to score (default: all)")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    records = read_cb513(chosen.cb513)
    records = records[:: max(1, len(records) // chosen.proteins)]
    methods: dict[str, Method] = {
        name: method for name, method in (("garnier", garnier), ("reprof", reprof)) if shutil.which(name)
    }
    if Path(chosen.predictdssp).is_dir():
        methods["PredictDSSP"] = predictdssp(chosen.predictdssp)
    context = multiprocessing.get_context("fork")  # the methods are functions, which no pickle holds
    training = context.Process(target=train_ours)  # outside this process, whose memory the others begin with
    training.start()
    training.join()
    methods |= {name: of_model(partial(trained, name)) for name in OURS}
    methods["small"] = of_model(lambda: pssp.load_pretrained("small"))
    methods["release"] = of_model(pssp.load_pretrained)
    values: dict[str, object] = {
        "proteins": len(records),
        "residues": int(sum(record.mask.sum() for record in records)),
    }
    for name, method in methods.items():
        answer = context.Queue()
        process = context.Process(target=run, args=(method, records, answer))
        process.start()
        states, seconds, memory = answer.get()
        process.join()
        report = score(records, states)
        q3, sov = score_interval(report), score_interval(report, "sov")
        values[name] = {
            "q3": q3.value, "q3_low": q3.low, "q3_high": q3.high, "sov": sov.value, "f1": report.f1,
            "seconds": seconds, "seconds_per_protein": seconds / len(records), "peak_mebibytes": memory,
            "may_have_seen_cb513": MAY_HAVE_SEEN[name],
        }  # fmt: skip
        print(f"{name:>12}: Q3 {q3.value:.1%}, SOV {sov.value:.1%}, {seconds:7.1f} s, {memory:5.0f} MiB", flush=True)
    pssp.save_results("peers", values, command="python benchmarks/peers.py --cb513 PATH", threads=1)


if __name__ == "__main__":
    main()
