"""The workflows are sound: linted offline, least rights, every action pinned; and planted faults are caught."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
MAY_WRITE = {("publish", "notebooks", "contents"), ("publish", "pages", "pages"), ("publish", "pages", "id-token"),
             ("release", "pypi", "id-token"), ("links", "links", "issues")}  # fmt: skip


def read(path: Path) -> dict:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in document.items()}  # YAML 1.1 reads "on" as true


def tool(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: pip install -e '.[dev]'")
    return found


def complaints(github: Path) -> str:
    """What the linters say of a folder `.github`; nothing if they are content."""
    workflows = sorted(map(str, (github / "workflows").glob("*.yml")))
    forms = sorted(map(str, (github / "ISSUE_TEMPLATE").glob("[!c]*.yml")))
    commands = [
        [tool("actionlint"), "-no-color", *workflows],
        [tool("zizmor"), "--offline", "--no-progress", "--quiet", str(github)],
        [tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *workflows],
        [tool("check-jsonschema"), "--builtin-schema", "vendor.dependabot", str(github / "dependabot.yml")],
        [tool("check-jsonschema"), "--builtin-schema", "vendor.github-issue-forms", *forms],
    ]
    told = ""
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        told += (done.stdout + done.stderr) if done.returncode else ""
    return told


@pytest.mark.slow
def test_the_linters_are_content() -> None:
    assert complaints(GITHUB) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "right", "wrong", "words"),
    [
        ("test.yml", "runs-on: ${{ matrix.system }}", "runs-on: ${{ matrix.sytem }}", "sytem"),
        ("test.yml", "    runs-on: ubuntu-24.04\n", "", "runs-on"),
        ("links.yml", "        with:\n          persist-credentials: false\n", "", "credential"),
        ("publish.yml", "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned"),
        ("publish.yml", "${GITHUB_SHA}", "${{ github.event.head_commit.message }}", "potentially untrusted"),
        ("release.yml", "    permissions:\n      contents: read\n", "    permissions: write-all\n", "overly broad"),
    ],
)
def test_a_planted_fault_is_caught(tmp_path: Path, file: str, right: str, wrong: str, words: str) -> None:
    """A linter that is content with everything would be content with these."""
    shutil.copytree(GITHUB, tmp_path / ".github")
    path = tmp_path / ".github" / "workflows" / file
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    assert words in complaints(tmp_path / ".github")


def steps(document: dict) -> Iterator[dict]:
    return (step for job in document["jobs"].values() for step in job["steps"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.stem for path in WORKFLOWS])
def test_a_workflow_may_do_little(path: Path) -> None:
    """What a stolen token or a changed action could do is what the workflow may do."""
    document = read(path)
    assert document["permissions"] == {}
    for name, job in document["jobs"].items():
        writes = {right for right, level in job["permissions"].items() if level == "write"}
        assert {(path.stem, name, right) for right in writes} <= MAY_WRITE
        assert job["timeout-minutes"] <= 90
    for step in steps(document):
        if "uses" in step:
            assert PINNED.fullmatch(step["uses"])
            if "checkout" in step["uses"]:
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.stem for path in WORKFLOWS])
def test_a_workflow_runs_what_is_there(path: Path) -> None:
    """The targets of make and the scripts that it names exist."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for command in (step.get("run", "") for step in steps(read(path))):
        for target in re.findall(r"^make (\w+)", command, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
        for script in re.findall(r"(?:tools/[\w/]+\.py|\.ci/run)", command):
            assert (REPOSITORY / script).exists(), script


def test_the_matrix_holds_the_versions_that_the_package_names() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [one.rsplit(" ", 1)[1] for one in project["classifiers"] if re.search(r"Python :: 3\.\d+$", one)]
    package = read(GITHUB / "workflows" / "test.yml")["jobs"]["package"]
    assert package["strategy"]["matrix"]["python"] == named
    assert project["requires-python"] == f">={named[0]}"
    assert package["env"]["CI"] == "false"  # GitHub sets "true", with which nothing may be skipped
    assert named[-1] in (REPOSITORY / "Makefile").read_text(encoding="utf-8")
