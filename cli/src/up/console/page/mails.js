// The mail that an event is about: what has become of it at Mandrill, what Ory knows of that, and what
// can happen to it.

import { $, button, element, post, redraw } from "./dom.js";

const ABOUT_MAILS = ["mandrill-welcome", "mandrill-inbound"];
const COLOURS = { sent: "good", "soft-bounced": "warn" };
const SKIPS = "Time skips ahead for the whole stack: other events that wait are tried sooner, too.";

let mails = [];

export function setMails(now) {
  mails = now;
}

export function drawMails(event) {
  const old = $("mails");
  if (!old || !ABOUT_MAILS.includes(event.function)) return;
  const mail = find(event);
  const said = JSON.stringify(mail);
  if (old.said === said) return;
  const made = element("div", { id: "mails" }, mail ? panel(mail) : null);
  made.said = said;
  redraw(old, made);
}

// By Mandrill's id of the mail, else the last one to the identity.
function find({ argument }) {
  const id = argument?.event?._id;
  const identity = argument?.identity?.id;
  return (id ? mails.find((mail) => mail.id === id)
    : mails.findLast((mail) => identity && mail.identity === identity)) ?? null;
}

function panel({ id, address, state, acts, person }) {
  const buttons = acts.map(({ act, words }) =>
    button(words, () => post("/console/act-in-mandrill", { mail: id, act }), { id: `act-${act}` }));
  return element("section", { class: "now mark calm", "aria-labelledby": "mails-title" },
    element("h3", { id: "mails-title" }, "Mail"),
    element("dl", {},
      element("dt", {}, "At Mandrill"),
      element("dd", {}, `${address}: `, element("b", { id: "mail-state", class: COLOURS[state] ?? "bad" }, state),
        buttons.length ? element("div", { class: "row", role: "group", "aria-label": "At Mandrill" }, ...buttons) : null),
      element("dt", {}, "In Ory"),
      element("dd", {}, ...inOry(person))),
    buttons.length ? element("p", { class: "quiet" }, SKIPS) : null);
}

function inOry(person) {
  if (!person) return ["no identity"];
  const { address, mark, consent } = person;
  const state = mark
    ? element("b", { id: "mark", class: "bad" }, `undeliverable: ${mark.address} (${mark.reason})`)
    : element("b", { id: "mark", class: "good" }, "no mark");
  return [`${address}: `, state, consent === false ? ", consent withdrawn" : null].filter(Boolean);
}
