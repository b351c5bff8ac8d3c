"""nbgrader itself takes an assignment: it hides the solution, gives points for what is right, and shows the hint."""

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import assignment
import nbformat
import pytest
import working_copy

MISTAKE = '.replace("E", "C")'
STUDENTS = {"right": 1.0, "mistaken": 0.8, "blank": 0.0}
HINT = "Hint: Reduce to three states"
NAME, FILE = "chapter-5", "05_model.ipynb"  # as on the page for teachers


def commands() -> Path:
    """The folder of nbgrader's commands."""
    found = shutil.which("nbgrader", path=str(Path(sys.executable).parent)) or shutil.which("nbgrader")
    if found is None:
        pytest.skip("nbgrader is not installed: pip install -e '.[dev]'")
    return Path(found).parent


def nbgrader(course: Path, *arguments: str) -> str:
    """What a command prints in an environment that is active, as the page for teachers asks for."""
    path = os.pathsep.join((str(commands()), os.environ["PATH"]))
    done = subprocess.run(
        ["nbgrader", *arguments],
        cwd=course,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def follow(course: Path, first: str) -> None:
    """Run the block of commands on the page for teachers that begins with this line, in the folder of a course."""
    page = (working_copy.BOOK / "teachers.md").read_text(encoding="utf-8")
    (block,) = (block for block in re.findall(r"```bash\n(.*?)```", page, re.DOTALL) if block.startswith(first))
    for line in block.splitlines():
        program, *arguments = shlex.split(line)
        if program == "nbgrader":
            nbgrader(course, *arguments)
        elif program == "echo":
            text, _, name = arguments
            (course / name).write_text(text, encoding="utf-8")
        else:
            assert line == "cd ../course"


def first_exercise() -> nbformat.NotebookNode:
    """Chapter 1 as an assignment, cut down to its first cell of code and its first exercise."""
    made = assignment.assignment(nbformat.read(working_copy.BOOK / "01_proteins.ipynb", as_version=4))
    names = [cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in made.cells]
    setup = next(place for place, cell in enumerate(made.cells) if "import pssp_tutorial" in cell.source)
    made.cells = [made.cells[setup]] + [
        cell for cell, name in zip(made.cells, names, strict=True) if name.endswith("-1-1")
    ]
    return made


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose three students have handed in their answers, graded."""
    commands()
    course, made = tmp_path_factory.mktemp("course"), first_exercise()
    (course / "source" / NAME).mkdir(parents=True)
    nbformat.write(made, course / "source" / NAME / FILE)
    follow(course, "cd ../course")
    solved = next(cell.source for cell in made.cells if "BEGIN SOLUTION" in cell.source)
    for student in STUDENTS:
        handed_in = nbformat.read(course / "release" / NAME / FILE, as_version=4)
        (answer,) = (cell for cell in handed_in.cells if cell.metadata.get("nbgrader", {}).get("solution"))
        if student != "blank":
            answer.source = solved.replace(MISTAKE, "") if student == "mistaken" else solved
        (course / "submitted" / student / NAME).mkdir(parents=True)
        nbformat.write(handed_in, course / "submitted" / student / NAME / FILE)
    follow(course, "nbgrader autograde")
    return course


@pytest.mark.slow
def test_students_get_no_solution(course: Path) -> None:
    released = (course / "release" / NAME / FILE).read_text(encoding="utf-8")
    assert "SOLUTION" not in released
    assert "def " in released
    assert MISTAKE.replace('"', '\\"') not in released


@pytest.mark.slow
def test_points_are_for_what_is_right(course: Path) -> None:
    """Full marks, the share of the checks that pass, and nothing for an untouched answer."""
    with (course / "grades.csv").open(newline="", encoding="utf-8") as handle:
        rows = {row["student_id"]: row for row in csv.DictReader(handle)}
    assert {student: float(row["score"]) for student, row in rows.items()} == pytest.approx(STUDENTS)
    assert {float(row["max_score"]) for row in rows.values()} == {1.0}


@pytest.mark.slow
def test_feedback_shows_the_hint(course: Path) -> None:
    """The student who forgot the strands is told what to look at, and the one who was right is not."""
    pages = {name: course / "feedback" / name / NAME / FILE for name in STUDENTS}
    told = {name: page.with_suffix(".html").read_text(encoding="utf-8") for name, page in pages.items()}
    assert HINT in told["mistaken"]
    assert HINT not in told["right"]
