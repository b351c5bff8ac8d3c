"""Write the data of the interactive pages: scripts that the browser loads beside the page, also from file://.

    python tools/book/live_data.py

`_assets/live/small_model.js` holds the weights of `data/models/small.safetensors`, `release_model.js` those of the
release, with 8 bits, and the kernel that multiplies them, `gate_data.js` the proteins to look at and the order of the
units, which `figures/microscope.py` measured, `structure_data.js` the examples of "Try it": test chains of `mini` with
their backbones, chosen by the rules of the microscope, but by the predictions of the release.
"""

import base64
import json
from pathlib import Path

import numpy as np
import torch
import wasm_kernel
from microscope import choose_proteins

from pssp_tutorial import load_chains
from pssp_tutorial.models.storage import load_pretrained
from pssp_tutorial.plots.view import view_structure
from pssp_tutorial.plots.view_html import packed
from pssp_tutorial.proteins import alphabet

BOOK = Path(__file__).parents[2] / "book"
LIVE = BOOK / "_assets" / "live"
MEASURED = BOOK / "results" / "microscope.json"
MODEL_FILE = BOOK.parent / "data" / "models" / "small.safetensors"


def model_script() -> str:
    """The small model as JavaScript: its letters, the shapes of its tensors, and their numbers as float16 in base64."""
    model = load_pretrained(MODEL_FILE)
    tensors = model.state_dict()
    numbers = b"".join(tensor.to(torch.float16).numpy().astype("<f2").tobytes() for tensor in tensors.values())
    document = {
        "name": model.name,
        "residues": alphabet.RESIDUES,
        "states": alphabet.states_of(model.num_classes),
        "unusual": alphabet.READ_AS,
        "layers": model.config["num_layers"],
        "units": model.config["hidden_size"],
        "shapes": {name: list(tensor.shape) for name, tensor in tensors.items()},
        "base64": base64.b64encode(numbers).decode(),
    }
    return script("smallModel", document)


def release_script() -> str:
    """The release model: its matrices with 8 bits and a scale for each row, the rest as float32, and the kernel."""
    model = load_pretrained()
    tensors, whole, parts = {}, [], []
    for name, values in matrices(model).items():
        rows, columns = values.shape
        rounded = rows * columns > 100_000
        tensors[name] = {"rows": rows, "columns": columns, "rounded": rounded}
        if rounded:
            scales = np.abs(values).max(axis=1, keepdims=True) / 127
            whole.append(np.round(values / scales).astype(np.int8).tobytes())
            values = scales
        parts.append(values.astype("<f4").tobytes())
    states = alphabet.states_of(model.num_classes)
    document = {
        "name": model.name,
        "residues": alphabet.RESIDUES,
        "states": alphabet.STATES3,
        "joined": alphabet.reduce_states("".join(states)),
        "layers": model.config["num_layers"],
        "units": model.config["hidden_size"],
        "tensors": tensors,
        "kernel": base64.b64encode(wasm_kernel.assembled()).decode(),
        "whole": base64.b64encode(b"".join(whole)).decode(),
        "parts": base64.b64encode(b"".join(parts)).decode(),
    }
    return script("releaseFile", document)


def matrices(model: torch.nn.Module) -> dict[str, np.ndarray]:
    """The tensors as the page multiplies them: each a matrix, the two biases of a direction added."""
    found = {}
    for name, tensor in model.state_dict().items():
        values = tensor.float().numpy()
        if values.ndim == 3:  # [out, channel, place] becomes [out, place x channel]: the order of neighbours in memory
            values = values.transpose(0, 2, 1).reshape(len(values), -1)
        if "bias_hh" in name:
            found[name.replace("bias_hh", "bias")] += values[None]
        else:
            found[name.replace("bias_ih", "bias")] = values[None] if values.ndim == 1 else values
    return found


def gates_script() -> str:
    """The proteins with their true states, and for each layer and direction the units in order."""
    values = json.loads(MEASURED.read_text(encoding="utf-8"))["values"]
    proteins = []
    for protein in values["proteins"].values():
        record = load_chains()[protein["id"]]
        structure = alphabet.reduce_states(record.structure)
        proteins.append({"id": record.id, "kind": protein["kind"], "sequence": record.sequence, "structure": structure})
    order = [
        [[{"unit": unit, "follows": follows, "r": round(r, 4)} for unit, follows, r in way] for way in layer]
        for layer in values["order"]
    ]
    return script("gateData", {"proteins": proteins, "order": order, "unit": values["unit"]["number"]})


def structures_script() -> str:
    """The examples with their true states and backbones; the model saw none of them."""
    mini = load_chains("mini")
    proteins = []
    for chosen in choose_proteins(load_pretrained(), list(mini.test)):
        view = view_structure(chosen["id"])
        known = {"id": view.id, "kind": chosen["kind"], "sequence": view.sequence, "structure": view.states}
        proteins.append(known | {"backbone": packed(view.backbone)})
    return script("structureData", {"proteins": proteins})


def script(name: str, document: object) -> str:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return f"// Written by tools/book/live_data.py.\n(globalThis.PSSP ??= {{}}).{name} = {text};\n"


def main() -> None:
    (LIVE / "small_model.js").write_text(model_script(), encoding="utf-8")
    (LIVE / "release_model.js").write_text(release_script(), encoding="utf-8")
    (LIVE / "gate_data.js").write_text(gates_script(), encoding="utf-8")
    (LIVE / "structure_data.js").write_text(structures_script(), encoding="utf-8")


if __name__ == "__main__":
    main()
