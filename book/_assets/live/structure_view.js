// A structure with its sequence: point at a residue in one, and see it in the other. The HTML is that of
// pssp.view_structure; where no script runs it stays what it is, a still picture and the sequence as text.
"use strict";
globalThis.PSSP ??= {};
{
  const { structureStage, structureHelp, wrongResidues, residueInWords } = PSSP;
  const POINTING = "Point at a residue, or move along the sequence with the arrow keys, to see where it lies.";
  const make = (tag, className, textContent = "") =>
    Object.assign(document.createElement(tag), { className, textContent });
  const styleOf = (state) => (state === "?" ? "unknown" : `state-${state.toLowerCase()}`);

  // Tens of residues, each ten with its number; a residue stands above its state, and a wrong one above the true state.
  function letters({ sequence, states, truth }, wrong) {
    const tens = [];
    Array.from(sequence, (letter, k) => {
      if (k % 10 === 0) {
        tens.push(make("span", "ten"));
        tens.at(-1).append(make("span", "number", String(k + 1)));
      }
      const residue = make("span", "residue", letter);
      residue.dataset.residue = k;
      residue.append(make("span", `state ${styleOf(states[k])}`, states[k]));
      if (truth !== undefined) residue.append(make("span", "true", wrong.has(k) ? truth[k] : "\u00a0"));
      residue.classList.toggle("wrong", wrong.has(k));
      tens.at(-1).append(residue);
    });
    return tens;
  }

  function structureView(root) {
    const structure = { ...root.dataset }, wrong = new Set(wrongResidues(structure));
    const drawing = root.querySelector(".letters"), readout = make("p", "readout", "\u00a0");
    const stage = structureStage(root.querySelector(".structure-stage"), point);
    const last = structure.sequence.length - 1;
    let current = 0, shown = null;
    root.dataset.mounted = "";
    drawing.replaceChildren(...letters(structure, wrong));
    drawing.before(make("p", "help", `${structureHelp(stage)} ${POINTING}`), readout);
    stage?.show(structure);

    const residueOf = (k) => drawing.querySelector(`[data-residue="${k}"]`);

    // Show a residue, in space and in the sequence; null for none.
    function mark(residue) {
      if (residue === shown) return;
      if (shown !== null) residueOf(shown).classList.remove("here");
      if (residue !== null) residueOf(residue).classList.add("here");
      readout.textContent = residue === null ? "\u00a0" : residueInWords(structure, residue);
      stage?.mark(residue);
      shown = residue;
    }

    // While nothing is pointed at, the residue of the keyboard shows.
    function point(residue) {
      mark(residue ?? (document.activeElement === drawing ? current : null));
    }

    function moveTo(residue) {
      current = Math.min(Math.max(residue, 0), last);
      drawing.setAttribute("aria-valuenow", current + 1);
      drawing.setAttribute("aria-valuetext", residueInWords(structure, current));
    }

    const summary = drawing.getAttribute("aria-label");
    const range = { "aria-valuemin": 1, "aria-valuemax": last + 1 };
    const values = { role: "slider", "aria-label": `Residue. ${summary}`, ...range };
    Object.entries(values).forEach(([name, value]) => drawing.setAttribute(name, value));
    drawing.tabIndex = 0;
    moveTo(0);
    drawing.addEventListener("pointerover", (event) => {
      const residue = event.target.closest("[data-residue]");
      point(residue ? Number(residue.dataset.residue) : null);
    });
    drawing.addEventListener("pointerdown", () => shown !== null && moveTo(shown));
    drawing.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && point(null));
    drawing.addEventListener("focus", () => mark(current));
    drawing.addEventListener("blur", () => mark(null));
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    Object.assign(steps, { Home: -last, End: last });
    drawing.addEventListener("keydown", (event) => {
      if (!steps[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      moveTo(current + steps[event.key]);
      mark(current);
    });
  }

  PSSP.showStructures = () => document.querySelectorAll(".structure-view:not([data-mounted])").forEach(structureView);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", PSSP.showStructures);
  else PSSP.showStructures();
}
