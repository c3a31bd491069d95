// The template editor.

import { $, element, json, post } from "./dom.js";

let edited = null;
let variable = "";

// Opens the editor for an event, with its function's shipped template or a draft of it.
export function openEditor(event, shipped, code = shipped) {
  edited = { id: event.id, shipped };
  $("editor").hidden = false;
  $("code").value = code;
  render();
  $("code").focus();
}

let isRendering = false;

// One request at a time, and the last for what is typed last.
async function render() {
  if (isRendering) return;
  isRendering = true;
  try {
    let draft;
    do {
      draft = { event: edited.id, code: $("code").value };
      const rendered = await post("/console/render", draft);
      if (rendered) draw(rendered, draft.code);
    } while (draft.event !== edited.id || draft.code !== $("code").value);
  } finally {
    isRendering = false;
  }
}

function draw(rendered, code) {
  variable = rendered.variable;
  $("rendered").replaceChildren(
    ...rendered.trace.map((line) => element("p", { class: "quiet" }, `trace: ${line}`)),
    ...outcome(rendered.outcome, code));
}

function outcome(outcome, code) {
  if (outcome === "cancelled") return [element("p", { class: "calm" }, "Cancelled: no calls would be made.")];
  if (outcome.fault) {
    const { text, line, column } = outcome.fault;
    if (!line) return [element("p", { class: "bad" }, text)];
    const source = code.split("\n")[line - 1] ?? "";
    return [
      element("p", { class: "bad" }, `Line ${line}, column ${column}: ${text}`),
      element("pre", {}, `${source}\n${" ".repeat(column - 1)}^`),
    ];
  }
  if (!outcome.calls.length) return [element("p", { class: "calm" }, "No calls would be made.")];
  return outcome.calls.flatMap(({ to, body }) => [element("p", { class: "good" }, to), json(body)]);
}

$("code").addEventListener("input", render);
$("shipped").addEventListener("click", () => {
  $("code").value = edited.shipped;
  render();
});
$("copy").addEventListener("click", async () => {
  $("variable").textContent = variable;
  await navigator.clipboard?.writeText(variable).catch(() => {});
});
$("close").addEventListener("click", () => {
  $("editor").hidden = true;
  $("edit")?.focus();
});
