// A row that is made, shown or changed: only the fields that were changed are sent.

import { may, pathOf, send } from "./api.js";
import { el, fresh, say, show } from "./dom.js";
import { remove } from "./list.js";
import { pictureOf } from "./picture.js";
import { allNames, forget, keyOf, keyText, nameOf, trail } from "./tables.js";
import { historyOf } from "./trail.js";
import { control, shown, valueOf, Wrong } from "./values.js";
import { t, why } from "./words.js";

export async function newView(place, table) {
  document.title = t("newRow", { title: table.title });
  const names = await allNames(table);
  const fields = table.fields.filter((one) => one.create);
  fields.sort((one, other) => (one.create === "required" ? 0 : 1) - (other.create === "required" ? 0 : 1));
  const edit = editor(table, fields, null, names, async (values) => {
    const row = await send("POST", pathOf(table.actions.create), values);
    forget(table.name);
    say(t("created"));
    location.hash = row && table.actions.get ? `#/${table.name}/row?${new URLSearchParams(keyOf(table, row))}` : `#/${table.name}`;
  });
  show(place, crumb(table), el("h1", {}, t("newRow", { title: table.title })), edit);
}

export async function rowView(place, table, asked) {
  const key = Object.fromEntries(table.key.map((name) => [name, asked.get(name) ?? ""]));
  const [row, names] = await Promise.all([send("GET", pathOf(table.actions.get, key)), allNames(table)]);
  const title = nameOf(table, row);
  document.title = `${title} · ${table.title}`;
  const fields = table.fields.filter((one) => one.update && may(table, "update"));
  const reload = () => rowView(place, table, asked);
  const edit = fields.length ? editor(table, fields, row, names, (values, cleared) => save(table, row, values, cleared, reload)) : null;
  const fixed = table.fields.filter((one) => !fields.includes(one) && !one.hidden);
  const removal = may(table, "delete")
    ? el("button", { type: "button", class: "quiet-danger", onclick: () => remove(table, row, () => { location.hash = `#/${table.name}`; }) }, t("delete"))
    : null;
  const log = trail();
  show(
    place,
    crumb(table),
    el("div", { class: "head" }, el("h1", {}, title), el("div", { class: "tools" }, removal)),
    el("div", { class: "sides" }, edit, el("aside", {}, facts(fixed, row, names), log && may(log, "list") && !table.is_trail ? historyOf(log, table, keyText(table, row)) : null)),
  );
}

async function save(table, row, values, cleared, reload) {
  if (!Object.keys(values).length && !cleared.length) {
    say(t("nothingChanged"));
    return;
  }
  const version = table.version ? { [table.version]: row[table.version] } : {};
  const clear = cleared.length ? { clear: cleared } : {};
  await send(table.actions.update.method, pathOf(table.actions.update, keyOf(table, row)), { ...values, ...clear, ...version });
  forget(table.name);
  await reload();
  say(t("saved"));
}

function crumb(table) {
  return el("p", { class: "crumb" }, el("a", { href: `#/${table.name}` }, `← ${table.title}`));
}

function facts(fields, row, names) {
  if (!fields.length) return null;
  return el("dl", { class: "card facts" }, fields.map((one) => [el("dt", {}, one.label), el("dd", {}, shown(one, row[one.name], names.get(one.name)))]));
}

// One line of the form: label, help, control and the place for what is wrong.
function line(field, value, names, isNew) {
  const id = fresh(field.name);
  const helpId = fresh("help");
  const errorId = fresh("error");
  const isRequired = isNew && field.create === "required";
  const error = el("p", { id: errorId, class: "error" });
  const attributes = {
    id,
    "aria-describedby": `${field.help || field.type === "list" ? helpId : ""} ${errorId}`.trim(),
    "aria-required": isRequired ? "true" : null,
    class: field.type === "json" ? "code" : null,
  };
  const input = control(field, value, attributes, names.get(field.name));
  const started = input.value;
  const help = field.help || (field.type === "list" ? t("oneLine") : "");
  const mark = isRequired ? el("span", { class: "quiet" }, ` (${t("isRequired")})`) : null;
  const node = el(
    "div",
    { class: `line line-${field.type}` },
    el("label", { for: id }, field.label, mark),
    help ? el("p", { id: helpId, class: "quiet help" }, help) : null,
    input,
    field.look === "image" ? pictureOf(field, input, (text) => wrong(text)) : null,
    error,
  );
  const wrong = (text) => {
    error.textContent = text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  return { field, input, node, wrong, started, isRequired };
}

// The values that were entered, and the fields that become empty. Throws nothing: what is wrong is marked in its place.
function entered(lines, row) {
  const values = {};
  const cleared = [];
  const wrong = [];
  for (const one of lines) {
    const { field, input, started, isRequired } = one;
    one.wrong("");
    if (row && input.value === started) continue;
    try {
      if (input.value === "") {
        if (isRequired || (row && !field.clear && field.type !== "text")) throw new Wrong(t("required", { field: field.label }));
        if (row && field.clear) cleared.push(field.name);
        else if (row) values[field.name] = "";
      } else values[field.name] = valueOf(field, input.value, row ? row[field.name] : null);
    } catch (problem) {
      if (!(problem instanceof Wrong)) throw problem;
      wrong.push([one, problem.message]);
    }
  }
  return { values, cleared, wrong };
}

function editor(table, fields, row, names, done) {
  const lines = fields.map((one) => line(one, row ? row[one.name] : null, names, row === null));
  const summary = el("div", { class: "summary", tabindex: "-1", role: "alert" });
  const button = el("button", { class: "main", type: "submit" }, t("save"));
  const tell = (wrong, others) => {
    for (const [one, text] of wrong) one.wrong(text);
    const link = ([one, text]) => el("li", {}, el("a", { href: `#${one.input.id}`, onclick: (event) => { event.preventDefault(); one.input.focus(); } }, `${one.field.label}: ${text}`));
    const items = [...others.map((text) => el("li", {}, text)), ...wrong.map(link)];
    summary.replaceChildren(...(items.length ? [el("h2", {}, t("problems")), el("ul", {}, items)] : []));
    if (items.length) summary.focus();
  };
  async function submit(event) {
    event.preventDefault();
    const { values, cleared, wrong } = entered(lines, row);
    tell(wrong, []);
    if (wrong.length) return;
    button.disabled = true;
    try {
      await done(values, cleared);
    } catch (problem) {
      refused(problem, lines, tell);
    } finally {
      button.disabled = false;
    }
  }
  return el("form", { class: "card editor", novalidate: true, onsubmit: submit }, summary, lines.map((one) => one.node), el("div", { class: "buttons" }, button, el("a", { class: "button", href: `#/${table.name}` }, t("cancel"))));
}

function refused(problem, lines, tell) {
  const wrong = [];
  const others = [];
  for (const { name, reason } of problem.errors || []) {
    const found = lines.find((one) => one.field.name === name.split(/[.[]/)[0]);
    if (found) wrong.push([found, reason]);
    else others.push(`${name}: ${reason}`);
  }
  if (!wrong.length && !others.length) others.push(why(problem));
  tell(wrong, others);
}

