// Parts of an event: what a function did, the mail, what changed, and the form.

import { capital, element, fold, json, took } from "./dom.js";

const statusColour = (status) => (status < 300 ? "good" : status < 500 ? "bad" : "warn");

// Everything about a request or a delivery: its calls and records, the answer and the log entry.
export function details(work) {
  const { steps, answer, line } = work;
  if (!steps.length && !answer?.body && !line) return null;
  const calls = steps.filter(({ kind }) => kind === "call").length;
  const counted = [count(calls, "call"), count(steps.length - calls, "record step")].filter(Boolean);
  return fold(["Details", counted.join(", ")].filter(Boolean).join(": "),
    steps.length ? element("ol", { class: "steps" }, ...steps.map(step)) : null,
    answer?.body ? fold(`Answer after ${took(answer.took_ms)}`, json(answer.body)) : null,
    line ? fold("Log entry", json(line)) : null);
}

const count = (number, thing) => (number ? `${number} ${thing}${number > 1 ? "s" : ""}` : "");

function step(step) {
  if (step.kind === "record") {
    return element("li", {}, `${capital(step.did)}: `, element("b", {}, step.state));
  }
  const { reply } = step;
  const came = reply.error
    ? element("span", { class: "bad" }, reply.error)
    : element("span", { class: statusColour(reply.status) }, String(reply.status));
  return element("li", {},
    fold(element("span", {}, `${step.to} ${step.line} → `, came, ` in ${took(step.took_ms)}`),
      step.body === null ? null : json(step.body),
      reply.error ? null : json(reply.body)));
}

export function mail(event) {
  const { mail } = event;
  const head = element("dl", {});
  for (const name of ["from", "to", "subject"]) {
    head.append(element("dt", {}, name), element("dd", {}, mail[name] || "—"));
  }
  const shown = element("div", { class: "mail" }, head);
  if (mail.template) shown.append(element("p", { class: "hint" }, `Mandrill template ${mail.template}`));
  if (mail.has_html) {
    shown.append(element("iframe", {
      src: `/console/mail/${event.id}`, sandbox: "", title: "Email as HTML", loading: "lazy",
    }));
  }
  if (mail.text) shown.append(fold("Plain text", element("pre", {}, mail.text)));
  return shown;
}

export function changed(title, { before, after, changes }) {
  const [old, now] = [lines(before), lines(after)];
  const marked = (these, those, kind) => {
    const others = new Set(those);
    return element("pre", {}, ...these.map((line) =>
      others.has(line) ? `${line}\n` : element("span", { class: kind }, line)));
  };
  return element("div", { class: "identity" },
    element("p", {}, title),
    ...changes.map((change) => element("p", {}, element("code", {}, change))),
    fold("Before and after", element("div", { class: "beside" },
      marked(old, now, "removed"), marked(now, old, "added"))));
}

const lines = (value) => JSON.stringify(value, null, 2).split("\n");

export function form(fields) {
  const shown = element("div", { class: "form" }, element("p", {}, element("b", {}, "What the user sees")));
  for (const { name, value, messages } of fields) {
    const said = messages.map(({ type, text }) =>
      element("p", { class: type === "error" ? "bad" : "calm" }, text));
    if (!name) {
      shown.append(...said);
      continue;
    }
    const input = element("input", { disabled: "", "aria-invalid": String(said.length > 0) });
    input.value = typeof value === "string" ? value : JSON.stringify(value);
    shown.append(element("label", {}, name, input, ...said));
  }
  return shown;
}
