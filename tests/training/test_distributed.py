"""Two processes train the model of one: every residue of a batch counts the same, wherever it is."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file
from torch.utils.data import DataLoader

import pssp_tutorial as pssp
from pssp_tutorial.training.distributed import Stream, train_alone

SCORE = """
import json, sys
import torch.distributed as dist
import pssp_tutorial as pssp
rank = int(sys.argv[1])
dist.init_process_group("gloo", init_method=sys.argv[2], rank=rank, world_size=2)
records, model = pssp.load_chains("mini").val, pssp.load_pretrained("small")
shares = (records[rank:6:2], records[:1] if rank else records[1:6], [] if rank else records[:6])
print(json.dumps([pssp.joint_accuracy(model, share) for share in shares]))
dist.destroy_process_group()
"""


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
        weights = load_file(tmp_path / f"{name}.safetensors")
        apart[name] = max((weights[key] - value).abs().max().item() for key, value in wanted.items())
    assert apart["weighted"] < 1e-9
    assert apart["plain"] > 1e-4


@pytest.mark.slow
def test_two_processes_score_each_residue_once(tmp_path: Path) -> None:
    """Six proteins as 3 and 3, 5 and 1, 6 and none: always the accuracy of one process, as NumPy counts it."""
    command = [sys.executable, "-c", SCORE]
    meeting = (tmp_path / "meeting").as_uri()
    both = [subprocess.Popen([*command, str(rank), meeting], stdout=subprocess.PIPE, text=True) for rank in (0, 1)]
    found = [json.loads(each.communicate(timeout=120)[0].splitlines()[-1]) for each in both]
    records = pssp.load_chains("mini").val[:6]
    true = np.array(list("".join(pssp.reduce_states(record.structure) for record in records)))
    states = np.array(list("".join(each.states for each in pssp.predict(pssp.load_pretrained("small"), records))))
    known = np.isin(true, list("HEC"))
    one = (states == true)[known].mean()
    assert found == [[pytest.approx(one, abs=1e-12)] * 3] * 2


@pytest.mark.slow
@pytest.mark.parametrize(("sharded", "times"), [(False, 2), (True, 1)])
def test_a_sharded_stream_gives_every_item_once(sharded: bool, times: int) -> None:
    """Without shares each of two worker processes reads everything: the trap of the chapter, and its cure."""
    loader = DataLoader(
        Stream(range(7), sharded=sharded), batch_size=None, num_workers=2, multiprocessing_context="spawn"
    )
    assert sorted(loader) == sorted([*range(7)] * times)
