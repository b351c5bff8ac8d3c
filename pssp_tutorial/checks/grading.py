"""How an answer is graded: an exercise is data, and this is what turns the data into a verdict.

Most exercises have one right result and are graded ``by_cases``: the answer is compared with the truth, case by case.
Where more than one result is right, they are graded ``by_observation``. Both name the typical mistakes: for each a
hint, and a planted answer that must get it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import update_wrapper
from inspect import Parameter, Signature
from pathlib import Path
from sysconfig import get_paths
from traceback import extract_tb
from typing import Any

from pssp_tutorial.checks.values import describe, difference, same, slip
from pssp_tutorial.checks.verdict import Verdict

NOTHING = "It gives nothing back yet. Write its body, and end it with `return` and the result."
UNANSWERED = "Put your answer in place of the three dots, and run the cell again."
NOT_A_FUNCTION = "Hand over the function itself, by its name and without brackets after it."
RAISED = "Run the line that failed by itself, and print the shapes and types of what goes into it."
SHOWN = 40  # letters; a longer argument is not shown
NOT_THE_READERS = (str(Path(__file__).parents[1]), *(get_paths()[name] for name in ("stdlib", "purelib", "platlib")))

Cases = Mapping[str, Sequence]  # what each case is about, and its arguments
Mistakes = Mapping[str, Any]  # a hint, and a planted answer that gets it
Observations = Iterator[tuple[bool, str, str]]  # whether a thing is right, what it is, and the hint if it is wrong


class Exercise:
    """An exercise of the book: called with a reader's answer, it gives the verdict.

    ``mistakes`` are the typical ones: each hint with a planted answer that gets it.

    >>> from pssp_tutorial.checks import exercise_2_1
    >>> exercise_2_1
    Exercise 2.1: ``count(channels, hidden)``: the numbers that training can change in ``nn.LSTM(channels, hidden)``.
    >>> exercise_2_1.mistakes["The biases are missing."](1, 2)
    24
    """

    def __init__(self, number: str, described: Callable, judge: Callable[..., Verdict], mistakes: Mistakes) -> None:
        update_wrapper(self, described)
        self.__signature__ = Signature([Parameter("answer", Parameter.VAR_POSITIONAL)], return_annotation=Verdict)
        self.number, self.mistakes, self._judge = number, mistakes, judge

    def __call__(self, *answer: Any) -> Verdict:
        return self._judge(*answer)

    def __repr__(self) -> str:
        return f"Exercise {self.number}: {(self.__doc__ or '').partition(chr(10))[0]}"


def by_cases(
    number: str,
    *,
    cases: Cases | Callable[[], Cases],
    mistakes: Mistakes,
    hint: str,
    run: Callable = lambda answer, *arguments: answer(*arguments),
) -> Callable[[Callable], Exercise]:
    """Make an exercise of the function that is its truth, and whose docstring says what a reader has to write.

    Parameters
    ----------
    number : str
        Such as ``2.1``.
    cases : mapping, or a function that gives it
        What each case is about, and its arguments. A function is called when an answer is graded.
    mistakes : mapping
        A hint, and a function that makes this mistake. The hint is given to an answer that agrees with it in all cases.
    hint : str
        Given to an answer that is wrong in another way.
    run : function
        ``run(answer, *arguments)`` tries an answer, or the truth, on a case. A call, if left out.

    >>> @by_cases(
    ...     "0.1",
    ...     cases={"a helix": ("CHHC",), "no helix": ("CC",)},
    ...     mistakes={"You count all residues.": len},
    ...     hint="Look again.",
    ... )
    ... def helical(structure):
    ...     return structure.count("H")
    >>> helical(lambda structure: sum(map(bool, structure)))
    Exercise 0.1: not yet
      ✗ a helix ('CHHC'): 4, expected 2
      ✗ no helix ('CC'): 2, expected 0
      Hint: You count all residues.

    An exception is reported with the reader's own line, and once if it is the same in every case:

    >>> def answer(text):
    ...     return txet.count("H")
    >>> print(helical(answer).checks[0][1])
    in every case it raised NameError in the line 'return txet.count("H")': name 'txet' is not defined
    """

    def exercise(truth: Callable) -> Exercise:
        def judge(answer: Any) -> Verdict:
            if not callable(answer):
                return Verdict(number, ((False, f"a function was expected, not {describe(answer)}"),), NOT_A_FUNCTION)
            table = cases() if callable(cases) else cases
            given, wanted = (_outcomes(run, function, table) for function in (answer, truth))
            planted = ((advice, _outcomes(run, mistake, table)) for advice, mistake in mistakes.items())
            return _compare(number, table, given, wanted, planted, hint)

        return Exercise(number, truth, judge, mistakes)

    return exercise


def by_observation(
    number: str, *, mistakes: Mistakes, unanswered: str = UNANSWERED
) -> Callable[[Callable[..., Observations]], Exercise]:
    """Make an exercise of a function that observes an answer; the first thing that is wrong gives the hint.

    The function yields whether a thing is right, what it is, and the hint if it is wrong. Its docstring says what a
    reader has to write.

    >>> UNSORTED = "Sort them."
    >>> @by_observation("0.2", mistakes={UNSORTED: [3, 1]})
    ... def ascending(numbers):
    ...     yield numbers == sorted(numbers), "the order", UNSORTED
    >>> ascending([2, 1])
    Exercise 0.2: not yet
      ✗ the order
      Hint: Sort them.
    """

    def exercise(observe: Callable[..., Observations]) -> Exercise:
        def judge(*answer: Any) -> Verdict:
            if any(part is None or part is ... for part in answer):
                return Verdict(number, ((False, "there is no answer yet"),), unanswered)
            return _observe(number, observe(*answer))

        return Exercise(number, observe, judge, mistakes)

    return exercise


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


def _outcomes(run: Callable, function: Callable, cases: Cases) -> list[_Outcome]:
    return [_outcome(run, function, arguments) for arguments in cases.values()]


def _outcome(run: Callable, function: Callable, arguments: Sequence) -> _Outcome:
    try:
        value = run(function, *deepcopy(tuple(arguments)))
        return _Outcome(tuple(value) if isinstance(value, Iterator) else value)
    except MissingError:
        return _Outcome()
    except Exception as error:  # the reader's: it is reported, not raised
        return _Outcome(error=error)


def _compare(
    number: str,
    cases: Cases,
    given: list[_Outcome],
    wanted: list[_Outcome],
    planted: Iterable[tuple[str, list[_Outcome]]],
    hint: str,
) -> Verdict:
    pairs = list(zip(given, wanted, strict=True))
    checks = tuple(
        (one.agrees(two), what if one.agrees(two) else f"{what}{_shown(arguments)}: {one.against(two)}")
        for (what, arguments), (one, two) in zip(cases.items(), pairs, strict=True)
    )
    if all(right for right, _ in checks):
        return Verdict(number, checks)
    if all(one.error is None and (one.value is None or one.value is ...) for one in given):
        return Verdict(number, checks, NOTHING)
    for advice, outcomes in planted:
        if all(one.agrees(two) for one, two in zip(given, outcomes, strict=True)):
            return Verdict(number, checks, advice)
    raised = [_raised(one.error) for one in given if one.error]
    if len(raised) == len(given):
        return Verdict(number, ((False, f"in every case {raised[0]}"),) if len(set(raised)) == 1 else checks, RAISED)
    slips = {slip(one.value, two.value) for one, two in pairs if not one.agrees(two)}
    return Verdict(number, checks, slips.pop() if len(slips) == 1 and "" not in slips else hint)


def _observe(number: str, observations: Observations) -> Verdict:
    checks: list[tuple[bool, str]] = []
    hint = ""
    try:
        for right, text, advice in observations:
            checks.append((bool(right), text))
            hint = hint or ("" if right else advice)
    except MissingError:
        return Verdict(number, (*checks, (False, "nothing came back")), hint or NOTHING)
    except Exception as error:  # the reader's: it is reported, not raised
        checks.append((False, _raised(error)))
        hint = hint or RAISED
    return Verdict(number, tuple(checks), hint)


def _shown(arguments: Sequence) -> str:
    """What a case is tried with, if it is short text."""
    short = all(isinstance(argument, str) and len(argument) <= SHOWN for argument in arguments)
    return f" {describe(tuple(arguments))}" if short else ""


def _raised(error: Exception) -> str:
    """The exception, and the reader's last line on the way to it: not one of this package or of a library."""
    lines = [f.line for f in extract_tb(error.__traceback__) if f.line and not f.filename.startswith(NOT_THE_READERS)]
    line = f" in the line {lines[-1]!r}" if lines else ""
    return f"it raised {type(error).__name__}{line}: {str(error).partition(chr(10))[0][:120]}"
