"""What a grader says, and how verdicts are read from a notebook that has run."""

import json
import re
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path


@dataclass(frozen=True)
class Verdict:
    """What a grader says: each check with right or wrong, and a hint if something is wrong. True if all is right.

    >>> verdict = Verdict("1.1", ((True, "a short chain"), (False, "2, expected 3")), "Count the last.")
    >>> verdict
    Exercise 1.1: not yet
      ✓ a short chain
      ✗ 2, expected 3
      Hint: Count the last.
    >>> sum(right for right, text in verdict.checks) / len(verdict.checks)
    0.5
    """

    exercise: str
    checks: tuple[tuple[bool, str], ...]
    hint: str = ""

    @property
    def passed(self) -> bool:
        """Whether every check is right."""
        return all(right for right, _ in self.checks)

    def __bool__(self) -> bool:
        return self.passed

    @property
    def title(self) -> str:
        """The exercise, and whether it is solved."""
        return f"Exercise {self.exercise}: {'right' if self.passed else 'not yet'}"

    def __repr__(self) -> str:
        lines = [self.title, *(f"  {'✓' if right else '✗'} {text}" for right, text in self.checks)]
        return "\n".join([*lines, f"  Hint: {self.hint}"] if self.hint else lines)

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{'✓' if right else '✗'} {escape(text)}</li>" for right, text in self.checks)
        hint = re.sub("`(.+?)`", r"<code>\1</code>", escape(self.hint))
        hint = f"<p><strong>Hint.</strong> {hint}</p>" if hint else ""
        kind = "right" if self.passed else "not-yet"
        return f'<div class="verdict {kind}"><p><strong>{self.title}</strong></p><ul>{items}</ul>{hint}</div>'


def read_verdicts(notebook: str | PathLike) -> dict[str, bool]:
    """What the graders said when a notebook was last run: each exercise, and whether it was solved.

    Source of truth is a fresh run: execute a reader's notebook yourself before you read it.

    >>> import tempfile
    >>> output = {"data": {"text/plain": ["Exercise 1.1: right\\n", "  ✓ a helix"]}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ada.ipynb")
    ...     _ = path.write_text(json.dumps({"cells": [{"outputs": [output]}]}))
    ...     read_verdicts(path)
    {'1.1': True}
    """
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    texts = ("".join(output.get("data", {}).get("text/plain", "")) for c in cells for output in c.get("outputs", ()))
    found = (re.match(r"Exercise (\d+\.\d+): (right|not yet)", text) for text in texts)
    return {match[1]: match[2] == "right" for match in found if match}
