// One event: what it is waiting for, what can be done about it, and its story.

import { $, button, capital, clock, colour, coloured, element, fold, json, post, redraw } from "./dom.js";
import { drawMails } from "./mails.js";
import { drawNewsletter } from "./newsletter.js";
import * as parts from "./parts.js";

const SKIPS = "Time skips ahead for the whole stack: other events that wait are tried sooner, too.";

export function drawEvent(event, edit) {
  if ($("story")?.dataset.event !== String(event.id)) open(event, edit);
  drawPart("state", coloured(event.state), event.state);
  drawPart("now", now(event), JSON.stringify([event.state, event.place, event.is_sent]));
  drawStory(event);
  drawNewsletter(event);
  drawMails(event);
  drawPart("mail", mail(event), JSON.stringify([event.mail, ["delivered", "duplicate", "in_doubt"].indexOf(event.state)]));
  countDown();
}

function open(event, edit) {
  const hasArgument = event.argument !== null;
  $("event").replaceChildren(
    element("a", { id: "back", href: "#" }, "← All events"),
    element("h2", { id: "title", tabindex: "-1" }, `${event.title} → ${event.function} `, element("span", { id: "state" })),
    element("div", { id: "now" }),
    element("div", { id: "newsletter" }),
    element("div", { id: "mails" }),
    element("ol", { id: "story", "data-event": event.id }),
    element("div", { id: "mail" }),
    element("div", { class: "row" },
      button("Send again", () => post("/console/send-again", { event: event.id }), { id: "again" }),
      hasArgument ? button("Edit template", edit, { id: "edit" }) : null),
    hasArgument ? fold("Event, sanitized", json(event.argument))
      : element("p", { class: "hint" }, "This event cannot be parsed."));
}

// Only what has changed is drawn anew.
function drawPart(id, drawn, said) {
  const old = $(id);
  if (old.said === said) return;
  const made = element(old.localName, { id }, drawn);
  made.said = said;
  redraw(old, made);
}

// ---- what it is waiting for

function now(event) {
  const panels = [];
  if (event.is_sent !== null) panels.push(panel("odd", ...inDoubt(event)));
  const retries = event.deliveries.length - (event.place?.is === "in_flight");
  const waits = retries > 0 && ["waiting", "in_flight"].includes(event.place?.is);
  if (waits) panels.push(panel("busy", ...waiting(event)));
  if (event.place?.is === "dead_letter") panels.push(panel("bad", ...deadLetter(event)));
  return panels.length ? element("div", {}, ...panels) : null;
}

const panel = (colour, ...children) => element("div", { class: `now mark ${colour}` }, ...children);

// The same while the attempt is running, so that nothing jumps.
function waiting({ id, place, deliveries }) {
  const last = deliveries.at(-1).attempt;
  const { due_ms: due, speed } = place;
  const left = place.is === "in_flight" ? ["Attempt ", element("b", {}, String(last)), " is running."] : [
    `Attempt ${last + 1} in `,
    element("b", { role: "timer", "data-due": due, "data-speed": 1 }),
    speed > 1 ? element("span", { class: "quiet", "data-due": due, "data-speed": speed, "data-unit": " on AWS" }) : null,
  ];
  return [
    element("p", { class: "next" }, ...left),
    element("div", { class: "row" },
      button("Retry now", () => post("/console/retry", { event: id }), { id: "retry" }),
      button("Retry until delivered or dead", () => post("/console/retry-until-settled", { event: id }), { id: "settle" })),
    element("p", { class: "quiet" }, SKIPS),
  ];
}

function deadLetter(event) {
  return [
    element("p", {}, element("b", { class: "bad" }, "Dead letter"), `: ${event.finding}`),
    element("p", { class: "quiet" }, "It was received too often. Fix the cause, then redrive it; or delete it."),
    element("div", { class: "row" },
      button("Redrive", () => post("/console/redrive", { event: event.id }), { id: "redrive" }),
      button("Delete", () => post("/console/delete", { event: event.id }), { id: "delete" })),
  ];
}

function inDoubt({ id, is_sent }) {
  const choice = (text, sent) => button(text, () => post("/console/decide", { event: id, is_sent: sent }),
    { id: sent ? "did-send" : "did-not-send", "aria-pressed": String(is_sent === sent) });
  return [
    element("p", {}, element("b", { class: "odd" }, "In doubt"),
      ": Mandrill gave no answer. The function cannot know what happened; you decide."),
    element("div", { class: "row", role: "group", "aria-label": "What Mandrill did" },
      choice("Mandrill did send it", true), choice("Mandrill did not send it", false)),
    element("p", { class: "quiet" },
      "The function searches Mandrill from 2 min after the call. A mail that is found is not sent again. "
      + "A mail that no search finds for 30 min is sent again. Searches fail while Mandrill has a fault."),
  ];
}

export function countDown() {
  for (const timer of document.querySelectorAll("[data-due]")) {
    const { due, speed, unit } = timer.dataset;
    const left = Math.max(0, Math.ceil((due - Date.now()) / 1000 * speed));
    const text = unit ? `(${inWords(left)}${unit})` : inWords(left);
    if (timer.textContent !== text) timer.textContent = text;
  }
}

function inWords(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${String(seconds % 60).padStart(2, "0")} s` : `${seconds} s`;
}

// ---- the story

function drawStory(event) {
  const chapters = [...event.requests, ...event.deliveries].sort((a, b) => a.order - b.order);
  const drawn = [];
  let folded = [];
  for (const chapter of chapters) {
    if (chapter.is_brief) {
      folded.push(chapter);
      continue;
    }
    if (folded.length) drawn.push(more(folded));
    folded = [];
    drawn.push({ said: JSON.stringify(chapter), draw: () => (chapter.attempt ? delivery(chapter) : request(chapter)) });
  }
  const story = $("story");
  drawn.forEach(({ said, draw }, place) => {
    const old = story.children[place];
    if (old?.said === said) return;
    const made = draw();
    made.said = said;
    if (old) redraw(old, made);
    else story.append(made);
  });
  while (story.children.length > drawn.length) story.lastChild.remove();
  announce(chapters.at(-1));
}

function announce({ said }) {
  if ($("news").textContent !== said) $("news").textContent = said;
}

function more(briefs) {
  const lines = () => briefs.map((brief) => element("li", {}, `${clock(brief.at)} ${capital(brief.said)}`));
  return {
    said: `${briefs.length} ${briefs.at(-1).said}`,
    draw: () => element("li", { class: "more" },
      fold(`${briefs.length} more attempts`, element("ol", { class: "briefs" }, ...lines()))),
  };
}

function chapter(work, outcome, said, ...more) {
  const { cause } = work.line ?? {};
  const isNews = cause && !said.includes(cause) && !/ returned \d{3}\b/.test(cause);
  return element("li", { class: `mark ${colour(outcome)}` },
    element("p", { class: "said" }, element("time", { datetime: work.at }, clock(work.at)), " ", capital(said)),
    isNews ? element("p", { class: "quiet" }, capital(cause)) : null,
    parts.details(work),
    ...more,
    work.identity ? parts.changed("The identity in Ory changed:", work.identity) : null,
    work.contact ? parts.changed("The contact in Mailchimp changed:", work.contact) : null);
}

function request(request) {
  const outcome = request.answer ? request.line?.outcome || String(request.answer.status) : "in_progress";
  return chapter(request, outcome, `received: ${request.said}`, request.form ? parts.form(request.form) : null);
}

function delivery(delivery) {
  const { ended, outcome, said } = delivery;
  return ended ? chapter(delivery, outcome, said) : chapter(delivery, "in_progress", `${said}: running`);
}

function mail(event) {
  if (!event.mail) return null;
  const isSent = event.mail.is_taken || ["delivered", "duplicate"].includes(event.state);
  const title = isSent ? "Email" : event.state === "in_doubt" ? "Email, in doubt" : "Email, not sent";
  return element("section", {}, element("h3", {}, title), parts.mail(event));
}
