// The faults of what the functions depend on, and what each means.

import { $, element, post } from "./dom.js";

export function drawFaults(services) {
  if (!$("services").children.length) {
    $("services").append(...services.map(({ service, name, faults }) => {
      const select = element("select", { id: `fault-${service}` },
        ...faults.map(({ fault, state, meaning }) => element("option", { value: fault, title: meaning }, state)));
      select.addEventListener("change", () => post("/console/fault", { service, fault: select.value }));
      return element("label", {}, name, select);
    }));
  }
  const meanings = [];
  for (const { service, name, fault, faults } of services) {
    const select = $(`fault-${service}`);
    select.value = fault;
    select.classList.toggle("faulty", fault !== "none");
    if (fault === "none") continue;
    const { state, meaning } = faults.find((one) => one.fault === fault);
    meanings.push(element("p", {}, element("b", {}, `${name}: ${state}.`), ` ${meaning}`));
  }
  $("meanings").replaceChildren(...meanings);
}
