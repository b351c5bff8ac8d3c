"""The book's networks as a graph in the ONNX format, written node by node (chapter 14).

The graph reads one protein or a batch: ``inputs`` float32[batch, length, channel] and ``lengths`` int32[batch]; it
gives ``logits`` float32[batch, length, class]. The layers of the LSTM may be stored with 8 bits per weight; ONNX
Runtime then rounds what they read to 8 bits as well, anew in every step.

Source: the operators LSTM (https://onnx.ai/onnx/operators/onnx__LSTM.html) and, of ONNX Runtime, DynamicQuantizeLSTM.
"""

from typing import Any

import numpy as np
import torch

from pssp_tutorial.models.bilstm import BidirectionalLSTM, BiLSTM
from pssp_tutorial.models.contract import ModelError
from pssp_tutorial.models.convolution import ConvBiLSTM

OPSET, FORMAT = 17, 9  # old enough for every ONNX Runtime since 1.15
RUNTIME = "com.microsoft"  # the domain of ONNX Runtime's own operators
LARGEST = 127  # of 8 bits with a sign


def onnx_graph(model: torch.nn.Module, *, int8: bool = False) -> bytes:
    """Write a `BiLSTM` or `ConvBiLSTM`, as it predicts, as an ONNX file.

    Parameters: `int8` whether the weights of the LSTM have 8 bits, with one scale for each of its rows.
    Raises ModelError for any other model.

    >>> len(onnx_graph(BiLSTM(hidden_size=8), int8=True)) < len(onnx_graph(BiLSTM(hidden_size=8)))
    True
    """
    if not isinstance(model, BiLSTM) or type(model) not in (BiLSTM, ConvBiLSTM):  # another class may compute otherwise
        raise ModelError(f"the model is a {type(model).__name__}; expected a BiLSTM or a ConvBiLSTM")
    graph = _Graph()
    values = "inputs"
    if isinstance(model.embedding, torch.nn.Linear):
        values = graph.node("MatMul", values, graph.weights("embedding", model.embedding.weight.T))
    if isinstance(model, ConvBiLSTM):
        values = _convolution(graph, model, values)
    values = graph.node("Transpose", values, perm=[1, 0, 2])  # [length, batch, channel]
    for layer in model.layers:
        assert isinstance(layer, BidirectionalLSTM)
        values = _lstm(graph, layer.lstm, values, int8)
    values = graph.node("MatMul", values, graph.weights("classifier", model.classifier.weight.T))
    values = graph.node("Add", values, graph.weights("classifier_bias", model.classifier.bias))
    graph.node("Transpose", values, out="logits", perm=[1, 0, 2])
    return graph.finished(model.input_size, model.num_classes)


class _Graph:
    """Nodes and constants, named by their order."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, values: np.ndarray) -> str:
        from onnx import numpy_helper

        name = f"{name}_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weights(self, name: str, tensor: torch.Tensor) -> str:
        return self.constant(name, tensor.detach().float().cpu().numpy())

    def node(self, kind: str, *inputs: str, out: str | None = None, **settings: Any) -> str:
        from onnx import helper

        name = out or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **settings))
        return name

    def finished(self, channels: int, classes: int) -> bytes:
        from onnx import TensorProto, checker, helper

        inputs = [
            helper.make_tensor_value_info("inputs", TensorProto.FLOAT, ["batch", "length", channels]),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["batch"]),
        ]
        logits = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "length", classes])]
        graph = helper.make_graph(self.nodes, "pssp", inputs, logits, self.constants)
        domains = [helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIME, 1)]
        model = helper.make_model(graph, opset_imports=domains, ir_version=FORMAT)
        checker.check_model(model)
        return model.SerializeToString()


def _convolution(graph: _Graph, model: ConvBiLSTM, values: str) -> str:
    """What each residue is, and what the convolution finds around it."""
    half = model.config["kernel_size"] // 2
    kernel = graph.weights("kernel", model.convolution.weight)
    assert model.convolution.bias is not None
    bias = graph.weights("kernel_bias", model.convolution.bias)
    values = graph.node("Transpose", values, perm=[0, 2, 1])  # [batch, channel, length]
    found = graph.node("Relu", graph.node("Conv", values, kernel, bias, pads=[half, half]))
    return graph.node("Transpose", graph.node("Add", values, found), perm=[0, 2, 1])


def _lstm(graph: _Graph, lstm: torch.nn.LSTM, values: str, int8: bool) -> str:
    """One layer in both directions, [length, batch, channel] to [length, batch, 2 hidden]."""
    W, U, b, d = (np.stack(both) for both in zip(*map(_weights, lstm.all_weights), strict=True))
    bias = graph.constant("bias", np.concatenate([b, d], axis=1))
    settings: dict[str, Any] = {"direction": "bidirectional", "hidden_size": lstm.hidden_size}
    if int8:
        (w, w_scale), (u, u_scale) = (_rounded(graph, each) for each in (W, U))
        zero = graph.constant("zero", np.zeros(W.shape[:2], dtype=np.int8))
        arguments = [values, w, u, bias, "lengths", "", "", "", w_scale, zero, u_scale, zero]
        outputs = graph.node("DynamicQuantizeLSTM", *arguments, domain=RUNTIME, **settings)
    else:
        w, u = graph.constant("W", W), graph.constant("U", U)
        outputs = graph.node("LSTM", values, w, u, bias, "lengths", **settings)
    outputs = graph.node("Transpose", outputs, perm=[0, 2, 1, 3])  # [length, batch, direction, hidden]
    shape = graph.constant("shape", np.array([0, 0, 2 * lstm.hidden_size]))
    return graph.node("Reshape", outputs, shape)


def _weights(parameters: list[torch.nn.Parameter]) -> list[np.ndarray]:
    """W, U and the two biases of one direction: PyTorch's gates i, f, g, o in ONNX's order i, o, f, g."""
    gates = [np.split(each.detach().float().cpu().numpy(), 4) for each in parameters]
    return [np.concatenate([i, o, f, g]) for i, f, g, o in gates]


def _rounded(graph: _Graph, weights: np.ndarray) -> tuple[str, str]:
    """Weights [direction, row, channel] as 8 bits [direction, channel, row], and the scale of each row."""
    scale = np.maximum(np.abs(weights).max(axis=2), 1e-12) / LARGEST  # [direction, row]
    whole = np.round(weights / scale[:, :, None]).astype(np.int8)
    return graph.constant("weights", whole.transpose(0, 2, 1)), graph.constant("scale", scale)
