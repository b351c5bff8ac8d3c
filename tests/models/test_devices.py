"""Devices, and the numbers of 16 bits that some have."""

import pytest
import torch
from example_models import every_model

from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.device import has_bfloat16, resolve_device


@pytest.mark.parametrize(
    ("device", "flags", "expected"),
    [
        ("cpu", {"avx2": True}, False),
        ("cpu", {"avx2": True, "avx512_bf16": True, "amx_bf16": False}, True),
        ("cpu", {"avx512_bf16": False, "amx_bf16": True}, True),
        ("mps", {"avx512_bf16": True}, False),
    ],
)
def test_bfloat16_is_read_from_the_processor(monkeypatch, device, flags, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags, raising=False)
    assert has_bfloat16(torch.device(device)) is expected


@pytest.mark.skipif(not has_bfloat16(torch.device("cpu")), reason="this processor has no bfloat16")
@every_model
def test_bfloat16_autocast_runs(make):
    torch.manual_seed(0)
    model, inputs, lengths = make().eval(), torch.randn(2, 9, 21), torch.tensor([9, 4])
    with torch.autocast("cpu", torch.bfloat16):
        half = model(inputs, lengths)
    half.float().sum().backward()
    torch.testing.assert_close(half.float(), model(inputs, lengths), rtol=0.05, atol=0.05)


def test_devices():
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert resolve_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_the_cpus_logits():
    torch.manual_seed(0)
    model, inputs, lengths = BiLSTM().eval(), torch.randn(3, 40, 21), torch.tensor([40, 7, 22])
    mask = torch.arange(40) < lengths[:, None]
    expected = model(inputs, lengths)[mask]
    logits = model.cuda()(inputs.cuda(), lengths.cuda())[mask]
    torch.testing.assert_close(logits.cpu(), expected, rtol=1e-3, atol=1e-3)
