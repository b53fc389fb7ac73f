// What a list can be narrowed and sorted by: only what an index of the table serves.

import { el, fresh } from "./dom.js";
import { control, valueOf, Wrong } from "./values.js";
import { t } from "./words.js";

function isSame(needed, names) {
  return needed.length === names.length && needed.every((name) => names.includes(name));
}

// The fields that a list with these filters can be sorted by; all where the contract does not say.
export function served(table, filters) {
  if (!table.lists.length) return table.sorts;
  const names = Object.keys(filters);
  return table.lists.filter((one) => isSame(one.with, names)).map((one) => one.sort);
}

function labels(table, names) {
  return names.map((name) => table.fields.find((one) => one.name === name)?.label || name).join(", ");
}

// The sentence about filters that no index serves, empty where one does.
export function problemOf(table, filters) {
  if (!table.lists.length || served(table, filters).length) return "";
  const names = Object.keys(filters);
  const larger = table.lists.filter((one) => names.every((name) => one.with.includes(name)));
  if (!larger.length) return t("needsLess");
  const least = larger.reduce((best, one) => (one.with.length < best.with.length ? one : best));
  return t("needsFilter", { fields: labels(table, least.with.filter((name) => !names.includes(name))) });
}

export function filterBar(table, state, names, reload) {
  const fields = table.filters.map((name) => table.fields.find((one) => one.name === name)).filter(Boolean);
  const inputs = fields.map((field) => {
    const id = fresh("filter");
    const attributes = { id, placeholder: field.options || field.refers ? t("any") : null };
    const input = control({ ...field, max: 0 }, null, attributes, names.get(field.name));
    input.value = state.filters[field.name] ?? "";
    return { field, id, input };
  });
  const hint = el("p", { class: "error", role: "alert" });
  const filters = () => Object.fromEntries(inputs.filter(({ input }) => input.value !== "").map(({ field, input }) => [field.name, input.value.trim()]));
  const sorting = sorter(table, state);
  const submit = (event) => {
    event.preventDefault();
    hint.textContent = "";
    const found = filters();
    const wrong = wrongOf(inputs) || problemOf(table, found);
    if (wrong) {
      hint.textContent = wrong;
      return;
    }
    const able = served(table, found);
    reload({ filters: found, sort: able.includes(sorting.sort.value) ? sorting.sort.value : able[0], order: sorting.order.value });
  };
  const changed = () => {
    hint.textContent = problemOf(table, filters());
    sorting.offer(served(table, filters()));
  };
  sorting.offer(served(table, state.filters));
  const reset = () => reload({ filters: {}, sort: served(table, {})[0] || table.sort, order: sorting.order.value });
  return el(
    "form",
    { class: "filters", onsubmit: submit, onchange: changed, "aria-label": t("filters") },
    inputs.map(({ field, id, input }) => el("div", { class: "pair" }, el("label", { for: id }, field.label), input)),
    sorting.node,
    el("div", { class: "buttons" }, el("button", { type: "submit" }, t("apply")), Object.keys(state.filters).length ? el("button", { type: "button", class: "plain", onclick: reset }, t("reset")) : null),
    hint,
  );
}

function wrongOf(inputs) {
  for (const { field, input } of inputs) {
    try {
      if (input.value) valueOf({ ...field, max: 0 }, input.value, null);
    } catch (problem) {
      if (!(problem instanceof Wrong)) throw problem;
      input.focus();
      return `${field.label}: ${problem.message}`;
    }
  }
  return "";
}

function sorter(table, state) {
  const sortId = fresh("sort");
  const orderId = fresh("order");
  const sort = el("select", { id: sortId }, table.sorts.map((name) => el("option", { value: name }, labels(table, [name]))));
  sort.value = state.sort;
  const order = el("select", { id: orderId }, el("option", { value: "asc" }, t("ascending")), el("option", { value: "desc" }, t("descending")));
  order.value = state.order;
  const offer = (able) => {
    for (const one of sort.options) one.disabled = able.length > 0 && !able.includes(one.value);
    if (sort.selectedOptions[0]?.disabled) sort.value = able[0];
  };
  const node = [
    el("div", { class: "pair" }, el("label", { for: sortId }, t("sortedBy")), sort),
    el("div", { class: "pair" }, el("label", { for: orderId, class: "unseen" }, `${t("ascending")} / ${t("descending")}`), order),
  ];
  return { node, sort, order, offer };
}
