"""Directives as plain Markdown: an admonition as a quotation, a dropdown as <details>, figures and equations."""

import re
from collections.abc import Callable

OPENING = re.compile(r"(:{3,}|`{3,})\{([\w-]+)\}\s*(.*)")
CODE = re.compile(r"`{3,}")
OPTION = re.compile(r":([\w-]+):\s*(.*)")
Figure = Callable[[str, str, str, str], str]
Equation = Callable[[str, str | None], str]


def without_directives(text: str, figure: Figure, equation: Equation) -> str:
    """The text with each directive written plainly.

    `figure` is given the file, name, alternative text and caption; `equation` the formula and its label, or None.

    >>> print(without_directives(":::{admonition} Note\\n:class: tip\\n\\nTry it.\\n:::", str, str))
    > **Note**
    >
    > Try it.
    """
    lines, written, place = text.split("\n"), [], 0
    while place < len(lines):
        if opening := OPENING.fullmatch(lines[place]):
            end = closing(lines, place, opening[1])
            options, body = split_options(lines[place + 1 : end])
            written.append(directive(opening[2], opening[3], options, "\n".join(body), figure, equation))
        elif code := CODE.match(lines[place]):
            end = closing(lines, place, code[0])
            written += lines[place : end + 1]
        else:
            end = place
            written.append(lines[place])
        place = end + 1
    return "\n".join(written)


def closing(lines: list[str], start: int, fence: str) -> int:
    """The line that closes the fence opened at `start`; fences inside code don't count."""
    place = start + 1
    while place < len(lines) and lines[place].rstrip() != fence:
        code = CODE.match(lines[place]) if fence[0] == ":" else None
        place = closing(lines, place, code[0]) + 1 if code else place + 1
    if place >= len(lines):
        raise ValueError(f"nothing closes {lines[start]!r}")
    return place


def split_options(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """The options at the head of a directive, and its body.

    >>> split_options([":name: fig-a", "", "A figure."])
    ({'name': 'fig-a'}, ['A figure.'])
    """
    options, place = {}, 0
    while place < len(lines) and (option := OPTION.fullmatch(lines[place])):
        options[option[1]] = option[2]
        place += 1
    while place < len(lines) and not lines[place].strip():
        place += 1
    return options, lines[place:]


def directive(kind: str, title: str, options: dict[str, str], body: str, figure: Figure, equation: Equation) -> str:
    if kind == "figure":
        return figure(title, options["name"], options.get("alt", ""), " ".join(body.split()))
    if kind == "math":
        return equation(body.strip(), options.get("label"))
    if kind == "dropdown":
        inside = without_directives(body, figure, equation)
        return f"<details><summary><b>{title}</b></summary>\n\n{inside.strip()}\n\n</details>"
    # What folds open inside stands below the quotation, where every program can unfold it.
    quoted, marker, folded = body.partition(":::{dropdown}")
    inside = f"**{title or kind.capitalize()}**\n\n{without_directives(quoted.strip(), figure, equation)}"
    quotation = "\n".join(f"> {line}".rstrip() for line in inside.split("\n"))
    return f"{quotation}\n\n{without_directives(marker + folded, figure, equation)}" if folded else quotation
