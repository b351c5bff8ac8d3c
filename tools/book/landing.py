"""Draw landing.svg, the picture of the first page: a real prediction beside the true structure.

    PSSP_RESULTS=book/results python tools/book/landing.py     # about ten minutes on one core

A small BiLSTM is trained on the train split. Among the validation chains of a length that fits the picture, with
helices and strands, the one of median accuracy is drawn, so that the picture is neither the best nor the worst.
"""

from pathlib import Path

import torch

import pssp_tutorial as pssp
from pssp_tutorial.plots.structures import RESIDUES_PER_TURN
from pssp_tutorial.plots.style import GRID, INK, PALETTE, mix
from pssp_tutorial.proteins.alphabet import segments

SEED, EPOCHS = 0, 3
LENGTHS = range(70, 85)
ROW = 28  # residues in a row
STEP, LEFT, TOP = 24, 104, 22  # of a residue, of the margins
HEIGHT, BLOCK = 34, 156  # of a drawing, of a row
GREY = "#5b646d"
PICTURE = Path(__file__).parents[2] / "book" / "figures" / "landing.svg"


def train() -> torch.nn.Module:
    """The model of the picture."""
    torch.manual_seed(SEED)
    model = pssp.BiLSTM(hidden_size=64)
    chains = pssp.load_chains()
    train, val = (pssp.make_loader(split, shuffle=True, seed=SEED) for split in (chains.train, chains.val))
    pssp.fit(model, train, val, max_epochs=EPOCHS, seed=SEED, device="cpu")
    return model


def median_chain(model: torch.nn.Module) -> tuple[pssp.ProteinRecord, str, float, int]:
    """The chain to draw, its predicted states, its Q3, and the number of chains it was drawn from."""
    candidates = []
    for record in pssp.load_chains().val:
        lengths = dict.fromkeys("HEC", 0)
        for state, first, end in segments(record.structure):
            lengths[state] += (end - first) * (end - first >= 4)
        if len(record) in LENGTHS and lengths["H"] >= 12 and lengths["E"] >= 12:
            candidates.append(record)
    scored = []
    for record, prediction in zip(candidates, pssp.predict(model, candidates, device="cpu"), strict=True):
        true = pssp.reduce_states(record.structure)
        right = sum(a == b for a, b in zip(true, prediction.states, strict=True))
        scored.append((right / len(true), record.id, record, prediction.states))
    q3, _, record, states = sorted(scored, key=lambda one: one[:2])[len(scored) // 2]
    return record, states, q3, len(scored)


def draw_helix(left: float, right: float, y: float) -> list[str]:
    """A ribbon with 3.6 residues per turn: the back strokes first, then the front ones over them."""
    turns = max(1, round((right - left) / (STEP * RESIDUES_PER_TURN)))
    half = (right - left) / (2 * turns)
    ribbon, rise = 0.62 * half, HEIGHT / 2
    shapes: dict[bool, list[str]] = {True: [], False: []}
    for stroke in range(2 * turns):
        x = left + stroke * half
        across = half - ribbon if stroke == 2 * turns - 1 else half
        front = stroke % 2 == 0
        begin, end = (y + rise, y - rise) if front else (y - rise, y + rise)
        curve = f"C{x + across / 2:.1f} {begin:.1f} {x + across / 2:.1f} {end:.1f} {x + across:.1f} {end:.1f}"
        back = (
            f"C{x + across / 2 + ribbon:.1f} {end:.1f} {x + across / 2 + ribbon:.1f} {begin:.1f} "
            f"{x + ribbon:.1f} {begin:.1f}"
        )
        colour = PALETTE["H"] if front else mix(PALETTE["H"], INK, 0.5)
        path = f"M{x:.1f} {begin:.1f}{curve}H{x + across + ribbon:.1f}{back}Z"
        shapes[front].append(f'<path d="{path}" fill="{colour}" stroke="{mix(PALETTE["H"], INK, 0.75)}"/>')
    return shapes[False] + shapes[True]


def draw_strand(left: float, right: float, y: float, head: bool = True) -> str:
    """An arrow towards the end of the chain; without its head where it goes on in the next row."""
    neck, body, wing = max(left, right - 1.6 * STEP) if head else right, 0.24 * HEIGHT, HEIGHT / 2
    tip = [(neck, y - wing), (right, y), (neck, y + wing)] if head else []
    points = [(left, y - body), (neck, y - body), *tip, (neck, y + body), (left, y + body)]
    corners = " ".join(f"{x:.1f},{height:.1f}" for x, height in points)
    return f'<polygon points="{corners}" fill="{PALETTE["E"]}" stroke="{INK}" stroke-width="0.8"/>'


def draw_states(states: str, row: int, y: float) -> list[str]:
    """The part of a structure that falls into one row."""
    shapes = []
    for state, first, end in segments(states):
        begin, stop = max(first, row * ROW), min(end, (row + 1) * ROW)
        if begin >= stop:
            continue
        left, right = (LEFT + (place - row * ROW) * STEP for place in (begin, stop))
        if state == "H":
            shapes += draw_helix(left, right, y)
        elif state == "E":
            shapes.append(draw_strand(left, right, y, head=stop == end))
        else:
            shapes.append(f'<path d="M{left:.1f} {y:.1f}H{right:.1f}" stroke="{PALETTE["C"]}" stroke-width="4"/>')
    return shapes


def draw(sequence: str, true: str, predicted: str) -> str:
    """The whole picture as SVG."""
    rows = -(-len(sequence) // ROW)
    width, height = LEFT + ROW * STEP + 20, TOP + rows * BLOCK + 24
    shapes = []
    for row in range(rows):
        top = TOP + row * BLOCK
        residues = range(row * ROW, min((row + 1) * ROW, len(sequence)))
        labels = {"true": top + HEIGHT / 2, "sequence": top + 62, "predicted": top + 107}
        for label, y in labels.items():
            shapes.append(f'<text x="{LEFT - 16}" y="{y + 6:.1f}" text-anchor="end" fill="{GREY}">{label}</text>')
        shapes += draw_states(predicted, row, labels["predicted"])
        shapes += draw_states(true, row, labels["true"])
        for place in residues:
            x = LEFT + (place - row * ROW) * STEP
            if predicted[place] != true[place]:
                shapes.append(f'<rect x="{x + 1}" y="{top + 48}" width="{STEP - 2}" height="28" rx="4" fill="{GRID}"/>')
            shapes.append(
                f'<text x="{x + STEP / 2:.0f}" y="{top + 68}" text-anchor="middle" font-family="monospace" '
                f'font-size="19" fill="{INK}">{sequence[place]}</text>'
            )
    y, x = height - 22, LEFT
    for state, name in {"H": "helix", "E": "strand", "C": "coil"}.items():
        shapes.append(f'<rect x="{x}" y="{y - 7}" width="26" height="14" rx="3" fill="{PALETTE[state]}"/>')
        shapes.append(f'<text x="{x + 36}" y="{y + 6}" fill="{INK}">{name}</text>')
        x += 130
    shapes.append(f'<rect x="{x}" y="{y - 11}" width="22" height="22" rx="4" fill="{GRID}"/>')
    shapes.append(f'<text x="{x + 32}" y="{y + 6}" fill="{INK}">predicted wrongly</text>')
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="17" fill="none">\n'
        "<title>Predicted and true secondary structure along a protein's sequence</title>\n"
        f'<rect width="{width}" height="{height}" fill="#FFFFFF"/>\n{body}\n</svg>\n'
    )


if __name__ == "__main__":
    record, predicted, q3, candidates = median_chain(train())
    true = pssp.reduce_states(record.structure)
    PICTURE.write_text(draw(record.sequence, true, predicted), encoding="utf-8")
    values = {"chain": record.id, "candidates": candidates, "q3": q3, "length": len(record)}
    print(pssp.save_results("landing", values, seed=SEED, epochs=EPOCHS, command="python tools/book/landing.py"))
