"""What dies on the way, or was never there, costs time or is told in one line that says what to do."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import pssp_tutorial as pssp
from pssp_tutorial.prediction.cluster import cluster, predict_on_cluster
from pssp_tutorial.prediction.prediction import InferenceError

pytest.importorskip("distributed")
PREDICT = [sys.executable, "-m", "pssp_tutorial.cli", "predict"]
# the network is refused to tests; the processes of a cluster talk over the loopback
pytestmark = pytest.mark.slow


def start(*arguments: object, **variables: str) -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | variables
    return subprocess.Popen(
        list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


@contextmanager
def running_scheduler(**variables: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """A scheduler in a process of its own, and its address."""
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", 0]
    process = start(*command, "--no-dashboard", **variables)
    seen = ""
    while not (address := re.search(r"tcp://127\.0\.0\.1:\d+", seen)):
        line = process.stderr.readline()
        assert line, seen
        seen += line
    try:
        yield process, address[0]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def scheduler() -> Iterator[tuple[subprocess.Popen, str]]:
    with running_scheduler() as process_and_address:
        yield process_and_address


@contextmanager
def running_worker(address: str, **variables: str) -> Iterator[subprocess.Popen]:
    """A worker in a process of its own, which nothing starts again, known to the scheduler."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", 1, "--no-nanny"]
    process = start(*command, **variables)
    try:
        with cluster(address) as client:
            client.wait_for_workers(1, timeout=60)
        yield process
    finally:
        process.kill()
        process.communicate()


def start_in_small_chunks(fasta: Path, address: str) -> tuple[subprocess.Popen, list]:
    """The command, running on a cluster, when it has kept three chunks; and what it was called with."""
    out = fasta.with_name("cluster.jsonl")
    slow = "import pssp_tutorial.prediction.cluster as c; c.AHEAD = 1; c.WAIT = 5;"
    slow += "c.predict_on_cluster.__kwdefaults__['chunk_residues'] = 300;"
    code = slow + "import sys; from pssp_tutorial.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "predict", fasta, "--out", out, "--model", "small", "--dask", address]
    run = start(*command, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="3s")
    deadline = time.monotonic() + 120
    while len(list(Path(f"{out}.chunks").glob("*.npz"))) < 3:
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return run, command


def test_a_lost_scheduler_ends_with_one_line_and_the_run_goes_on(fasta: Path, scheduler: tuple) -> None:
    """What was finished before is not computed again: the second run reads it from the folder beside the output."""
    process, address = scheduler
    with running_worker(address) as worker:
        run, command = start_in_small_chunks(fasta, address)
        process.kill()
        worker.kill()
    _, told = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "Traceback" not in told
    assert re.search(r"^pssp: the scheduler of Dask is gone .*give the same command", told, re.MULTILINE), told
    out = fasta.with_name("cluster.jsonl")
    chunks = Path(f"{out}.chunks")
    assert not out.exists()
    kept = {path: path.stat().st_mtime_ns for path in chunks.glob("*.npz")}
    assert len(kept) >= 3
    again = [*command[:-2], "--workers", "1"]
    subprocess.run(list(map(str, again)), check=True)
    one = fasta.with_name("one.jsonl")
    subprocess.run([*PREDICT, fasta, "--out", one, "--model", "small"], check=True)
    assert out.read_bytes() == one.read_bytes()
    assert not chunks.exists()


@pytest.mark.kill
def test_the_last_worker_dies_and_none_comes(fasta: Path, scheduler: tuple) -> None:
    """The scheduler keeps its tasks for a worker that never comes: the run waited for ever and said nothing."""
    with running_worker(scheduler[1]) as worker:
        run, _ = start_in_small_chunks(fasta, scheduler[1])
        worker.kill()
        try:
            _, told = run.communicate(timeout=120)
        finally:
            run.kill()
    assert run.returncode == 1
    assert "Traceback" not in told
    says = rf"^pssp: {scheduler[1]}: no worker of Dask came within 5 seconds; .*; the same command goes on with what is"
    assert re.search(says, told, re.MULTILINE), told


def test_a_client_that_gives_up_while_its_reader_pauses(
    records: list[pssp.ProteinRecord], scheduler: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Piped into a program that waits, for instance: the next prediction met a closed client, and Dask's traceback."""
    process, address = scheduler
    monkeypatch.setattr("pssp_tutorial.prediction.cluster.WAIT", 5)
    with running_worker(address), cluster(address) as client:
        predictions = predict_on_cluster(client, pssp.load_pretrained("small"), records, chunk_residues=1)
        next(predictions)
        process.kill()
        deadline = time.monotonic() + 60
        while client.status != "closed":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with pytest.raises(InferenceError, match=r"^the scheduler of Dask is gone .*; start it again$"):
            next(predictions)


@pytest.mark.parametrize(
    ("who", "lacking"), [("worker", "pssp_tutorial"), ("worker", "onnxruntime"), ("scheduler", "pssp_tutorial")]
)
def test_a_machine_without_the_package_is_named(
    tmp_path: Path, records: list[pssp.ProteinRecord], who: str, lacking: str
) -> None:
    """Dask told it in 62 lines, and not which of the machines it was."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{lacking!r}] = None\n")
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    variables = {each: {"PYTHONPATH": path} if each == who else {} for each in ("worker", "scheduler")}
    backend = "onnx" if lacking == "onnxruntime" else "torch"
    with (
        running_scheduler(**variables["scheduler"]) as (_, address),
        running_worker(address, **variables["worker"]),
        cluster(address) as client,
    ):
        where = address if who == "scheduler" else next(iter(client.nthreads()))
        says = rf"^{where}: \w+ {who} cannot predict \(.*{lacking}.*\); install the same version"
        with pytest.raises(InferenceError, match=says):
            next(predict_on_cluster(client, pssp.load_pretrained("small"), records, backend=backend))


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
