// Makes elements. All text goes into the page as text: nothing that came from outside is ever read
// as HTML.

export const $ = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const json = (value) => element("pre", {}, JSON.stringify(value, null, 2));

export function fold(summary, ...children) {
  return element("details", {}, element("summary", {}, summary), ...children);
}

export function button(text, press, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", press);
  return made;
}

// Replaces an element by what is drawn now; what was open in it stays open, and the focus
// stays; if its element is gone, it moves to the title of the event.
export function redraw(old, drawn) {
  const open = [...old.querySelectorAll("details")].map((details) => details.open);
  drawn.querySelectorAll("details").forEach((details, place) => { details.open = open[place] ?? false; });
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(drawn);
  if (focused) ($(focused) ?? $("title")).focus({ preventScroll: true });
}

const COLOURS = {
  delivered: "good", accepted: "good", validated: "good",
  enqueued: "busy", delivering: "busy", in_progress: "busy",
  duplicate: "calm", skipped: "calm", deleted: "calm",
  retrying: "warn", try_later: "warn", interrupted: "warn", rejected: "warn",
  in_doubt: "odd",
};

export const colour = (word) => COLOURS[word] || "bad";

export const coloured = (word) =>
  element("span", { class: `outcome ${colour(word)}` }, word.replaceAll("_", " "));

// The time on the stack's clock; with the day if it is not the day of the machine's clock.
export function clock(at) {
  const time = new Date(at);
  const isToday = time.toDateString() === new Date().toDateString();
  const day = isToday ? "" : `${time.toLocaleDateString(undefined, { weekday: "short" })} `;
  return day + time.toLocaleTimeString(undefined, { hour12: false });
}

export const took = (milliseconds) =>
  (milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`);

export const capital = (text) => text[0].toUpperCase() + text.slice(1);

export async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  return answer.ok ? answer.json() : null;
}
