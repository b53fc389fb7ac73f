// The columns of a list: at first those that tell most, then those that somebody has chosen.

import { el } from "./dom.js";
import { t } from "./words.js";

const MOST = 8;
const LONG = 150;

function storage(table) {
  return `mallgen-columns-${table.name}`;
}

function known(table) {
  return table.fields.filter((one) => !one.hidden);
}

function usual(table) {
  const rest = known(table).filter((one) => one.type !== "json" && one.name !== table.version);
  const brief = rest.filter((one) => table.key.includes(one.name) || one.look === "image" || (one.max || 0) <= LONG);
  const first = [...brief, ...rest].slice(0, MOST);
  return known(table).filter((one) => first.includes(one));
}

export function chosen(table) {
  try {
    const names = JSON.parse(localStorage.getItem(storage(table)) || "null");
    const found = Array.isArray(names) ? known(table).filter((one) => names.includes(one.name)) : [];
    return found.length ? found : usual(table);
  } catch {
    return usual(table);
  }
}

export function columnMenu(table, again) {
  const now = chosen(table);
  const box = (field) => {
    const input = el("input", { type: "checkbox", checked: now.includes(field), value: field.name, onchange: changed });
    return el("li", {}, el("label", {}, input, field.label));
  };
  const menu = el("ul", {}, known(table).map(box));
  async function changed(event) {
    const names = [...menu.querySelectorAll("input:checked")].map((one) => one.value);
    try {
      localStorage.setItem(storage(table), JSON.stringify(names));
    } catch {
      return;
    }
    const value = event.target.value;
    await again();
    document.querySelector(".columns").open = true;
    document.querySelector(`.columns input[value="${CSS.escape(value)}"]`)?.focus();
  }
  const close = (event) => {
    if (event.key === "Escape") {
      event.currentTarget.open = false;
      event.currentTarget.querySelector("summary").focus();
    }
  };
  return el("details", { class: "columns", onkeydown: close }, el("summary", {}, t("columns")), menu);
}
