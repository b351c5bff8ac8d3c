"""Questions at the end of each chapter, with an explanation for each answer.

They are plain HTML: an answer unfolds and says whether it is right, and why. So they work on the built page, in
JupyterLab, in Colab, without JavaScript and without a network. The files have jupyterquiz's format, so
``jupyterquiz.display_quiz(str(quiz_path(2)))`` shows them too; it asks a server for MathJax.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.resources import resource

FOLDER = "quizzes"
STYLE = (  # JupyterLab hides the triangle of what unfolds
    "<style>.quiz summary { cursor: pointer; list-style: inside disclosure-closed } "
    ".quiz [open] > summary { list-style-type: disclosure-open } .quiz p { margin-top: 1em }</style>"
)


class QuizError(PSSPError):
    """A quiz that does not exist, or a file that is none."""


@dataclass(frozen=True)
class Answer:
    """A choice, whether it is right, and why."""

    text: str
    correct: bool
    feedback: str


@dataclass(frozen=True)
class Question:
    """What is asked, and what there is to choose from."""

    text: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Quiz:
    """The questions of a chapter; shown as a page of answers to unfold."""

    chapter: int
    questions: tuple[Question, ...]

    def __repr__(self) -> str:
        lines = []
        for number, question in enumerate(self.questions, start=1):
            lines.append(f"{number}. {question.text}")
            lines += [f"   {letter}) {answer.text}" for letter, answer in zip("abcdef", question.answers, strict=False)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f'<div class="quiz">{STYLE}{"".join(map(_question, range(1, 99), self.questions))}</div>'


def _question(number: int, question: Question) -> str:
    answers = "".join(
        f"<details><summary>{escape(answer.text)}</summary>"
        f"<p><strong>{'Right.' if answer.correct else 'No.'}</strong> {escape(answer.feedback)}</p></details>"
        for answer in question.answers
    )
    return f"<p><strong>{number}.</strong> {escape(question.text)}</p>{answers}"


def quiz_path(chapter: int) -> Path:
    """Where the file of a chapter's quiz lies.

    >>> quiz_path(2).name
    'chapter_2.json'
    """
    return resource("quizzes", f"chapter_{chapter}.json")


@lru_cache
def quiz(chapter: int) -> Quiz:
    """The quiz at the end of a chapter.

    Raises
    ------
    QuizError
        If there is none.

    >>> len(quiz(1).questions) >= 3
    True
    """
    path = quiz_path(chapter)
    if not path.exists():
        numbers = sorted(int(each.stem.split("_")[1]) for each in path.parent.glob("chapter_*.json"))
        raise QuizError(f"no quiz for chapter {chapter!r}; expected {', '.join(map(str, numbers))}")
    try:
        questions = tuple(
            Question(
                item["question"],
                tuple(Answer(one["answer"], bool(one["correct"]), one["feedback"]) for one in item["answers"]),
            )
            for item in json.loads(path.read_text(encoding="utf-8"))
        )
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise QuizError(f"{path}: {error!r}; expected a list of questions in jupyterquiz's format") from error
    return Quiz(chapter, questions)
