// The book's bidirectional LSTM in plain JavaScript: the same weights, the same equations, the same numbers as the
// package (tests/browser compares them). Chapter 2 derives the equations; their labels stand at their lines.
"use strict";
globalThis.PSSP ??= {};
{
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));

  // W x + b; W is {values, rows, columns}, row by row. Two sums go side by side, which a processor does in one go;
  // the numbers of columns here are even.
  function linear({ values, rows, columns }, x, b) {
    const y = b.values.slice();
    for (let row = 0, at = 0; row < rows; row++, at += columns) {
      let even = 0, odd = 0;
      for (let k = 0; k < columns; k += 2) {
        even += values[at + k] * x[k];
        odd += values[at + k + 1] * x[k + 1];
      }
      y[row] += even + odd;
    }
    return y;
  }

  // One direction of one layer along the inputs x[t]; the six values of every unit at every residue.
  function lstm(x, { W, U, b, d }, backwards) {
    const length = x.length, hidden = U.columns;
    const record = { f: [], i: [], g: [], o: [], c: [], h: [] };
    let h = new Float32Array(hidden), c = new Float32Array(hidden);
    for (let step = 0; step < length; step++) {
      const t = backwards ? length - 1 - step : step;
      const from_x = linear(W, x[t], b), from_h = linear(U, h, d);
      const z = from_x.map((value, k) => value + from_h[k]);
      const part = (k) => z.subarray(k * hidden, (k + 1) * hidden);
      const [z_i, z_f, z_g, z_o] = [0, 1, 2, 3].map(part); // PyTorch's gate order
      const f = z_f.map(sigmoid); // eq. (forget-gate)
      const i = z_i.map(sigmoid); // eq. (input-gate)
      const g = z_g.map(Math.tanh); // eq. (candidate)
      c = c.map((before, k) => f[k] * before + i[k] * g[k]); // eq. (cell-state)
      const o = z_o.map(sigmoid); // eq. (output-gate)
      h = o.map((open, k) => open * Math.tanh(c[k])); // eq. (hidden-state)
      for (const [name, values] of Object.entries({ f, i, g, o, c, h })) record[name][t] = values;
    }
    return record;
  }

  function softmax(logits) {
    const largest = Math.max(...logits);
    const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  }

  // States and probabilities [H, E, C] of a sequence in the model's letters, and what its gates did:
  // gates[layer][0 forwards, 1 backwards].f[residue][unit], and so on.
  function predict(model, sequence) {
    const E = model.weights["embedding.weight"];
    const column = (code) => Float32Array.from({ length: E.rows }, (_, row) => E.values[row * E.columns + code]);
    let x = Array.from(sequence, (letter) => column(model.residues.indexOf(letter)));
    const gates = [];
    for (let layer = 0; layer < model.layers; layer++) {
      const both = ["", "_reverse"].map((way) => lstm(x, cell(model, layer, way), way === "_reverse"));
      x = x.map((_, t) => Float32Array.of(...both[0].h[t], ...both[1].h[t]));
      gates.push(both);
    }
    const { "classifier.weight": W, "classifier.bias": b } = model.weights;
    const probabilities = x.map((values) => softmax(linear(W, values, b)));
    const states = probabilities.map((row) => model.states[row.indexOf(Math.max(...row))]).join("");
    return { sequence, states, probabilities, gates };
  }

  function cell(model, layer, way) {
    const named = (name) => model.weights[`layers.${layer}.lstm.${name}_l0${way}`];
    return { W: named("weight_ih"), U: named("weight_hh"), b: named("bias_ih"), d: named("bias_hh") };
  }

  // Unpack the file of weights: float16 numbers in base64, tensor after tensor.
  function loadModel(file) {
    const bytes = Uint8Array.from(atob(file.base64), (letter) => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const weights = {};
    let at = 0;
    for (const [name, [rows, columns = 1]] of Object.entries(file.shapes)) {
      const values = Float32Array.from({ length: rows * columns }, (_, k) => float16(view.getUint16(at + 2 * k, true)));
      weights[name] = { values, rows, columns };
      at += 2 * values.length;
    }
    return { ...file, weights };
  }

  function float16(bits) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 0x1f, fraction = (bits & 0x3ff) / 1024;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
  }

  Object.assign(PSSP, { loadModel, predict });
}
