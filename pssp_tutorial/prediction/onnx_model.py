"""A model that ONNX Runtime computes, in place of PyTorch (chapter 14)."""

from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

from pssp_tutorial.models.contract import ModelError, check_batch
from pssp_tutorial.prediction.onnx_graph import onnx_graph

Backend = Literal["torch", "onnx"]
BACKENDS: tuple[Backend, ...] = ("torch", "onnx")

NEEDED = 'this needs ONNX Runtime; "pip install onnx onnxruntime" brings it'
_made: WeakKeyDictionary[nn.Module, tuple[tuple[int, ...], "OnnxModel"]] = WeakKeyDictionary()


class OnnxModel(nn.Module):
    """A `BiLSTM` or `ConvBiLSTM` that ONNX Runtime computes on the CPU, in one thread per call.

    It keeps the contract of every model. Each sequence is computed by itself: with 8 bits the rounding of a step
    depends on all sequences in it, and so would the answer on a protein's company.

    Parameters: `model` as it is now: what becomes of its weights later changes nothing; `int8` whether the LSTM's
    weights have 8 bits.
    Raises ModelError for another model, or where ONNX Runtime is missing.

    >>> from pssp_tutorial import BiLSTM
    >>> model = OnnxModel(BiLSTM(hidden_size=8))
    >>> model(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 3])
    """

    def __init__(self, model: nn.Module, *, int8: bool = True) -> None:
        super().__init__()
        try:
            import onnx  # noqa: F401  (the graph is written with it)
            import onnxruntime
        except ImportError as error:
            raise ModelError(f"{error.name} is not installed; {NEEDED}") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # threads take different proteins
        graph = onnx_graph(model, int8=int8)
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.input_size: int = model.input_size  # type: ignore[assignment]
        self.num_classes: int = model.num_classes  # type: ignore[assignment]
        self.place = nn.Parameter(torch.zeros(0), requires_grad=False)  # says on which device the model is

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        check_batch(inputs, lengths, self.input_size)
        logits = torch.zeros(*inputs.shape[:2], self.num_classes)
        for row, (sequence, length) in enumerate(zip(inputs.float().numpy(), lengths.tolist(), strict=True)):
            given = {"inputs": sequence[None, :length], "lengths": np.array([length], dtype=np.int32)}
            logits[row, :length] = torch.from_numpy(self.session.run(None, given)[0][0])
        return logits

    def __deepcopy__(self, memo: dict[int, Any]) -> "OnnxModel":
        """Nothing about it can change, so that a copy is the model itself."""
        return self


def onnx_twin(model: nn.Module) -> OnnxModel:
    """The model as ONNX Runtime computes it with 8 bits; made once, and again when its weights have changed.

    >>> from pssp_tutorial import BiLSTM
    >>> model = BiLSTM(hidden_size=8)
    >>> onnx_twin(model) is onnx_twin(model)
    True
    """
    if isinstance(model, OnnxModel):
        return model
    weights = [*model.parameters(), *model.buffers()]
    version = (*map(id, weights), *(each._version for each in weights))
    if model not in _made or _made[model][0] != version:
        _made[model] = version, OnnxModel(model)
    return _made[model][1]
