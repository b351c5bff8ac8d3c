"""Make an nbgrader assignment of a chapter: its text, and each exercise that has a grader as three cells.

    python tools/book/assignment.py 05_model build/notebooks source/chapter-5    # after make notebooks

The question is locked; the answer holds the chapter's solution between nbgrader's marks; the test prints the verdict
with its hint, and its last line is the share of the checks that passed, without those that an untouched answer passes,
which nbgrader counts as points. Open exercises stay as they are, without their solution. A file that is there already,
which a teacher may have changed, is not replaced.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
SOLUTION = re.compile(
    r"<details><summary><b>Solution of.*?</details>|^:::\{dropdown\} Solution of.*?^:::$", re.MULTILINE | re.DOTALL
)
POINTS = "max(0.0, (sum(bool(right) for right, _ in verdict.checks) - {0}) / max(1, len(verdict.checks) - {0}))"


def assignment(chapter: NotebookNode) -> NotebookNode:
    """The chapter as the source of an assignment; code that the reader sees loses its outputs."""
    by_id = {cell.id: cell for cell in chapter.cells}
    cells: list[NotebookNode] = []
    for cell in chapter.cells:
        kind, _, number = cell.id.partition("-")
        if kind == "solution" or (kind == "answer" and graded(by_id, number)):
            continue
        if kind == "exercise" and (call := graded(by_id, number)):
            answer, solution = by_id[f"answer-{number}"], by_id[f"solution-{number}"]
            cells += exercise(number, cell.source, answer.source, solution.source, call, given_away(answer))
            continue
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.source = SOLUTION.sub("", cell.source)
        cells.append(cell)
    if not any("nbgrader" in cell.metadata for cell in cells):
        raise ValueError(
            "no exercise of this chapter has cells answer-N-M, with its grader at the end, and solution-N-M"
        )
    chapter.cells = cells
    return chapter


def graded(cells: dict[str, NotebookNode], number: str) -> str:
    """The call of an exercise's grader, which ends its answer; empty if it has none."""
    answer = cells.get(f"answer-{number}")
    if answer is None or f"solution-{number}" not in cells:
        return ""
    call = re.search(rf"^\S*checks\.exercise_{number.replace('-', '_')}\(.*\Z", answer.source, re.MULTILINE | re.DOTALL)
    return call[0].strip() if call else ""


def given_away(answer: NotebookNode) -> int:
    """How many checks an untouched answer passes, as its stored output says."""
    told = [output.get("data", {}).get("text/plain", output.get("text", "")) for output in answer.outputs]
    return sum(text.count("✓") for text in told)


def exercise(number: str, question: str, answer: str, solution: str, call: str, free: int) -> list[NotebookNode]:
    """Question, answer and test; ``free`` checks count for nothing."""
    code = next(block for block in PYTHON.findall(solution) if call in block)
    stub, solved = (text[: text.rindex(call)].rstrip() for text in (answer, code))
    source = f"{stub}\n\n\n### BEGIN SOLUTION\n{solved}\n### END SOLUTION"
    return [
        new_markdown_cell(question, metadata=marks(f"question-{number}", locked=True)),
        new_code_cell(source, metadata=marks(f"answer-{number}", solution=True)),
        new_code_cell(
            f"verdict = {call}\nprint(verdict)\n{POINTS.format(free)}",
            metadata=marks(f"test-{number}", grade=True, locked=True, points=1),
        ),
    ]


def marks(grade_id: str, **values: bool | int) -> dict:
    """nbgrader's metadata of a cell."""
    plain = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": plain | {"schema_version": 3, "grade_id": grade_id} | values}


def main(name: str, notebooks: Path, folder: Path) -> None:
    target = folder / f"{name}.ipynb"
    if target.exists():
        sys.exit(f"{target} is there already, perhaps with changes of yours: move it away, or name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(assignment(nbformat.read(notebooks / f"{name}.ipynb", as_version=4)), target)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
