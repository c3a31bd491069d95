// The list of events, and the dead letters.

import { $, button, clock, coloured, element, post } from "./dom.js";

const whom = ({ argument }) => argument?.identity?.traits?.email ?? argument?.event?.data?.email ?? "";

function attempts({ requests, deliveries }) {
  const count = deliveries.length || requests.length;
  return count > 1 ? `${count} attempts` : "";
}

const line = (left, right) => element("span", { class: "line" }, left, right);

// A row stays the same element while more happens, so that no click and no focus is lost.
export function drawRow(event, chosen) {
  const id = `event-${event.id}`;
  if (!$(id)) {
    $("events").prepend(element("li", { id }, element("a", { href: `#${event.id}` })));
    $("no-events").hidden = true;
  }
  const link = $(id).firstChild;
  link.setAttribute("aria-current", String(event.id === chosen));
  link.replaceChildren(
    line(element("span", {}, event.title, " ", element("span", { class: "quiet" }, whom(event))), coloured(event.state)),
    line(element("span", { class: "quiet" }, event.function), element("span", { class: "quiet" },
      [clock(event.requests.at(-1).at), attempts(event)].filter(Boolean).join(" · "))));
}

export function drawDeadLetters(events) {
  const dead = [...events.values()].filter(({ state }) => state === "dead_letter");
  $("dead").hidden = dead.length === 0;
  const said = dead.map(({ id }) => id).join();
  if ($("dead-letters").dataset.said === said) return;
  $("dead-letters").dataset.said = said;
  $("dead-letters").replaceChildren(...dead.map((event) => element("li", {},
    element("a", { href: `#${event.id}` }, event.title),
    element("span", { class: "quiet" }, [whom(event), event.function].filter(Boolean).join(" · ")),
    element("p", { class: "bad" }, event.finding),
    element("div", { class: "row" },
      button("Redrive", () => post("/console/redrive", { event: event.id }), { "aria-label": `Redrive ${event.title}` }),
      button("Delete", () => post("/console/delete", { event: event.id }), { "aria-label": `Delete ${event.title}` })))));
}
