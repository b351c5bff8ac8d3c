"""A program that is fast and wrong: OpenVINO on the release model's graph, a protein alone and beside a longer one.

    pip install openvino
    PSSP_RESULTS=benchmarks/results python benchmarks/padded_batch.py

The graph is the one that ONNX Runtime computes rightly; it says how long each protein is. Half a minute.
"""

import tempfile
from pathlib import Path

import numpy as np
import openvino
import torch

import pssp_tutorial as pssp


def main() -> None:
    torch.set_num_threads(1)
    model = pssp.load_pretrained()
    val = sorted(pssp.load_chains("mini").val, key=len)
    batch = pssp.collate([val[0], val[-1]])
    short = len(val[0])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "release.onnx")
        path.write_bytes(pssp.onnx_graph(model))
        graph = openvino.Core().compile_model(path, "CPU")

    def logits(inputs: torch.Tensor, lengths: torch.Tensor) -> np.ndarray:
        return graph({"inputs": inputs.numpy(), "lengths": lengths.int().numpy()})[0]

    together = logits(batch.inputs, batch.lengths)[0, :short]
    alone = logits(batch.inputs[:1, :short], batch.lengths[:1])[0]
    with torch.inference_mode():
        true = model(batch.inputs, batch.lengths)[0, :short].numpy()
    values = {
        "alone": float(np.abs(alone - true).max()),
        "in_a_batch": float(np.abs(together - true).max()),
        "lengths": [short, len(val[-1])],
    }
    print(values)
    command, version = "python benchmarks/padded_batch.py", openvino.__version__
    pssp.save_results("padded_batch", values, command=command, openvino=version, model=model.name, threads=1)


if __name__ == "__main__":
    main()
