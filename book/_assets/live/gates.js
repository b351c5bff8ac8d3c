// The gate panel of both pages: heat maps of one direction of one layer, and the equations at the cursor.
"use strict";
globalThis.PSSP ??= {};
{
  const { STATE_NAMES, RESIDUE_NAMES, structure, letters, ramps, heatMap } = PSSP;
  const NAMES = {
    f: "forget gate f", i: "input gate i", g: "candidate g", o: "output gate o", c: "cell state c", h: "hidden state h",
  };
  const IS_GATE = "fio";
  const GROUPS = ["helix", "strand", "coil", "starts", "ends", "none"]; // what units follow
  const MOST = 0.98; // of the cell states are within the colours; one unit that counts far would make the others pale
  const GUTTER = 64; // pixels for the names of the groups

  const number = (value, digits = 2) => {
    const text = Math.abs(value).toFixed(digits);
    return value < 0 && Number(text) ? `−${text}` : text; // a true minus, and none before zero
  };

  const MARKUP = `
    <div class="controls">
      <label>Layer <select name="layer"></select></label>
      <label>Direction <select name="way">
        <option value="0">forwards</option><option value="1">backwards</option></select></label>
      <label>Show <select name="shown"><option value="figoch">all six</option></select></label>
      <label hidden><input type="checkbox" name="difference"> Maps show the difference</label>
    </div>
    <div class="maps" tabindex="0" role="group"></div>
    <div class="controls cursors">
      <label>Residue <input type="range" name="residue" min="1" value="1"></label>
      <label>Unit <select name="unit"></select></label>
    </div>
    <output class="readout" aria-live="polite"></output>`;

  // The size that a share of the values does not exceed.
  function largest(values, share) {
    const sizes = Float32Array.from(values.flatMap((row) => Array.from(row, Math.abs))).sort();
    return Math.max(sizes[Math.ceil(share * sizes.length) - 1], 1e-6);
  }

  const describe = ({ follows, r }) => (follows === "none" ? "follows none" : `follows ${follows}, r = ${number(r)}`);

  const shares = (row) => ["helix", "strand", "coil"].map((name, k) => `${name} ${number(row[k])}`).join(", ");

  // After minus before, of values[residue][unit].
  const subtract = (after, before) => after.map((row, t) => row.map((value, k) => value - before[t][k]));

  // Where a prediction differs from the one before: bars below its states, and a triangle at each other residue.
  function changes(prediction, before, cell, height) {
    return Array.from(prediction.states, (state, t) => {
      const bar = state === before.states[t] ? "" :
        `<rect class="changed" x="${t * cell}" y="0" width="${cell}" height="4"/>`;
      const x = (t + 0.5) * cell, other = prediction.sequence[t] !== before.sequence[t];
      return bar + (other ? `<path class="mutant" d="M${x} 5l5 ${height - 6}h-10z"/>` : "");
    }).join("");
  }

  // What stands under the cursor: the residue, and the equations of one unit there; `step` leads to the residue before.
  function inWords({ sequence, states, probabilities }, truth, before, t, one, { f, i, g, o, c, h }, step) {
    const at = (values, place = t) => values[place]?.[one.unit] ?? 0; // before the first residue all is 0
    const n = (values, place) => number(at(values, place));
    const signed = (text) => (text.startsWith("−") ? `(${text})` : text);
    const where = `Residue ${t + 1}, ${RESIDUE_NAMES[sequence[t]]} (${sequence[t]})`;
    const said = `predicted ${STATE_NAMES[states[t]]}` + (truth ? `, true ${STATE_NAMES[truth[t]]}` : "");
    const html = `<p><b>${where}</b>: ${said}. Probabilities: ${shares(probabilities[t])}.` +
      `${before ? ` Before the change: ${shares(before.probabilities[t])}.` : ""}</p>` +
      `<p>Unit ${one.unit} (${describe(one)}): <span>f = ${n(f)}</span> <span>i = ${n(i)}</span> ` +
      `<span>g = ${n(g)}</span> <span>o = ${n(o)}</span></p>` +
      `<p class="equation">c = f · c<sub>before</sub> + i · g = ${n(f)} · ${signed(n(c, t + step))} + ` +
      `${n(i)} · ${signed(n(g))} = <b>${n(c)}</b></p>` +
      `<p class="equation">h = o · tanh c = ${n(o)} · ${signed(number(Math.tanh(at(c))))} = <b>${n(h)}</b></p>`;
    return { spoken: `${where}: ${said}`, html };
  }

  const quiet = () => {};

  // A panel in `root`; show(prediction, truth, residue, before) fills it: `before` is a prediction to compare with.
  // onResidue(t) hears where the cursor goes, onPick(t) which residue is clicked, or chosen with Enter.
  function gatePanel(root, model, data, options = {}) {
    const { layer = 1, way = 0, shown = "f", unit, onResidue = quiet, onPick = quiet } = options;
    root.classList.add("gate-panel");
    root.innerHTML = MARKUP;
    const field = (name) => root.querySelector(`[name=${name}]`);
    const maps = root.querySelector(".maps");
    for (let k = 0; k < model.layers; k++) field("layer").add(new Option(k + 1, k));
    for (const [name, title] of Object.entries(NAMES)) field("shown").add(new Option(title, name));
    Object.assign(field("layer"), { value: layer });
    Object.assign(field("way"), { value: way });
    Object.assign(field("shown"), { value: shown });
    let prediction, truth, before, cell, order, residue = 0;

    const read = (name) => Number(field(name).value);
    const record = (one = prediction) => one.gates[read("layer")][read("way")];
    const differing = () => before && field("difference").checked;

    function show(newPrediction, newTruth, at = 0, newBefore = null) {
      const kept = before || newBefore ? read("unit") : unit;
      [prediction, truth, residue, before] = [newPrediction, newTruth, at, newBefore];
      field("residue").max = prediction.sequence.length;
      field("difference").parentElement.hidden = !before;
      listUnits(kept);
      draw();
    }

    // The units of this layer and direction, those that follow the same thing together.
    function listUnits(wanted) {
      order = data.order[read("layer")][read("way")];
      const options = order.map((one) => new Option(`${one.unit}: ${describe(one)}`, one.unit));
      field("unit").replaceChildren(...options);
      if (order.some((one) => one.unit === wanted)) field("unit").value = wanted;
    }

    function draw() {
      const { sequence, states } = prediction, length = sequence.length;
      const room = maps.clientWidth - GUTTER - 2;
      if (room < 0) return; // not laid out
      cell = Math.min(Math.max(room / length, 4), 14);
      const width = length * cell;
      const named = field("shown").value, colours = ramps();
      const spell = cell >= 8 ? letters(sequence, cell, 13, "sequence") : "";
      const tracks = { ...(truth && { true: truth }), ...(before && { before: before.states }), predicted: states };
      maps.innerHTML = `<div class="tracks" style="width:${GUTTER + width}px">` +
        Object.entries(tracks).map(([name, text]) => track(name, structure(text, cell, 12, 18), width, 24)).join("") +
        (before ? track("changed", changes(prediction, before, cell, 14), width, 14) : "") +
        (spell ? track("sequence", spell, width, 18) : "") +
        `<div class="column-cursor" style="width:${cell}px"></div></div>`;
      const box = maps.firstChild;
      maps.setAttribute("aria-label", `Heat maps of ${differing() ? "the difference in " : ""}` +
        `${named.length > 1 ? "all six values" : NAMES[named]}, ` +
        `layer ${read("layer") + 1}, ${field("way").selectedOptions[0].text}: ${length} residues across, ` +
        `${order.length} units down. Arrow keys move the cursor; the values stand below.`);
      for (const name of named) {
        const values = differing() ? subtract(record()[name], record(before)[name]) : record()[name];
        box.append(map(name, values, width, named.length > 1 ? 2 : 4, colours));
      }
      moveTo(residue);
    }

    const track = (name, drawn, width, height) => `<div class="track"><span class="label">${name}</span>` +
      `<svg aria-hidden="true" width="${width}" height="${height}">${drawn}</svg></div>`;

    function map(name, values, width, tall, colours) {
      const gate = IS_GATE.includes(name) && !differing();
      const limit = gate ? 1 : largest(values, name === "c" ? MOST : 1);
      const low = gate ? 0 : -limit, height = order.length * tall, digits = gate ? 0 : 1;
      const units = order.map((one) => one.unit), colour = gate ? "gate" : "state";
      const div = document.createElement("div");
      div.className = "map";
      const title = NAMES[name] + (differing() ? ": after − before" : "");
      div.innerHTML = `<div class="title">${title} <span class="scale">${number(low, digits)}` +
        `<i class="ramp ramp-${colour}"></i>${number(limit, digits)}</span></div>` +
        `<div class="label groups" style="height:${height}px"></div>` +
        `<div class="plane" style="width:${width}px;height:${height}px"><canvas aria-hidden="true"></canvas>` +
        `<div class="row-cursor" style="height:${tall}px"></div></div>`;
      heatMap(div.querySelector("canvas"), values, units, colours[colour], low, limit);
      const groups = div.querySelector(".groups"), plane = div.querySelector(".plane");
      let first = 0;
      for (const group of GROUPS) {
        const size = order.filter((one) => one.follows === group).length;
        if (size) {
          groups.insertAdjacentHTML("beforeend", `<span style="top:${first * tall}px;height:${size * tall}px">` +
            `${size * tall >= 14 ? group : ""}</span>`);
          if (first) plane.insertAdjacentHTML("beforeend", `<hr style="top:${first * tall}px">`);
        }
        first += size;
      }
      const point = (event) => {
        const at = plane.getBoundingClientRect();
        const row = Math.min(Math.max(Math.floor((event.clientY - at.top) / tall), 0), order.length - 1);
        field("unit").value = order[row].unit;
        moveTo(Math.floor((event.clientX - at.left) / cell));
      };
      plane.addEventListener("pointermove", point);
      plane.addEventListener("pointerdown", point);
      plane.addEventListener("click", () => onPick(residue));
      return div;
    }

    // Put the cursor on a residue, and say what the chosen unit does there.
    function moveTo(at) {
      residue = Math.min(Math.max(at, 0), prediction.sequence.length - 1);
      const one = order.find(({ unit }) => unit === read("unit"));
      field("residue").value = residue + 1;
      maps.querySelector(".column-cursor").style.left = `${GUTTER + residue * cell}px`;
      const down = `${(order.indexOf(one) / order.length) * 100}%`;
      for (const line of maps.querySelectorAll(".row-cursor")) line.style.top = down;
      const { spoken, html } = inWords(prediction, truth, before, residue, one, record(), read("way") ? 1 : -1);
      field("residue").setAttribute("aria-valuetext", spoken);
      root.querySelector(".readout").innerHTML = html;
      onResidue(residue);
    }

    for (const name of ["layer", "way"]) {
      field(name).addEventListener("change", () => { listUnits(); draw(); });
    }
    for (const name of ["shown", "difference"]) field(name).addEventListener("change", draw);
    field("unit").addEventListener("change", () => moveTo(residue));
    field("residue").addEventListener("input", () => moveTo(read("residue") - 1));
    maps.addEventListener("keydown", (event) => {
      const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key], down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (prediction && event.key === "Enter") onPick(residue);
      if (!prediction || !(across || down)) return;
      event.preventDefault();
      const unit = field("unit");
      if (down) unit.selectedIndex = Math.min(Math.max(unit.selectedIndex + down, 0), unit.length - 1);
      moveTo(residue + (across ?? 0));
      reveal();
    });
    // Scroll the maps, never the page, so that the cursor stays in sight.
    function reveal() {
      const left = residue * cell, right = left + cell + GUTTER;
      if (left < maps.scrollLeft) maps.scrollLeft = left - cell;
      else if (right > maps.scrollLeft + maps.clientWidth) maps.scrollLeft = right - maps.clientWidth + cell;
    }
    let width = 0;
    new ResizeObserver(() => {
      if (prediction && maps.clientWidth !== width) draw();
      width = maps.clientWidth;
    }).observe(maps);

    return { show, moveTo: (at) => { moveTo(at); reveal(); } };
  }

  Object.assign(PSSP, { gatePanel });
}
