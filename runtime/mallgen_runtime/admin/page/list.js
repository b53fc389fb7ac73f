// The rows of a table: filters, order, pages, and what can be done with several of them.

import { may, pathOf, send } from "./api.js";
import { chosen, columnMenu } from "./columns.js";
import { ask, el, fresh, say, show } from "./dom.js";
import { filterBar, problemOf, served } from "./filters.js";
import { allNames, forget, keyOf, keyText, nameOf } from "./tables.js";
import { control, isNumeric, shown, textOf, valueOf } from "./values.js";
import { t, why } from "./words.js";

const states = new Map();
const SIZES = [20, 50, 100];

function stateOf(table, asked) {
  const filters = Object.fromEntries(table.filters.filter((name) => asked.has(name)).map((name) => [name, asked.get(name)]));
  const sort = asked.get("sort") || served(table, filters)[0] || table.sort;
  const order = asked.get("order") || "asc";
  const size = SIZES.includes(Number(asked.get("ps"))) ? Number(asked.get("ps")) : SIZES[0];
  const mark = JSON.stringify([filters, sort, order, size]);
  if (states.get(table.name)?.mark !== mark) states.set(table.name, { mark, cursors: [""] });
  return { ...states.get(table.name), filters, sort, order, size };
}

function goTo(table, state, change) {
  const next = { ...state, ...change };
  const query = new URLSearchParams(next.filters);
  query.set("sort", next.sort);
  query.set("order", next.order);
  query.set("ps", next.size);
  const hash = `#/${table.name}?${query}`;
  if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

export async function listView(place, table, asked) {
  document.title = table.title;
  const state = stateOf(table, asked);
  const body = el("div", { class: "rows" }, el("p", { class: "quiet" }, t("loading")));
  const names = await allNames(table);
  const reload = (change = {}) => goTo(table, state, change);
  show(
    place,
    el("div", { class: "head" }, el("div", {}, el("h1", {}, table.title), table.help ? el("p", { class: "quiet" }, table.help) : null), tools(table, state)),
    filterBar(table, state, names, reload),
    body,
  );
  await fill(body, table, state, names, reload);
}

function tools(table, state) {
  const query = { ...state.filters, sort: state.sort, order: state.order };
  return el(
    "div",
    { class: "tools" },
    table.key.length === 1 && table.actions.get ? finder(table) : null,
    may(table, "export")
      ? el("a", { class: "button", href: pathOf(table.actions.export, {}, query).replace(/^\//, ""), download: `${table.name}.csv` }, t("export"))
      : null,
    may(table, "create") ? el("a", { class: "button main", href: `#/${table.name}/new` }, t("new")) : null,
  );
}

function finder(table) {
  const id = fresh("find");
  const [key] = table.key;
  const input = el("input", { id, class: "short", autocomplete: "off", placeholder: table.fields.find((one) => one.name === key).label });
  const submit = (event) => {
    event.preventDefault();
    if (input.value.trim()) location.hash = `#/${table.name}/row?${new URLSearchParams({ [key]: input.value.trim() })}`;
  };
  const label = t("find", { key: table.fields.find((one) => one.name === key).label });
  return el("form", { class: "finder", role: "search", onsubmit: submit }, el("label", { for: id, class: "unseen" }, label), input, el("button", { type: "submit" }, t("open")));
}

async function fill(body, table, state, names, reload) {
  const problem = problemOf(table, state.filters);
  if (problem) {
    body.replaceChildren(el("p", { class: "note" }, problem));
    return;
  }
  const kept = states.get(table.name);
  const page = { ...state.filters, sort: state.sort, order: state.order, ps: state.size, cursor: kept.cursors.at(-1) };
  let found;
  try {
    found = await send("GET", pathOf(table.actions.list, {}, page));
  } catch (refused) {
    if (refused.code === "bad_cursor" && kept.cursors.length > 1) {
      kept.cursors = [""];
      return fill(body, table, state, names, reload);
    }
    body.replaceChildren(el("p", { class: "error", role: "alert" }, why(refused)));
    return;
  }
  const again = () => fill(body, table, state, names, reload);
  draw(body, table, state, names, found, reload, again);
}

function draw(body, table, state, names, found, reload, again) {
  const picked = new Map();
  const fields = chosen(table);
  const bar = may(table, "change") && found.items.length ? bulkBar(table, picked, names, again) : null;
  const isEmpty = found.items.length === 0;
  const isFiltered = Object.keys(state.filters).length > 0;
  body.replaceChildren(
    el(
      "div",
      { class: "over" },
      el("p", { class: "quiet" }, t("shown", { count: found.items.length })),
      bar ? bar.node : null,
      columnMenu(table, again),
    ),
    isEmpty
      ? el("p", { class: "note" }, t(isFiltered ? "noRowsFiltered" : "noRows"))
      : grid(table, fields, state, names, found.items, picked, bar, reload, again),
    pager(table, state, found, reload, again),
  );
}

function grid(table, fields, state, names, rows, picked, bar, reload, again) {
  const boxes = [];
  const all = el("input", { type: "checkbox", "aria-label": t("selectAll"), onchange: () => {
    boxes.forEach((box) => { if (box.checked !== all.checked) box.click(); });
  } });
  const changed = () => {
    all.checked = picked.size === rows.length;
    all.indeterminate = picked.size > 0 && picked.size < rows.length;
    bar.changed();
  };
  const line = (row) => {
    const key = keyText(table, row);
    const box = el("input", { type: "checkbox", "aria-label": t("selectRow", { key: nameOf(table, row) }), onchange: () => {
      if (box.checked) picked.set(key, row);
      else picked.delete(key);
      box.closest("tr").classList.toggle("picked", box.checked);
      changed();
    } });
    boxes.push(box);
    return el(
      "tr",
      { role: "row" },
      bar ? el("td", { role: "cell", class: "pick" }, box) : null,
      fields.map((field) => cell(table, field, row, names)),
      el("td", { role: "cell", class: "acts" }, acts(table, row, again)),
    );
  };
  const head = el(
    "tr",
    { role: "row" },
    bar ? el("th", { role: "columnheader", scope: "col", class: "pick" }, all) : null,
    fields.map((field) => heading(table, field, state, reload)),
    el("th", { role: "columnheader", scope: "col" }, el("span", { class: "unseen" }, t("actions"))),
  );
  return el(
    "div",
    { class: "scroll", role: "region", "aria-label": table.title, tabindex: "0" },
    el("table", { role: "table" }, el("thead", { role: "rowgroup" }, head), el("tbody", { role: "rowgroup" }, rows.map(line))),
  );
}

function heading(table, field, state, reload) {
  const isSorted = state.sort === field.name;
  const direction = isSorted ? (state.order === "desc" ? "descending" : "ascending") : undefined;
  const attributes = { role: "columnheader", scope: "col", "aria-sort": direction, class: isNumeric(field) && !table.key.includes(field.name) ? "number" : "" };
  if (!served(table, state.filters).includes(field.name)) return el("th", attributes, field.label);
  const order = isSorted && state.order !== "desc" ? "desc" : "asc";
  const mark = isSorted ? (state.order === "desc" ? "↓" : "↑") : "↕";
  const button = el(
    "button",
    { type: "button", class: "sort", onclick: () => reload({ sort: field.name, order }) },
    field.label,
    el("span", { "aria-hidden": "true", class: isSorted ? "" : "faint" }, mark),
  );
  return el("th", attributes, button);
}

function cell(table, field, row, names) {
  const content = shown(field, row[field.name], names.get(field.name));
  const text = textOf(field, row[field.name]);
  const isKey = table.key.includes(field.name) && table.actions.get;
  const classes = [isNumeric(field) && !isKey ? "number" : "", field.type === "text" && !field.options && !field.look ? "text" : ""];
  const inner = isKey ? el("a", { href: rowLink(table, row) }, content) : content;
  return el("td", { role: "cell", class: classes.join(" ").trim(), "data-label": field.label, title: text.length > 40 ? text : null }, el("div", {}, inner));
}

export function rowLink(table, row) {
  return `#/${table.name}/row?${new URLSearchParams(keyOf(table, row))}`;
}

function acts(table, row, again) {
  const name = nameOf(table, row);
  const word = may(table, "update") ? "edit" : "view";
  return [
    table.actions.get ? el("a", { class: "button small", href: rowLink(table, row), "aria-label": `${t(word)} ${name}` }, t(word)) : null,
    may(table, "delete")
      ? el("button", { type: "button", class: "small quiet-danger", "aria-label": `${t("delete")} ${name}`, onclick: () => remove(table, row, again) }, t("delete"))
      : null,
  ];
}

// Asks, deletes, and says so; returns whether the row is gone.
export async function remove(table, row, done) {
  if (!(await ask(t("deleteOne", { key: nameOf(table, row) }), t("deleteText"), t("delete"), t("cancel")))) return false;
  const version = table.version ? { [table.version]: row[table.version] } : {};
  try {
    await send("DELETE", pathOf(table.actions.delete, keyOf(table, row), version));
  } catch (problem) {
    say(why(problem), true);
    return false;
  }
  forget(table.name);
  say(t("deleted"));
  await done();
  return true;
}

function bulkBar(table, picked, names, again) {
  const settable = table.fields.filter((one) => one.set);
  const node = el("div", { class: "bulk", hidden: true });
  const count = el("strong", {});
  async function run(question, body, isDanger) {
    const [key] = table.key;
    const keys = [...picked.values()].map((row) => row[key]);
    if (!(await ask(question, isDanger ? t("deleteText") : "", isDanger ? t("delete") : t("apply"), t("cancel"), isDanger))) return;
    try {
      const answer = await send("POST", pathOf(table.actions.change), { keys, ...body });
      forget(table.name);
      say(t("changed", { count: answer.changed }));
      await again();
      document.querySelector("h1").focus();
    } catch (problem) {
      say(why(problem), true);
    }
  }
  const setters = settable.map((field) => {
    const input = control(field, null, { "aria-label": `${t("setField")} ${field.label}`, placeholder: field.label }, names.get(field.name));
    const apply = () => {
      if (!input.value) { input.focus(); return; }
      const value = valueOf(field, input.value, null);
      run(t("setMany", { field: field.label, count: picked.size, value: textOf(field, value) }), { action: "set", [field.name]: value }, false);
    };
    return el("span", { class: "setter" }, `${t("setField")} ${field.label}`, input, el("button", { type: "button", onclick: apply }, t("apply")));
  });
  const removal = may(table, "delete")
    ? el("button", { type: "button", class: "danger", onclick: () => run(t("deleteMany", { count: picked.size }), { action: "delete" }, true) }, t("delete"))
    : null;
  node.append(count, ...setters, removal ?? "");
  const changed = () => {
    node.hidden = picked.size === 0;
    count.textContent = t("selected", { count: picked.size });
  };
  return { node, changed };
}

function pager(table, state, found, reload, again) {
  const kept = states.get(table.name);
  const turn = async (change) => {
    previous.disabled = true;
    next.disabled = true;
    change();
    await again();
    document.querySelector(".scroll")?.focus({ preventScroll: true });
    document.documentElement.scrollTop = 0;
  };
  const previous = el("button", { type: "button", disabled: kept.cursors.length === 1, onclick: () => turn(() => kept.cursors.pop()) }, t("previous"));
  const next = el("button", { type: "button", disabled: !found.cursor, onclick: () => turn(() => kept.cursors.push(found.cursor)) }, t("next"));
  const sizeId = fresh("size");
  const sizes = el(
    "select",
    { id: sizeId, onchange: (event) => reload({ size: Number(event.target.value) }) },
    SIZES.map((size) => el("option", { value: size, selected: size === state.size }, String(size))),
  );
  return el(
    "nav",
    { class: "pager", "aria-label": t("pages") },
    el("span", { class: "setter" }, el("label", { for: sizeId }, t("rowsOfPage")), sizes),
    el("span", { class: "quiet", "aria-live": "polite" }, t("page", { number: kept.cursors.length })),
    previous,
    next,
  );
}
