"""The graders of the exercises: each solution of the book passes, each stub fails, each typical mistake gets its hint.

Stub and solution are read from the chapter itself, so that what a reader unfolds is what is tested. The mistakes are
the planted answers that stand beside each grader.
"""

import ast
import json
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import pssp_tutorial as pssp
from pssp_tutorial import checks
from pssp_tutorial.checks.grading import RAISED, by_cases
from pssp_tutorial.checks.quizzes import QuizError, quiz_path

BOOK = Path(__file__).parents[2] / "book"
CODE_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Exercise(NamedTuple):
    """What the chapter holds of an exercise."""

    imports: str
    stub: str
    solution: str
    names: set[str]  # that the chapter's other cells use


@lru_cache
def chapter(number: str) -> nbformat.NotebookNode:
    (path,) = BOOK.glob(f"{int(number):02}_*.ipynb")
    return nbformat.read(path, as_version=4)


def read_exercise(name: str) -> Exercise:
    call = f"checks.{name}("
    cells = chapter(name.split("_")[1]).cells
    code = [cell.source for cell in cells if cell.cell_type == "code" and cell.id != "setup"]  # that one is IPython
    blocks = [block for cell in cells if cell.cell_type == "markdown" for block in CODE_BLOCK.findall(cell.source)]
    (stub,) = (source for source in code if call in source)
    (solution,) = (block for block in blocks if call in block)
    trees = [ast.parse(source) for source in code if "checks.exercise_" not in source]
    imports = (node for tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    names = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return Exercise("\n".join(map(ast.unparse, imports)), stub, solution, names)


@lru_cache
def imported(imports: str) -> dict:
    namespace: dict = {}
    exec(imports, namespace)
    return namespace


def verdict(exercise: Exercise, source: str) -> checks.Verdict:
    """What the grader says, in a notebook in which only the chapter's imports have run."""
    tree = ast.parse(source)
    namespace = dict(imported(exercise.imports))
    exec(compile(ast.Module(tree.body[:-1], []), "<answer>", "exec"), namespace)
    return eval(compile(ast.Expression(tree.body[-1].value), "<answer>", "eval"), namespace)


@pytest.mark.parametrize("name", checks.EXERCISES)
def test_solution_passes_and_stub_fails(name: str) -> None:
    exercise = read_exercise(name)
    imported(exercise.imports)
    solved = verdict(exercise, exercise.solution)
    assert solved.passed, solved
    assert solved.hint == ""
    stub = verdict(exercise, exercise.stub)
    assert not stub
    assert stub.hint
    assert stub.title == "Exercise {1}.{2}: not yet".format(*name.split("_"))


@pytest.mark.parametrize("name", checks.EXERCISES)
def test_planted_mistake_gets_its_own_hint(name: str) -> None:
    """A hint that fits another mistake would send the reader the wrong way."""
    exercise = getattr(checks, name)
    assert len(exercise.mistakes) >= 3
    for hint, planted in exercise.mistakes.items():
        found = exercise(*planted) if isinstance(planted, tuple) else exercise(planted)
        assert not found.passed, hint
        assert found.hint == hint, found


def agrees_in_one_case(text: str) -> int:
    return len(text) if len(text) > 3 else 9


DOUBLED = by_cases(
    "0.1",
    cases={"short": ("CHC",), "long": ("CHHHC",), "none": ("",)},
    mistakes={"Twice as many.": len, "Nothing at all.": lambda text: 1 / 0},
    hint="Look again.",
)(lambda text: 2 * len(text))


@pytest.mark.parametrize(
    ("answer", "right", "hint"),
    [
        (lambda text: 2 * len(text), [True, True, True], ""),
        (len, [False, False, True], "Twice as many."),
        (agrees_in_one_case, [False, False, False], "Look again."),
        (lambda text: 2 * len(text) if text != "CHC" else 7, [False, True, True], "Look again."),
        (lambda text: 5 // 0, [False, False, False], "Nothing at all."),
        (lambda text: [][0], [False], RAISED),
        (
            lambda text: str(2 * len(text)),
            [False, False, False],
            "You give numbers as text: `int` makes a number of it.",
        ),
    ],
)
def test_each_case_counts_and_a_mistake_is_one_in_all_cases(answer: Callable, right: list[bool], hint: str) -> None:
    """Partial credit is counted from the checks; a hint from agreement in one case alone would mislead."""
    found = DOUBLED(answer)
    assert [good for good, _ in found.checks] == right
    assert found.hint == hint
    assert bool(found) == all(right)


def test_verdict_can_be_asserted() -> None:
    """An assignment is graded by ``assert verdict, verdict``: the message is what the reader sees."""
    found = DOUBLED(len)
    with pytest.raises(AssertionError, match=r"Exercise 0\.1: not yet") as caught:
        assert found, found
    assert "Hint: Twice as many." in str(caught.value)
    verdict = DOUBLED(lambda text: 2 * len(text))
    assert verdict, verdict


def test_loop_may_use_the_batch_s_mask() -> None:
    """The chapters count residues by it, so a reader will."""

    def train_one_epoch(model: nn.Module, batches: list[pssp.Batch], optimizer: torch.optim.Optimizer) -> float:
        model.train()
        total = residues = 0.0
        for batch in batches:
            logits = model(batch.inputs, batch.lengths)
            loss = cross_entropy(logits[batch.mask], batch.labels[batch.mask])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, residues = total + loss.item() * batch.mask.sum().item(), residues + batch.mask.sum().item()
        return total / residues

    assert checks.exercise_6_4(train_one_epoch)


def test_wrong_outputs_are_named_by_their_first_wrong_element() -> None:
    """Equal shapes on both sides would tell a reader nothing."""

    def both_ways(ahead: nn.LSTM, back: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
        return torch.cat([ahead(inputs)[0], -back(inputs)[0]], dim=2)

    found = checks.exercise_5_2(both_ways)
    assert "part 1 of the result: element [0, 3] of the array of shape [6, 6] is" in str(found)
    assert "MissingError" not in str(checks.exercise_5_2(lambda *arguments: None))


def test_two_missing_answers_are_both_asked_for() -> None:
    exercise = read_exercise("exercise_6_1")
    assert "Replace the two `...`" in verdict(exercise, exercise.stub).hint


@pytest.mark.parametrize("name", checks.EXERCISES)
def test_exercise_uses_no_name_of_its_chapter(name: str) -> None:
    """A stub that redefined a name would break the cells that follow."""
    exercise = read_exercise(name)
    defined = {node.name for node in ast.parse(exercise.stub).body if hasattr(node, "name")}
    assert defined & exercise.names == set()


@pytest.mark.parametrize("answer", [None, ..., 3, "text", [], lambda *arguments: 1 / 0, lambda: None, object()])
@pytest.mark.parametrize("name", checks.EXERCISES)
def test_any_answer_gets_a_verdict(name: str, answer: object) -> None:
    """A grader never raises for what the answer does."""
    grader = getattr(checks, name)
    arguments = [answer, answer] if name == "exercise_6_1" else [answer]
    found = grader(*arguments)
    assert not found.passed
    assert found.hint
    assert str(found).startswith("Exercise")


def test_exception_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "answer.py"
    path.write_text("def answer(x):\n    return x[9]\n")
    namespace: dict = {}
    exec(compile(path.read_text(), path, "exec"), namespace)
    found = by_cases("0.1", cases={"a list": ([1],)}, mistakes={}, hint="Look.")(len)(namespace["answer"])
    assert "IndexError in the line 'return x[9]'" in found.checks[0][1]


def test_answer_can_not_change_what_is_asked() -> None:
    """An answer that sorts its argument in place does not spoil the next case."""
    values = [3, 1, 2]
    ascending = by_cases("0.1", cases={"one": (values,), "two": (values,)}, mistakes={}, hint="")(sorted)
    assert ascending(sorted)
    assert ascending(lambda numbers: numbers.sort() or numbers)
    assert values == [3, 1, 2]


def test_verdict_shows_as_html() -> None:
    found = checks.Verdict("1.1", ((True, "a < b"), (False, "c")), "Use `len`.")
    html = found._repr_html_()
    assert "a &lt; b" in html
    assert "<code>len</code>" in html
    assert "not-yet" in html
    assert not found


def test_verdicts_of_a_notebook(tmp_path: Path) -> None:
    notebook = chapter("1")
    path = tmp_path / "reader.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    stubs = {f"1.{number}": False for number in range(1, 6)}
    assert checks.read_verdicts(path) == stubs


def test_the_energy_of_one_bond_is_that_of_the_map() -> None:
    """The grader and the package both write Kabsch and Sander's equation; a reader compares an answer with either."""
    backbone, sequence = pssp.load_backbones()["1H75_A"], pssp.load_chains("mini")["1H75_A"].sequence
    energies = pssp.hydrogen_bond_energies(backbone, sequence)
    pairs = [(i, j) for i in range(76) for j in range(1, 76) if j not in (i, i + 1) and sequence[j] != "P"]
    truth = checks.exercise_1_5.__wrapped__
    assert np.allclose([truth(backbone, i, j) for i, j in pairs], [energies[pair] for pair in pairs], atol=1e-3)


@pytest.mark.parametrize("number", sorted(int(path.stem[:2]) for path in BOOK.glob("[0-9]*.ipynb")))
def test_quiz(number: int) -> None:
    """Three questions or more, one right answer each, every answer explained; and the chapter asks them."""
    questions = json.loads(quiz_path(number).read_text(encoding="utf-8"))
    assert len(questions) >= 3
    for question in questions:
        assert question["type"] == "multiple_choice"  # jupyterquiz's format
        assert sum(answer["correct"] for answer in question["answers"]) == 1
        assert len(question["answers"]) >= 3
        assert all(len(answer["feedback"]) > 20 for answer in question["answers"])
    assert checks.quiz(number)._repr_html_().count("<details>") == sum(len(q["answers"]) for q in questions)
    sources = [cell.source for cell in chapter(str(number)).cells if cell.cell_type == "code"]
    assert f"pssp.checks.quiz({number})" in sources


def test_quiz_that_does_not_exist() -> None:
    with pytest.raises(QuizError, match="no quiz for chapter 99; expected 1, 2, 3"):
        checks.quiz(99)
