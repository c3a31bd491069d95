// Draws what the server sends. All text goes into the page as text: nothing that came from outside
// is ever read as HTML.

const $ = (id) => document.getElementById(id);
const events = new Map();
let setting = { functions: [], samples: [], faults: [], draft: null };

const KEPT = 500; // as the server keeps

// ---- elements

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const json = (value) => element("pre", {}, JSON.stringify(value, null, 2));

function fold(summary, ...children) {
  return element("details", {}, element("summary", {}, summary), ...children);
}

// ---- words

const COLOURS = {
  delivered: "good", accepted: "good", validated: "good",
  duplicate: "calm", skipped: "calm",
  try_later: "warn", interrupted: "warn", rejected: "warn",
  in_doubt: "odd",
};

const FAULTS = {
  none: "healthy", down: "down (503)", slow: "slow", rate_limited: "rate limited (429)",
  rejecting: "rejecting", invalid_key: "invalid key", connection_reset: "connection reset",
};

const outcomeOf = (request) =>
  request.answer ? (request.line?.outcome || String(request.answer.status)) : "in progress";

const colour = (outcome) => (outcome === "in progress" ? "calm" : COLOURS[outcome] || "bad");

const coloured = (outcome) =>
  element("span", { class: `outcome ${colour(outcome)}` }, outcome.replaceAll("_", " "));

const clock = (at) => new Date(at).toLocaleTimeString(undefined, { hour12: false });

const took = (milliseconds) => (milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`);

const whom = ({ argument }) => argument?.identity?.traits?.email ?? argument?.event?.data?.email;

const attempts = (event) => (event.requests.length > 1 ? `${event.requests.length} attempts` : "");

function statusColour(status) {
  return status < 300 ? "good" : status < 500 ? "bad" : "warn";
}

// ---- the list

// A row stays the same element while more happens, so that no click and no focus is lost.
function drawRow(event) {
  const id = `event-${event.id}`;
  if (!$(id)) {
    $("events").prepend(element("li", { id }, element("a", { href: `#${event.id}` })));
    $("no-events").hidden = true;
  }
  const last = event.requests.at(-1);
  const link = $(id).firstChild;
  link.setAttribute("aria-current", String(event.id === chosen()));
  link.replaceChildren(
    element("span", {}, event.title),
    coloured(outcomeOf(last)),
    element("span", { class: "quiet" }, [event.function, whom(event)].filter(Boolean).join(" · ")),
    element("span", { class: "quiet took" },
      [clock(last.at), attempts(event), last.answer && took(last.answer.took_ms)].filter(Boolean).join(" · ")));
}

// ---- one event

function step(step) {
  if (step.kind === "record") {
    return element("li", {}, `${step.did}: `, element("b", {}, step.state));
  }
  const { reply } = step;
  const came = reply.error
    ? element("span", { class: "bad" }, reply.error)
    : element("span", { class: statusColour(reply.status) }, String(reply.status));
  return element("li", {},
    fold(element("span", {}, `${vendor(step)} ${step.line} → `, came, ` in ${took(step.took_ms)}`),
      step.body === null ? null : json(step.body),
      reply.error ? null : json(reply.body)));
}

const vendor = (call) =>
  call.line.includes("/api/1.0/") ? "Mandrill" : call.line.includes("/admin/") ? "Ory" : "Segment";

function request(event, request, number, showsMail) {
  const shown = element("section", { class: "request" },
    element("p", {},
      `${number + 1}. ${clock(request.at)} `, coloured(outcomeOf(request)),
      request.answer ? ` · responded ${request.answer.status} after ${took(request.answer.took_ms)}` : ""),
    request.line?.cause ? element("p", { class: "quiet" }, request.line.cause) : null,
    request.steps.length ? element("ol", { class: "steps" }, ...request.steps.map(step)) : null,
    request.answer?.body ? fold("Response", json(request.answer.body)) : null,
    request.line ? fold("Log entry", json(request.line)) : null);
  if (request.form) shown.append(element("h3", {}, "What the user sees"), form(request.form));
  if (showsMail) {
    const title = request.mail.is_taken ? "Email" : "Email that was not sent";
    shown.append(element("h3", {}, title), mail(event, request.mail, number));
  }
  if (request.identity) shown.append(element("h3", {}, "Identity in Ory"), identity(request.identity));
  return shown;
}

function mail(event, mail, number) {
  const head = element("dl", {});
  for (const name of ["from", "to", "subject"]) {
    head.append(element("dt", {}, name), element("dd", {}, mail[name] || "—"));
  }
  const shown = element("div", { class: "mail" }, head);
  if (mail.template) shown.append(element("p", { class: "hint" }, `Mandrill template ${mail.template}`));
  if (mail.has_html) {
    shown.append(element("iframe", {
      src: `/console/mail/${event.id}/${number}`, sandbox: "", title: "Email as HTML", loading: "lazy",
    }));
  }
  if (mail.text) shown.append(fold("Plain text", element("pre", {}, mail.text)));
  return shown;
}

function identity({ before, after, changes }) {
  const [old, now] = [lines(before), lines(after)];
  const marked = (these, those, kind) => {
    const others = new Set(those);
    return element("pre", {}, ...these.map((line) =>
      others.has(line) ? `${line}\n` : element("span", { class: kind }, line)));
  };
  return element("div", {},
    ...changes.map((change) => element("p", {}, element("code", {}, change))),
    fold("Before and after", element("div", { class: "beside" },
      marked(old, now, "removed"), marked(now, old, "added"))));
}

const lines = (value) => JSON.stringify(value, null, 2).split("\n");

function form(fields) {
  const shown = element("div", { class: "form" });
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

function openEvent(event) {
  const again = element("button", { type: "button", id: "again" }, "Send again");
  again.addEventListener("click", () => post("/console/send-again", { event: event.id }));
  const edit = element("button", { type: "button", id: "edit" }, "Edit template");
  edit.addEventListener("click", () => openEditor(event));
  $("event").replaceChildren(
    element("h2", {}, `${event.title} → ${event.function}`),
    element("div", { class: "row" }, again, event.argument === null ? null : edit),
    event.argument === null ? element("p", { class: "hint" }, "This event cannot be parsed.")
      : fold("Event, sanitized", json(event.argument)),
    element("div", { id: "requests", "data-event": event.id }));
  drawRequests(event);
}

function drawEvent(event) {
  if ($("requests")?.dataset.event === String(event.id)) drawRequests(event);
  else openEvent(event);
}

// Only what has changed is drawn anew, and what was open in it stays open.
function drawRequests(event) {
  const mailed = event.requests.findLastIndex(({ mail }) => mail);
  event.requests.forEach((shown, number) => {
    const said = JSON.stringify([shown, number === mailed]);
    const old = $("requests").children[number];
    if (old?.said === said) return;
    const drawn = request(event, shown, number, number === mailed);
    drawn.said = said;
    if (!old) return $("requests").append(drawn);
    const open = [...old.querySelectorAll("details")].map((details) => details.open);
    drawn.querySelectorAll("details").forEach((details, place) => { details.open = open[place] ?? false; });
    old.replaceWith(drawn);
  });
}

const chosen = () => Number(location.hash.slice(1));

function choose() {
  for (const link of $("events").querySelectorAll("a")) {
    link.setAttribute("aria-current", String(link.hash === location.hash));
  }
  const event = events.get(chosen());
  if (event) openEvent(event);
}

// ---- the editor

let edited = null;
let variable = "";

function openEditor(event, code) {
  edited = event.id;
  $("editor").hidden = false;
  $("code").value = code ?? shipped(event);
  render();
  $("code").focus();
}

const shipped = (event) =>
  setting.functions.find(({ name }) => name === event.function)?.template ?? "";

async function render() {
  const code = $("code").value;
  const rendered = await post("/console/render", { event: edited, code });
  if (!rendered || code !== $("code").value) return;
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

// ---- what the page asks for

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  return answer.ok ? answer.json() : null;
}

function drawSetting() {
  const groups = setting.functions.map(({ name }) => element("optgroup", { label: name },
    ...setting.samples.filter((sample) => sample.function === name).map(({ file }) =>
      element("option", { value: JSON.stringify({ file, function: name }) }, file.replace(".json", "")))));
  $("sample").replaceChildren(...groups);
}

function drawFaults(vendors) {
  if (!$("vendors").children.length) {
    $("vendors").append(...vendors.map(({ vendor }) => {
      const select = element("select", { id: `fault-${vendor}` },
        ...setting.faults.map((fault) => element("option", { value: fault }, FAULTS[fault])));
      select.addEventListener("change", () => post("/console/fault", { vendor, fault: select.value }));
      return element("label", {}, vendor[0].toUpperCase() + vendor.slice(1), " ", select);
    }));
  }
  for (const { vendor, fault } of vendors) {
    const select = $(`fault-${vendor}`);
    select.value = fault;
    select.classList.toggle("faulty", fault !== "none");
  }
}

// ---- what happens

const feed = new EventSource("/console/feed");

feed.addEventListener("setting", ({ data }) => {
  setting = JSON.parse(data);
  events.clear();
  $("events").replaceChildren();
  drawSetting();
});

feed.addEventListener("faults", ({ data }) => drawFaults(JSON.parse(data)));

feed.addEventListener("event", ({ data }) => {
  const event = JSON.parse(data);
  events.set(event.id, event);
  drawRow(event);
  if (event.id === chosen()) drawEvent(event);
  const forgotten = event.id - KEPT;
  if (events.delete(forgotten)) $(`event-${forgotten}`).remove();
  if (setting.draft?.event === event.id) {
    const { code } = setting.draft;
    setting.draft = null;
    openEditor(event, code);
  }
});

addEventListener("hashchange", choose);

$("sender").addEventListener("submit", (event) => {
  event.preventDefault();
  post("/console/send", JSON.parse($("sample").value));
});

$("code").addEventListener("input", render);
$("shipped").addEventListener("click", () => {
  $("code").value = shipped(events.get(edited));
  render();
});
$("copy").addEventListener("click", async () => {
  $("variable").textContent = variable;
  await navigator.clipboard?.writeText(variable).catch(() => {});
});

$("events").addEventListener("keydown", (event) => {
  const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const item = next && document.activeElement.closest("li")?.[next];
  if (!item) return;
  event.preventDefault();
  item.firstChild.focus();
  location.hash = item.firstChild.hash;
});
