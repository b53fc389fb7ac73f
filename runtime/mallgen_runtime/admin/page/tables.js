// The tables of the service, and rows of one that another refers to.

import { may, pathOf, send } from "./api.js";

export const service = { name: "", tables: [], upload: null };
const kept = new Map();

export function tableOf(name) {
  return service.tables.find((one) => one.name === name);
}

export function trail() {
  return service.tables.find((one) => one.is_trail);
}

export function keyOf(table, row) {
  return Object.fromEntries(table.key.map((name) => [name, row[name]]));
}

export function keyText(table, row) {
  return table.key.map((name) => String(row[name])).join(" ");
}

const NAMES = ["name", "title", "label", "nickname", "username", "code"];

// The text that people know a row by.
export function nameOf(table, row) {
  const texts = table.fields.filter((one) => one.type === "text" && !one.look && !one.options && !one.hidden);
  const field = texts.find((one) => NAMES.includes(one.name)) || texts.find((one) => !table.key.includes(one.name));
  return field && row[field.name] ? String(row[field.name]) : keyText(table, row);
}

export function forget(name) {
  kept.delete(name);
}

// The rows of a table by key, as a map of names; `isWhole` says that there are no others.
export async function namesOf(name) {
  const table = tableOf(name);
  if (!table || !may(table, "list") || table.key.length !== 1) return null;
  if (!kept.has(name)) {
    kept.set(name, read(table).catch(() => { kept.delete(name); return null; }));
  }
  return kept.get(name);
}

async function read(table) {
  const page = await send("GET", pathOf(table.actions.list, {}, { ps: 100 }));
  const names = new Map(page.items.map((row) => [keyText(table, row), nameOf(table, row)]));
  names.isWhole = page.cursor === "";
  return names;
}

export async function allNames(table) {
  const referring = table.fields.filter((one) => one.refers);
  const found = await Promise.all(referring.map((one) => namesOf(one.refers)));
  return new Map(referring.map((one, at) => [one.name, found[at]]));
}
