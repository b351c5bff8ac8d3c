"""What a worker of a Dask cluster holds and does (chapter 15)."""

import pickle
import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

import torch
from distributed import WorkerPlugin, get_worker
from torch import nn

from pssp_tutorial.prediction.predict import predict_records
from pssp_tutorial.prediction.prediction import Prediction
from pssp_tutorial.proteins.record import ProteinRecord


class ModelPlugin(WorkerPlugin):
    """The model, handed by the scheduler to every worker, and to each that joins later, once."""

    def __init__(self, model: nn.Module, name: str) -> None:
        self.name, self.payload = name, zlib.compress(pickle.dumps(model), 1)

    @cached_property
    def model(self) -> nn.Module:
        """The model, unpacked on first use."""
        model: nn.Module = pickle.loads(zlib.decompress(self.payload))
        return model


def predict_chunk(name: str, chunk: Sequence[ProteinRecord], settings: dict[str, Any]) -> list[Prediction]:
    """A chunk's predictions by the model of this name: in one thread, since each core has a worker of its own."""
    torch.set_num_threads(1)
    plugin = cast(ModelPlugin, get_worker().plugins[name])
    return list(predict_records(plugin.model, chunk, device="cpu", **settings))
