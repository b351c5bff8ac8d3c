// The page "Try it": pasted sequences, their predictions by the release model, alone and on the structure, files to keep,
// and the gates of the small model.
"use strict";
{
  const { STATE_NAMES, segments, normalise, readRecords, explain, looksLikeDna, predictionRow } = PSSP;
  const LONGEST = 5000; // residues: more would make the page wait for seconds
  const model = PSSP.loadModel(PSSP.smallModel);
  const page = document.getElementById("try-it");
  const part = (name) => page.querySelector(`[data-part=${name}]`);
  const text = part("text"), message = part("message"), chooser = part("record");
  const known = [...PSSP.structureData.proteins, ...PSSP.gateData.proteins];
  let records = [], results = new Map(), prediction, truth, stage;

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

  let turn = 0; // of the reader's questions; what belongs to an older one is dropped

  function read() {
    records = readRecords(text.value);
    chooser.replaceChildren(...records.map((record, k) => new Option(`${record.id} (${record.residues.length})`, k)));
    part("records").hidden = records.length < 2;
    part("keep").hidden = true;
    results = new Map();
    turn += 1;
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

  // Predict one record, by the release model where it runs; kept until the text changes.
  async function predicted(record, sequence, progress) {
    if (results.has(record)) return results.get(record);
    const kept = results, large = await release(), start = performance.now();
    const result = await large?.predict(sequence, progress).catch(() => null) ?? PSSP.predict(model, sequence);
    const milliseconds = Math.max(1, Math.round(performance.now() - start));
    const found = { ...result, id: record.id, model: result.gates ? model.name : PSSP.releaseFile.name, milliseconds };
    kept.set(record, found);
    return found;
  }

  async function run() {
    const record = records[Number(chooser.value)], mine = turn;
    if (!record) return complain("There is nothing to predict yet: paste a protein sequence, or take an example.");
    const { sequence, changed, refused, place, length } = judge(record);
    if (refused) {
      complain(refused, place, length);
    } else {
      text.removeAttribute("aria-invalid");
      page.setAttribute("aria-busy", "true");
      const found = await predicted(record, sequence, (share) => mine === turn && report(record.id, share));
      if (mine !== turn || record !== records[Number(chooser.value)]) return;
      page.removeAttribute("aria-busy");
      show(record, found, changed);
    }
    predictTheRest(mine);
  }

  // The other records, so that all can be kept together.
  async function predictTheRest(mine) {
    const usable = records.map((record) => ({ record, ...judge(record) })).filter(({ sequence }) => sequence);
    for (const { record, sequence } of usable) {
      await predicted(record, sequence);
      if (mine !== turn) return;
      const done = usable.filter((one) => results.has(one.record)).length;
      part("kept").textContent = done < usable.length ? `${done} of ${usable.length} predicted` : "";
    }
    const left = records.length - usable.length;
    if (left) part("kept").textContent = `${usable.length} predicted, ${left} left out`;
    part("keep").hidden = !usable.length;
    for (const button of part("keep").querySelectorAll("button")) button.disabled = false;
  }

  function report(id, share) {
    message.className = "message";
    message.textContent = `${id}: ${Math.round(100 * share)}% computed`;
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
  const all = () => records.map((record) => results.get(record)).filter(Boolean);
  part("jsonl").addEventListener("click", () => PSSP.download("predictions.jsonl", all().map(PSSP.asJsonLines).join("")));
  part("fasta").addEventListener("click", () => PSSP.download("states.fasta", all().map(PSSP.asFasta).join("")));
  part("ss2").addEventListener("click", () => PSSP.download(`${prediction.id.replace(/[^\w.-]/g, "_")}.ss2`, PSSP.asSs2(prediction)));
  part("form").addEventListener("submit", (event) => { event.preventDefault(); read(); });
  chooser.addEventListener("change", run);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) read();
  });
}
