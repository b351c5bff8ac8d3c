"""A protein in three dimensions that the reader turns (chapters 1 and 7)."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.core.files import write_atomically
from pssp_tutorial.plots.backbone import facing
from pssp_tutorial.plots.style import PlotError, check_lengths
from pssp_tutorial.plots.view_html import view_html, whole_page, with_scripts
from pssp_tutorial.proteins.alphabet import UNKNOWN_STATE, reduce_states
from pssp_tutorial.proteins.by_chain import load_backbones
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.training.progress import NOTEBOOK_IN_USE

if TYPE_CHECKING:
    from pssp_tutorial.prediction.prediction import Prediction
    from pssp_tutorial.proteins.record import ProteinRecord


@dataclass(frozen=True, eq=False)
class StructureView:
    """What :func:`view_structure` gives: a notebook shows it, ``save`` writes it into a page.

    The states, and those of the truth that they are compared with, are three, or ``?``; the backbone, float[length, 4,
    3] in ångström, is turned so that its longest side lies across.
    """

    id: str
    sequence: str
    states: str
    backbone: np.ndarray = field(repr=False)
    truth: str | None = None

    @property
    def wrong(self) -> list[int]:
        """The residues whose state differs from the known truth, counted from 0."""
        pairs = enumerate(zip(self.states, self.truth or "", strict=False))
        return [place for place, (state, real) in pairs if UNKNOWN_STATE != real != state]

    def save(self, path: str | PathLike) -> None:
        """Write a page that works by itself; PlotError if the file's name does not end in ``.html``."""
        path = Path(path)
        if path.suffix != ".html":
            raise PlotError(f"{path.name}: expected a name that ends in .html")
        with write_atomically(path) as handle:
            handle.write(whole_page(self).encode())

    def _repr_html_(self) -> str:
        """The view; in a notebook in use it brings its scripts along, in the pages of the book the page has them."""
        in_use = any(name in os.environ for name in NOTEBOOK_IN_USE)
        return with_scripts(self._html) if in_use else self._html

    @cached_property
    def _html(self) -> str:
        return view_html(self)


def view_structure(
    protein: "str | ProteinRecord | Prediction",
    states: str | None = None,
    *,
    truth: "str | ProteinRecord | None" = None,
    backbone: np.ndarray | None = None,
) -> StructureView:
    """Show a backbone in three dimensions, with the sequence below it; one turns it and points at residues.

    Helices are ribbons, strands arrows and coil a thread, in the colours of ``PALETTE``. Where no script runs, on paper
    for example, a still picture stands in its place.

    The protein is the id of one of the ``mini`` chains, or a record or prediction; its backbone is that of the ``mini``
    chain of the same id, unless one is given: float[length, 4, 3], N, CA, C and O in ångström, nan where missing. Three
    or eight ``states`` are drawn in place of the protein's own; a bead marks a residue whose state differs from the
    ``truth``, states or a record.

    Raises PlotError if there is no backbone for the protein, or lengths differ.

    >>> view = view_structure("1A12_C")
    >>> view.id, len(view.sequence), view.states[:20]
    ('1A12_C', 212, 'CCCCCCHHHCCHHHHCCEEC')
    >>> view_structure("1A12_C", "C" * 212, truth=view.states).wrong[:4]
    [6, 7, 8, 11]
    """
    record = _mini_chain(protein) if isinstance(protein, str) else protein
    drawn = states or getattr(record, "structure", None) or getattr(record, "states", None)
    real = truth if truth is None or isinstance(truth, str) else truth.structure
    if backbone is None:
        backbone = _stored_backbone(record)
    backbone = np.asarray(backbone, dtype=np.float64)
    length = len(record.sequence)
    if backbone.shape != (length, 4, 3):
        raise PlotError(f"backbone has the shape {backbone.shape}; expected ({length}, 4, 3), N, CA, C and O")
    if not np.isfinite(backbone[:, 1]).any():
        raise PlotError(f"{record.id}: no residue has coordinates; expected a backbone in ångström")
    drawn = drawn or UNKNOWN_STATE * length
    check_lengths(length, states=drawn, truth=real)
    return StructureView(
        record.id, record.sequence, reduce_states(drawn), facing(backbone), real and reduce_states(real, name="truth")
    )


def _mini_chain(name: str) -> "ProteinRecord":
    chains = load_chains("mini")
    if name not in chains.ids:
        raise PlotError(f"{name!r} is not one of the {len(chains)} mini chains; give a record and its backbone")
    return chains[name]


def _stored_backbone(record: "ProteinRecord | Prediction") -> np.ndarray:
    backbone = load_backbones().get(record.id)
    if backbone is None or _mini_chain(record.id).sequence != record.sequence:
        raise PlotError(f"{record.id}: none of the stored backbones is of this chain; give one, as backbone=…")
    return backbone
