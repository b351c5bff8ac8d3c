"""Processes of a cluster give what one process gives, in order; what dies on the way costs time only."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import pssp_tutorial as pssp
from pssp_tutorial.cli.main import main
from pssp_tutorial.prediction.cluster import chunks_of, cluster, predict_on_cluster
from pssp_tutorial.prediction.kept import Kept
from pssp_tutorial.prediction.prediction import InferenceError

pytest.importorskip("distributed")
PREDICT = [sys.executable, "-m", "pssp_tutorial.cli", "predict"]
# the network is refused to tests; the processes of a cluster talk over the loopback
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def records() -> list[pssp.ProteinRecord]:
    return list(pssp.load_chains("mini").train[:60])


@pytest.fixture
def fasta(tmp_path: Path, records: list[pssp.ProteinRecord]) -> Path:
    pssp.write_fasta(records, tmp_path / "proteins.fasta")
    return tmp_path / "proteins.fasta"


def start(*arguments: object, **variables: str) -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | variables
    return subprocess.Popen(
        list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


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


@pytest.fixture
def scheduler() -> Iterator[tuple[subprocess.Popen, str]]:
    """A scheduler in a process of its own, and its address."""
    process = start(
        sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard"
    )
    seen = ""
    while not (address := re.search(r"tcp://127\.0\.0\.1:\d+", seen)):
        line = process.stderr.readline()
        assert line, seen
        seen += line
    yield process, address[0]
    process.kill()
    process.communicate()


def test_a_lost_scheduler_ends_with_one_line_and_the_run_goes_on(fasta: Path, scheduler: tuple) -> None:
    """What was finished before is not computed again: the second run reads it from the folder beside the output."""
    process, address = scheduler
    worker = start(sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", 1, "--no-nanny")
    with cluster(address) as client:
        client.wait_for_workers(1, timeout=60)
    out = fasta.with_name("cluster.jsonl")
    slow = "import pssp_tutorial.prediction.cluster as c; c.CHUNK_RESIDUES = 300; c.AHEAD = 1; c.WAIT = 5;"
    slow += "c.predict_on_cluster.__kwdefaults__['chunk_residues'] = 300;"
    code = slow + "import sys; from pssp_tutorial.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "predict", fasta, "--out", out, "--model", "small", "--dask", address]
    run = start(*command, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="3s")
    chunks = Path(f"{out}.chunks")
    deadline = time.monotonic() + 120
    while len(list(chunks.glob("*.npz"))) < 3:
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    worker.kill()
    _, told = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "Traceback" not in told
    assert re.search(r"^pssp: the scheduler of Dask is gone .*give the same command", told, re.MULTILINE), told
    assert not out.exists()
    kept = {path: path.stat().st_mtime_ns for path in chunks.glob("*.npz")}
    assert len(kept) >= 3
    again = [*command[:-2], "--workers", "1"]
    subprocess.run(list(map(str, again)), check=True)
    one = fasta.with_name("one.jsonl")
    subprocess.run([*PREDICT, fasta, "--out", one, "--model", "small"], check=True)
    assert out.read_bytes() == one.read_bytes()
    assert not chunks.exists()


def test_dask_itself_prints_nothing(scheduler: tuple) -> None:
    """Its tasks in the background log tracebacks when a scheduler goes, now and then: the user gets our one line."""
    code = "import logging, sys; from pssp_tutorial.prediction.cluster import cluster\n"
    code += "with cluster(sys.argv[1]):\n    logging.getLogger('distributed.utils').error('Traceback')"
    done = subprocess.run([sys.executable, "-c", code, scheduler[1]], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_no_scheduler_is_one_line(fasta: Path) -> None:
    code = "import pssp_tutorial.prediction.cluster as c; c.WAIT = 2; import sys;"
    code += "from pssp_tutorial.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "predict", fasta, "--dask", "tcp://127.0.0.1:9"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("pssp: tcp://127.0.0.1:9: no scheduler of Dask answers")
    assert "Traceback" not in done.stderr


def test_no_worker_is_one_line(fasta: Path, scheduler: tuple) -> None:
    """A scheduler without workers takes all tasks and does none: the run would wait for ever and say nothing."""
    code = "import pssp_tutorial.prediction.cluster as c; c.WAIT = 1; import sys;"
    code += "from pssp_tutorial.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "predict", fasta, "--model", "small", "--dask", scheduler[1]]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    told = f"pssp: {scheduler[1]}: no worker of Dask came within 1 seconds; expected dask worker {scheduler[1]} to run"
    assert done.stderr.strip().splitlines()[-1].startswith(told), done.stderr
    assert "Traceback" not in done.stderr


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


def test_kept_chunks_are_those_of_the_settings(tmp_path: Path, records: list[pssp.ProteinRecord]) -> None:
    """Another model's or another file's chunk under the same number, or half a file, must not be taken."""
    chunk = records[:3]
    predictions = pssp.predict(pssp.load_pretrained("small"), chunk)
    kept = Kept(tmp_path / "chunks", "small, 3 states")
    kept.add(0, chunk, predictions)
    found = kept.find(0, chunk)
    assert [(each.id, each.states) for each in found] == [(each.id, each.states) for each in predictions]
    assert all(np.array_equal(a.probabilities, b.probabilities) for a, b in zip(found, predictions, strict=True))
    assert kept.find(1, chunk) is None
    assert kept.find(0, records[1:4]) is None
    assert Kept(tmp_path / "chunks", "release, 3 states").find(0, chunk) is None
    path = tmp_path / "chunks" / "000000.npz"
    path.write_bytes(path.read_bytes()[:100])
    assert kept.find(0, chunk) is None


@pytest.mark.parametrize("name", ["notes.txt", "000000.npz", "000001.npz.0123456789abcdef.part", "deep/data.txt", ""])
def test_a_folder_of_the_users_own_is_refused(fasta: Path, name: str, capsys: pytest.CaptureFixture) -> None:
    """It was emptied when the output was there: years of work may lie in a folder that happens to have its name.

    An archive of NumPy's under a chunk's name is told by what is in it, and a file with the folder's name is no folder.
    """
    out = fasta.with_name("out.jsonl")
    mine = Path(f"{out}.chunks", name)
    mine.parent.mkdir(parents=True, exist_ok=True)
    with mine.open("wb") as handle:
        np.savez(handle, probabilities=np.zeros(3), digest="mine")
    before = mine.read_bytes()
    code = main(["predict", str(fasta), "--out", str(out), "--model", "small", "--workers", "1"])
    said = capsys.readouterr().err
    told = f"pssp: {Path(f'{out}.chunks', name.partition('/')[0])}: is in the way of finished chunks, which are kept in"
    assert (code, said.startswith(told), said.count("\n")) == (4, True, 1), said
    assert mine.read_bytes() == before
    assert not out.exists()


def test_only_chunks_are_cleared(tmp_path: Path, records: list[pssp.ProteinRecord]) -> None:
    """What a killed run left goes as well; what somebody put there during the run stays."""
    chunk, folder = records[:3], tmp_path / "chunks"
    Kept(folder, "small, 3 states").add(7, chunk, pssp.predict(pssp.load_pretrained("small"), chunk))
    whole = (folder / "000007.npz").read_bytes()
    for name, content in (("000008.npz", whole[:200]), ("000009.npz.0123456789abcdef.part", b""), ("1234567.npz", b"")):
        (folder / name).write_bytes(content)
    kept = Kept(folder, "release, 3 states")
    (folder / "mine.npz").write_bytes(whole)
    (folder / "000010.npz").mkdir()
    kept.clear()
    assert sorted(path.name for path in folder.iterdir()) == ["000010.npz", "mine.npz"]
    (folder / "000010.npz").rmdir()
    (folder / "mine.npz").rename(folder / "000011.npz")
    Kept(folder, "small, 3 states").clear()
    assert not folder.exists()
    kept.clear()


def test_chunks_hold_every_record_once(records: list[pssp.ProteinRecord]) -> None:
    chunks = list(chunks_of(records, 500))
    assert [record for chunk in chunks for record in chunk] == records
    assert all(sum(map(len, chunk)) <= 500 or len(chunk) == 1 for chunk in chunks)
