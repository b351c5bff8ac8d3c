"""A quiz measures knowledge only if the right answer cannot be guessed from its place or its length."""

from collections import Counter
from pathlib import Path

import pytest

import pssp_tutorial as pssp
from pssp_tutorial.checks.quizzes import Question

CHAPTERS = sorted(int(path.stem[:2]) for path in (Path(__file__).parents[2] / "book").glob("[0-9]*.ipynb"))
QUESTIONS = [(chapter, question) for chapter in CHAPTERS for question in pssp.checks.quiz(chapter).questions]
NAMES = [f"chapter {chapter}: {question.text}" for chapter, question in QUESTIONS]
EVASIONS = ("all of the above", "none of the above", "both of the above", "all of these", "none of these")


def right(question: Question) -> int:
    """The position of the right answer."""
    return [answer.correct for answer in question.answers].index(True)


def longest(question: Question) -> bool:
    """Whether the right answer has more letters than every other."""
    lengths = [len(answer.text) for answer in question.answers]
    return lengths.count(max(lengths)) == 1 and lengths[right(question)] == max(lengths)


@pytest.mark.parametrize("question", [question for _, question in QUESTIONS], ids=NAMES)
def test_a_question_can_be_answered(question):
    """A question with two right answers, or none, teaches the opposite of what it says."""
    texts = [answer.text for answer in question.answers]
    assert 3 <= len(texts) <= 5
    assert len(set(texts)) == len(texts)
    assert sum(answer.correct for answer in question.answers) == 1


@pytest.mark.parametrize("question", [question for _, question in QUESTIONS], ids=NAMES)
def test_every_answer_is_explained(question):
    """Who chose wrongly learns most from the reason; "all of the above" gives none, and is guessed."""
    feedback = [answer.feedback for answer in question.answers]
    assert all(len(text.split()) >= 3 for text in feedback)
    assert len(set(feedback)) == len(feedback)
    assert not [answer.text for answer in question.answers if answer.text.lower().strip(" .") in EVASIONS]


def test_every_chapter_asks():
    """A chapter ends with three questions or more."""
    assert Counter(chapter for chapter, _ in QUESTIONS).keys() == set(CHAPTERS)
    assert min(Counter(chapter for chapter, _ in QUESTIONS).values()) >= 3


def test_no_position_is_right_too_often():
    """Who always takes the same letter gets less than half: of 29 answers, "b" was once right in 20."""
    positions = Counter(right(question) for _, question in QUESTIONS)
    assert max(positions.values()) <= 0.45 * len(QUESTIONS), positions


def test_the_longest_answer_is_seldom_the_right_one():
    """A right answer tends to be the careful one, and so the longest; who only measures must not pass."""
    told = [f"chapter {chapter}: {question.text}" for chapter, question in QUESTIONS if longest(question)]
    assert len(told) <= 0.4 * len(QUESTIONS), told
