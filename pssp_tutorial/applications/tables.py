"""The tables of Part IV: text packed with xz, read with their checksum."""

import lzma
from collections import defaultdict
from collections.abc import Mapping
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.resources import read_checked, resource

if TYPE_CHECKING:
    import pandas as pd

REMEDY = "restore it from the repository, or install the package again"


class ApplicationDataError(PSSPError):
    """A file of Part IV's data is not what it should be, or an argument names what the data do not have."""


def data_path(name: str, folder: str | PathLike | None = None) -> Path:
    """Where a file of Part IV lies: among the shipped data, or in another folder.

    >>> data_path("cpgs.csv.xz", "elsewhere").as_posix()
    'elsewhere/cpgs.csv.xz'
    """
    return resource("data", f"applications/{name}") if folder is None else Path(folder, name)


def read_table(
    name: str, columns: Mapping[str, str], others: str | None = None, folder: str | PathLike | None = None
) -> "pd.DataFrame":
    """Read a packed table, such as ``expression.csv.xz``, whose checksum stands beside it.

    It begins with the ``columns``, of the types that these name, and then come those of the type ``others``; without
    it there are none. ``folder`` is where the file lies, if not among the shipped data.

    Raises ReadError if the file or its checksum is missing, or they do not belong together. Raises ApplicationDataError
    if it is another table, or not a table.

    >>> read_table("adenines.csv.xz", ADENINES).shape
    (103609, 5)
    """
    import pandas as pd

    path = data_path(name, folder)
    packed = read_checked(path, remedy=REMEDY)
    types = defaultdict(lambda: others or "str", columns)
    try:
        table = pd.read_csv(BytesIO(lzma.decompress(packed)), dtype=types)
    except (lzma.LZMAError, ValueError) as error:  # pandas' own errors are kinds of ValueError
        raise ApplicationDataError(f"{path}: not a table packed with xz ({error}); {REMEDY}") from error
    beginning = list(table.columns[: len(columns)])
    if beginning != list(columns) or (others is None) != (len(table.columns) == len(columns)):
        expected = ", ".join(columns) + (" and others" if others else "")
        raise ApplicationDataError(f"{path}: its columns are {', '.join(table.columns)[:200]}; expected {expected}")
    return table


ADENINES = {"contig": "str", "strand": "str", "position": "int32", "modified": "int32", "coverage": "int32"}
