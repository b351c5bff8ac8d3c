// The page "The gate microscope": the gates of the small model along proteins of known structure.
"use strict";
{
  const model = PSSP.loadModel(PSSP.smallModel);
  const { proteins, unit } = PSSP.gateData;
  const page = document.getElementById("microscope");
  const part = (name) => page.querySelector(`[data-part=${name}]`);
  const chooser = part("protein");
  const panel = PSSP.gatePanel(part("gates"), model, PSSP.gateData, { shown: "figoch", unit });

  proteins.forEach(({ id, kind }, k) => chooser.add(new Option(`${id}: ${kind}`, k)));
  const show = () => {
    const { id, sequence, structure } = proteins[chooser.value];
    const prediction = PSSP.predict(model, sequence);
    const right = Array.from(structure).filter((state, t) => state === prediction.states[t]).length;
    part("summary").textContent = `${id}: ${sequence.length} residues, ${right} of them predicted right.`;
    panel.show(prediction, structure, Math.floor(sequence.length / 2));
  };
  chooser.addEventListener("change", show);
  show();
}
