"""Where the files that travel with the package lie: in a checkout, and in an installed wheel."""

from pathlib import Path
from typing import Literal

PACKAGE = Path(__file__).resolve().parents[1]

Kind = Literal["data", "models", "results", "quizzes"]
IN_CHECKOUT = {"data": "data", "models": "data/models", "results": "benchmarks/results", "quizzes": "book/quizzes"}
IN_WHEEL = {"data": "data", "models": "data/models", "results": "data/results", "quizzes": "data/quizzes"}


def resource(kind: Kind, name: str = "") -> Path:
    """The path of a file that travels with the package, or of its folder.

    >>> resource("data", "chains.tsv.xz").exists()
    True
    """
    installed = PACKAGE / IN_WHEEL["data"]
    folder = PACKAGE / IN_WHEEL[kind] if installed.exists() else PACKAGE.parent / IN_CHECKOUT[kind]
    return folder / name
