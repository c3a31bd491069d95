// The newsletter: the contact of the person an event is about, in Mailchimp and in Ory, and what can
// be done on either side.

import { $, button, element, fold, post, redraw } from "./dom.js";

const WITH_CONTACT = ["mailchimp-subscribe", "mailchimp-inbound"];

// As the newsletter's own states are coloured.
const COLOURS = { subscribed: "good", pending: "warn", unsubscribed: "calm", cleaned: "bad" };

let newsletter = { contacts: [], people: [], double_opt_in: false };

export function setNewsletter(now) {
  newsletter = now;
}

export function drawNewsletter(event) {
  const old = $("newsletter");
  if (!old || !WITH_CONTACT.includes(event.function)) return;
  const found = find(event);
  const said = JSON.stringify([found, newsletter.double_opt_in]);
  if (old.said === said) return;
  const made = element("div", { id: "newsletter" }, panel(found));
  made.said = said;
  redraw(old, made);
}

// The person by the identity's id, else by the address.
function find({ argument }) {
  const data = argument?.event?.data;
  const identity = data ? data.merges?.ORY_ID : argument?.identity?.id;
  const address = data ? data.email ?? data.new_email : argument?.recipient;
  const of = (all) => all.find((one) => identity && one.identity === identity)
    ?? all.find((one) => address && one.address?.toLowerCase() === address.toLowerCase());
  const contact = of(newsletter.contacts);
  const person = of(newsletter.people) ?? newsletter.people.find((one) => one.identity === contact?.identity);
  return { contact: contact ?? null, person: person ?? null };
}

function panel({ contact, person }) {
  if (!contact && !person) return null;
  const toggle = element("input", { type: "checkbox", id: "double-opt-in" });
  toggle.checked = newsletter.double_opt_in;
  toggle.addEventListener("change", () => post("/console/double-opt-in", { is_on: toggle.checked }));
  return element("section", { class: "now mark calm", "aria-labelledby": "newsletter-title" },
    element("h3", { id: "newsletter-title" }, "Newsletter"),
    element("dl", {}, ...inMailchimp(contact), ...inOry(person)),
    contact?.history.length ? fold("History of the contact",
      element("ol", { class: "briefs" }, ...contact.history.map((line) => element("li", {}, line)))) : null,
    element("label", { class: "quiet" }, toggle, " Double opt-in: who opts in has to confirm by mail"));
}

function inMailchimp(contact) {
  if (!contact) return row("In Mailchimp", element("span", {}, "no contact"), []);
  const { address, status, acts } = contact;
  const state = element("b", { id: "contact-status", class: COLOURS[status] ?? "calm" }, status);
  return row("In Mailchimp", element("span", {}, `${address}: `, state),
    buttons(acts, (act) => post("/console/act-in-mailchimp", { address, act })));
}

function inOry(person) {
  if (!person) return row("In Ory", element("span", {}, "no identity"), []);
  const { identity, address, consent, is_verified: isVerified, acts } = person;
  const state = element("b", { id: "consent", class: consent ? "good" : "calm" }, consent ? "consent" : "no consent");
  return row("In Ory", element("span", {}, `${address}${isVerified ? "" : " (not verified)"}: `, state),
    buttons(acts, (act) => post("/console/act-in-ory", { identity, act })));
}

const row = (title, state, acts) => [
  element("dt", {}, title),
  element("dd", {}, state, acts.length
    ? element("div", { class: "row", role: "group", "aria-label": title }, ...acts) : null),
];

const buttons = (acts, press) => acts.map(({ act, words }) =>
  button(words, () => press(act), { id: `act-${typeof act === "string" ? act : Object.keys(act)[0]}` }));
