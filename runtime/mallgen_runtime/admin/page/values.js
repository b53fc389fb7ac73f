// Values of rows: how people see them, and how texts of controls become values again.

import { decode, Refused } from "./api.js";
import { el } from "./dom.js";
import { language, t, why } from "./words.js";

const ZONED = /(Z|[+-][0-9]{2}:[0-9]{2})$/;
const INTEGER = /^-?[0-9]{1,20}$/;
const NUMBER = /^-?[0-9]{1,40}(\.[0-9]{1,40})?$/;
const PICTURE = /^(https?:\/\/|\/|\.\/|[\w-]+\/)[^\s"'<>\\]+$/i;

export class Wrong extends Error {}

export function optionName(field, value) {
  const found = (field.options || []).find((one) => String(one.value) === String(value));
  return found ? found.name : String(value);
}

function localTime(value) {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  const style = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", style).format(date);
}

// A value as JSON; large integers are in it as they are.
function jsonText(value, indent) {
  return JSON.stringify(value, (_, one) => (typeof one === "bigint" ? JSON.rawJSON(one.toString()) : one), indent);
}

export function textOf(field, value) {
  if (value === null || value === undefined || value === "") return t("none");
  if (field.options && !Array.isArray(value)) return optionName(field, value);
  if (field.type === "bool") return value ? t("yes") : t("no");
  if (field.look === "datetime") return localTime(value);
  if (field.type === "list" && Array.isArray(value)) return value.join(", ");
  if (field.type === "json") return jsonText(value);
  return String(value);
}

export function isNumeric(field) {
  return (field.type === "int" || field.type === "number" || field.look === "decimal") && !field.options && !field.refers;
}

export function picture(value, text) {
  if (typeof value !== "string" || !PICTURE.test(value)) return null;
  const image = el("img", { src: value, alt: text, loading: "lazy", decoding: "async", class: "thumb" });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "path" }, value)));
  return image;
}

// A cell's content; `names` has the labels of rows that other tables refer to.
export function shown(field, value, names) {
  const text = textOf(field, value);
  if (field.look === "image") return picture(value, field.label) || text;
  if (field.options && value !== null && value !== undefined && field.type !== "list") {
    const place = field.options.findIndex((one) => String(one.value) === String(value));
    return el("span", { class: `tag tag-${place < 0 ? 9 : place % 4}` }, text);
  }
  if (field.refers && names && names.has(String(value))) {
    return [names.get(String(value)), " ", el("span", { class: "quiet" }, `#${value}`)];
  }
  if (field.look === "datetime" && text !== value && value) return el("time", { datetime: value, title: value }, text);
  return text;
}

// ---- controls

export function inputText(field, value) {
  if (value === null || value === undefined) return "";
  if (field.look === "datetime") return toLocalInput(String(value));
  if (field.type === "json") return jsonText(value, 2);
  if (field.type === "list") return value.join("\n");
  return String(value);
}

function toLocalInput(value) {
  if (!ZONED.test(value)) return value.slice(0, 19);
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return "";
  const two = (number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function fromLocalInput(text, before) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new Wrong(t("aDate"));
  if (typeof before === "string" && before && !ZONED.test(before)) return text;
  return date.toISOString().replace(".000Z", "Z");
}

function integer(text) {
  if (!INTEGER.test(text)) throw new Wrong(t("wholeNumber"));
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

// The value of a control's text, which is not empty. Throws Wrong with a sentence for people.
export function valueOf(field, text, before) {
  if (field.max && text.length > field.max && [...text].length > field.max) {
    throw new Wrong(t("tooLong", { max: field.max, count: [...text].length }));
  }
  if (field.options) {
    const found = field.options.find((one) => String(one.value) === text);
    if (found) return found.value;
  }
  if (field.type === "int") return integer(text.trim());
  if (field.type === "number" || field.look === "decimal") {
    if (!NUMBER.test(text.trim())) throw new Wrong(t("aNumber"));
    return field.type === "number" ? Number(text) : text.trim();
  }
  if (field.type === "bool") return text === "true";
  if (field.type === "list") return text.split("\n").map((line) => line.trim()).filter(Boolean);
  if (field.type === "json") {
    try {
      return decode(text);
    } catch (problem) {
      throw new Wrong(problem instanceof Refused ? why(problem) : t("json"));
    }
  }
  return field.look === "datetime" ? fromLocalInput(text, before) : text;
}

// The input, select or textarea of a field, filled with a value.
export function control(field, value, attributes, names) {
  const text = inputText(field, value);
  const choices = field.options
    ? field.options.map((one) => [String(one.value), one.name])
    : field.type === "bool"
      ? [["true", t("yes")], ["false", t("no")]]
      : field.refers && names && names.isWhole
        ? [...names].map(([key, name]) => [key, `${name} (#${key})`])
        : null;
  if (choices && field.type !== "list") return choice(choices, text, attributes);
  const isLong = field.type === "json" || field.type === "list" || (field.type === "text" && (field.max || 0) > 255);
  if (isLong && field.look !== "image") {
    return el("textarea", { ...attributes, rows: field.type === "json" ? 5 : 4, value: text, spellcheck: "false" });
  }
  const kinds = { datetime: "datetime-local", date: "date", time: "time", password: "password" };
  const type = kinds[field.look] || "text";
  const mode = field.type === "int" ? "numeric" : isNumeric(field) ? "decimal" : undefined;
  const step = type === "datetime-local" || type === "time" ? 1 : undefined;
  const auto = type === "password" ? "new-password" : "off";
  return el("input", { ...attributes, type, step, inputmode: mode, autocomplete: auto, value: text });
}

function choice(choices, text, attributes) {
  const known = choices.some(([value]) => value === text);
  const empty = el("option", { value: "" }, attributes.placeholder || t("none"));
  const odd = text && !known ? [el("option", { value: text }, text)] : [];
  const select = el(
    "select",
    { ...attributes, placeholder: null },
    empty,
    odd,
    choices.map(([value, name]) => el("option", { value }, name)),
  );
  select.value = text;
  return select;
}
