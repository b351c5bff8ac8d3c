"""The models: padding never matters, the fast bidirectional pass is exact, settings and files are checked."""

import threading
import timeit
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import embedding, one_hot
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from pssp_tutorial.batches.proteins import make_loader
from pssp_tutorial.models import bilstm
from pssp_tutorial.models import storage as models
from pssp_tutorial.models.architectures import SequenceLabeller
from pssp_tutorial.models.article import ProteinSecondaryStructurePrediction
from pssp_tutorial.models.attention import AttentionLayer, FeedForward
from pssp_tutorial.models.bilstm import BidirectionalLSTM, BiLSTM
from pssp_tutorial.models.cells import GRU, MLSTM, BothWays, CoupledLSTM, MinGRU
from pssp_tutorial.models.contract import ModelError, count_parameters, evaluating, evaluation_twin
from pssp_tutorial.models.convolution import ConvBiLSTM, ConvolutionLayer
from pssp_tutorial.models.device import has_bfloat16, resolve_device
from pssp_tutorial.models.fusion import LateFusion
from pssp_tutorial.models.language import LanguageModel
from pssp_tutorial.models.storage import load_pretrained, save_pretrained
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.training.epoch import validate


def packed_bilstm():
    model = BiLSTM(6, 2)
    for layer in model.layers:
        layer.packed = True
    return model


MODELS = {
    "article": lambda: ProteinSecondaryStructurePrediction(21, 7, 2, 3),
    "article, 8 classes": lambda: ProteinSecondaryStructurePrediction(21, 5, 1, 8),
    "bilstm": lambda: BiLSTM(6, 2),
    "bilstm, packed": packed_bilstm,
    "bilstm, one-hot": lambda: BiLSTM(6, 1, embedding_size=None, dropout=0.0),
    "bilstm, 8 classes": lambda: BiLSTM(4, 3, 8, embedding_size=5, dropout=0.5),
    "convolution": lambda: ConvBiLSTM(4, 1, 8, kernel_size=5),
    "convolution, one-hot": lambda: ConvBiLSTM(6, 2, embedding_size=None),
    "layer": lambda: BidirectionalLSTM(21, 5),
}
LAYERS = {
    "convolution": lambda: [ConvolutionLayer(8, 5), ConvolutionLayer(8, 3, dilation=4)],
    "lstm": lambda: [BidirectionalLSTM(8, 4), BidirectionalLSTM(8, 4)],
    "gru": lambda: [BothWays(GRU, 8, 4), BothWays(GRU, 8, 4)],
    "coupled": lambda: [BothWays(CoupledLSTM, 8, 4), BothWays(CoupledLSTM, 8, 4)],
    "mingru": lambda: [BothWays(MinGRU, 8, 4), BothWays(MinGRU, 8, 4)],
    "mlstm": lambda: [BothWays(MLSTM, 8, 4), BothWays(MLSTM, 8, 4)],
    "attention": lambda: [AttentionLayer(8, 2), FeedForward(8), AttentionLayer(8, 2)],
    "mixed": lambda: [ConvolutionLayer(8), BidirectionalLSTM(8, 4), AttentionLayer(8)],
}
OTHERS = {name: lambda layers=layers: SequenceLabeller(layers(), 8) for name, layers in LAYERS.items()} | {
    "late fusion": lambda: LateFusion((11, 6, 4), hidden_size=6),
    "language model": lambda: LanguageModel(6, embedding_size=5),
}
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
lengths_of_a_batch = st.lists(st.integers(1, 30), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("make", "tolerance"),
    [(make, 1e-5) for make in MODELS.values()] + [(make, 1e-4) for make in OTHERS.values()],
    ids=[*MODELS, *(f"other {name}" for name in OTHERS)],
)
@settings(max_examples=15)
@given(
    lengths=lengths_of_a_batch,
    padding=st.integers(0, 40),
    garbage=st.sampled_from([0.0, -1.0, 1e3, -1e9]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 2**31),
)
def test_padding_never_changes_logits_and_gradients_are_finite(make, tolerance, lengths, padding, garbage, dtype, seed):
    """The contract: alone, in a batch, or behind any padding, a protein gets the same logits, and can be learned."""
    tolerance = tolerance if dtype == torch.float32 else 1e-10
    torch.manual_seed(seed)
    model = make().to(dtype).eval()
    inputs = torch.randn(len(lengths), max(lengths) + padding, 21, dtype=dtype)
    for row, length in zip(inputs, lengths, strict=True):
        row[length:] = garbage * torch.randn(1, dtype=dtype)
    inputs.requires_grad_()
    together = model(inputs, torch.tensor(lengths))
    for row, length, logits in zip(inputs, lengths, together, strict=True):
        alone = model(row[None, :length], torch.tensor([length]))[0]
        torch.testing.assert_close(logits[:length], alone, rtol=tolerance, atol=tolerance)
    real = torch.arange(inputs.shape[1]) < torch.tensor(lengths)[:, None]
    together[real].square().sum().backward()
    assert inputs.grad[~real].eq(0).all()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_no_model_escapes_the_tests_of_the_contract():
    """A model that is added to the package and not to the list above would go untested."""
    assert {model.__name__ for model in models.MODELS.values()} <= {type(make()).__name__ for make in MODELS.values()}


@every_model
def test_a_batch_has_the_gradients_of_its_proteins(make):
    """Training in batches must equal training on the proteins' sum, and padding must get no gradient at all."""
    torch.manual_seed(0)
    model = make().double().eval()
    lengths = torch.tensor([4, 9, 1])
    inputs = torch.randn(3, 12, 21, dtype=torch.float64, requires_grad=True)
    mask = torch.arange(12) < lengths[:, None]
    model(inputs, lengths)[mask].square().sum().backward()
    assert inputs.grad[~mask].eq(0).all()
    assert inputs.grad[mask].ne(0).any(dim=1).all()
    together = [parameter.grad for parameter in model.parameters()]
    model.zero_grad()
    for row, length in zip(inputs.detach(), lengths.tolist(), strict=True):
        model(row[None, :length], torch.tensor([length])).square().sum().backward()
    torch.testing.assert_close([p.grad for p in model.parameters()], together, rtol=1e-10, atol=1e-10)


@settings(max_examples=25)
@given(lengths=lengths_of_a_batch, padding=st.integers(0, 10), hidden=st.integers(1, 9), seed=st.integers(0, 2**31))
def test_the_fast_pass_equals_the_packed_one(lengths, padding, hidden, seed):
    """The fast form is only fast: outputs and gradients are those of PyTorch's packed bidirectional layer."""
    torch.manual_seed(seed)
    layer = BidirectionalLSTM(5, hidden).double()
    inputs = torch.randn(len(lengths), max(lengths) + padding, 5, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor(lengths)
    mask = torch.arange(inputs.shape[1]) < lengths[:, None]
    results = []
    for layer.packed in (False, True):
        outputs = layer(inputs, lengths)[mask]
        results.append([outputs, *torch.autograd.grad(outputs.square().sum(), [inputs, *layer.parameters()])])
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-10)


@settings(max_examples=25)
@given(lengths=lengths_of_a_batch, part=st.integers(1, 100), seed=st.integers(0, 2**31))
def test_prediction_in_parts_equals_the_packed_pass(lengths, part, seed):
    """A batch that would leave the processor's cache runs a few chains at a time: no chain may be lost or moved."""
    torch.manual_seed(seed)
    layer = BidirectionalLSTM(5, 4).double()
    inputs, lengths = torch.randn(len(lengths), max(lengths), 5, dtype=torch.float64), torch.tensor(lengths)
    mask = torch.arange(inputs.shape[1]) < lengths[:, None]
    results = []
    with pytest.MonkeyPatch.context() as patch, torch.inference_mode():
        patch.setattr(bilstm, "CACHED_RESIDUES", part)
        for layer.packed in (False, True):
            results.append(layer(inputs, lengths)[mask])
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-10)


def test_the_route_is_chosen_by_the_device():
    """On the CPU the fast form runs: it is many times faster in training there."""
    layer, inputs, lengths = BidirectionalLSTM(5, 3), torch.randn(2, 8, 5), torch.tensor([8, 3])
    chosen = layer(inputs, lengths)
    layer.packed = False
    assert torch.equal(chosen, layer(inputs, lengths))


def test_the_convolution_sees_as_far_as_its_kernel():
    """An independent truth: with the LSTM's part taken away, a change reaches half a kernel to either side."""
    torch.manual_seed(0)
    model = ConvBiLSTM(4, 1, kernel_size=5).eval()
    inputs, lengths = one_hot(torch.randint(0, 21, (1, 20)), 21).float(), torch.tensor([20])
    other = inputs.roll(1, dims=2).where(torch.arange(20)[:, None] == 9, inputs)
    changed = (model.embed(inputs, lengths) != model.embed(other, lengths)).any(dim=-1)[0]
    assert changed.nonzero().flatten().tolist() == [7, 8, 9, 10, 11]


@pytest.mark.parametrize("num_layers", [1, 2, 3])
def test_bilstm_equals_pytorchs_layers(num_layers):
    """An independent truth: a look-up table, `nn.LSTM` with as many layers, packed, and a linear layer."""
    torch.manual_seed(0)
    model = BiLSTM(6, num_layers, embedding_size=4).double().eval()
    plain = nn.LSTM(4, 6, num_layers, batch_first=True, bidirectional=True, dtype=torch.float64)
    plain.load_state_dict(
        {
            name.replace("_l0", f"_l{number}"): weight
            for number, layer in enumerate(model.layers)
            for name, weight in layer.lstm.state_dict().items()
        }
    )
    codes, lengths = torch.randint(0, 21, (4, 20)), torch.tensor([20, 3, 11, 1])
    chains = pack_padded_sequence(embedding(codes, model.embedding.weight.T), lengths, True, enforce_sorted=False)
    expected = model.classifier(pad_packed_sequence(plain(chains)[0], batch_first=True)[0])
    mask = torch.arange(20) < lengths[:, None]
    logits = model(one_hot(codes, 21).double(), lengths)
    torch.testing.assert_close(logits[mask], expected[mask], rtol=1e-10, atol=1e-10)


def test_what_a_residue_sees():
    """The article's model reads from the first residue only; BiLSTM reads both ways."""
    torch.manual_seed(0)
    inputs, lengths = torch.randn(1, 20, 21), torch.tensor([20])
    changed = inputs.clone()
    changed[0, 12] += 1
    for model, earlier_changes in ((ProteinSecondaryStructurePrediction(21, 8, 2, 3), False), (BiLSTM(8), True)):
        with evaluating(model):
            difference = (model(inputs, lengths) - model(changed, lengths)).abs().sum(dim=-1)[0]
        assert difference[12:].gt(0).all()
        assert bool(difference[:12].gt(0).any()) is earlier_changes


def test_dropout_works_in_training_only():
    torch.manual_seed(0)
    model, inputs, lengths = BiLSTM(8, dropout=0.5), torch.randn(2, 9, 21), torch.tensor([9, 4])
    assert not torch.equal(model(inputs, lengths), model(inputs, lengths))
    with evaluating(model):
        assert torch.equal(model(inputs, lengths), model(inputs, lengths))


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


@pytest.mark.parametrize(
    ("make", "parameters"),
    [
        # the sums by hand: an LSTM has 4 x hidden x (input + hidden + 2) numbers a direction and layer
        (lambda: ProteinSecondaryStructurePrediction(21, 64, 2, 3), 4 * 64 * (87 + 130) + 65 * 3),
        (lambda: BiLSTM(), 21 * 32 + 2 * 4 * 64 * (98 + 194) + 129 * 3),
        (lambda: BiLSTM(10, 1, 8, embedding_size=None), 2 * 4 * 10 * 33 + 21 * 8),
    ],
)
def test_parameter_counts(make, parameters):
    assert count_parameters(make()) == parameters


def test_frozen_parameters_are_not_counted():
    model = BiLSTM()
    model.embedding.requires_grad_(False)
    assert count_parameters(BiLSTM()) - count_parameters(model) == 21 * 32


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda model: model(torch.zeros(2, 7, 20), torch.tensor([7, 7])), r"\[2, 7, 20\].*21 channels"),
        (lambda model: model(torch.zeros(7, 21), torch.tensor([7])), r"\[7, 21\].*batch, length, channel"),
        (lambda model: model(torch.zeros(0, 7, 21), torch.zeros(0).long()), r"\[0, 7, 21\]"),
        (lambda model: model(torch.zeros(2, 7, 21), torch.tensor([7])), r"of shape \[1\].*of shape \[2\]"),
        (lambda model: model(torch.zeros(1, 7, 21), torch.tensor([7.0])), "torch.float32.*whole numbers"),
        (lambda model: model(torch.zeros(2, 7, 21), torch.tensor([7, 0])), "from 0 to 7; expected 1 to 7"),
        (lambda model: model(torch.zeros(2, 7, 21), torch.tensor([8, 7])), "from 7 to 8; expected 1 to 7"),
    ],
)
@every_model
def test_a_bad_batch_is_refused(make, call, words):
    with pytest.raises(ModelError, match=words):
        call(make())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BiLSTM(dropout=1.0), "dropout is 1.0; expected a share from 0 to below 1"),
        (lambda: BiLSTM(dropout=-0.1), "dropout is -0.1"),
        (lambda: BiLSTM(hidden_size=0), "hidden_size is 0; expected a whole number"),
        (lambda: BiLSTM(num_layers=1.5), "num_layers is 1.5"),
        (lambda: BiLSTM(embedding_size=0), "embedding_size is 0"),
        (lambda: BidirectionalLSTM(21, -1), "hidden_size is -1"),
        (lambda: ConvBiLSTM(kernel_size=4), "kernel_size is 4; expected an odd number"),
        (lambda: ConvBiLSTM(kernel_size=0), "kernel_size is 0; expected a whole number"),
        (lambda: ProteinSecondaryStructurePrediction(21, 64, 0, 3), "num_layers is 0"),
        (lambda: resolve_device("gpu"), "device is 'gpu'; expected 'auto'"),
        (
            lambda: save_pretrained(nn.Linear(2, 2), "unused.safetensors"),
            "a Linear; expected one of ProteinSecondary.*BiLSTM",
        ),
    ],
)
def test_a_bad_setting_is_refused(make, words):
    with pytest.raises(ModelError, match=words):
        make()


@pytest.mark.parametrize("name", [name for name in MODELS if name != "layer"])
def test_a_saved_model_comes_back(tmp_path, name):
    """The same settings and logits, and it can be trained on."""
    model, inputs, lengths = MODELS[name]().eval(), torch.randn(2, 9, 21), torch.tensor([9, 9])
    save_pretrained(model, tmp_path / "models" / "model.safetensors", precision="float32")
    loaded = load_pretrained(tmp_path / "models" / "model.safetensors")
    assert (type(loaded), loaded.config, loaded.training) == (type(model), model.config, False)
    torch.testing.assert_close(loaded(inputs, lengths), model(inputs, lengths))
    loaded.train()(inputs, lengths).sum().backward()
    assert all(parameter.grad is not None for parameter in loaded.parameters())


def test_evaluating_restores_every_part():
    """A part that was frozen in evaluation mode stays so, and an error inside doesn't leave the model changed."""
    model = BiLSTM()
    model.embedding.eval()
    with evaluating(model) as same:
        assert same is model
        assert not any(module.training for module in model.modules())
    with pytest.raises(ModelError), evaluating(model):
        model(torch.zeros(1, 1, 1), torch.tensor([1]))
    assert model.training
    assert model.layers[0].training
    assert not model.embedding.training


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


class Twins(nn.Module):
    """Everything that a careless copy gets wrong: tied weights, a buffer, an alias in a list, a recorder, a state."""

    def __init__(self, recorded: list) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.norm, self.drop = nn.BatchNorm1d(4), nn.Dropout(0.5)
        self.lstm = nn.LSTM(4, 4, 2, dropout=0.5)
        self.steps = [self.drop, self.second]
        self.second.register_forward_hook(lambda *_: recorded.append(self.second.training))
        self.last = self.first(torch.zeros(1, 4))  # has a gradient: deepcopy alone refuses it

    def forward(self, inputs):
        values = self.norm(self.first(inputs))
        for step in self.steps:
            values = step(values)
        return self.lstm(values)[0]


def test_an_evaluation_twin_shares_all_numbers_and_no_mode():
    """A copy of weights would cost memory and miss what is trained later; a shared mode would leave dropout on."""
    torch.manual_seed(0)
    recorded, inputs = [], torch.randn(3, 4)
    model = Twins(recorded)
    twin = evaluation_twin(model)
    assert type(twin) is Twins
    for kind in ("named_parameters", "named_buffers"):
        ours, theirs = dict(getattr(model, kind)()), dict(getattr(twin, kind)())
        assert ours.keys() == theirs.keys()
        assert all(theirs[name] is tensor for name, tensor in ours.items())
    assert twin.second.weight is twin.first.weight
    assert torch.equal(twin(inputs), twin(inputs))
    assert all(module.training for module in model.modules())
    assert not any(module.training for module in twin.modules())
    assert len(recorded) == 2
    with evaluating(model):
        assert torch.equal(model(inputs), twin(inputs))
    with torch.no_grad():
        model.lstm.weight_ih_l0.zero_()
        model.lstm.weight_hh_l0.zero_()
    with evaluating(model):
        assert torch.equal(model(inputs), twin(inputs))


def test_an_evaluation_twin_costs_no_memory_and_little_time():
    """It is made for each call of predict: a copy of 100 MB of weights would be felt."""
    model = BiLSTM(hidden_size=512, num_layers=4)
    twin = evaluation_twin(model)
    assert min(timeit.repeat(lambda: evaluation_twin(model), number=1)) < 0.1
    assert {p.data_ptr() for p in twin.parameters()} == {p.data_ptr() for p in model.parameters()}


def test_two_threads_never_change_each_others_mode():
    """One scores while the other begins and ends: with a mode that is switched on the model, dropout came back on."""
    model, loader = BiLSTM(8, dropout=0.9), make_loader([ProteinRecord("one", "MKTV" * 5, "HHEC" * 5)])
    expected = validate(model, loader)
    inside, scored = threading.Event(), threading.Event()

    def slowly():
        for batch in loader:
            inside.set()
            assert scored.wait(10)
            yield batch

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(validate, model, slowly())
        assert inside.wait(10)
        assert model.training  # the first thread left it as it was
        assert validate(model, loader) == expected
        scored.set()
        assert slow.result() == expected
    assert all(module.training for module in model.modules())
