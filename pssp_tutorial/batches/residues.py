"""Batches whose labels are the residues themselves: what a language model learns from (chapter 12)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from pssp_tutorial.batches.proteins import Loader, ProteinBatch
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS, IGNORE_INDEX, residue_codes
from pssp_tutorial.proteins.record import ProteinRecord


@dataclass(eq=False)
class ResidueLoader(Loader):
    """A loader of proteins, with or without a structure, where each residue is asked for twice.

    The labels, int64[batch, length, 2], are numbers in ``AMINO_ACIDS``: of the residue as predicted from its left, and
    from its right. X is unknown. Parameters as of :class:`~pssp_tutorial.Loader`.

    >>> loader = ResidueLoader([ProteinRecord("one", "ACX")])
    >>> next(iter(loader)).labels
    tensor([[[   0,    0],
             [   1,    1],
             [-100, -100]]])
    """

    classes: int = len(AMINO_ACIDS)

    def label(self, record: ProteinRecord) -> Tensor:
        """Numbers of the amino acids, int8[length]."""
        codes = torch.from_numpy(residue_codes(record.sequence)).to(torch.int8)
        return codes.where(codes < len(AMINO_ACIDS), IGNORE_INDEX)

    @property
    def scored(self) -> int:
        """Two for each known residue."""
        return 2 * self.scored_residues

    def batch(self, indices: Sequence[int]) -> ProteinBatch:
        plain = super().batch(indices)
        return replace(plain, labels=plain.labels[..., None].expand(-1, -1, 2))
