"""The pages' scripts in node, and how near its numbers must come to PyTorch's."""

import json
import shutil
import subprocess
from pathlib import Path

import live_data
import numpy as np
import pytest

import pssp_tutorial as pssp

LIVE = Path(live_data.LIVE)
TOLERANCE = 1e-4
ROUNDING = 0.02  # of a probability, by weights of 8 bits
NODE = shutil.which("node") or shutil.which("nodejs")
LOAD = "const model = PSSP.loadModel(PSSP.smallModel);"


def run_in_node(work: str, given: object) -> object:
    """The value of the expression `work`, of `model` and `given`, computed by node with the pages' scripts."""
    if NODE is None:
        pytest.skip("node is not installed: it runs the pages' JavaScript (Debian and Ubuntu: apt install nodejs)")
    names = ("small_model", "release_model", "lstm", "release", "results", "sequence", "pictures")
    program = "".join(f"require({json.dumps(str(LIVE / name))});" for name in names) + LOAD
    program += "const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
    program += f"process.stdout.write(JSON.stringify({work}));"
    done = subprocess.run([NODE, "-e", program], input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def states_near_a_tie(got: list[dict], expected: list[pssp.Prediction]) -> None:
    """The same states, but where the rounding of the weights may turn two that are nearly as likely."""
    worst = 0.0
    for one, each in zip(got, expected, strict=True):
        shares = np.array(one["probabilities"])
        worst = max(worst, np.abs(shares - each.probabilities).max())
        assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
        first, second = np.sort(each.probabilities, axis=1)[:, :-3:-1].T
        changed = np.array(list(one["states"])) != np.array(list(each.states))
        assert (first - second)[changed].max(initial=0) < 2 * ROUNDING
    assert worst < ROUNDING
