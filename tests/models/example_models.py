"""One small model of every kind."""

import pytest
from hypothesis import strategies as st

from pssp_tutorial.models.architectures import SequenceLabeller
from pssp_tutorial.models.article import ProteinSecondaryStructurePrediction
from pssp_tutorial.models.attention import AttentionLayer, FeedForward
from pssp_tutorial.models.bilstm import BidirectionalLSTM, BiLSTM
from pssp_tutorial.models.cells import GRU, MLSTM, BothWays, CoupledLSTM, MinGRU
from pssp_tutorial.models.convolution import ConvBiLSTM, ConvolutionLayer
from pssp_tutorial.models.fusion import LateFusion
from pssp_tutorial.models.language import LanguageModel


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
