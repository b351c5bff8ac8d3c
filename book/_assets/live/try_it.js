// The page "Try it": pasted sequences, their predictions by the release model, alone and on the structure, files to keep,
// and the gates of the small model.
"use strict";
{
  const { STATE_NAMES, segments, normalise, readRecords, explain, looksLikeDna, predictionRow } = PSSP;
  const LONGEST = 5000; // residues: more would make the page wait for seconds
  const model = PSSP.loadModel(PSSP.smallModel);
  const page = document.getElementById("predictor");
  const part = (name) => page.querySelector(`[data-part=${name}]`);
  const text = part("text"), message = part("message"), chooser = part("record");
  const known = [...PSSP.structureData.proteins, ...PSSP.gateData.proteins];
  let records = [], results = new Map(), prediction, truth, stage, marked = 0;

  const panel = PSSP.gatePanel(part("gates"), model, PSSP.gateData, { onResidue: markResidue });

  for (const { id, kind, sequence } of PSSP.structureData.proteins) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: `${id}: ${kind}` });
    button.addEventListener("click", () => { text.value = `>${id}\n${sequence.replace(/.{60}/g, "$&\n")}`; read(); });
    part("examples").append(button);
  }

  // The release model in its worker; null where the browser cannot run it, and the small model answers for it.
  let starting;
  const release = () => (starting ??= PSSP.startRelease(PSSP.releaseFile).catch(() => null));

  const chosen = () => records[Number(chooser.value)];

  function read() {
    records = readRecords(text.value);
    chooser.replaceChildren(...records.map((record, k) => new Option(`${record.id} (${record.residues.length})`, k)));
    part("records").hidden = records.length < 2;
    part("keep").hidden = true;
    results = new Map();
    run();
  }

  // What the model reads of a record, or in `refused` why it does not; `place` and `length` mark a letter.
  function judge(record) {
    if (!record.residues) return { refused: `${record.id}: no residues follow this name. Expected: the letters of a protein.` };
    const { sequence, changed, wrong } = normalise(model, record.residues);
    if (wrong) {
      return { refused: explain(model, record, wrong), place: record.places[wrong.position - 1], length: wrong.letter.length };
    }
    if (sequence.length <= LONGEST) return { sequence, changed };
    return {
      refused: `${record.id} has ${sequence.length.toLocaleString("en")} residues; this page takes at most ` +
        `${LONGEST.toLocaleString("en")}. For more, run the package on your machine.`,
    };
  }

  // The prediction of one record, computed once; a promise, kept until the text changes.
  function predicted(record, sequence) {
    if (!results.has(record)) results.set(record, compute(record, sequence));
    return results.get(record);
  }

  // By the release model where it runs. The line above the picture follows the record that is chosen at the moment.
  async function compute(record, sequence) {
    const progress = (share) => record === chosen() && report(record.id, share);
    progress(0);
    const large = await release(), start = performance.now();
    const result = await large?.predict(sequence, progress).catch(() => null) ?? PSSP.predict(model, sequence);
    const milliseconds = Math.max(1, Math.round(result.milliseconds ?? performance.now() - start));
    return { ...result, id: record.id, model: result.gates ? model.name : PSSP.releaseFile.name, milliseconds };
  }

  async function run() {
    const record = chosen();
    if (!record) return complain("There is nothing to predict yet: paste a protein sequence, or take an example.");
    const { sequence, changed, refused, place, length } = judge(record);
    if (refused) {
      complain(refused, place, length);
    } else {
      text.removeAttribute("aria-invalid");
      page.setAttribute("aria-busy", "true");
      const found = await predicted(record, sequence);
      if (record !== chosen()) return;
      page.removeAttribute("aria-busy");
      show(record, found, changed);
    }
    predictTheRest();
  }

  // The other records, so that all can be kept together.
  async function predictTheRest() {
    const mine = records, buttons = part("keep").querySelectorAll("button");
    const usable = mine.map((record) => ({ record, ...judge(record) })).filter(({ sequence }) => sequence);
    const left = mine.length - usable.length;
    part("keep").hidden = !usable.length;
    for (const button of buttons) button.disabled = true;
    for (const [done, { record, sequence }] of usable.entries()) {
      if (usable.length > 1) part("kept").textContent = `${done} of ${usable.length} predicted`;
      await predicted(record, sequence);
      if (mine !== records) return;
    }
    part("kept").textContent = left ? `${usable.length} predicted, ${left} left out` : "";
    for (const button of buttons) button.disabled = false;
  }

  // In tens: a screen reader reads each line out.
  function report(id, share) {
    const words = `${id}: ${10 * Math.floor(10 * share)}% computed`;
    message.className = "message";
    if (message.textContent !== words) message.textContent = words;
  }

  function show(record, found, changed) {
    const { sequence } = found;
    prediction = found;
    const protein = known.find((one) => one.sequence === sequence);
    truth = protein?.structure;
    part("result").hidden = false;
    part("cross").hidden = !truth;
    draw();
    drawInSpace(protein, sequence);
    panel.show(found.gates ? found : PSSP.predict(model, sequence), truth);
    part("segments").innerHTML = segments(prediction.states).map(({ state, first, end }) =>
      `<tr><td>${STATE_NAMES[state]}</td><td>${first + 1}</td><td>${end}</td><td>${end - first}</td></tr>`).join("");
    part("plain").textContent = `${sequence}\n${prediction.states}`;
    say(record, sequence, changed);
  }

  // What was found, for everybody: the line is read out by screen readers.
  function say(record, sequence, changed) {
    const length = sequence.length, count = (state) => prediction.states.split(state).length - 1;
    const percent = (state) => `${Math.round((100 * count(state)) / length)}% ${STATE_NAMES[state]}`;
    const shares = Array.from(model.states, percent);
    const read = Object.entries(changed).map(([from, times]) => `${from} as ${model.unusual[from]} (${times} ×)`);
    const residues = length === 1 ? "residue" : "residues";
    const by = prediction.gates ? "the small model, because this browser cannot run the release model" : "the release model";
    const sentences = [
      `${record.id}: ${length} ${residues}, ${shares.join(", ")}; computed in ${prediction.milliseconds} ms by ${by}.`,
    ];
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
    page.removeAttribute("aria-busy");
    text.setAttribute("aria-invalid", "true");
    text.focus();
    if (place !== undefined) text.setSelectionRange(place, place + length);
  }

  // As many residues per row as there is room for, in tens.
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
    frame();
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
    marked = at;
    frame();
    if (!part("structure").hidden) {
      stage?.mark(at);
      part("pointed").textContent = PSSP.residueInWords({ ...prediction, truth }, at);
    }
  }

  // The box around the marked residue, in the row that has it.
  function frame() {
    const rows = part("rows"), { columns, cell } = rows.dataset;
    Array.from(rows.children).forEach((row, k) => {
      const cursor = row.querySelector(".cursor"), here = Math.floor(marked / columns) === k;
      cursor.setAttribute("visibility", here ? "visible" : "hidden");
      if (here) cursor.setAttribute("x", (marked % columns) * cell);
    });
  }

  let width = 0;
  new ResizeObserver(() => {
    if (prediction && part("rows").clientWidth !== width && !part("result").hidden) draw();
    width = part("rows").clientWidth;
  }).observe(page);
  const together = async (name, written) => {
    const all = await Promise.all(records.filter((record) => results.has(record)).map((record) => results.get(record)));
    PSSP.download(name, all.map(written).join(""));
  };
  part("jsonl").addEventListener("click", () => together("predictions.jsonl", PSSP.asJsonLines));
  part("fasta").addEventListener("click", () => together("states.fasta", PSSP.asFasta));
  part("ss2").addEventListener("click", () => PSSP.download(`${prediction.id.replace(/[^\w.-]/g, "_")}.ss2`, PSSP.asSs2(prediction)));
  part("form").addEventListener("submit", (event) => { event.preventDefault(); read(); });
  chooser.addEventListener("change", run);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) read();
  });
}
