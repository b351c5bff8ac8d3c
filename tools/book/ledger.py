"""The ledger of claims: numbers in prose that look measured and have no results file behind them.

    python tools/book/ledger.py                   # every page of the book, README.md, CONTRIBUTING.md, data/README.md
    python tools/book/ledger.py book/faq.md ...

A measured number is inserted by the role {result}`FILE:KEY:FORMAT`. What else looks measured must be named in
ledger_allowed.toml, which says how.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "sphinx"))
from results import format_result, results_file

REPOSITORY = Path(__file__).resolve().parents[2]
BOOK = REPOSITORY / "book"
ALLOWED = Path(__file__).with_name("ledger_allowed.toml")
EVERYWHERE = "every page"
KINDS = (
    "definition",
    "setting",
    "example",
    "picture",
    "test",
    "build",
)  # what a source may be beside references and results

NUMBER = r"[-−+±]?\d+(?:,\d{3})*(?:\.\d+)?(?:[-–]\d+(?:\.\d+)?)?"
SCORE = r"(?:Q3|Q8|SOV|MCC|F1|ECE|accuracy|precision|recall|loss|perplexity|standard deviation|half-width)"
UNIT = r"(?:seconds?|minutes?|hours?|days?|ms|s|min|h|MB|GB|MiB|GiB|kB)"
MEASURED = re.compile(
    rf"(?<![\w.,§]){NUMBER}[\s\xa0]?(?:%|per ?cent|percentage points?|points?\b)"  # shares
    rf"|(?<![\w.,§]){NUMBER}[\s\xa0]{UNIT}\b"  # times and sizes
    rf"|(?<![\w.,§]){NUMBER}(?:[\s\xa0]times\b|-fold\b|[\s\xa0]?×)"  # ratios
    rf"|(?<![\w.,§])[-−+±]?\d+(?:,\d{{3}})*\.\d+(?![\w.]*\d)"  # decimals
    rf"|(?<![\w.])±[\s\xa0]?{NUMBER}"
    r"|(?<![\w.,§])\d{1,3}(?:,\d{3})+(?![\w,]|\.\d)"  # counts
    rf"|\b{SCORE}\b(?:[\s\xa0]+(?:of|is|was|at|about|near|reaches|at least|below|above))*[\s\xa0]+{NUMBER}"
)
HIDDEN = (  # what is no prose, or comes from a file
    re.compile(r"^(`{3,}|~{3,})(?!\{)[^\n]*\n.*?^\1`*[ \t]*$", re.MULTILINE | re.DOTALL),  # code, but not directives
    re.compile(r"^(`{3,}|:{3,})\{(?:code-block|math)\}[^\n]*\n.*?^\1[ \t]*$", re.MULTILINE | re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"\$\$.*?\$\$", re.DOTALL),
    re.compile(r"\{[a-z:-]+\}`[^`]*`"),  # roles, {result} among them
    re.compile(r"`+[^`\n]+`+"),
    re.compile(r"\$[^$\n]+\$"),
    re.compile(r"\]\([^)\s]*\)"),  # targets of links
    re.compile(r'\bwidth="[^"]*"'),  # of pictures
    re.compile(r"https?://\S+|\b10\.\d{4,}/\S+"),
    re.compile(r"^\*\*Minutes\*\*\n:.*(?:\n(?!\n|:::).*)*", re.MULTILINE),  # checked by test_notebooks_lint.py
    re.compile(r"\b[Ee]xercises? \d+\.\d+|\bCC[ -]BY(?:-\w\w)? \d\.\d|\bCC0 \d\.\d|\bApache (?:License )?\d\.\d"),
    re.compile(r"\bPython \d\.\d+|(?<=[A-Za-z]-)\d+\.\d+\b|(?<===)\d+\.\d+"),  # versions
    re.compile(r"\*\d+ minutes · runs in"),  # what a chapter may take to read
    re.compile(r"\((?:about )?\d+(?:[-–]\d+)? minutes\b[^)]*\)|\(an hour[^)]*\)"),  # what an exercise may take
)


@dataclass(frozen=True)
class Claim:
    """A number that looks measured: the page, the place on it and the words around it."""

    page: str
    place: str
    text: str
    around: str

    def __str__(self) -> str:
        return f"{self.page}, {self.place}: {self.text!r} in {self.around!r}"


def pages() -> list[Path]:
    """Everything whose prose is checked."""
    others = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "data/README.md")]
    return [*sorted(BOOK.glob("*.ipynb")), *sorted(BOOK.glob("*.md")), *others]


def prose(path: Path) -> Iterator[tuple[str, str]]:
    """Each text of a page with its place; of a notebook also the captions and alt texts."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        yield "text", text
        return
    for number, cell in enumerate(json.loads(text)["cells"], start=1):
        if cell["cell_type"] == "markdown":
            yield f"cell {number}", "".join(cell["source"])
        figure = cell["metadata"].get("mystnb", {})
        for kind, key in (("figure", "caption"), ("image", "alt")):
            if key in figure.get(kind, {}):
                yield f"cell {number}, {key}", figure[kind][key]


def visible(text: str) -> str:
    """The text with what is no prose blanked out; places stay.

    >>> visible("Q3 of {result}`chapter_6:test_q3:.1%`, `x = 0.5`").strip()
    'Q3 of                                 ,'
    """
    for pattern in HIDDEN:
        text = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    return text


def claims(page: str, place: str, text: str) -> Iterator[Claim]:
    """Every number of a text that looks measured.

    >>> [claim.text for claim in claims("page", "text", "It gets 68.6% in 12 seconds, twice the 3 layers' 0.31.")]
    ['68.6%', '12 seconds', '0.31']
    """
    clean = visible(text)
    for found in MEASURED.finditer(clean):
        around = " ".join(text[max(0, found.start() - 50) : found.end() + 40].split())
        yield Claim(page, place, " ".join(found[0].split()), around)


def read_allowed(path: Path = ALLOWED) -> dict[str, dict[str, str]]:
    """What may stand in prose: for each page, the text and its source."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def unledgered(path: Path, allowed: dict[str, str], page: str) -> Iterator[Claim]:
    """The claims of a page that no allowed text of this page holds; ``allowed`` maps texts to sources."""
    for place, text in prose(path):
        for phrase in sorted(allowed, key=len, reverse=True):
            words = r"\s+".join(map(re.escape, phrase.split()))
            text = re.sub(words, lambda found: re.sub(r"[^\n]", " ", found[0]), text)
        yield from claims(page, place, text)


def stale(path: Path, allowed: dict[str, str]) -> list[str]:
    """Allowed texts that the page no longer has."""
    text = " ".join(" ".join(part.split()) for _, part in prose(path))
    return [phrase for phrase in allowed if " ".join(phrase.split()) not in text]


def page_name(path: Path) -> str:
    """The page's name in the ledger: its path in the repository, without book/."""
    path = path.resolve()
    return path.relative_to(BOOK if path.is_relative_to(BOOK) else REPOSITORY).as_posix()


def faults_of_source(phrase: str, source: str, references: str) -> Iterator[str]:
    """What is wrong with the source of an allowed text."""
    if ":" in source:
        name, _, rest = source.partition(":")
        key, _, style = rest.partition(":")
        values = json.loads(results_file(name, BOOK).read_text(encoding="utf-8"))["values"]
        shown = format_result(values, key, style)
        if shown.replace(" ", "") not in phrase.replace(" ", ""):
            yield f"{phrase!r} is allowed as {source}, which is {shown}"
    elif source not in KINDS:
        for key in source.split():
            if f"{{{key}," not in references:
                yield f"{phrase!r} has the source {key!r}; expected a key of references.bib or one of {KINDS}"


def faults(paths: Iterable[Path]) -> Iterator[str]:
    """Every claim of the pages that the ledger lacks, and what the ledger allows in vain or without a source."""
    allowed, references = read_allowed(), (BOOK / "references.bib").read_text(encoding="utf-8")
    for path in paths:
        texts = allowed.get(page_name(path), {})
        yield from map(str, unledgered(path, texts | allowed[EVERYWHERE], page_name(path)))
        yield from (f"{page_name(path)}: {phrase!r} is allowed, and not on the page" for phrase in stale(path, texts))
        for phrase, source in texts.items():
            yield from (f"{page_name(path)}: {fault}" for fault in faults_of_source(phrase, source, references))


if __name__ == "__main__":
    problems = list(faults(map(Path, sys.argv[1:]) if sys.argv[1:] else pages()))
    sys.exit("\n".join(problems) or 0)
