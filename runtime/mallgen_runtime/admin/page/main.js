// The back office: signs in, asks the service for its tables, and shows the view that the address names.

import { may, send, session } from "./api.js";
import { el, show } from "./dom.js";
import { newView, rowView } from "./form.js";
import { listView } from "./list.js";
import { passwordView, signIn, signInAgain, took } from "./login.js";
import { service, tableOf, trail } from "./tables.js";
import { trailView } from "./trail.js";
import { language, speak, t, why } from "./words.js";

const page = document.getElementById("page");
let content = null;
let hasAccounts = true;
const PASSWORD = "~password"; // no table has such a name

function languageButton(again) {
  const other = language === "zh" ? "en" : "zh-CN";
  return el("button", { type: "button", class: "plain", lang: other, onclick: () => {
    speak(language === "zh" ? "en" : "zh");
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    again();
  } }, t("language"));
}

async function start() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  session.again = null;
  try {
    took(await send("GET", "/v1/me"));
  } catch (problem) {
    hasAccounts = problem.status !== 404;
    if (problem.status === 401) return welcome();
    if (problem.status !== 404) return failed(problem);
  }
  return enter();
}

async function welcome() {
  const again = languageButton(() => welcome());
  await signIn(page, t("backOffice"), el("p", { class: "center" }, again));
  return enter();
}

async function enter() {
  session.again = hasAccounts ? signInAgain : null;
  try {
    const found = await send("GET", "/v1/admin-page");
    service.name = found.service;
    service.tables = found.tables;
    service.upload = found.upload;
  } catch (problem) {
    return failed(problem);
  }
  frame();
  return route();
}

function failed(problem) {
  show(page, el("main", { class: "alone", id: "content" }, el("div", { class: "card" }, el("h1", {}, t("backOffice")), el("p", { class: "error", role: "alert" }, why(problem)), el("button", { type: "button", onclick: start }, t("reload")))));
}

async function signOut() {
  try {
    await send("POST", "/v1/logout", undefined, true);
  } catch (problem) {
    if (problem.code === "other_account") return start();
    if (problem.status !== 401) return failed(problem);
  }
  took({});
  session.again = null;
  return welcome();
}

function welcomeAgain() {
  took({});
  session.again = null;
  location.hash = "#/";
  welcome();
}

function frame() {
  const links = service.tables.filter((one) => may(one, "list")).map((one) => el("li", {}, el("a", { href: `#/${one.name}`, "data-table": one.name }, one.is_trail ? t("trail") : one.title)));
  content = el("main", { id: "content", tabindex: "-1" });
  page.replaceChildren(
    el("a", { class: "skip", href: "#content", onclick: (event) => { event.preventDefault(); content.focus(); } }, t("skip")),
    el(
      "header",
      {},
      el("span", { class: "brand" }, el("img", { src: "icon.svg", alt: "", width: 24, height: 24 }), service.name.replaceAll(/[_-]/g, " ")),
      el("div", { class: "account" }, languageButton(() => { frame(); route(); }), session.name ? el("a", { class: "name", href: `#/${PASSWORD}`, title: t("newPassword") }, session.name) : null,
        hasAccounts ? el("button", { type: "button", onclick: signOut }, t("signOut")) : null),
    ),
    el("nav", { class: "tables", "aria-label": t("tables") }, el("ul", {}, links)),
    content,
  );
}

async function route() {
  if (!content || !content.isConnected) return;
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, what] = path.split("/");
  const table = tableOf(name) || service.tables.find((one) => may(one, "list"));
  const asked = new URLSearchParams(query || "");
  for (const link of page.querySelectorAll("nav.tables a")) {
    if (table && name !== PASSWORD && link.dataset.table === table.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const place = el("div", {});
  content.replaceChildren(place);
  try {
    if (name === PASSWORD && hasAccounts) passwordView(place, welcomeAgain);
    else if (!table) show(place, el("h1", {}, t("noRows")));
    else if (what === "new" && table.actions.create) await newView(place, table);
    else if (what === "row" && table.actions.get) await rowView(place, table, asked);
    else if (table.is_trail && table === trail()) await trailView(place, table, asked);
    else await listView(place, table, asked);
  } catch (problem) {
    show(place, el("h1", {}, table.title), el("p", { class: "error", role: "alert" }, why(problem)), el("p", {}, el("a", { href: `#/${table.name}` }, t("back"))));
  }
}

addEventListener("hashchange", route);
start();
