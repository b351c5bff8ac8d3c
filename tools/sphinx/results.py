"""The role {result}`FILE:KEY:FORMAT`: a measured number, read from a results file and formatted.

    {result}`chapter_6:test_q3:.1%`        book/results/chapter_6.json, values["test_q3"], as 67.2%
    {result}`chapter_6:f1.H:.2f`           a dotted key walks into nested values
    {result}`bench/x:gap.interval.0:.2f`   and a number into lists, from 0
    {result}`chapter_6:best_epoch`         without a format: as it stands
    {result}`bench/speed:residues:,`       benchmarks/results/speed.json
    {result}`bench/x:gap_points:.1f`       a difference of percentages: the share "gap" in points

A file, key or format that does not fit is a warning, and so fails a build with -W.
"""

import json
from functools import reduce
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

REPOSITORY = Path(__file__).parents[2]


def results_file(name: str, book: Path) -> Path:
    """The file of a results name; `book` is the folder of the pages, or of their executed copy."""
    if name.startswith("bench/"):
        return REPOSITORY / "benchmarks" / "results" / f"{name.removeprefix('bench/')}.json"
    return book / "results" / f"{name}.json"


def format_result(values: dict, key: str, style: str) -> str:
    """One value out of nested dictionaries and lists, formatted.

    >>> format_result({"f1": {"H": 0.7312}}, "f1.H", ".1%")
    '73.1%'
    >>> format_result({"interval": [0.1, 0.2]}, "interval.1", ".1f")
    '0.2'
    >>> format_result({"gain": {"value": 0.0152}}, "gain.value_points", "+.1f")
    '+1.5'
    """
    keys = [key] if key in values else key.split(".")
    return format(reduce(step_into, keys, values), style)


def step_into(branch: Any, step: str) -> Any:
    if isinstance(branch, list):
        branch = {str(place): value for place, value in enumerate(branch)}
    if step not in branch and step.endswith("_points"):
        return 100 * branch[step.removesuffix("_points")]
    return branch[step]


class ResultRole(SphinxRole):
    """Replaces the role by the number."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        name, _, rest = self.text.partition(":")
        key, _, style = rest.partition(":")
        path = results_file(name, Path(self.env.srcdir))
        self.env.note_dependency(str(path))
        try:
            text = format_result(json.loads(path.read_text(encoding="utf-8"))["values"], key, style)
        except FileNotFoundError:
            problem = f"there is no file {name}.json among the results"
        except (KeyError, TypeError, IndexError):
            problem = f"{name}.json holds no value {key!r}"
        except ValueError as error:
            problem = str(error)
        else:
            return [nodes.inline(text, text, classes=["result"])], []
        message = self.inliner.reporter.warning(f"result {self.text!r}: {problem}", line=self.lineno)
        return [nodes.problematic(self.rawtext, self.rawtext)], [message]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_role("result", ResultRole())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
