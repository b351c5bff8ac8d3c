"""The source article's model (chapter 5)."""

from __future__ import annotations

from torch import Tensor, nn

from pssp_tutorial.models.contract import check_batch, checked_sizes


class ProteinSecondaryStructurePrediction(nn.Module):
    """The source article's model, which labels every residue: its class of section 4.2, with lengths as an argument.

    The LSTM reads from the first residue on, so that a label depends on no later residue; `BiLSTM` reads both ways.

    Parameters: `input_size` channels in; `hidden_size` and `num_layers` of the LSTM; `num_classes` states.
    Raises ModelError for a size that is no whole number of 1 or more.

    >>> import torch
    >>> model = ProteinSecondaryStructurePrediction(input_size=21, hidden_size=64, num_layers=2, num_classes=3)
    >>> model(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 3])
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int, num_classes: int) -> None:
        super().__init__()
        self.config = checked_sizes(
            input_size=input_size, hidden_size=hidden_size, num_layers=num_layers, num_classes=num_classes
        )
        self.input_size, self.num_classes = input_size, num_classes
        self.lstm = nn.LSTM(input_size, hidden_size, num_layers, batch_first=True)
        self.classifier = nn.Linear(hidden_size, num_classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        check_batch(inputs, lengths, self.input_size)
        outputs, _ = self.lstm(inputs)  # [batch, length, hidden]; padding comes after a chain's last residue
        return self.classifier(outputs)
