// The release model in the page: a convolution and two LSTM layers of 256 units in each direction. The matrix products
// run in WebAssembly (tools/book/wasm_kernel.py), everything else here. The weights have 8 bits and a scale for each row.
"use strict";
globalThis.PSSP ??= {};
{
  // The model of a file of weights. This function uses nothing outside it: its text is also the worker's script.
  function releaseModel(file) {
    const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const module = new WebAssembly.Module(bytes(file.kernel));
    const { mv, mm } = new WebAssembly.Instance(module, { page: { memory } }).exports;
    let numbers = new Float32Array(memory.buffer), top = 0;

    // A place for so many numbers, by its index; a multiple of 16 bytes, as SIMD likes it.
    function place(count) {
      const start = top;
      top += (count + 3) & ~3;
      if (4 * top > memory.buffer.byteLength) {
        memory.grow(Math.ceil((4 * top - memory.buffer.byteLength) / 65536));
        numbers = new Float32Array(memory.buffer);
      }
      return start;
    }

    const weights = {};
    {
      const whole = new Int8Array(bytes(file.whole).buffer), parts = new Float32Array(bytes(file.parts).buffer);
      let at = 0, next = 0;
      for (const [name, { rows, columns, rounded }] of Object.entries(file.tensors)) {
        const start = place(rows * columns);
        for (let row = 0; row < rows; row++) {
          const scale = rounded ? parts[next++] : 1;
          for (let k = 0; k < columns; k++) {
            numbers[start + row * columns + k] = rounded ? scale * whole[at++] : parts[next++];
          }
        }
        weights[name] = { start, rows, columns };
      }
    }
    const model = top; // what is above belongs to one prediction

    // W x for each of `count` vectors x, which stand `step` numbers apart.
    function product({ start, rows, columns }, x, step, y, count) {
      const [W, X, Y, width] = [4 * start, 4 * x, 4 * y, 4 * rows];
      let t = 0;
      for (; t + 4 <= count; t += 4) mm(W, X + 4 * step * t, 4 * step, Y + width * t, width, rows, columns);
      for (; t < count; t++) mv(W, X + 4 * step * t, 4 * step, Y + width * t, width, rows, columns);
    }

    const sigmoid = (z) => 1 / (1 + Math.exp(-z));

    // One direction of one layer, from x to its half of y; `done` is told how many residues it has read.
    function lstm(layer, way, x, channels, y, length, done) {
      const named = (name) => weights[`layers.${layer}.lstm.${name}_l0${way}`];
      const U = named("weight_hh"), hidden = U.columns, bias = named("bias").start;
      const sums = place(length * 4 * hidden), z = place(4 * hidden), h = place(hidden), c = new Float32Array(hidden);
      product(named("weight_ih"), x, channels, sums, length);
      numbers.fill(0, h, h + hidden);
      const all = numbers; // no place is taken from here on
      for (let step = 0; step < length; step++) {
        const t = way ? length - 1 - step : step, shown = y + t * 2 * hidden + (way ? hidden : 0);
        product(U, h, hidden, z, 1);
        for (let unit = 0, s = sums + t * 4 * hidden; unit < hidden; unit++, s++) {
          const i = sigmoid(all[s] + all[z + unit] + all[bias + unit]);
          const f = sigmoid(all[s + hidden] + all[z + hidden + unit] + all[bias + hidden + unit]);
          const g = Math.tanh(all[s + 2 * hidden] + all[z + 2 * hidden + unit] + all[bias + 2 * hidden + unit]);
          const o = sigmoid(all[s + 3 * hidden] + all[z + 3 * hidden + unit] + all[bias + 3 * hidden + unit]);
          c[unit] = f * c[unit] + i * g;
          all[h + unit] = all[shown + unit] = o * Math.tanh(c[unit]);
        }
        done();
      }
    }

    // Each residue's embedding, and what the convolution finds around it.
    function embedding(sequence) {
      const E = weights["embedding.weight"], K = weights["convolution.weight"], width = E.rows, length = sequence.length;
      const half = (K.columns / width - 1) / 2, bias = weights["convolution.bias"].start;
      const around = place((length + 2 * half) * width), found = place(length * width);
      numbers.fill(0, around, around + (length + 2 * half) * width);
      for (let t = 0; t < length; t++) {
        const code = file.residues.indexOf(sequence[t]);
        for (let k = 0; k < width; k++) numbers[around + (t + half) * width + k] = numbers[E.start + k * E.columns + code];
      }
      product(K, around, width, found, length);
      for (let t = 0; t < length; t++) {
        for (let k = 0; k < width; k++) {
          const at = found + t * width + k;
          numbers[at] = Math.max(0, numbers[at] + numbers[bias + k]) + numbers[around + (t + half) * width + k];
        }
      }
      return [found, width];
    }

    // Probabilities [H, E, C] of each residue: those of DSSP's eight states, summed.
    function predict(sequence, progress = () => {}) {
      top = model;
      const length = sequence.length;
      let [x, channels] = embedding(sequence), read = 0;
      const done = () => { if (++read % 64 === 0) progress(read / (length * 2 * file.layers)); };
      for (let layer = 0; layer < file.layers; layer++) {
        const y = place(length * 2 * file.units);
        for (const way of ["", "_reverse"]) lstm(layer, way, x, channels, y, length, done);
        [x, channels] = [y, 2 * file.units];
      }
      const W = weights["classifier.weight"], logits = place(length * W.rows), bias = weights["classifier.bias"].start;
      product(W, x, channels, logits, length);
      const probabilities = Array.from({ length }, (_, t) => {
        const row = Array.from({ length: W.rows }, (_, k) => numbers[logits + t * W.rows + k] + numbers[bias + k]);
        const largest = Math.max(...row), powers = row.map((logit) => Math.exp(logit - largest));
        const sum = powers.reduce((total, power) => total + power, 0), joined = [0, 0, 0];
        powers.forEach((power, k) => { joined[file.states.indexOf(file.joined[k])] += power / sum; });
        return joined;
      });
      const states = probabilities.map((row) => file.states[row.indexOf(Math.max(...row))]).join("");
      return { sequence, states, probabilities };
    }

    return { predict };
  }

  // The model in a worker of its own, so that the page stays awake: predict(sequence, progress) gives a promise.
  // Rejected where the browser has no SIMD in WebAssembly, or no workers here.
  async function startRelease(file) {
    const script = `"use strict"; const releaseModel = ${releaseModel}; let model;
      onmessage = ({ data: { number, file, sequence } }) => {
        try {
          if (file) model = releaseModel(file);
          const start = performance.now();
          const found = file ? {} : model.predict(sequence, (share) => postMessage({ number, share }));
          postMessage({ number, result: { ...found, milliseconds: performance.now() - start } });
        } catch (error) {
          postMessage({ number, error: String(error) });
        }
      };`;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    const waiting = new Map();
    const ask = (question, progress = () => {}) => new Promise((resolve, reject) => {
      const number = waiting.size ? Math.max(...waiting.keys()) + 1 : 1;
      waiting.set(number, { resolve, reject, progress });
      worker.postMessage({ number, ...question });
    });
    worker.onmessage = ({ data: { number, share, result, error } }) => {
      const { resolve, reject, progress } = waiting.get(number);
      if (share !== undefined) return progress(share);
      waiting.delete(number);
      if (error) reject(new Error(error)); else resolve(result);
    };
    worker.onerror = (event) => {
      for (const { reject } of waiting.values()) reject(new Error(event.message || "the worker did not start"));
      waiting.clear();
    };
    return ask({ file }).then(() => ({ predict: (sequence, progress) => ask({ sequence }, progress) }));
  }

  Object.assign(PSSP, { releaseModel, startRelease });
}
