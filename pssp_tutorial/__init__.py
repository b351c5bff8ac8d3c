"""Protein secondary structure prediction with LSTMs: the package behind the book.

>>> import pssp_tutorial as pssp
>>> chains = pssp.load_chains("mini")
>>> model = pssp.BiLSTM(hidden_size=8)
>>> len(pssp.predict(model, "MKTVRQERLKSIVRILERSKEPVSGAQ").states)
27

Names load on first use, so that importing the package is cheap; ``__init__.pyi`` lists them.
"""

from typing import Any

import lazy_loader

__version__ = "0.2.0"

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    try:
        return _load(name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        from pssp_tutorial.core.errors import NO_TORCH

        raise ImportError(NO_TORCH, name="torch") from error
