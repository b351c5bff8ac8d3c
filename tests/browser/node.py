"""The pages' scripts in node, and how near its numbers must come to PyTorch's."""

import json
import shutil
import subprocess
from pathlib import Path

import live_data
import pytest

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
