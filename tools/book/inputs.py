"""What the outputs of a chapter depend on: its code, the modules that it imports, and the data and results these read.

    python tools/book/inputs.py 02_lstm     # lists the files

A chapter names what it uses as ``pssp.X``; ``__init__.pyi`` says which module brings it, and the graph of imports which
modules that one needs in turn. A module that reads shipped files asks ``resource`` for them.
"""

import ast
import hashlib
import platform
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import grimp
import measured
import nbformat

import pssp_tutorial
from pssp_tutorial.core.resources import resource

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "pssp_tutorial"
PACKAGE = Path(pssp_tutorial.__file__).parent
USED = re.compile(r"\bpssp\.(\w+)(?:\.(\w+))?")
READ_RESULTS = re.compile(r"""read_results\(["'](\w+)["']\)""")
OF_A_CHAPTER = re.compile(r"chapter_(\d+)\.")


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(NAME, exclude_type_checking_imports=True, cache_dir=None)


@cache
def public_names() -> dict[str, str]:
    """The module that brings each public name.

    >>> public_names()["LSTM"]
    'pssp_tutorial.models.lstm'
    """
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level == 1]
    return {
        alias.asname or alias.name: f"{NAME}.{node.module or alias.name}" for node in imports for alias in node.names
    }


def path_of(module: str) -> Path:
    folder = PACKAGE.joinpath(*module.split(".")[1:])
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(path_of(module).read_text(encoding="utf-8"))


def defines(module: str, name: str) -> bool:
    """Whether a module has a function or class of this name.

    >>> defines("pssp_tutorial.models.lstm", "LSTM")
    True
    """
    kinds = (ast.FunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) and node.name == name for node in tree_of(module).body)


def named_modules(code: str) -> Iterator[str]:
    """The modules that hold what the code names as ``pssp.X`` or ``pssp.checks.X``.

    >>> sorted(named_modules("pssp.checks.quiz(2); pssp.LSTM(21, 16)"))
    ['pssp_tutorial.checks', 'pssp_tutorial.checks.quizzes', 'pssp_tutorial.models.lstm']
    """
    for name, attribute in USED.findall(code):
        if not (module := public_names().get(name)):
            continue  # executing the chapter says so
        yield module
        inside = sorted(graph().find_children(module))
        yield from [one for one in inside if defines(one, attribute)] or inside


def imported(code: str) -> set[str]:
    """Every module of the package that the code needs, directly or through others."""
    modules = set(named_modules(code)) | {NAME}
    while True:
        packages = {module.rpartition(".")[0] for module in modules} - {""}
        needed = modules | packages | {one for module in modules for one in graph().find_upstream_modules(module)}
        if needed == modules:
            return modules
        modules = needed


def resources(module: str) -> Iterator[Path]:
    """The shipped files that a module asks for; of a folder, all. Results are asked for by name, in ``results``.

    >>> [path.name for path in resources("pssp_tutorial.proteins.chains")]
    ['chains.tsv.xz', 'chains.tsv.xz.sha256']
    """
    tree = tree_of(module)
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "resource"):
            continue
        kind, name = [
            constants.get(argument.id) if isinstance(argument, ast.Name) else getattr(argument, "value", None)
            for argument in [*call.args, ast.Constant("")][:2]
        ]
        if kind != "results":
            found = resource(kind).glob(f"{name}*" if isinstance(name, str) else "*")
            inside = (path.rglob("*") if path.is_dir() else [path] for path in found)
            yield from sorted(path for paths in inside for path in paths if path.is_file())


def results(code: str) -> Iterator[Path]:
    return (resource("results") / f"{name}.json" for name in READ_RESULTS.findall(code))


def files(chapter: str, code: str) -> list[Path]:
    """Every file that the outputs of a chapter with this code depend on."""
    modules = imported(code)
    found = {path_of(module) for module in modules} | set(results(code))
    found |= {path for module in modules for path in resources(module)}
    if measured.is_measured(chapter):
        found.add(measured.source_of(chapter))
    return sorted(path for path in found if not is_of_another_chapter(path, chapter))


def is_of_another_chapter(path: Path, chapter: str) -> bool:
    """Of the quizzes, a chapter shows its own.

    >>> is_of_another_chapter(Path("chapter_3.json"), "02_lstm")
    True
    """
    found = OF_A_CHAPTER.match(path.name) if path.suffix == ".json" else None
    return found is not None and found[0] != f"{measured.results_name(chapter)}."


def digest(chapter: str, cells: Iterable[str]) -> str:
    """A number that changes when a chapter has to be executed again; ``cells`` are the sources of its code cells."""
    sources = list(cells)
    parts = [f"python {platform.python_version()}, torch {version('torch')}".encode(), *map(str.encode, sources)]
    for path in files(chapter, "\n".join(sources)):
        parts += [path.name.encode(), path.read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def code_of(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


if __name__ == "__main__":
    for chapter in sys.argv[1:]:
        for path in files(chapter, "\n".join(code_of(REPOSITORY / "book" / f"{chapter}.ipynb"))):
            print(path.relative_to(REPOSITORY))
