// Pictures of predictions and gates: helices, arrows and letters as SVG, heat maps on a canvas.
"use strict";
globalThis.PSSP ??= {};
{
  const STATE_NAMES = { H: "helix", E: "strand", C: "coil" };
  const RESIDUE_NAMES = {
    A: "alanine", C: "cysteine", D: "aspartate", E: "glutamate", F: "phenylalanine", G: "glycine", H: "histidine",
    I: "isoleucine", K: "lysine", L: "leucine", M: "methionine", N: "asparagine", P: "proline", Q: "glutamine",
    R: "arginine", S: "serine", T: "threonine", V: "valine", W: "tryptophan", Y: "tyrosine", X: "unknown residue",
  };
  const RESIDUES_PER_TURN = 3.6;

  // Runs of one state: [{state, first, end}], 0-based and half-open.
  function segments(states) {
    const runs = [];
    for (let at = 0; at < states.length; at++) {
      if (runs.at(-1)?.state === states[at]) runs.at(-1).end = at + 1;
      else runs.push({ state: states[at], first: at, end: at + 1 });
    }
    return runs;
  }

  // "coil 1, helix 2 to 9": residues counted from 1.
  function inWords(states, start = 0) {
    const place = ({ first, end }) => (end - first > 1 ? `${start + first + 1} to ${start + end}` : start + end);
    return segments(states).map((run) => `${STATE_NAMES[run.state]} ${place(run)}`).join(", ");
  }

  // A part of a structure drawn from x = 0, `cell` wide a residue; `goesOn`: its last segment has no end here.
  function structure(states, cell, y, height, goesOn = false) {
    return segments(states).map(({ state, first, end }) => {
      const left = first * cell, right = end * cell;
      if (state === "H") return helix(left, right, cell, y, height);
      if (state === "E") return strand(left, right, cell, y, height, !(goesOn && end === states.length));
      return `<line class="coil" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/>`;
    }).join("");
  }

  // A ribbon with 3.6 residues per turn: back strokes rise and are darker, front strokes fall and lie over them.
  function helix(left, right, cell, y, height) {
    const turns = Math.max(1, Math.round((right - left) / (cell * RESIDUES_PER_TURN)));
    const half = (right - left) / (2 * turns), ribbon = 0.62 * half;
    const strokes = { back: "", front: "" };
    for (let stroke = 0; stroke < 2 * turns; stroke++) {
      const x = left + stroke * half, front = stroke % 2 === 0;
      const across = stroke === 2 * turns - 1 ? half - ribbon : half;
      const [from, to] = front ? [y + height / 2, y - height / 2] : [y - height / 2, y + height / 2];
      const middle = x + across / 2;
      strokes[front ? "front" : "back"] += `<path class="helix ${front ? "front" : "back"}" d="M${x} ${from}` +
        `C${middle} ${from} ${middle} ${to} ${x + across} ${to}h${ribbon}` +
        `C${middle + ribbon} ${to} ${middle + ribbon} ${from} ${x + ribbon} ${from}Z"/>`;
    }
    return strokes.back + strokes.front;
  }

  // An arrow towards the chain's end.
  function strand(left, right, cell, y, height, head) {
    const neck = head ? Math.max(left, right - 1.6 * cell) : right, body = 0.24 * height, wing = height / 2;
    const tip = head ? `${neck},${y - wing} ${right},${y} ${neck},${y + wing} ` : "";
    return `<polygon class="strand" points="${left},${y - body} ${neck},${y - body} ${tip}` +
      `${neck},${y + body} ${left},${y + body}"/>`;
  }

  // Letters in the middle of their cells, as one text element.
  function letters(text, cell, y, name) {
    const places = Array.from(text, (_, k) => ((k + 0.5) * cell).toFixed(1)).join(" ");
    return `<text class="${name}" x="${places}" y="${y}" text-anchor="middle">${text}</text>`;
  }

  // The probabilities of helix, strand and coil on top of one another, from the bottom up.
  function stacked(probabilities, cell, y, height) {
    const floor = probabilities.map(() => 0);
    return ["H", "E", "C"].map((state, k) => {
      let bars = "";
      probabilities.forEach((row, at) => {
        const top = y + height * (1 - floor[at] - row[k]);
        bars += `M${at * cell} ${top.toFixed(2)}h${cell}v${(height * row[k]).toFixed(2)}h${-cell}z`;
        floor[at] += row[k];
      });
      return `<path class="share-${state.toLowerCase()}" d="${bars}"/>`;
    }).join("");
  }

  // One row of a prediction, residues `first` to `end`; with the truth above it, where it is known.
  function predictionRow({ sequence, states, probabilities }, truth, first, end, { cell, gutter }) {
    const part = (text) => text.slice(first, end);
    const goesOn = (text) => end < text.length && text[end - 1] === text[end];
    const width = gutter + (end - first) * cell + 1, height = truth ? 150 : 108;
    const above = (shown) =>
      structure(part(shown), cell, 14, 22, goesOn(shown)) + letters(part(shown), cell, 40, "states");
    const drawn = [letters(part(sequence), cell, 57, "sequence")];
    if (truth) {
      const wrong = Array.from(part(truth), (state, k) => (state === states[first + k] ? " " : "×")).join("");
      drawn.push(above(truth), letters(wrong, cell, 70, "wrong"), letters(part(states), cell, 83, "states"));
      drawn.push(structure(part(states), cell, 100, 22, goesOn(states)));
    } else {
      drawn.push(above(states));
    }
    const top = truth ? 116 : 66, tall = truth ? 33 : 40;
    drawn.push(stacked(probabilities.slice(first, end), cell, top, tall));
    const words = `Residues ${first + 1} to ${end}. Predicted: ${inWords(part(states), first)}.` +
      (truth ? ` True: ${inWords(part(truth), first)}.` : "");
    const heights = truth ? { true: 18, "pred.": 104 } : { "pred.": 18 };
    const lines = { ...heights, [first + 1]: 57, "prob.": top + tall / 2 + 4 };
    const names = Object.entries(lines).map(([label, y]) =>
      `<text class="number" x="${gutter - 6}" y="${y}" text-anchor="end">${label}</text>`).join("");
    return `<svg class="prediction-row" role="img" aria-label="${words}" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" data-first="${first}">${names}` +
      `<g transform="translate(${gutter} 0)">${drawn.join("")}` +
      `<rect class="cursor" y="0.75" width="${cell}" height="${height - 1.5}" visibility="hidden"/></g></svg>`;
  }

  const colour = (name) => {
    const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
  };
  const mix = (one, other, share) => one.map((value, k) => (1 - share) * value + share * other[k]);

  // The colours of the book's heat maps (plots.plot_gates): for gates from 0 to 1, for states from -limit to limit.
  function ramps() {
    const paper = [255, 255, 255], blue = colour("--state-c"), red = colour("--state-h");
    return {
      gate: [paper, blue, mix(blue, [11, 26, 42], 0.75)],
      state: [mix(blue, [0, 0, 0], 0.35), blue, paper, red, mix(red, [0, 0, 0], 0.35)],
    };
  }

  function along(ramp, share) {
    const at = Math.min(Math.max(share, 0), 1) * (ramp.length - 1), below = Math.min(Math.floor(at), ramp.length - 2);
    return mix(ramp[below], ramp[below + 1], at - below);
  }

  // values[residue][unit] on a canvas, a pixel each: residues to the right, the units in `order` downwards.
  function heatMap(canvas, values, order, ramp, low, high) {
    canvas.width = values.length;
    canvas.height = order.length;
    const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
    let at = 0;
    for (const unit of order) {
      for (const row of values) {
        image.data.set([...along(ramp, (row[unit] - low) / (high - low)), 255], at);
        at += 4;
      }
    }
    context.putImageData(image, 0, 0);
  }

  Object.assign(PSSP, {
    STATE_NAMES, RESIDUE_NAMES, segments, inWords, structure, letters, predictionRow, ramps, heatMap,
  });
}
