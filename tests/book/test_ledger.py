"""No number in prose without a file behind it, no file without its context; an alteration by hand is seen."""

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="Sphinx is not installed: pip install -e '.[book]'")

import ledger

ROLE = re.compile(r"\{result\}`([^`]+)`")
RESULTS = sorted([*(ledger.BOOK / "results").glob("*.json"), *ledger.REPOSITORY.glob("benchmarks/results/*.json")])


@pytest.mark.parametrize("path", ledger.pages(), ids=ledger.page_name)
def test_every_number_has_an_entry(path: Path) -> None:
    """A number typed by hand goes stale when the code changes, and nobody notices."""
    assert list(ledger.faults([path])) == []


def altered(path: Path, folder: Path, change) -> list[str]:
    """What the ledger says of a copy of the page in which one text was changed."""
    allowed = ledger.read_allowed()
    text = path.read_text(encoding="utf-8")
    assert change(text) != text, "the page no longer has what this test alters"
    copy = folder / path.name
    copy.write_text(change(text), encoding="utf-8")
    texts = allowed.get(path.name, {})
    claims = ledger.unledgered(copy, texts | allowed[ledger.EVERYWHERE], path.name)
    return [claim.text for claim in claims] + ledger.stale(copy, texts)


@pytest.mark.parametrize(
    ("page", "role", "typed"),
    [
        ("07_evaluation.ipynb", "chapter_7:test_q3:.1%", "68.9%"),
        ("04_batches.ipynb", "chapter_4:leak_points:.1f", "15.1"),
        ("index.md", "execution:02_lstm", "3"),
    ],
)
def test_a_result_replaced_by_hand_is_reported(page: str, role: str, typed: str, tmp_path: Path) -> None:
    """Whoever types a number over the role that inserts it is caught, also with a number that is nearly right."""
    found = altered(ledger.BOOK / page, tmp_path, lambda text: text.replace(f"{{result}}`{role}`", typed, 1))
    assert any(typed in text for text in found)


def test_an_allowed_number_altered_by_hand_is_reported(tmp_path: Path) -> None:
    """A figure from the literature is allowed as it stands in its source, and not otherwise."""
    found = altered(ledger.BOOK / "faq.md", tmp_path, lambda text: text.replace("reached 69%", "reached 71%", 1))
    assert "71%" in found
    assert "reached 69%" in found


def test_an_untouched_copy_is_not(tmp_path: Path) -> None:
    """The alteration is what is reported, and nothing else."""
    assert altered(ledger.BOOK / "faq.md", tmp_path, lambda text: text + "\nNothing measured here.\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "It reaches 68.6 % of them.",
        "It reaches 68.6% of them.",
        "a gain of 3 points",
        "a Q3 of 69",
        "SOV 0.66",
        "±0.7",
        "trained in 12 minutes",
        "it takes 40 ms",
        "15 times faster",
        "an accuracy near 70 percent",
        "from 0.61 to 0.75",
    ],
)
def test_what_looks_measured(text: str) -> None:
    assert list(ledger.claims("page", "text", text))


@pytest.mark.parametrize(
    "text",
    [
        "{result}`chapter_6:test_q3:.1%` of the residues",
        "600 chains in 3 layers, residue 42, chapter 7, equation 3",
        "```python\nassert q3 > 0.66\n```",
        "`dropout=0.3`, $p = 0.05$ and $$\nx = 0.5\n$$",
        "[the paper](https://doi.org/10.1002/prot.25674), Python 3.11, CC BY 4.0, Exercise 7.2",
        "**Exercise. (20 minutes)**",
    ],
)
def test_what_does_not(text: str) -> None:
    assert list(ledger.claims("page", "text", text)) == []


def test_captions_and_alt_texts_are_read() -> None:
    """They are prose too, though they live in a cell's metadata."""
    places = [place for place, _ in ledger.prose(ledger.BOOK / "07_evaluation.ipynb")]
    assert any("caption" in place for place in places)
    assert any("alt" in place for place in places)


@pytest.mark.parametrize("source", ["nobody2020", "bench/uniprot_parse:flat_470_entries", "guess"])
def test_a_source_must_hold(source: str) -> None:
    """A reference that the bibliography lacks, a result that says otherwise, a kind that nobody knows."""
    assert list(ledger.faults_of_source("the number is 99.9%", source, "@article{ho2021,\n"))
    assert not list(ledger.faults_of_source("the number is 92%", "ho2021", "@article{ho2021,\n"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_every_results_file_tells_how_it_was_measured(path: Path) -> None:
    """Command, machine and versions: without them nobody can measure it again."""
    document = json.loads(path.read_text(encoding="utf-8"))
    assert set(document) == {"values", "context"}
    assert document["values"]
    assert {"command", "machine", "python", "torch"} <= set(document["context"])
    assert document["context"]["command"].split()[0] in ("make", "python", "pssp")


def test_every_role_names_a_result() -> None:
    """Quicker than the build, which checks the same; and pages that no build reads."""
    for path in ledger.pages():
        for place, text in ledger.prose(path):
            for role in ROLE.findall(re.sub(r"`` ?\{.*?``", "", text)):
                name, _, rest = role.partition(":")
                key, _, style = rest.partition(":")
                values = json.loads(ledger.results_file(name, ledger.BOOK).read_text(encoding="utf-8"))["values"]
                assert ledger.format_result(values, key, style), (path.name, place, role)
