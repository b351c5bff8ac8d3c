"""Assignments for nbgrader: the marks that it reads, no solution in a student's hands, and points for what is right."""

import ast
import re

import assignment
import nbformat
import pytest
import working_copy

import pssp_tutorial as pssp

CHAPTERS = sorted(working_copy.BOOK.glob("*.ipynb"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_marks(path):
    """nbgrader refuses an assignment with a grade_id used twice, and grades only cells that carry its marks."""
    made = assignment.assignment(nbformat.read(path, as_version=4))
    nbformat.validate(made)
    marks = [cell.metadata.nbgrader for cell in made.cells if "nbgrader" in cell.metadata]
    names = [mark.grade_id for mark in marks]
    assert len(names) == len(set(names)) > 0
    assert all(mark.schema_version == 3 and mark.task is False for mark in marks)
    kinds = [
        (name.split("-")[0], mark.grade, mark.solution, mark.locked) for name, mark in zip(names, marks, strict=True)
    ]
    three = [("question", False, False, True), ("answer", False, True, False), ("test", True, False, True)]
    assert kinds == three * (len(kinds) // 3)
    text = "\n".join(cell.source for cell in made.cells)
    student = re.sub("### BEGIN SOLUTION.*?### END SOLUTION", "", text, flags=re.DOTALL)
    assert "Solution of exercise" not in student
    assert sum(mark.get("points", 0) for mark in marks) == student.count("verdict = ")


@pytest.mark.parametrize(("answer", "points"), [("right", 1.0), ("mistaken", 0.8), ("blank", 0.0)])
def test_points(answer, points):
    """A wrong answer must not get full marks, and one right in part gets its part."""
    made = assignment.assignment(nbformat.read(working_copy.BOOK / "01_proteins.ipynb", as_version=4))
    cells = {cell.metadata.nbgrader.grade_id: cell.source for cell in made.cells if "nbgrader" in cell.metadata}
    code = cells["answer-1-1"]
    if answer == "blank":
        code = code.partition("### BEGIN SOLUTION")[0]
    elif answer == "mistaken":
        code = code.replace('.replace("E", "C")', "")
    scope = {"pssp": pssp}
    exec(code, scope)
    *lines, last = ast.parse(cells["test-1-1"]).body
    exec(compile(ast.Module(lines, []), "test", "exec"), scope)
    assert eval(ast.unparse(last), scope) == pytest.approx(points)


def test_a_chapter_without_exercises_to_grade_is_an_error():
    notebook = nbformat.read(working_copy.BOOK / "13_inside.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("answer-")]
    with pytest.raises(ValueError, match="no exercise of this chapter"):
        assignment.assignment(notebook)


def test_an_untouched_answer_gets_nothing():
    """Exercise 2.2 begins with one check passed, since nothing has changed yet: it must not be half a point."""
    notebook = nbformat.read(working_copy.BOOK / "02_lstm.ipynb", as_version=4)
    (stub,) = (cell for cell in notebook.cells if cell.id == "answer-2-2")
    assert assignment.given_away(stub) == 1
    (test,) = (cell for cell in assignment.assignment(notebook).cells if cell.id and "exercise_2_2" in cell.source
               and "verdict" in cell.source)  # fmt: skip
    verdict = type("Verdict", (), {"checks": [(True, "kept"), (False, "opened")]})()
    assert eval(test.source.splitlines()[-1], {"verdict": verdict}) == 0.0
    verdict.checks[1] = (True, "opened")
    assert eval(test.source.splitlines()[-1], {"verdict": verdict}) == 1.0


def test_a_teachers_file_is_not_replaced(tmp_path):
    """Made again for a new release of the book, it would take the exercises with it that a teacher has added."""
    assignment.main("13_inside", working_copy.BOOK, tmp_path / "new")
    made = tmp_path / "new" / "13_inside.ipynb"
    made.write_text("changed")
    with pytest.raises(SystemExit, match=r"13_inside\.ipynb is there already"):
        assignment.main("13_inside", working_copy.BOOK, tmp_path / "new")
    assert made.read_text() == "changed"
