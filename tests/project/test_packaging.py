"""The package installs whole, imports cheaply, and says the same about itself everywhere."""

import datetime
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import pssp_tutorial as pssp

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"torch": "pytorch-cpu"}  # where conda-forge calls a distribution otherwise


def run(*command: object, folder: Path, **variables: str) -> str:
    """What the command prints; a failure shows what it wrote to stderr."""
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the package was installed from its wheel, and nothing else."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel: pip install -e '.[dev]'")
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir")
    offline = ("--no-deps", "--no-index", "--quiet")
    run(*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", folder, REPOSITORY, folder=folder)
    (wheel,) = folder.glob("*.whl")
    run(*pip, "install", *offline, "--target", folder / "target", wheel, folder=folder)
    return folder / "target"


@pytest.mark.slow
def test_wheel_finds_its_data_from_any_folder(installed: Path, tmp_path: Path) -> None:
    script = (
        "import pssp_tutorial as pssp\n"
        "chains = pssp.load_chains('mini')\n"
        "print(pssp.__file__)\n"
        "results = pssp.read_results('honesty_seeds')\n"
        "others = pssp.load_uniprot_entries(), pssp.load_profiles(), results['q3']\n"
        "print(*map(len, chains.splits), *map(len, others))\n"
        "print(len(pssp.checks.quiz(1).questions))\n"
        "pssp.view_structure('3QX1_A').save('view.html')\n"
    )
    where, counts, questions = run(
        sys.executable, "-c", script, folder=tmp_path, PYTHONPATH=str(installed)
    ).splitlines()
    assert Path(where).is_relative_to(installed)
    assert counts == "300 60 60 47 1530 5"
    assert int(questions) == len(pssp.checks.quiz(1).questions)
    assert "3Dmol-min.js.LICENSE.txt" in (tmp_path / "view.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_wheel_finds_the_trained_models(installed: Path, tmp_path: Path) -> None:
    """Every model of the repository is in the wheel, passes its checksum there and predicts."""
    models = sorted(path.stem for path in (REPOSITORY / "data" / "models").glob("*.safetensors"))
    script = (
        "import sys, pssp_tutorial as pssp\n"
        "from pssp_tutorial.core.resources import resource\n"
        "print(resource('models'))\n"
        "for name in sys.argv[1:]: print(len(pssp.predict(pssp.load_pretrained(name), 'MKTVRQERLK').states))\n"
    )
    where, *lengths = run(
        sys.executable, "-c", script, *models, folder=tmp_path, PYTHONPATH=str(installed)
    ).splitlines()
    assert Path(where) == installed / "pssp_tutorial" / "data" / "models"
    assert lengths == ["10"] * len(models)


@pytest.mark.slow
def test_wheel_tells_the_licence_of_everything_in_it(installed: Path) -> None:
    """Code, text and each extract of Part IV: in the licence expression, as a text, and in the README of the data."""
    (folder,) = installed.glob("*.dist-info")
    metadata = (folder / "METADATA").read_text(encoding="utf-8")
    (expression,) = re.findall(r"^License-Expression: (.*)$", metadata, re.MULTILINE)
    named = set(expression.split(" AND "))
    assert {"BSD-3-Clause", "CC-BY-4.0", "CC0-1.0", "MIT", "Artistic-2.0", "CC-BY-SA-3.0"} < named
    texts = {path.name for path in (folder / "licenses").rglob("*") if path.is_file()}
    assert {"LICENSE", "LICENSE-TEXT", *(path.name for path in (REPOSITORY / "data" / "licences").iterdir())} == texts
    data = installed / "pssp_tutorial" / "data"
    table = (data / "licences" / "README.md").read_text(encoding="utf-8")
    for path in {path.with_suffix("") for path in (data / "applications").glob("*.sha256")}:
        assert f"`{path.name}`" in table or ("`patients*.csv.xz`" in table and path.name.startswith("patients"))
    assert "Origin and licence" in (data / "README.md").read_text(encoding="utf-8")


def test_without_torch_one_sentence_helps(tmp_path: Path) -> None:
    """Who left PyTorch out gets the command that brings it, not a traceback; what needs no torch works."""
    without = "import sys; sys.modules['torch'] = None\n"
    code = (
        "import pssp_tutorial as p; print(len(p.load_chains('mini')))\ntry: p.BiLSTM\nexcept ImportError as e: print(e)"
    )
    count, told = run(sys.executable, "-c", without + code, folder=tmp_path).splitlines()
    assert int(count) == 420
    assert told.startswith("PyTorch is not installed; for a CPU: python -m pip install --extra-index-url https://")
    (tmp_path / "one.fasta").write_text(">one\nMKTV\n")
    code = without + "from pssp_tutorial.cli.main import main; sys.exit(main(['predict', 'one.fasta']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"pssp: {told}\n")


@pytest.mark.slow
def test_wheel_stays_small(installed: Path) -> None:
    """Colab and a class of thirty download it whole, data and models included; 16 MB is the limit we set."""
    (wheel,) = installed.parent.glob("*.whl")
    assert wheel.stat().st_size < 16_000_000


@pytest.mark.slow
def test_wheel_holds_nothing_but_the_package(installed: Path) -> None:
    names = {path.name for path in installed.iterdir()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"bin", "pssp_tutorial"}
    assert [path.stem for path in (installed / "bin").iterdir()] == ["pssp"]  # on Windows pssp.exe
    assert (installed / "pssp_tutorial" / "py.typed").exists()


def test_import_is_cheap(tmp_path: Path) -> None:
    """A command line or a notebook that only names the package does not wait for torch and matplotlib."""
    script = "import sys, pssp_tutorial; print(sorted({'torch', 'matplotlib', 'pandas'} & set(sys.modules)))"
    assert run(sys.executable, "-c", script, folder=tmp_path).strip() == "[]"


def split_requirement(text: str) -> tuple[str, str]:
    """Name and version of a requirement.

    >>> split_requirement("jupyter-book>=1.0.4.post1,<2")
    ('jupyter-book', '>=1.0.4.post1,<2')
    """
    name = re.match(r"[\w.-]+", text)[0]
    return name, text.removeprefix(name)


def test_conda_environment_agrees_with_the_package() -> None:
    """Binder solves environment.yml; it must ask for what the package and the book ask for."""
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))
    conda = dict(split_requirement(one) for one in environment["dependencies"] if isinstance(one, str))
    wanted = dict(map(split_requirement, PROJECT["dependencies"] + PROJECT["optional-dependencies"]["book"]))
    wanted = {CONDA_NAMES.get(name, name): version for name, version in wanted.items()}
    assert {name: version for name, version in conda.items() if name not in ("python", "pip")} == wanted
    # with the package in it, every commit would be a new environment, and Binder would solve it for minutes
    assert [one for one in environment["dependencies"] if isinstance(one, dict)] == []
    post_build = (REPOSITORY / "postBuild").read_text(encoding="utf-8")
    assert re.search(r"^python -m pip install --no-deps .*-e \.$", post_build, re.MULTILINE)
    assert os.access(REPOSITORY / "postBuild", os.X_OK)


RELEASE = {
    "pyproject.toml": r'^version = "(.+)"$',
    "pssp_tutorial/__init__.py": r'^__version__ = "(.+)"$',
    "CITATION.cff": r"^version: (.+)\ndate-released: (.+)$",
    ".zenodo.json": r'^  "version": "(.+)",$',
    "CHANGELOG.md": r"^## (\d\S+), (\S+)$",
}


def releases(texts: dict[str, str]) -> tuple[set[str], set[str]]:
    """The versions and the days of release that the files name; each should be one."""
    found = [re.search(pattern, texts[name], re.MULTILINE) for name, pattern in RELEASE.items()]
    return {match[1] for match in found}, {match[2] for match in found if match.re.groups == 2}


def test_one_version_and_one_day() -> None:
    """The newest release of the changelog is what pip, Zenodo and whoever cites are told; one changed file is seen."""
    texts = {name: (REPOSITORY / name).read_text(encoding="utf-8") for name in RELEASE}
    (version,), (day,) = releases(texts)
    assert version == PROJECT["version"]
    assert datetime.date.fromisoformat(day) > datetime.date(2026, 11, 24)
    for name, text in texts.items():
        versions, _ = releases(texts | {name: text.replace(version, "9.9.9", 1)})
        assert versions == {version, "9.9.9"}, name
    for name in ("CITATION.cff", "CHANGELOG.md"):
        assert len(releases(texts | {name: texts[name].replace(day, "2031-01-01", 1)})[1]) == 2, name


def test_one_address_and_one_title() -> None:
    def read(name: str) -> str:
        return (REPOSITORY / name).read_text(encoding="utf-8")

    citation, zenodo = yaml.safe_load(read("CITATION.cff")), json.loads(read(".zenodo.json"))
    assert citation["title"] == zenodo["title"]
    assert citation["keywords"] == zenodo["keywords"] == PROJECT["keywords"]
    assert citation["license"] == zenodo["license"]  # Zenodo takes one; the text and the data are told in words
    assert citation["authors"] == zenodo["creators"] == PROJECT["authors"]
    assert zenodo["description"].startswith(" ".join(citation["abstract"].split()))
    address = yaml.safe_load(read("_config.yml"))["repository"]["url"]
    assert citation["repository-code"] == PROJECT["urls"]["Source"] == address


HOSTS = re.compile(r"(?:github\.com|raw\.githubusercontent\.com|/v2/gh|/badge/gh|/github)/([\w.-]+/[\w-]+)")
PAGES = re.compile(r"\b([\w-]+\.github\.io(?:/[\w-]+)?)")


def addresses(text: str) -> set[str]:
    """The repositories and pages that a text names and that look like ours."""
    return {found for pattern in (HOSTS, PAGES) for found in pattern.findall(text) if "pssp" in found.lower()}


def test_every_address_of_ours_is_the_one_repository_or_its_pages() -> None:
    """Who moves the repository changes _config.yml, and this test names each file that still leads to the old place."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("this is no clone, so nothing says which files belong to it")
    config = yaml.safe_load((REPOSITORY / "_config.yml").read_text(encoding="utf-8"))
    owner, name = config["repository"]["url"].removeprefix("https://github.com/").split("/")
    right = {f"{owner}/{name}", f"{owner}.github.io/{name}"}
    moved = f"https://github.com/{owner}-2/{name}/tree/main, {owner}-2.github.io/{name}/a.html, github.com/numpy/numpy"
    assert addresses(moved) == {f"{owner}-2/{name}", f"{owner}-2.github.io/{name}"}
    listed = run("git", "ls-files", "-z", folder=REPOSITORY).rstrip("\0").split("\0")
    data = {file: (REPOSITORY / file).read_bytes() for file in listed if (REPOSITORY / file).is_file()}
    found = {file: addresses(text.decode("utf-8", "replace")) for file, text in data.items() if b"\0" not in text}
    assert found["README.md"] == right
    assert {file: strange for file, ours in found.items() if (strange := ours - right)} == {}


def test_readme_is_short_and_its_links_exist() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) < 180
    links = re.findall(r"\]\(([^)#]+)\)", readme)
    assert [link for link in links if not link.startswith("https://")] == []  # the index of packages shows it as well
    files = [path for link in links for path in re.findall(r"pssp-tutorial/(?:(?:blob|tree)/)?main/([^?]+)$", link)]
    assert len(files) > 5
    assert [name for name in files if not (REPOSITORY / name).exists()] == []


def test_example_of_the_readme_runs() -> None:
    """With fewer chains and one epoch, so that it takes seconds."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    for slow, quick in {"load_chains()": 'load_chains("mini")', "max_epochs=20": "max_epochs=1", "=64": "=4"}.items():
        assert slow in example
        example = example.replace(slow, quick)
    namespace: dict = {}
    exec(example, namespace)
    assert 0 < namespace["report"].q3 < 1
    assert namespace["report"].sov


def test_example_on_own_proteins_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has two FASTA files gets from them what the example above it begins with."""
    records = pssp.load_chains("mini").train[:30]
    for name, letters in (("proteins", "sequence"), ("states", "structure")):
        text = "".join(f">{record.id}\n{getattr(record, letters)}\n" for record in records)
        (tmp_path / f"{name}.fasta").write_text(text)
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```py\n(.*?)```", readme, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    namespace: dict = {"pssp": pssp}
    exec(example, namespace)
    assert {(one.id, one.structure) for one in namespace["records"]} == {(one.id, one.structure) for one in records}
    assert all(len(split) > 0 for split in namespace["chains"].splits)
