"""Two processes train the model of one: every residue of a batch counts the same, wherever it is."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pssp_tutorial.training.distributed import train_alone


@pytest.mark.slow
def test_two_processes_give_the_weights_of_one(tmp_path: Path) -> None:
    """With shares of 4 and 16 proteins; plain DDP, which gives both the same weight, must be seen to differ."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--local-addr", "127.0.0.1"]
    launch += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0"]
    launch += ["-m", "pssp_tutorial.training.distributed", str(tmp_path)]
    done = subprocess.run(launch, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = train_alone().state_dict()
    apart = {}
    for name in ("weighted", "plain"):
        weights = torch.load(tmp_path / f"{name}.pt")
        apart[name] = max((weights[key] - value).abs().max().item() for key, value in wanted.items())
    assert apart["weighted"] < 1e-9
    assert apart["plain"] > 1e-4
