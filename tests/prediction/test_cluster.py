"""Processes of a cluster give what one process gives, in order, and the model travels to each once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import pssp_tutorial as pssp
from pssp_tutorial.prediction.cluster import chunks_of, cluster, predict_on_cluster
from pssp_tutorial.prediction.prediction import InferenceError

if TYPE_CHECKING:
    from distributed import Client

pytest.importorskip("distributed")
cloudpickle = pytest.importorskip("cloudpickle")
PREDICT = [sys.executable, "-m", "pssp_tutorial.cli", "predict"]
# the network is refused to tests; the processes of a cluster talk over the loopback
pytestmark = pytest.mark.slow


def test_two_processes_give_what_one_gives(fasta: Path) -> None:
    """Byte for byte, in the order of the file; and nothing is left beside the output."""
    one, two = (fasta.with_name(f"{name}.jsonl") for name in ("one", "two"))
    for out, more in ((one, []), (two, ["--workers", "2"])):
        subprocess.run([*PREDICT, fasta, "--out", out, "--model", "small", *more], check=True)
    assert two.read_bytes() == one.read_bytes()
    assert not Path(f"{two}.chunks").exists()


def test_two_clusters_at_once_say_nothing(recwarn: pytest.WarningsRecorder) -> None:
    """Dask's own port for its status is taken by the first one, and it would warn of that in the second."""
    with cluster(workers=0), cluster(workers=0):
        pass
    assert [str(each.message) for each in recwarn] == []


@pytest.mark.posix("SIGKILL")
def test_a_killed_worker_costs_time_only(records: list[pssp.ProteinRecord]) -> None:
    """A real SIGKILL in the middle of the work: every protein comes once, in order, with the right numbers."""
    model = pssp.load_pretrained("small")
    expected = pssp.predict(model, records)
    with cluster(workers=2) as client:
        predictions = predict_on_cluster(client, model, records, chunk_residues=600)
        found = [next(predictions)]
        victim = next(iter(client.run(os.getpid).values()))
        os.kill(victim, signal.SIGKILL)
        found += predictions
        assert victim not in client.run(os.getpid).values()
    assert [each.id for each in found] == [each.id for each in expected]
    assert all(np.array_equal(a.probabilities, b.probabilities) for a, b in zip(found, expected, strict=True))


def test_a_late_worker_gets_work(records: list[pssp.ProteinRecord]) -> None:
    """Two chunks for each worker are under way, counted by what was read: machines may join when the run has begun."""
    model = pssp.load_pretrained("small")
    read = 0

    def reading() -> Iterator[pssp.ProteinRecord]:
        nonlocal read
        for record in records[:12]:
            read += 1
            yield record

    with cluster(workers=1) as client:
        predictions = predict_on_cluster(client, model, reading(), chunk_residues=1)
        found = [next(predictions)]
        assert read == 3  # two under way, and one to see where the second chunk ends
        client.cluster.scale(2)
        client.wait_for_workers(2, timeout=60)
        found.append(next(predictions))
        assert read == 6
        found += predictions
        done = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(done) == 2
    assert all(done.values()), done
    assert [each.id for each in found] == [record.id for record in records[:12]]


@pytest.fixture(scope="module")
def two_workers() -> "Iterator[Client]":
    with cluster(workers=2) as client:
        yield client


def test_a_slow_chunk_never_times_out(
    records: list[pssp.ProteinRecord], two_workers: "Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A giant of a protein takes minutes; as long as a worker is there, its result is waited for."""
    model = pssp.load_pretrained("small")
    two_workers.run(pssp.predict, model, "MKTV")  # what is imported once
    monkeypatch.setattr("pssp_tutorial.prediction.cluster.WAIT", 0.01)
    start_of_run = time.monotonic()
    found = list(predict_on_cluster(two_workers, model, records))
    assert time.monotonic() - start_of_run > 0.1
    assert [each.id for each in found] == [record.id for record in records]


class Counted:
    """A part of a model that says how often it is packed, and in a file, how often it is unpacked, wherever that is."""

    def __init__(self, path: Path) -> None:
        self.path, self.packed = path, 0

    def __reduce__(self) -> tuple:
        self.packed += 1
        return exec, (f"open({str(self.path)!r}, 'a').write('.')",)


def test_the_model_is_sent_once_to_each_worker(
    tmp_path: Path, records: list[pssp.ProteinRecord], two_workers: "Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every chunk it would be most of the traffic: a model has megabytes, a chunk kilobytes."""
    model = pssp.load_pretrained("small")
    model.counted = Counted(tmp_path / "unpacked")
    submit, sent = two_workers.submit, []

    def submitted(*arguments: object, **options: object) -> object:
        sent.append(len(cloudpickle.dumps((arguments, options))))
        return submit(*arguments, **options)

    monkeypatch.setattr(two_workers, "submit", submitted)
    found = list(predict_on_cluster(two_workers, model, records[:12], chunk_residues=1))
    assert [each.id for each in found] == [record.id for record in records[:12]]
    assert model.counted.packed == 1
    assert model.counted.path.read_text() == ".."
    assert len(sent) == 12
    assert max(sent) < 0.1 * sum(weights.nbytes for weights in model.parameters())


@pytest.mark.parametrize("option", [("--threads", "2"), ("--device", "cuda")])
def test_an_option_that_would_do_nothing_is_refused(fasta: Path, option: tuple[str, str]) -> None:
    """The workers have one thread each, on the CPU: to take the option and ignore it would mislead."""
    done = subprocess.run([*PREDICT, fasta, "--workers", "2", *option], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("pssp: --threads and --device are for one process; expected neither beside")


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    says = r'distributed is not installed; .*"pip install dask distributed pyarrow"'
    with pytest.raises(InferenceError, match=says), cluster():
        pass


def test_chunks_hold_every_record_once(records: list[pssp.ProteinRecord]) -> None:
    chunks = list(chunks_of(records, 500))
    assert [record for chunk in chunks for record in chunk] == records
    assert all(sum(map(len, chunk)) <= 500 or len(chunk) == 1 for chunk in chunks)
