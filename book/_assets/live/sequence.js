// What a reader pasted, turned into sequences, or an explanation of what is wrong with it. The letters and the policy
// for the unusual ones are the package's (alphabet.normalise_sequence); they come with the model's file.
"use strict";
globalThis.PSSP ??= {};
{
  // {sequence, changed: how often which letter was read as another} or {wrong: {position, letter}}; positions from 1.
  function normalise(model, text) {
    const letters = Array.from(text); // by characters, also beyond the first 65,536
    const allowed = model.residues + Object.keys(model.unusual).join("");
    const place = letters.findIndex((letter) => !(allowed + allowed.toLowerCase()).includes(letter));
    if (place >= 0) return { wrong: { position: place + 1, letter: letters[place] } };
    const changed = {};
    const sequence = letters.map((given) => {
      const letter = given.toUpperCase(), read = model.unusual[letter] ?? letter;
      if (read !== letter) changed[letter] = (changed[letter] ?? 0) + 1;
      return read;
    });
    return { sequence: sequence.join(""), changed };
  }

  // The records of a pasted text, FASTA or letters only: [{id, residues, places}]; places[k] is where residue k stands
  // in the text. White space is dropped, and so is a star or a dot at the end, the stop codon of a gene.
  function readRecords(text) {
    const records = [], open = (id) => records.push({ id, residues: "", places: [] });
    let start = 0;
    for (const line of text.split(/(?<=\n)/)) {
      const mark = /^\ufeff?>/.exec(line); // some editors put U+FEFF first
      if (mark) {
        open(line.slice(mark[0].length).trim().split(/\s+/)[0] || `record_${records.length + 1}`);
      } else {
        if (!records.length && line.trim()) open("your sequence");
        let at = start;
        for (const letter of line) {
          if (letter.trim()) {
            records.at(-1).residues += letter;
            records.at(-1).places.push(at);
          }
          at += letter.length;
        }
      }
      start += line.length;
    }
    for (const record of records) {
      if (!/[*.]$/.test(record.residues)) continue;
      record.residues = record.residues.slice(0, -1);
      record.places.pop();
    }
    return records;
  }

  // Sentences for a letter that is no residue.
  function explain(model, record, { position, letter }) {
    const usual = model.residues.slice(0, 20), unusual = Object.keys(model.unusual).join(", ");
    const hints = {
      "*": "A star marks a stop codon: leave it out.",
      "-": "A dash is a gap of an alignment: leave it out.",
      ".": "A dot is a gap of an alignment: leave it out.",
      ">": "A new FASTA record begins on a line of its own.",
    };
    const hint = /\d/.test(letter) ? "Numbers beside the sequence are no part of it: leave them out." : hints[letter];
    const expected = `Expected: one of the 20 amino acids ${usual}, X for an unknown one, or ${unusual}.`;
    return `${record.id}: residue ${position} is “${letter}”. ${expected}${hint ? ` ${hint}` : ""}`;
  }

  // DNA and RNA are made of letters that are also amino acids, so they pass: worth a question.
  const looksLikeDna = (sequence) => sequence.length >= 10 && /^[ACGTUNX]+$/i.test(sequence) && /[ACGTU]/i.test(sequence);

  Object.assign(PSSP, { normalise, readRecords, explain, looksLikeDna });
}
