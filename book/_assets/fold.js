// A line of code that is too long folds under itself, four characters further in than it begins.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const balanced = (html) => (html.match(/<span/g) ?? []).length === (html.match(/<\/span/g) ?? []).length;
  for (const code of document.querySelectorAll("div.highlight pre")) {
    const lines = code.innerHTML.split("\n");
    if (code.closest(".module-source, div.cell_output") || !lines.every(balanced)) continue;
    const indent = (html) => html.replace(/<[^>]*>/g, "").search(/\S|$/) + 4;
    const wrap = (html) => html && `<span class="code-line" style="--indent: ${indent(html)}ch">${html}</span>`;
    code.innerHTML = lines.map(wrap).join("\n");
  }
});
