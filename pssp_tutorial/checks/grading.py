"""How an answer is graded: what it gives is compared with the truth, and with what typical mistakes give."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path
from sysconfig import get_paths
from traceback import extract_tb
from typing import Any

from pssp_tutorial.checks.values import describe, difference, same, slip

NOTHING = "It gives nothing back yet. Write its body, and end it with `return` and the result."
UNANSWERED = "Put your answer in place of the three dots, and run the cell again."
NOT_A_FUNCTION = "Hand over the function itself, by its name and without brackets after it."
RAISED = "Run the line that failed by itself, and print the shapes and types of what goes into it."
SHOWN = 40  # letters; a longer argument is not shown
NOT_THE_READERS = (str(Path(__file__).parents[1]), *(get_paths()[name] for name in ("stdlib", "purelib", "platlib")))


@dataclass(frozen=True)
class Verdict:
    """What a grader says: each check with right or wrong, and a hint if something is wrong. True if all is right.

    >>> Verdict("1.1", ((True, "a short chain"), (False, "a long chain: 2, expected 3")), "Count the last one.")
    Exercise 1.1: not yet
      ✓ a short chain
      ✗ a long chain: 2, expected 3
      Hint: Count the last one.
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


def grade(
    exercise: str,
    answer: Any,
    truth: Callable,
    cases: Mapping[str, Sequence],
    mistakes: Iterable[tuple[Callable, str]],
    hint: str,
) -> Verdict:
    """Compare a function with the true one, case by case.

    Parameters
    ----------
    exercise : str
        Its number, such as ``2.1``.
    answer, truth : function
        The reader's and the right one, with the same arguments.
    cases : mapping
        What each case is about, and its arguments.
    mistakes : pairs
        A function that makes a typical mistake, and the hint for it. The hint is given to an answer that agrees with
        this function in every case.
    hint : str
        Given to an answer that is wrong in another way.

    >>> cases = {"a helix": ("CHHC",), "no helix": ("CC",)}
    >>> grade("0.1", len, lambda text: text.count("H"), cases, [(len, "Not all.")], "Look again.")
    Exercise 0.1: not yet
      ✗ a helix ('CHHC'): 4, expected 2
      ✗ no helix ('CC'): 2, expected 0
      Hint: Not all.

    An exception is reported with the reader's own line, and once if it is the same in every case:

    >>> def answer(text):
    ...     return txet.count("H")
    >>> print(grade("0.1", answer, len, cases, [], "Look again.").checks[0][1])
    in every case it raised NameError in the line 'return txet.count("H")': name 'txet' is not defined
    """
    if not callable(answer):
        return Verdict(exercise, ((False, f"a function was expected, not {describe(answer)}"),), NOT_A_FUNCTION)
    given = [_outcome(answer, arguments) for arguments in cases.values()]
    wanted = [_outcome(truth, arguments) for arguments in cases.values()]
    checks = tuple(
        (one.agrees(two), what if one.agrees(two) else f"{what}{_shown(arguments)}: {one.against(two)}")
        for (what, arguments), one, two in zip(cases.items(), given, wanted, strict=True)
    )
    if all(right for right, _ in checks):
        return Verdict(exercise, checks)
    if all(one.error is None and (one.value is None or one.value is ...) for one in given):
        return Verdict(exercise, checks, NOTHING)
    for mistake, advice in mistakes:
        if all(one.agrees(_outcome(mistake, case)) for one, case in zip(given, cases.values(), strict=True)):
            return Verdict(exercise, checks, advice)
    if all(one.error for one in given):
        raised = {_raised(one.error) for one in given}
        return Verdict(exercise, ((False, f"in every case {raised.pop()}"),) if len(raised) == 1 else checks, RAISED)
    slips = {slip(one.value, two.value) for one, two in zip(given, wanted, strict=True) if not one.agrees(two)}
    return Verdict(exercise, checks, slips.pop() if len(slips) == 1 and "" not in slips else hint)


def _shown(arguments: Sequence) -> str:
    """What a case is tried with, if it is short text."""
    short = all(isinstance(argument, str) and len(argument) <= SHOWN for argument in arguments)
    return f" {describe(tuple(arguments))}" if short else ""


def observe(exercise: str, answer: Any, observations: Callable[[Any], Iterable[tuple[bool, str, str]]]) -> Verdict:
    """Grade by what can be observed where more than one result is right; the first that is wrong gives the hint.

    ``observations(answer)`` yields whether a thing is right, what it is, and the hint if it is wrong.

    >>> observe("0.2", [3, 1], lambda answer: [(answer == sorted(answer), "the order", "Sort it.")])
    Exercise 0.2: not yet
      ✗ the order
      Hint: Sort it.
    """
    if answer is None or answer is ...:
        return Verdict(exercise, ((False, "there is no answer yet"),), UNANSWERED)
    checks, hint = [], ""
    try:
        for right, text, advice in observations(answer):
            checks.append((bool(right), text))
            hint = hint or ("" if right else advice)
    except MissingError:
        return Verdict(exercise, (*checks, (False, "nothing came back")), hint or NOTHING)
    except Exception as error:  # the reader's: it is reported, not raised
        checks.append((False, _raised(error)))
        hint = hint or RAISED
    return Verdict(exercise, tuple(checks), hint)


class MissingError(Exception):
    """An answer that gives nothing back."""


def present(value: Any) -> Any:
    """The value, unless it is missing.

    >>> present(3)
    3
    """
    if value is None or value is ...:
        raise MissingError
    return value


@dataclass(frozen=True)
class _Outcome:
    """What a function gave, or the exception it raised."""

    value: Any = None
    error: Exception | None = None

    def agrees(self, other: "_Outcome") -> bool:
        if self.error or other.error:
            return type(self.error) is type(other.error)
        return same(self.value, other.value)

    def against(self, wanted: "_Outcome") -> str:
        return _raised(self.error) if self.error else difference(self.value, wanted.value)


def _outcome(function: Callable, arguments: Sequence) -> _Outcome:
    try:
        value = function(*deepcopy(tuple(arguments)))
        return _Outcome(tuple(value) if isinstance(value, Iterator) else value)
    except Exception as error:
        return _Outcome(error=error)


def _raised(error: Exception) -> str:
    """The exception, and the reader's last line on the way to it: not one of this package or of a library."""
    lines = [f.line for f in extract_tb(error.__traceback__) if f.line and not f.filename.startswith(NOT_THE_READERS)]
    line = f" in the line {lines[-1]!r}" if lines else ""
    return f"it raised {type(error).__name__}{line}: {str(error).partition(chr(10))[0][:120]}"


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
    found = (re.match(r"Exercise (\d\.\d): (right|not yet)", text) for text in texts)
    return {match[1]: match[2] == "right" for match in found if match}
