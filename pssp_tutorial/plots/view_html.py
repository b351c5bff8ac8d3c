"""The HTML of a view of a structure: it reads without scripts, and says more with them."""

import base64
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.core.resources import resource
from pssp_tutorial.plots.backbone import picture
from pssp_tutorial.proteins.alphabet import STATE_NAMES, STATES3, UNKNOWN_STATE, segments

if TYPE_CHECKING:
    from pssp_tutorial.plots.view import StructureView

LIBRARY = "vendor/3dmol/3Dmol-min.js"
SCRIPTS = ("live/pictures.js", "live/structure_stage.js", "live/structure_view.js")
STYLE_SHEET = "live/structure_view.css"
STEPS_PER_ANGSTROM = 10  # of the coordinates in the page
MISSING = -(2**15)  # stands for a coordinate that is nan
ROW = 50  # residues, of the sequence as it stands where no script runs
NAMES = STATE_NAMES | {UNKNOWN_STATE: "unknown"}


def view_html(view: "StructureView") -> str:
    """A still picture, the key and the sequence as text; the page's scripts make a view of it."""
    png = base64.b64encode(picture(view.backbone, view.states, view.wrong)).decode()
    values = {"id": view.id, "sequence": view.sequence, "states": view.states, "backbone": packed(view.backbone)}
    if view.truth is not None:
        values["truth"] = view.truth
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in values.items())
    return (
        f'<div class="structure-view" {data} data-lm-suppress-shortcuts="true">\n'  # of JupyterLab, for its keys
        f'<div class="structure-stage"><img alt="{escape(in_short(view))}" src="data:image/png;base64,{png}"></div>\n'
        f'<ul class="key">{_key(view)}</ul>\n'
        f'<div class="letters" role="img" aria-label="{escape(in_words(view))}">\n'
        f"<pre>{escape(_rows(view))}</pre>\n</div>\n</div>\n"
    )


def with_scripts(html: str) -> str:
    """The same with all that it needs, for a page that brings nothing."""

    def text(name: str) -> str:
        return resource("assets", name).read_text(encoding="utf-8")

    library = LIBRARY_ONCE.format(text=text(LIBRARY))
    scripts = "".join(f"<script>\n{text(name)}</script>\n" for name in SCRIPTS)
    return f"<style>\n{text(STYLE_SHEET)}</style>\n{html}<script>\n{library}</script>\n{scripts}"


def whole_page(view: "StructureView") -> str:
    return PAGE.format(title=escape(view.id), body=with_scripts(view_html(view)))


def packed(backbone: np.ndarray) -> str:
    """The coordinates in tenths of an ångström: int16, little-endian, in base64.

    >>> packed(np.array([1.23, np.nan]))
    'DAAAgA=='
    """
    steps = np.nan_to_num(np.round(backbone * STEPS_PER_ANGSTROM), nan=MISSING).astype("<i2")
    return base64.b64encode(steps.tobytes()).decode()


def in_short(view: "StructureView") -> str:
    """What the picture shows, as a sentence or two."""
    shares = [f"{view.states.count(state) / len(view.states):.0%} {STATE_NAMES[state]}" for state in STATES3]
    words = f"The backbone of {view.id} in space, {len(view.sequence)} residues: {', '.join(shares)}."
    if view.truth is not None:
        words += f" Dark beads mark the {len(view.wrong)} residues whose state is wrong."
    return words


def in_words(view: "StructureView") -> str:
    """The segments of the structure, residues counted from 1."""
    parts = [f"{NAMES[state]} {first + 1} to {end}" for state, first, end in segments(view.states)]
    words = f"Sequence of {view.id} with its states: {', '.join(parts)}."
    if view.wrong:
        words += f" Wrong: {', '.join(str(place + 1) for place in view.wrong)}."
    return words


def _key(view: "StructureView") -> str:
    items = [
        f'<span class="state-{state.lower()}">{state}</span> {NAMES[state]}'
        for state in STATES3
        if state in view.states
    ]
    if UNKNOWN_STATE in view.states:
        items.append(f"{UNKNOWN_STATE} unknown")
    if view.truth is not None:
        known = len(view.truth) - view.truth.count(UNKNOWN_STATE)
        items.append(f"● wrong ({len(view.wrong)} of {known}), with the true state below")
    return "".join(f"<li>{item}</li>" for item in items)


def _rows(view: "StructureView") -> str:
    """Sequence and states, and below a wrong state the true one, as text."""
    wrong, lines = set(view.wrong), []
    for first in range(0, len(view.sequence), ROW):
        part = slice(first, first + ROW)
        lines += [f"{first + 1:>5} {view.sequence[part]}", f"{'':5} {view.states[part]}"]
        if view.truth is not None:
            letters = enumerate(view.truth[part], start=first)
            lines.append(f"{'':5} " + "".join(letter if place in wrong else " " for place, letter in letters))
    return "\n".join(line.rstrip() for line in lines)


LIBRARY_ONCE = """\
globalThis.$3Dmol || (function (define, module, exports) {{
{text}
}}).call(globalThis);
"""
"""Once a page, and as a plain script where a loader of modules is about."""

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 48rem; margin: 1rem auto; padding: 0 1rem; font-family: system-ui, sans-serif; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}</main>
</body>
</html>
"""
