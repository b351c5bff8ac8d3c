"""The pictures of the front door are small, are where README and first page say, and tell what the book tells."""

import json
import re
from pathlib import Path

import front
import pytest
import yaml
from PIL import Image

REPOSITORY = Path(__file__).parents[2]
PICTURES = sorted(path.relative_to(REPOSITORY).as_posix() for path in front.FIGURES.glob("front_*.png"))


def test_readme_and_first_page_show_each_picture() -> None:
    """The index of packages shows the README, too, and knows no folders: its addresses are whole."""
    address = yaml.safe_load((REPOSITORY / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    raw = address.replace("https://github.com/", "https://raw.githubusercontent.com/") + "/main/"
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r'<img [^>]*src="([^"]+)" alt="[^"]{30,}">', readme)
    assert sorted(shown) == [raw + name for name in PICTURES]
    index = (REPOSITORY / "book" / "index.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r":img-top: (figures/front_\w+\.png)\n:img-alt: .{30,}", index)) == [
        name.removeprefix("book/") for name in PICTURES
    ]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small(name: str) -> None:
    """On a telephone the README should stand there before its reader has gone."""
    path = REPOSITORY / name
    assert 10_000 < path.stat().st_size < 150_000
    assert Image.open(path).width >= 900


def test_a_row_is_read_as_it_stands_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lower error is better, a lower accuracy worse; both as shares of the baseline's score."""
    numbers = {"b": "0.5", "d": "-0.1", "l": "-0.2", "h": "0.05"}
    monkeypatch.setattr(front.working_copy, "number", lambda key: numbers[key.split(":")[1][-1]])
    cells = "a rule: {result}`x:Sb:.2f` | 1 | {result}`x:d:.2f` ({result}`x:l:.2f` to {result}`x:h:.2f`) | – / 3"
    for score, gain, interval in (("rmse", 0.2, [-0.1, 0.4]), ("auc", -0.2, [-0.4, 0.1])):
        line = (
            f"| next visit ({{ref}}`chapter 21 <ch-patients>`) | {cells.replace('S', score)} | **loses**, by little |"
        )
        (row,) = front.table_rows(line)
        assert row == {"task": "next visit", "gain": gain, "interval": interval, "verdict": "loses"}


def test_picture_of_the_table_shows_the_table() -> None:
    """Who changes the outlook's table or measures again draws it again: python tools/book/front.py part_four."""
    rows = front.table_rows((REPOSITORY / "book" / "outlook.md").read_text(encoding="utf-8"))
    assert len(rows) > 10
    assert json.loads(Image.open(front.FIGURES / "front_part_four.png").info["Description"]) == rows
