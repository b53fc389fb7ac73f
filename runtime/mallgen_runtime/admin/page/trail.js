// The trail: who changed what, with the values before and after.

import { pathOf, send } from "./api.js";
import { el, fresh, show } from "./dom.js";
import { problemOf } from "./filters.js";
import { service, tableOf } from "./tables.js";
import { textOf } from "./values.js";
import { t, why } from "./words.js";

const TIME = { look: "datetime" };
const KEY_LENGTH = 255; // characters of a row's key in the trail

function label(table, name) {
  return table?.fields.find((one) => one.name === name) || { name, label: name, type: "text" };
}

// A row's key as the trail has it: cut where its column ends.
function kept(key) {
  return [...key].slice(0, KEY_LENGTH).join("");
}

function words(field, value) {
  if (value === null || value === undefined || value === "") return t("wasEmpty");
  return typeof value === "object" && field.type !== "list" ? textOf({ type: "json" }, value) : textOf(field, value);
}

// The fields that differ between the two states of a row.
function differences(change) {
  const before = change.before_row || {};
  const after = change.after_row || {};
  const table = tableOf(change.table_name);
  const both = Boolean(change.before_row && change.after_row);
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const isSame = (name) => textOf({ type: "json" }, before[name]) === textOf({ type: "json" }, after[name]);
  return names.filter((name) => !isSame(name)).map((name) => {
    const field = label(table, name);
    return el(
      "li",
      {},
      el("span", { class: "field" }, field.label),
      change.before_row ? el("del", {}, words(field, before[name])) : null,
      both ? el("span", { "aria-hidden": "true" }, "→") : null,
      change.after_row ? el("ins", {}, words(field, after[name])) : null,
    );
  });
}

function entry(change, isOwn) {
  const table = tableOf(change.table_name);
  const action = `action_${change.action}`;
  const subject = isOwn ? null : rowOf(table, change);
  const all = differences(change);
  const isWhole = change.action === "create" || change.action === "delete";
  const list = el("ul", { class: "diff" }, all);
  const word = t(action) === action ? change.action : t(action);
  return el(
    "li",
    { class: "change" },
    el("p", { class: "who" }, el("strong", {}, change.actor), " ", el("span", { class: `tag act-${change.action}` }, word), " ", subject, " ",
      el("time", { class: "quiet", datetime: change.create_time, title: `${change.create_time} ${change.request_id}` }, textOf(TIME, change.create_time))),
    !all.length ? null : isWhole ? el("details", {}, el("summary", {}, t("values")), list) : list,
  );
}

function rowOf(table, change) {
  const kind = change.table_name === "admin_account" ? t("account") : change.table_name;
  const text = `${table ? table.title : kind} ${change.row_key}`;
  const isWhole = [...change.row_key].length < KEY_LENGTH;
  if (!table || table.key.length !== 1 || change.action === "delete" || !isWhole) return text;
  return el("a", { href: `#/${table.name}/row?${new URLSearchParams({ [table.key[0]]: change.row_key })}` }, text);
}

// The changes that a query asks for, the latest first, more of them by a button.
async function fill(list, more, log, query, isOwn) {
  let cursor = "";
  async function next() {
    const found = await send("GET", pathOf(log.actions.list, {}, { ...query, sort: "id", order: "desc", ps: 20, cursor }));
    const made = found.items.map((one) => entry(one, isOwn));
    list.append(...made);
    if (cursor && made.length) {
      made[0].tabIndex = -1;
      made[0].focus();
    }
    cursor = found.cursor;
    more.hidden = !cursor;
    if (!list.children.length) list.append(el("li", { class: "quiet" }, t("noHistory")));
  }
  more.onclick = async () => {
    more.disabled = true;
    try {
      await next();
    } catch (problem) {
      list.append(el("li", { class: "error" }, why(problem)));
    }
    more.disabled = false;
  };
  await next();
}

export function historyOf(log, table, key) {
  const titleId = fresh("history");
  const list = el("ol", { class: "changes" });
  const more = el("button", { type: "button", hidden: true }, t("more"));
  fill(list, more, log, { table_name: table.name, row_key: kept(key) }, true).catch((problem) => list.append(el("li", { class: "quiet" }, why(problem))));
  return el("section", { class: "card", "aria-labelledby": titleId }, el("h2", { id: titleId }, t("history")), list, more);
}

export async function trailView(place, log, asked) {
  document.title = t("trail");
  const tableId = fresh("table");
  const keyId = fresh("key");
  const names = service.tables.filter((one) => !one.is_trail);
  const table = el("select", { id: tableId }, el("option", { value: "" }, t("any")), names.map((one) => el("option", { value: one.name, selected: one.name === asked.get("table_name") }, one.title)));
  const key = el("input", { id: keyId, class: "short", autocomplete: "off", value: asked.get("row_key") || "" });
  const actorId = fresh("actor");
  const actor = el("input", { id: actorId, class: "short", autocomplete: "off", value: asked.get("actor") || "" });
  const hint = el("p", { class: "error", role: "alert" });
  const submit = (event) => {
    event.preventDefault();
    const query = Object.fromEntries([["table_name", table.value], ["row_key", kept(key.value.trim())], ["actor", actor.value.trim()]].filter(([, value]) => value));
    hint.textContent = problemOf(log, query);
    if (!hint.textContent) location.hash = `#/${log.name}?${new URLSearchParams(query)}`;
  };
  const list = el("ol", { class: "changes card" });
  const more = el("button", { type: "button", hidden: true }, t("more"));
  show(
    place,
    el("div", { class: "head" }, el("div", {}, el("h1", {}, t("trail")), el("p", { class: "quiet" }, t("trailHelp")))),
    el("form", { class: "filters", onsubmit: submit, "aria-label": t("filters") },
      el("div", { class: "pair" }, el("label", { for: tableId }, t("tables")), table),
      el("div", { class: "pair" }, el("label", { for: keyId }, "ID"), key),
      log.filters.includes("actor") ? el("div", { class: "pair" }, el("label", { for: actorId }, t("account")), actor) : null,
      el("div", { class: "buttons" }, el("button", { type: "submit" }, t("apply"))), hint),
    list,
    more,
  );
  const query = Object.fromEntries(log.filters.filter((name) => asked.get(name)).map((name) => [name, asked.get(name)]));
  await fill(list, more, log, query, false);
}
