// The page "Try it": a pasted sequence, its prediction, alone and on the structure, and the gates behind it.
"use strict";
{
  const { STATE_NAMES, segments, normalise, readRecords, explain, looksLikeDna, predictionRow } = PSSP;
  const LONGEST = 5000; // residues: more would make the page wait for seconds
  const model = PSSP.loadModel(PSSP.smallModel);
  const page = document.getElementById("try-it");
  const part = (name) => page.querySelector(`[data-part=${name}]`);
  const text = part("text"), message = part("message"), chooser = part("record");
  const known = [...PSSP.structureData.proteins, ...PSSP.gateData.proteins];
  let records = [], prediction, truth, stage;

  const panel = PSSP.gatePanel(part("gates"), model, PSSP.gateData, { onResidue: markResidue });

  for (const { id, kind, sequence } of PSSP.structureData.proteins) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: `${id}: ${kind}` });
    button.addEventListener("click", () => { text.value = `>${id}\n${sequence.replace(/.{60}/g, "$&\n")}`; read(); });
    part("examples").append(button);
  }

  function read() {
    records = readRecords(text.value);
    chooser.replaceChildren(...records.map((record, k) => new Option(`${record.id} (${record.residues.length})`, k)));
    part("records").hidden = records.length < 2;
    run();
  }

  function run() {
    const record = records[Number(chooser.value)];
    const refused = !record ? "There is nothing to predict yet: paste a protein sequence, or take an example."
      : !record.residues ? `${record.id}: no residues follow this name. Expected: the letters of a protein.` : null;
    if (refused) return complain(refused);
    const { sequence, changed, wrong } = normalise(model, record.residues);
    if (wrong) return complain(explain(model, record, wrong), record.places[wrong.position - 1], wrong.letter.length);
    if (sequence.length > LONGEST) {
      return complain(`${record.id} has ${sequence.length.toLocaleString("en")} residues; this page takes at most ` +
        `${LONGEST.toLocaleString("en")}. For more, run the package on your machine.`);
    }
    const start = performance.now();
    prediction = PSSP.predict(model, sequence);
    const milliseconds = Math.max(1, Math.round(performance.now() - start));
    const protein = known.find((one) => one.sequence === sequence);
    truth = protein?.structure;
    text.removeAttribute("aria-invalid");
    part("result").hidden = false;
    part("cross").hidden = !truth;
    draw();
    drawInSpace(protein, sequence);
    panel.show(prediction, truth);
    part("segments").innerHTML = segments(prediction.states).map(({ state, first, end }) =>
      `<tr><td>${STATE_NAMES[state]}</td><td>${first + 1}</td><td>${end}</td><td>${end - first}</td></tr>`).join("");
    part("plain").textContent = `${sequence}\n${prediction.states}`;
    say(record, sequence, changed, milliseconds);
  }

  // What was found, for everybody: the line is read out by screen readers.
  function say(record, sequence, changed, milliseconds) {
    const length = sequence.length, count = (state) => prediction.states.split(state).length - 1;
    const percent = (state) => `${Math.round((100 * count(state)) / length)}% ${STATE_NAMES[state]}`;
    const shares = Array.from(model.states, percent);
    const read = Object.entries(changed).map(([from, times]) => `${from} as ${model.unusual[from]} (${times} ×)`);
    const residues = length === 1 ? "residue" : "residues";
    const sentences = [`${record.id}: ${length} ${residues}, ${shares.join(", ")}; computed in ${milliseconds} ms.`];
    if (truth) {
      const right = Array.from(truth).filter((state, k) => state === prediction.states[k]).length;
      sentences.push(`Of its known structure, drawn above the prediction, ${right} residues are predicted right.`);
    }
    if (read.length) sentences.push(`Read: ${read.join(", ")}.`);
    if (looksLikeDna(sequence)) {
      sentences.push("This looks like DNA or RNA. The model reads amino acids: translate the gene first.");
    }
    message.className = "message";
    message.textContent = sentences.join(" ");
  }

  // Say what is wrong, and mark the letter in the text.
  function complain(words, place, length) {
    message.className = "message wrong";
    message.textContent = words;
    part("result").hidden = true;
    text.setAttribute("aria-invalid", "true");
    text.focus();
    if (place !== undefined) text.setSelectionRange(place, place + length);
  }

  // As many residues a row as there is room for, in tens.
  function draw() {
    const rows = part("rows"), gutter = 40, room = rows.clientWidth - gutter - 2;
    if (room < 0) return; // not laid out
    const columns = Math.min(Math.max(Math.floor(room / 11.5 / 10) * 10, 20), 60);
    const cell = Math.min(room / columns, 15), length = prediction.states.length;
    rows.innerHTML = "";
    for (let first = 0; first < length; first += columns) {
      const end = Math.min(first + columns, length);
      rows.insertAdjacentHTML("beforeend", predictionRow(prediction, truth, first, end, { cell, gutter }));
    }
    for (const row of rows.children) {
      const point = (event) => {
        const at = Math.floor((event.clientX - row.querySelector("g").getScreenCTM().e) / cell);
        if (at >= 0) panel.moveTo(Math.min(Number(row.dataset.first) + at, length - 1));
      };
      row.addEventListener("pointermove", point);
      row.addEventListener("pointerdown", point);
    }
    Object.assign(rows.dataset, { columns, cell });
  }

  // The prediction on the backbone, for a chain whose backbone the page has.
  function drawInSpace(protein, sequence) {
    part("structure").hidden = !protein?.backbone;
    if (!protein?.backbone) return;
    stage ??= PSSP.structureStage(part("stage"), (residue) => residue !== null && panel.moveTo(residue));
    part("stage").hidden = !stage;
    part("help").textContent = PSSP.structureHelp(stage);
    stage?.show({ id: protein.id, sequence, states: prediction.states, truth, backbone: protein.backbone });
  }

  function markResidue(at) {
    if (!part("structure").hidden) {
      stage?.mark(at);
      part("pointed").textContent = PSSP.residueInWords({ ...prediction, truth }, at);
    }
    const rows = part("rows"), { columns, cell } = rows.dataset;
    Array.from(rows.children).forEach((row, k) => {
      const cursor = row.querySelector(".cursor"), here = Math.floor(at / columns) === k;
      cursor.setAttribute("visibility", here ? "visible" : "hidden");
      if (here) cursor.setAttribute("x", (at % columns) * cell);
    });
  }

  let width = 0;
  new ResizeObserver(() => {
    if (prediction && part("rows").clientWidth !== width && !part("result").hidden) draw();
    width = part("rows").clientWidth;
  }).observe(page);
  part("form").addEventListener("submit", (event) => { event.preventDefault(); read(); });
  chooser.addEventListener("change", run);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) read();
  });
}
