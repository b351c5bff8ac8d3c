"""After the last cell of a chapter, in the same kernel, its numbers are compared with those of book/results."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import measured
import pytest
from nbformat.v4 import new_code_cell
from nbval.plugin import IPyNbCell, IPyNbFile


def with_confirmations(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    for item, following in pairwise([*items, None]):
        yield item
        file = item.parent
        is_last = following is None or following.parent is not file
        if is_last and isinstance(file, IPyNbFile) and measured.is_measured(file.path.stem):
            cell = new_code_cell(measured.cell("confirm", file.path.stem))
            name, number = "numbers of the text", item.cell_num + 1
            yield IPyNbCell.from_parent(file, name=name, cell_num=number, cell=cell, options=defaultdict(bool))
