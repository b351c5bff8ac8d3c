// The page "The gate microscope": the gates of the small model along proteins of known structure, and of their mutants.
"use strict";
{
  const { RESIDUE_NAMES, STATE_NAMES, segments } = PSSP;
  const model = PSSP.loadModel(PSSP.smallModel);
  const { proteins, unit } = PSSP.gateData;
  const page = document.getElementById("microscope");
  const part = (name) => page.querySelector(`[data-part=${name}]`);
  const chooser = part("protein"), place = part("place"), letter = part("letter");
  const panel = PSSP.gatePanel(part("gates"), model, PSSP.gateData, { shown: "figoch", unit, onPick: pick });
  let original, prediction;

  proteins.forEach(({ id, kind }, k) => chooser.add(new Option(`${id}: ${kind}`, k)));
  for (const code of model.residues.slice(0, 20)) letter.add(new Option(`${code} ${RESIDUE_NAMES[code]}`, code));

  // A protein as it is in nature, with the cursor on one residue, or in the middle.
  function show(at = Math.floor(proteins[chooser.value].sequence.length / 2)) {
    const { id, sequence, structure } = proteins[chooser.value];
    original = prediction = PSSP.predict(model, sequence);
    const right = Array.from(structure).filter((state, t) => state === prediction.states[t]).length;
    part("summary").textContent = `${id}: ${sequence.length} residues, ${right} of them predicted right.`;
    part("change").textContent = "";
    part("reset").disabled = true;
    list(at);
    panel.show(prediction, structure, at);
  }

  // The residues to choose from, one of them chosen.
  function list(at) {
    const options = Array.from(prediction.sequence, (code, t) => new Option(`${t + 1} ${code}`, t));
    place.replaceChildren(...options);
    pick(at);
  }

  function pick(at) {
    place.value = at;
    letter.value = prediction.sequence[at];
  }

  // Replace the chosen residue, read the mutant, and compare it with the protein as it was.
  function mutate() {
    const at = Number(place.value), { sequence } = prediction;
    prediction = PSSP.predict(model, sequence.slice(0, at) + letter.value + sequence.slice(at + 1));
    if (prediction.sequence === original.sequence) return show(at);
    list(at);
    part("reset").disabled = false;
    part("change").textContent = describe(at);
    panel.show(prediction, proteins[chooser.value].structure, at, original);
  }

  // "Leucine 27 is now proline. ..."
  function describe(at) {
    const [was, is] = [original, prediction].map(({ sequence }) => RESIDUE_NAMES[sequence[at]]);
    const [before, after] = [original, prediction].map(({ probabilities }) => probabilities[at][0].toFixed(2));
    const first = was[0].toUpperCase() + was.slice(1);
    const same = was === is ? `${first} ${at + 1} is as it was.` : `${first} ${at + 1} is now ${is}.`;
    const differs = Array.from(prediction.states, (state, t) => (state === original.states[t] ? "-" : state)).join("");
    const places = (state) => segments(differs).filter((run) => run.state === state)
      .map(({ first: from, end }) => (end - from > 1 ? `${from + 1}–${end}` : end)).join(", ");
    const runs = Object.keys(STATE_NAMES).filter(places).map((state) => `${STATE_NAMES[state]} at ${places(state)}`);
    const states = runs.length ? `Now predicted otherwise: ${runs.join("; ")}.` : "No predicted state changes.";
    return `${same} The probability of helix there was ${before} and is ${after}. ${states}`;
  }

  chooser.addEventListener("change", () => show());
  place.addEventListener("change", () => { pick(Number(place.value)); panel.moveTo(Number(place.value)); });
  letter.addEventListener("change", mutate);
  part("reset").addEventListener("click", () => { show(Number(place.value)); place.focus(); });
  show();
}
