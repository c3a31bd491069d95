// Draws what the server sends, and reacts to the person.

import { $, element, post } from "./dom.js";
import { openEditor } from "./editor.js";
import { countDown, drawEvent } from "./event.js";
import { drawFaults } from "./faults.js";
import { drawDeadLetters, drawRow } from "./list.js";
import { drawMails, setMails } from "./mails.js";
import { drawNewsletter, setNewsletter } from "./newsletter.js";

const KEPT = 500; // as the server keeps
const TICK_MS = 250;
const NARROW = matchMedia("(max-width: 60rem)"); // as in style.css

const events = new Map();
let setting = { functions: [], samples: [], draft: null };

// ---- the chosen event

const chosen = () => Number(location.hash.slice(1));

const shipped = (event) => setting.functions.find(({ name }) => name === event.function)?.template ?? "";

const edit = (event) => openEditor(event, shipped(event));

function choose() {
  for (const link of $("events").querySelectorAll("a")) {
    link.setAttribute("aria-current", String(link.hash === location.hash));
  }
  const event = events.get(chosen());
  document.body.classList.toggle("reads", Boolean(event));
  if (!event) return;
  drawEvent(event, () => edit(event));
  if (NARROW.matches) {
    $("event").scrollIntoView();
    $("event").querySelector("h2").focus({ preventScroll: true });
  }
}

// ---- what happens

const changed = new Set();

// At most once per frame: an event can change many times between two.
function draw() {
  for (const id of changed) {
    const event = events.get(id);
    if (!event) continue;
    drawRow(event, chosen());
    if (id === chosen()) {
      document.body.classList.add("reads");
      drawEvent(event, () => edit(event));
    }
  }
  changed.clear();
  drawDeadLetters(events);
}

function drawSetting() {
  const groups = setting.functions.map(({ name }) => element("optgroup", { label: name },
    ...setting.samples.filter((sample) => sample.function === name).map(({ file }) =>
      element("option", { value: JSON.stringify({ file, function: name }) }, file.replace(".json", "")))));
  $("sample").replaceChildren(...groups);
}

const feed = new EventSource("/console/feed");

feed.addEventListener("setting", ({ data }) => {
  setting = JSON.parse(data);
  events.clear();
  $("events").replaceChildren();
  drawSetting();
});

feed.addEventListener("clock", ({ data }) => {
  const { speed, ahead_minutes: ahead } = JSON.parse(data);
  const far = ahead < 120 ? `${ahead} min` : `${Math.round(ahead / 60)} h`;
  const said = [speed > 1 ? `Waits pass ${speed} times as fast.` : "", ahead ? `The clock of the stack is ${far} ahead.` : ""];
  $("clock").textContent = said.filter(Boolean).join(" ");
});

feed.addEventListener("faults", ({ data }) => drawFaults(JSON.parse(data)));

feed.addEventListener("newsletter", ({ data }) => {
  setNewsletter(JSON.parse(data));
  const event = events.get(chosen());
  if (event) drawNewsletter(event);
});

feed.addEventListener("mails", ({ data }) => {
  setMails(JSON.parse(data));
  const event = events.get(chosen());
  if (event) drawMails(event);
});

feed.addEventListener("event", ({ data }) => {
  const event = JSON.parse(data);
  events.set(event.id, event);
  if (!changed.size) requestAnimationFrame(draw);
  changed.add(event.id);
  const forgotten = event.id - KEPT;
  if (events.delete(forgotten)) $(`event-${forgotten}`)?.remove();
  if (setting.draft?.event === event.id) {
    const { code } = setting.draft;
    setting.draft = null;
    openEditor(event, shipped(event), code);
  }
});

setInterval(countDown, TICK_MS);

// ---- what the person does

addEventListener("hashchange", choose);

$("sender").addEventListener("submit", (event) => {
  event.preventDefault();
  post("/console/send", JSON.parse($("sample").value));
});

$("redrive-all").addEventListener("click", () => post("/console/redrive", { event: null }));

$("events").addEventListener("keydown", (event) => {
  const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const item = next && document.activeElement.closest("li")?.[next];
  if (!item) return;
  event.preventDefault();
  item.firstChild.focus();
  // On a narrow screen the event would take the place of the list.
  if (!NARROW.matches) location.hash = item.firstChild.hash;
});
