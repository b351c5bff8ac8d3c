"""Draw the three pictures of README and first page: a protein, gates along another, the table of Part IV.

    python tools/book/front.py              # half a minute on one core; needs Chromium
    python tools/book/front.py part_four    # only this one: after a change of the outlook's table

They come from the code of the book: the view of chapter 1, the small model of the gate microscope, and the rows of
`book/outlook.md`. The picture of the table holds what it drew, so that a test can tell when the table has gone on.
"""

import json
import re
import sys
import tempfile
import textwrap
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import microscope
import working_copy
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter
from paper import WEBGL_OPTIONS, find_chromium
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import pssp_tutorial as pssp
from pssp_tutorial.plots.style import GRID, INK, PALETTE

BOOK = Path(__file__).resolve().parents[2] / "book"
FIGURES = BOOK / "figures"
PROTEIN = "1H75_A"  # of chapter 1
COLOURS = 160  # of a picture; these few keep the files small
RESULT = re.compile(r"\{result\}`([^`]+:[^:`]+):[^:`]+`")
VERDICTS = {"wins": PALETTE["H"], "loses": INK, "no difference shown": PALETTE["C"]}


def write(picture: Image.Image, name: str, drawn: object = None) -> None:
    """The picture with few colours, and what it shows as its description."""
    about = PngInfo()
    if drawn is not None:
        about.add_text("Description", json.dumps(drawn))
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        FIGURES / f"front_{name}.png", optimize=True, pnginfo=about
    )


def saved(figure: plt.Figure) -> Image.Image:
    with tempfile.TemporaryFile() as handle:
        figure.savefig(handle, dpi=200)
        return Image.open(handle).copy()


def protein() -> None:
    """A still of the view that one turns in chapter 1."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        page_file, shot = Path(folder) / "view.html", Path(folder) / "shot.png"
        pssp.view_structure(PROTEIN).save(page_file)
        browser = started.chromium.launch(executable_path=find_chromium(), args=WEBGL_OPTIONS)
        page = browser.new_page(viewport={"width": 760, "height": 900}, device_scale_factor=1.5, color_scheme="light")
        page.goto(page_file.as_uri())
        page.wait_for_timeout(1500)
        page.locator(".space").screenshot(path=shot)
        browser.close()
        frame = Image.open(shot)
        write(frame.crop((6, 6, frame.width - 6, frame.height - 6)), "protein")


def gates() -> None:
    """Forget gate and cell state of the small model along a protein with helices and strands."""
    kept = json.loads((BOOK / "results" / "microscope.json").read_text(encoding="utf-8"))["values"]
    record = pssp.load_chains()[kept["proteins"]["helix_and_strand"]["id"]]
    model = pssp.load_pretrained("small")
    values = microscope.gates_of(model, record, **microscope.SHOWN)
    limit = values.c.abs().quantile(microscope.MOST).item()
    units = [unit for unit, _, _ in kept["order"][microscope.SHOWN["layer"]][microscope.SHOWN["reverse"]]]
    with pssp.use_style():
        figure, axes = plt.subplots(3, 1, figsize=(5.6, 4.2), sharex=True, height_ratios=(0.35, 1, 1))
    values = replace(values, c=values.c.clamp(-limit, limit))
    pssp.plot_gates(values, record.sequence, record.structure, units=units, show="fc", axes=axes)
    write(saved(figure), "gates")


def table_rows(text: str) -> list[dict]:
    """The tasks of the outlook's table: name, the LSTM's gain in shares of the baseline's score, low, high, verdict."""
    rows = []
    for line in text.splitlines():
        task, *cells = line.strip("|").split(" | ")
        if len(cells) != 5 or "{result}" not in line:
            continue
        keys = [RESULT.search(cells[0])[1], *RESULT.findall(cells[2])]
        baseline, *gain = (float(working_copy.number(f"{key}:")) for key in keys)
        better = -1 if "rmse" in keys[0] or "RMSE" in task else 1
        gain = [round(better * value / baseline, 3) for value in gain]
        (verdict,) = (words for words in VERDICTS if words in cells[-1])
        name = re.sub(r"\s*\(\{ref\}.*?\)|, (RMSE|AUC|accuracy|average precision)\b", "", task).strip()
        rows.append({"task": name, "gain": gain[0], "interval": sorted(gain[1:]), "verdict": verdict})
    return rows


def draw_rows(ax: Axes, rows: list[dict]) -> None:
    for place, row in enumerate(rows):
        colour, (low, high) = VERDICTS[row["verdict"]], row["interval"]
        ax.plot([low, high], [place, place], color=colour, linewidth=3, solid_capstyle="round")
        ax.plot(row["gain"], place, "o", color=colour, markersize=8)
    ax.axvline(0, color=INK, linewidth=1)
    ax.set_yticks(range(len(rows)), [textwrap.fill(row["task"], 44) for row in rows], size=9)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xscale("symlog", linthresh=0.1, linscale=1)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_xlabel("LSTM against the best baseline, as a share of its score: better to the right")
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def part_four() -> None:
    """How much better the LSTM is than the best baseline, task by task."""
    rows = table_rows((BOOK / "outlook.md").read_text(encoding="utf-8"))
    with pssp.use_style():
        figure, ax = plt.subplots(figsize=(8.8, 0.9 + 0.36 * len(rows)))
    draw_rows(ax, rows)
    write(saved(figure), "part_four", rows)


if __name__ == "__main__":
    for picture in (protein, gates, part_four):
        if not sys.argv[1:] or picture.__name__ in sys.argv[1:]:
            picture()
