"""The graders of the exercises: each solution of the book passes, each stub fails, each typical mistake gets its hint.

Stub and solution are read from the chapter itself, so that what a reader unfolds is what is tested. A mistake is
planted in the solution by changing its text; the graders know nothing of these texts.
"""

import ast
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from pssp_tutorial import checks
from pssp_tutorial.checks.grading import grade
from pssp_tutorial.checks.quizzes import QuizError, quiz_path

BOOK = Path(__file__).parents[2] / "book"
CODE_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PLANT = {
    "exercise_1_1": [
        ("max(map(len, pieces), default=0)", "sum(map(len, pieces))", "all residues in helices"),
        ("max(map(len, pieces), default=0)", "sum(map(bool, pieces))", "count the helices"),
        ("pssp.reduce_states(structure)", 'structure.translate(str.maketrans("GIBTS", "CCECC"))', "letter H alone"),
        ('.split("C")', '.split("C")[:-1]', "never closed"),
    ],
    "exercise_1_2": [
        ("/ len(known)", "/ len(true)", "no error"),
        ("zip(true, predicted", 'zip(true.replace("?", "C"), predicted', "as coil"),
        ("return sum", "return 100 * sum", "percentage"),
        (
            "return sum(a == b for a, b in known) / len(known)",
            "return np.mean([np.mean([b == s for a, b in known if a == s]) for s in {a for a, _ in known}])",
            "mean over the classes",
        ),
    ],
    "exercise_1_3": [
        ("weights[0, :, ", "coefficients.reshape(3, 21, -1).transpose(0, 2, 1)[0, :, ", "axes are swapped"),
        ("weights[0,", "weights[1,", "weights for strand"),
        ("weights[0,", "weights[2,", "weights for coil"),
        ("pssp.AMINO_ACIDS", '"ARNDCQEGHILKMFPSTWYV"', "another residue"),
    ],
    "exercise_1_4": [
        ("view.transpose(0, 2, 1)", "view", "axes are swapped"),
        ("((half, half), (0, 0))", "((0, 0), (0, 0))", "ends have no row"),
        ("(0, 0)))", '(0, 0)), mode="edge")', "repeat the last"),
        ("((half, half), (0, 0))", "((half - 1, half + 1), (0, 0))", "shifted by one"),
    ],
    "exercise_2_1": [
        ("+ 2)", "+ 1)", "two biases"),
        ("4 * ", "", "one gate"),
        (" + 2)", ")", "biases are missing"),
        ("(channels + hidden + 2)", "(channels + 2)", "U is missing"),
        ("4 * ", "3 * ", "not three"),
    ],
    "exercise_2_2": [
        ("[size : 2 * size]", "[:size]", "another gate"),
        ("[size : 2 * size]", "[2 * size : 3 * size]", "another gate"),
        ("[size : 2 * size]", "[:]", "all four"),
        ("data[size : 2 * size] = 0", "data[size : 2 * size] = value", "twice the value"),
        ("    lstm.bias_hh_l0.data[size : 2 * size] = 0\n", "", "one of the two"),
        (".data[", ".detach().clone()[", "Nothing has changed"),
    ],
    "exercise_2_3": [
        ("i, f, g, o = ", "f, i, g, o = ", "forget gate's rows first"),
        ("i, f, g, o = ", "i, f, o, g = ", "third"),
        ("np.tanh(g)", "1 / (1 + np.exp(-g))", "not through a sigmoid"),
        ("o * np.tanh(c)", "o * c", "tanh before the output gate"),
        ("    i, f, o = (", "    n = len(h)\n    o = o - b[3 * n :] + b[:n]\n    i, f, o = (", "input gate's bias"),
        ("return o * np.tanh(c), c", "return c, o * np.tanh(c)", "order h, c"),
    ],
    "exercise_2_4": [
        ("[torch.arange(len(outputs)), lengths - 1]", "[:, -1]", "it is padding"),
        ("lengths - 1", "lengths", "of n residues is at n - 1."),
        ("lengths - 1", "lengths - 2", "to the left"),
        ("[torch.arange(len(outputs)), lengths - 1]", "[:, 0]", "first residue"),
        ("[torch.arange(len(outputs)), lengths - 1]", "[lengths - 1]", "axes are swapped"),
    ],
    "exercise_2_5": [
        ('"rzn"', '"zrn"', "reset gate comes first"),
        ("(1 - z) * n + z * h", "z * n + (1 - z) * h", "old h is kept"),
        ('r * (U["n"] @ h + d["n"])', 'U["n"] @ (r * h) + d["n"]', "not h before"),
        ('r * (U["n"] @ h + d["n"])', 'r * (U["n"] @ h) + d["n"]', "beforehand"),
    ],
    "exercise_3_1": [
        ("int(first) - 1", "int(first)", "counts from 1"),
        ("int(last))", "int(last) - 1)", "end stays"),
        ("|TURN", "", "turns are missing"),
        ("int(first) - 1, int(last)", "first, last", "Numbers are needed"),
    ],
    "exercise_3_2": [
        ("-shift)", "shift)", "wrong way round"),
        ("return max", "return 3 + max", "index of the best"),
        ("max(agreement, key=agreement.get)", "abs(max(agreement, key=agreement.get))", "lose the direction"),
    ],
    "exercise_3_3": [
        ('"?"', '"C"', "residues coil"),
        ("first - 1 : last", "first : last + 1", "too far to the right"),
        ("first - 1 : last", "first : last", "first residue"),
        ("first - 1 : last", "first - 1 : last - 1", "last residue"),
        (
            '    return "".join(states)',
            "    inside = {k for first, last in ranges for k in range(first - 1, last)}\n"
            '    return "".join(s if k in inside else "?" for k, s in enumerate(states))',
            "evidence by itself",
        ),
    ],
    "exercise_3_4": [
        ("if good & set(feature.structures):", "if True:", "must go"),
        ("if structure.id in good & named", "if structure.id in named", "covers nothing"),
        ("s.resolution is None or s.resolution <=", "s.resolution is not None and s.resolution <=", "NMR"),
        ("in good & named", "in good", "Only structures that some feature names"),
        ('np.full(len(entry), "?")', 'np.full(len(entry), "C")', "residues coil"),
    ],
    "exercise_4_1": [
        ("exercise_4_1(answer)", "exercise_4_1(13)", "exponent"),
        ("exercise_4_1(answer)", "exercise_4_1(8_000)", "no power of two"),
        ("generator=shuffle", "generator=None", "without a generator"),
        ("exercise_4_1(answer)", "exercise_4_1(answer // 2)", "Go on doubling"),
        ("exercise_4_1(answer)", "exercise_4_1(answer * 2)", "above 5% there"),
    ],
    "exercise_4_2": [
        ("torch.full(inputs.shape[:2], pssp.IGNORE_INDEX)", "torch.zeros(inputs.shape[:2], dtype=int)", "helix"),
        ("pssp.IGNORE_INDEX)", "2)", "label of coil"),
        ("return inputs,", "return inputs.transpose(1, 2),", "axes of the inputs"),
        (": len(record)] =", "inputs.shape[1] - len(record) :] =", "before the chains"),
        ("return inputs, lengths", "return inputs, torch.full_like(lengths, inputs.shape[1])", "those of the batch"),
    ],
    "exercise_4_3": [
        (
            "setdefault(cluster[record.id], [])",
            "setdefault(record.id, [])",
            "Related chains",
        ),
        ("extend(members[name])", "append(members[name][0])", "one chain a cluster"),
        (
            "return train, tested",
            "return train + tested[held_out:], tested[:held_out]",
            "cut in two",
        ),
        ("if len(tested) < held_out", "if len(tested) < held_out / 3", "Count chains"),
        ("return train, tested", "return tested, train", "order is"),
    ],
    "exercise_4_4": [
        ("current.append(index)", "current.append(lengths[index])", "These are lengths"),
        ("[*batches, current]", "batches", "gets a batch"),
        (
            "return [*batches, current]",
            "return batches[:-2]",
            "after the loop",
        ),
        (
            "(len(current) + 1) * lengths[index] > batch_residues",
            "sum(lengths[k] for k in current) + lengths[index] > batch_residues",
            "Padding needs its place",
        ),
        ("sorted(range(len(lengths)), key=lambda index: lengths[index])", "range(len(lengths))", "Sort by length"),
        ("            current = []\n", "", "begin a new list"),
    ],
    "exercise_5_1": [
        ("[2 * hidden_size]", "[hidden_size]", "both directions of the one below: 2"),
        ("2 * 4 * hidden_size * (width", "4 * hidden_size * (width", "Each layer has two"),
        ("+ 2) for", "+ 1) for", "two biases"),
        ("[2 * hidden_size] *", "[input_size] *", "every layer read"),
    ],
    "exercise_5_2": [
        (
            "torch.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)",
            "place.flip(0)[None]",
            "flip whole rows",
        ),
        (".take_along_dim(places, dim=1)\n", ".flip(1)\n", "too far to the right"),
        ("[0].take_along_dim(places, dim=1)", "[0]", "reversed order"),
        ("[ahead(inputs)[0], backward]", "[backward, ahead(inputs)[0]]", "halves are swapped"),
        (
            "back(inputs.take_along_dim(places, dim=1))[0].take_along_dim(places, dim=1)",
            "back(inputs)[0]",
            "reads forwards too",
        ),
    ],
    "exercise_5_3": [
        ("row[:length]", "row", "padding states"),
        ("argmax(dim=2)", "argmax(dim=1).remainder(3)", "axes are mixed"),
        ("argmax(dim=2)", "argmax(dim=1)", "classes are the last axis: is"),
        ("pssp.STATES3[code]", '"CHE"[code]', "as in"),
        ("pssp.STATES3[code]", '"CEH"[code]', "alphabet"),
        ("argmax", "argmin", "smallest logit"),
    ],
    "exercise_5_4": [
        ("inputs.masked_fill(~real[..., None], 0.0)", "inputs", "reaches into the padding"),
        (".transpose(1, 2)).transpose(1, 2)", ")", "axes are swapped"),
        ("self.labeller(values, lengths)", "self.labeller(values, lengths).softmax(dim=2)", "applied twice"),
        (', padding="same"', "", "shortens the chain"),
        ("kernel_size=7", "kernel_size=5", "no `nn.Conv1d`"),
    ],
    "exercise_6_1": [
        ("math.log(", "math.log2(", "base 2"),
        ("math.log(", "math.log10(", "base 10"),
        ("-math.log(0.9), -(", "math.log(0.9), (", "sign"),
        (" + 0.3 * math.log(0.01)", "", "leave out"),
        ("-(0.7 * math.log(0.98) + 0.3 * math.log(0.01))", "-math.log(0.7 * 0.98 + 0.3 * 0.01)", "Average the"),
    ],
    "exercise_6_2": [
        (">= self.patience", "> self.patience", "an epoch late"),
        (">= self.patience", ">= self.patience - 1", "an epoch early"),
        ("if loss < self.best", "if loss <= self.best", "A tie"),
        ("self.waited = 0 if loss < self.best else self.waited + 1", "self.waited += loss >= self.best", "count anew"),
        (
            "        self.waited = 0 if loss < self.best",
            '        previous, self.previous = getattr(self, "previous", self.best), loss\n'
            "        self.waited = 0 if loss < previous",
            "epoch before",
        ),
    ],
    "exercise_6_3": [
        (".mean()", ".sum() / labels.numel()", "below the line"),
        ("labels != pssp.IGNORE_INDEX", "labels > -1000\n    labels = labels.clamp(min=0)", "as helix"),
        ("labels != pssp.IGNORE_INDEX", "labels > -1000\n    labels = labels.where(labels >= 0, 2)", "score padding"),
        ("logits[known].log_softmax", "logits[known].softmax(dim=-1).log_softmax", "softmax twice"),
        (
            "    known = ",
            "    if len(labels) > 1:\n        rows = range(len(labels))\n"
            "        return sum(masked_loss(logits[k : k + 1], labels[k : k + 1]) for k in rows) / len(labels)\n"
            "    known = ",
            "proteins' means",
        ),
        (".mean()", ".sum()", "That is the sum"),
        ("return -log", "return log", "sign"),
    ],
    "exercise_6_4": [
        ("        optimizer.zero_grad()\n", "", "add up"),
        ("        optimizer.step()\n", "", "No weight has moved"),
        ("batch.labels.flatten())", "batch.labels.clamp(min=0).flatten())", "counted as helix"),
        ("    model.train()\n", "", "evaluation mode"),
        ("return total / residues", "return total / residues * 2", "divided by their number"),
        (
            "        total += loss.item() * known\n        residues += known",
            "        total += loss.item()\n        residues += 1",
            "mean of the batches",
        ),
    ],
    "exercise_7_1": [
        ('            if state != "?":\n', "            if True:\n", "unknown state"),
        ("hits[letter] / total[letter]", "hits[letter] / sum(total.values())", "by all residues"),
        (
            "    hits, total = {}, {}\n",
            "    if len(true) > 1:\n"
            "        parts = [by_residue([s], [t], [p]) for s, t, p in zip(sequences, true, predicted, strict=True)]\n"
            "        return {k: np.mean([p[k] for p in parts if k in p]) for k in {k for p in parts for k in p}}\n"
            "    hits, total = {}, {}\n",
            "proteins' shares",
        ),
        ("total[letter] =", "letter = guess\n                total[letter] =", "keys are states"),
    ],
    "exercise_7_2": [
        ("(?<!H)H{1,2}(?!H)", "H{1,2}", "longer helices"),
        ("{1,2}", "", "two residues are still there"),
        ("{1,2}", "{1,3}", "three residues are gone"),
        ("(?<!H)H{1,2}(?!H)", "(?<=[EC])H{1,2}(?=[EC])", "ends of the chain"),
        ("(?!H)", "(?!H)|(?<!E)E{1,2}(?!E)", "strands are gone"),
        ('lambda found: "C" * len(found[0])', '"C"', "shorter"),
    ],
    "exercise_7_3": [
        (
            "two[drawn].sum(axis=1) / total - one[drawn].sum(axis=1) / total",
            "(one - two)[drawn].sum(axis=1) / total",
            "other way round",
        ),
        (
            "one[drawn].sum(axis=1) / total",
            "(lambda other: one[other].sum(axis=1) / lengths[other].sum(axis=1))(drawn[::-1])",
            "for each model anew",
        ),
        (
            "gain = two[drawn].sum(axis=1) / total - one[drawn].sum(axis=1) / total",
            "p, n = np.array([one.sum(), two.sum()]) / lengths.sum(), lengths.sum()\n"
            "    gain = np.diff(np.random.default_rng(0).binomial(n, p, size=(9_000, 2)) / n)",
            "residues as independent",
        ),
        (
            "gain = two[drawn].sum(axis=1) / total - one[drawn].sum(axis=1) / total",
            "gain = ((two - one) / lengths)[drawn].mean(axis=1)",
            "mean over proteins",
        ),
        ("np.quantile(gain", "np.quantile(100 * gain", "percent"),
    ],
    "exercise_7_4": [
        ("(overlap + delta)", "overlap", "δ is missing"),
        (", len(one[0]) // 2, len(two[0]) // 2", "", "too large"),
        ("max(len(pairs), 1)", "len(pairs)", "without any overlap"),
        ("* max(len(pairs), 1)", "", "length of the protein"),
        ("in (observed, predicted)", "in (predicted, observed)", "are swapped"),
    ],
    "exercise_8_1": [
        ("right / residues", "claimed", "claim itself"),
        ("claimed * positions - (positions - residues)", "claimed * positions", "below the line only"),
        ("right / residues", "right / positions", "above the line only"),
        ("right / residues", "(claimed * residues + positions - residues) / positions", "other way round"),
    ],
    "exercise_8_2": [
        ("return np.allclose", "return not np.allclose", "other way round"),
        ("np.allclose(scores, scores[0], rtol=0, atol=1e-6)", "len(set(scores)) == 1", "tolerance"),
        ("(1, 1_000, 8_000, 1_000_000)", "(1_000_000, 2_000_000)", "same of every function"),
        ("scores[0], rtol=0, atol=1e-6", "scores[0], atol=0.08", "mean of the batches"),
    ],
    "exercise_8_3": [
        ("(np.mean(new) - np.mean(old)) / np.sqrt(variance)", "max(new) - max(old)", "best seeds"),
        (" / np.sqrt(variance)", "", "gain itself"),
        (
            "np.var(old, ddof=1) / len(old) + np.var(new, ddof=1) / len(new)",
            "np.var(old, ddof=1) + np.var(new, ddof=1)",
            "single seeds",
        ),
        ("ddof=1", "ddof=0", "n - 1"),
        (" + np.var(new, ddof=1) / len(new)", "", "Both means"),
        ("np.mean(new) - np.mean(old)", "np.mean(old) - np.mean(new)", "sign"),
    ],
}  # fmt: skip


class Exercise(NamedTuple):
    """What the chapter holds of an exercise."""

    imports: str
    stub: str
    solution: str
    names: set[str]  # that the chapter's other cells use


@lru_cache
def chapter(number: str) -> nbformat.NotebookNode:
    (path,) = BOOK.glob(f"0{number}_*.ipynb")
    return nbformat.read(path, as_version=4)


def read_exercise(name: str) -> Exercise:
    call = f"checks.{name}("
    cells = chapter(name[9]).cells
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
    assert stub.title == f"Exercise {name[9]}.{name[11]}: not yet"


@pytest.mark.parametrize("name", checks.EXERCISES)
def test_planted_mistake_gets_its_own_hint(name: str) -> None:
    """A hint that fits another mistake would send the reader the wrong way."""
    exercise = read_exercise(name)
    hints = {}
    for old, new, words in PLANT[name]:
        assert old in exercise.solution, (name, old)
        found = verdict(exercise, exercise.solution.replace(old, new))
        assert not found.passed, (old, new)
        assert words in found.hint, (old, new, found)
        hints.setdefault(found.hint, []).append(words)
    assert len(hints) >= 3
    assert [words for words in hints.values() if len(set(words)) > 1] == []


def test_loop_may_use_the_batch_s_mask() -> None:
    """The chapters count residues by it, so a reader will."""
    exercise = read_exercise("exercise_6_4")
    by_mask = exercise.solution.replace("(batch.labels != pssp.IGNORE_INDEX).sum()", "batch.mask.sum()")
    assert by_mask != exercise.solution
    assert verdict(exercise, by_mask).passed


def test_wrong_outputs_are_named_by_their_first_wrong_element() -> None:
    """Equal shapes on both sides would tell a reader nothing."""
    exercise = read_exercise("exercise_5_2")
    found = verdict(
        exercise, exercise.solution.replace("[ahead(inputs)[0], backward]", "[ahead(inputs)[0], -backward]")
    )
    assert "part 1 of the result: element [0, 3] of the array of shape [6, 6] is" in str(found)
    assert "MissingError" not in str(verdict(exercise, exercise.stub))


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
    found = grade("0.1", namespace["answer"], len, {"a list": ([1],)}, [], "Look.")
    assert "IndexError in the line 'return x[9]'" in found.checks[0][1]


def test_answer_can_not_change_what_is_asked() -> None:
    """An answer that sorts its argument in place does not spoil the next case."""
    values = [3, 1, 2]
    assert grade("0.1", sorted, sorted, {"one": (values,), "two": (values,)}, [], "")
    assert grade("0.1", lambda x: x.sort() or x, sorted, {"one": (values,), "two": (values,)}, [], "")
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
    stubs = {f"1.{number}": False for number in range(1, 5)}
    assert checks.read_verdicts(path) == stubs


@pytest.mark.parametrize("number", range(1, 9))
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
    with pytest.raises(QuizError, match="no quiz for chapter 9; expected 1 to 8"):
        checks.quiz(9)
