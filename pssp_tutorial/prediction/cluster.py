"""Prediction by the processes of a cluster, with Dask (chapter 15).

Records are cut into chunks as they are read, and a few chunks for each worker are under way at any time, so that a file
of any size needs little memory. The model travels to each worker once. Results come back in the order of the records.
A chunk whose worker dies is computed again by another one.
"""

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from torch import nn

from pssp_tutorial.prediction.kept import Kept
from pssp_tutorial.prediction.onnx_model import Backend
from pssp_tutorial.prediction.predict import States
from pssp_tutorial.prediction.prediction import InferenceError, Prediction
from pssp_tutorial.proteins.record import ProteinRecord

if TYPE_CHECKING:
    from distributed import Client, Future

CHUNK_RESIDUES = 50_000  # some seconds of work for one core
AHEAD = 2  # chunks for each thread of a worker: one that it computes, one that is on its way
WAIT = 20  # seconds for a scheduler to answer, and for a worker to come where there is none
NEEDED = 'a cluster needs Dask; "pip install dask distributed pyarrow" brings it'


@contextmanager
def cluster(address: str | None = None, *, workers: int = 2) -> "Iterator[Client]":
    """A client of the cluster at an address, or of ``workers`` processes here for as long as the ``with`` lasts.

    Raises InferenceError if Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client, LocalCluster
        from distributed.utils import silence_logging_cmgr
    except ImportError as error:
        raise InferenceError(f"{error.name} is not installed; {NEEDED}") from error
    if address is None:
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # any free port, since 8787 may be taken
                silence_logs=logging.CRITICAL,
            ) as own,
            Client(own) as client,
        ):
            yield client
        return
    with silence_logging_cmgr(logging.CRITICAL):  # a lost scheduler is told by an error, not by Dask's tracebacks
        try:
            client = Client(address, timeout=WAIT)
        except (OSError, ValueError) as error:
            expected = "expected the address that dask scheduler prints, such as tcp://10.0.0.1:8786"
            raise InferenceError(f"{address}: no scheduler of Dask answers; {expected}") from error
        with client:
            yield client


def predict_on_cluster(
    client: "Client",
    model: nn.Module,
    records: Iterable[ProteinRecord],
    *,
    states: States = 3,
    backend: Backend = "torch",
    kept: Kept | None = None,
    chunk_residues: int = CHUNK_RESIDUES,
) -> Iterator[Prediction]:
    """Yield the predictions of records in their order, as one process would give them.

    A chunk has at most ``chunk_residues``, or is one longer protein. Finished ones are ``kept``, if there is where, so
    that a run that ended before its end goes on from there.

    Raises InferenceError if a machine lacks the package, no worker comes or is left, the scheduler is lost, or the
    workers die again and again on one chunk.
    """
    from distributed import KilledWorker

    from pssp_tutorial.prediction.on_worker import ModelPlugin, predict_chunk

    settings: dict[str, Any] = {"states": states, "backend": backend}
    name = f"pssp-{uuid4()}"
    with _lost_is_told(client, kept):
        _wait_for_a_worker(client)
        _check_packages(client, ("onnx", "onnxruntime") if backend == "onnx" else ())
        client.register_plugin(ModelPlugin(model, name))
    waiting: deque[tuple[int, Sequence[ProteinRecord], Any]] = deque()

    def first() -> list[Prediction]:
        number, chunk, future = waiting.popleft()
        try:
            with _lost_is_told(client, kept):
                predictions = future if isinstance(future, list) else _result(client, future, kept)
        except KilledWorker as error:
            raise InferenceError(f"{chunk[0].id} and {len(chunk) - 1} more: every worker died on these") from error
        if kept is not None and not isinstance(future, list):
            kept.add(number, chunk, predictions)
        return predictions

    for number, chunk in enumerate(chunks_of(records, chunk_residues)):
        found = kept.find(number, chunk) if kept is not None else None
        with _lost_is_told(client, kept):
            work = found or client.submit(predict_chunk, name, chunk, settings, pure=False)
            ahead = AHEAD * max(1, sum(client.nthreads().values()))  # of those that are there now: some join late
        waiting.append((number, chunk, work))
        while len(waiting) >= ahead:
            yield from first()
    while waiting:
        yield from first()


def _result(client: "Client", future: "Future", kept: Kept | None) -> list[Prediction]:
    """What becomes of a chunk, however long it takes; InferenceError if there has been no worker for too long."""
    while True:
        try:
            predictions: list[Prediction] = future.result(timeout=WAIT)
            return predictions
        except TimeoutError:
            if not client.nthreads():
                _wait_for_a_worker(client, kept)


def _check_packages(client: "Client", more: Sequence[str]) -> None:
    """Raise InferenceError, naming the machine, if the scheduler or a worker cannot import what it needs."""
    needed = "import pssp_tutorial.prediction.on_worker"
    answers = {}
    try:
        client.run_on_scheduler(exec, needed)  # what every Python knows: a function of ours they may not have
    except ImportError as error:
        answers[f"{client.scheduler.address}: the scheduler"] = error
    else:
        workers = client.run(exec, ", ".join([needed, *more]), on_error="return")
        answers |= {f"{address}: this worker": answer for address, answer in workers.items()}
    for machine, answer in answers.items():
        if isinstance(answer, ImportError):
            remedy = "install the same version of the package, and what it needs, on every machine"
            raise InferenceError(f"{machine} cannot predict ({answer}); {remedy}") from answer


def _wait_for_a_worker(client: "Client", kept: Kept | None = None) -> None:
    """Return when a worker is there; raise InferenceError if none comes in time."""
    try:
        client.wait_for_workers(1, timeout=WAIT)
    except TimeoutError as error:
        address = client.scheduler.address
        expected = f"expected dask worker {address} to run on at least one machine"
        expected += "; the same command goes on with what is kept" if kept else ""
        raise InferenceError(f"{address}: no worker of Dask came within {WAIT} seconds; {expected}") from error


@contextmanager
def _lost_is_told(client: "Client", kept: Kept | None) -> Iterator[None]:
    """Make of Dask's errors about a lost scheduler one that says what to do."""
    try:
        if client.status in ("closing", "closed"):  # it has given up, while nobody asked for the next prediction
            raise ConnectionError
        yield
    except (CancelledError, OSError) as error:
        what_helps = "start it again, and give the same command: what is finished is kept" if kept else "start it again"
        raise InferenceError(f"the scheduler of Dask is gone ({type(error).__name__}); {what_helps}") from error


def chunks_of(records: Iterable[ProteinRecord], residues: int) -> Iterator[list[ProteinRecord]]:
    """Cut a stream of records into lists of at most so many residues, or one record.

    >>> records = [ProteinRecord(str(length), "A" * length) for length in (3, 4, 9, 2)]
    >>> [[record.id for record in chunk] for chunk in chunks_of(records, 8)]
    [['3', '4'], ['9'], ['2']]
    """
    chunk: list[ProteinRecord] = []
    size = 0
    for record in records:
        if chunk and size + len(record) > residues:
            yield chunk
            chunk, size = [], 0
        chunk.append(record)
        size += len(record)
    if chunk:
        yield chunk
