// Predictions as files to keep, in the package's formats (prediction/formats.py): JSON lines, FASTA of states, ss2.
"use strict";
globalThis.PSSP ??= {};
{
  const rounded = (value, digits) => Number(value.toFixed(digits));

  const asJsonLines = ({ id, sequence, states, probabilities, model }) => JSON.stringify({
    id, sequence, states, probabilities: probabilities.map((row) => row.map((share) => rounded(share, 4))), model,
  }) + "\n";

  const asFasta = ({ id, states }) => `>${id}\n${states.replace(/.{1,60}/g, "$&\n")}`;

  // PSIPRED's vertical format holds one protein.
  function asSs2({ sequence, states, probabilities }) {
    const rows = probabilities.map(([helix, strand, coil], k) => {
      const shares = [coil, helix, strand].map((share) => share.toFixed(3).padStart(6)).join(" ");
      return `${String(k + 1).padStart(4)} ${sequence[k]} ${states[k]}  ${shares}\n`;
    });
    return `# PSIPRED VFORMAT (PSIPRED V4.0)\n\n${rows.join("")}`;
  }

  // Hand a text to the browser as a file.
  function download(name, text) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  Object.assign(PSSP, { asJsonLines, asFasta, asSs2, download });
}
