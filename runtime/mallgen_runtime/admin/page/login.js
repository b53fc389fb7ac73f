// Who is signed in: the form, at first as a page of its own, later in a dialog above what was being done.

import { Refused, send, session } from "./api.js";
import { el, fresh, show } from "./dom.js";
import { t, why } from "./words.js";

function form(done) {
  const errorId = fresh("error");
  const nameId = fresh("name");
  const passwordId = fresh("password");
  const error = el("p", { id: errorId, class: "error", role: "alert" });
  const name = el("input", {
    id: nameId, name: "username", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false",
    value: session.name,
  });
  const password = el("input", {
    id: passwordId, name: "password", type: "password", autocomplete: "current-password", required: true,
    "aria-describedby": errorId,
  });
  const button = el("button", { class: "main", type: "submit" }, t("signIn"));
  async function submit(event) {
    event.preventDefault();
    error.textContent = "";
    button.disabled = true;
    try {
      took(await send("POST", "/v1/login", { name: name.value, password: password.value }, true));
      done();
    } catch (problem) {
      error.textContent = problem instanceof Refused ? sentence(problem) : String(problem);
      password.value = "";
      password.focus();
    } finally {
      button.disabled = false;
    }
  }
  return el(
    "form",
    { onsubmit: submit, class: "login" },
    error,
    el("label", { for: nameId }, t("name")),
    name,
    el("label", { for: passwordId }, t("password")),
    password,
    button,
  );
}

function sentence(problem) {
  if (problem.status === 429 || problem.code === "locked") {
    return problem.wait ? t("error_wait", { seconds: problem.wait }) : t("error_later");
  }
  return problem.status === 401 ? t("error_login") : why(problem);
}

export function took(account) {
  session.name = account.name || "";
  session.roles = Array.isArray(account.roles) ? account.roles : null;
  session.csrf = account.csrf || "";
}

// Resolves when somebody has signed in.
export function signIn(place, title, besides) {
  return new Promise((resolve) => {
    document.title = `${t("signIn")} · ${title}`;
    const card = el("div", { class: "card" }, el("h1", {}, title), form(resolve));
    show(place, el("main", { class: "alone", id: "content" }, card, besides));
    card.querySelector("input").focus();
  });
}

// The form for another password; `done` runs when the sessions of the old one have ended.
export function passwordView(place, done) {
  document.title = t("newPassword");
  const errorId = fresh("error");
  const error = el("p", { id: errorId, class: "error", role: "alert" });
  const line = (word, auto) => {
    const id = fresh("password");
    const input = el("input", { id, type: "password", autocomplete: auto, required: true, "aria-describedby": errorId });
    return [el("label", { for: id }, t(word)), input];
  };
  const [[oldLabel, old], [nextLabel, next], [againLabel, again]] = [line("oldPassword", "current-password"), line("newPassword", "new-password"), line("oncemore", "new-password")];
  const button = el("button", { class: "main", type: "submit" }, t("save"));
  async function submit(event) {
    event.preventDefault();
    error.textContent = next.value === again.value ? "" : t("differs");
    if (error.textContent) return again.focus();
    button.disabled = true;
    try {
      await send("POST", "/v1/password", { oldPassword: old.value, newPassword: next.value }, true);
      done();
    } catch (problem) {
      error.textContent = why(problem);
      old.focus();
    } finally {
      button.disabled = false;
    }
    return undefined;
  }
  const form = el("form", { class: "card login narrow", onsubmit: submit }, error, oldLabel, old, nextLabel, next, againLabel, again, el("p", { class: "quiet" }, t("endsSessions")), button);
  show(place, el("h1", {}, t("newPassword")), form);
}

let asking = null;

// The same above a view that stays as it is; several requests that are refused at once ask once.
export function signInAgain() {
  asking ??= new Promise((resolve) => {
    const titleId = fresh("again");
    // browsers close it at a second Escape, whatever is said to the first one
    const again = () => { if (dialog.isConnected) dialog.showModal(); };
    const dialog = el(
      "dialog",
      { "aria-labelledby": titleId, oncancel: (event) => event.preventDefault(), onclose: again },
      el("h2", { id: titleId }, t("signIn")),
      el("p", {}, t("signInAgain")),
      form(() => {
        dialog.close();
        dialog.remove();
        asking = null;
        resolve();
      }),
    );
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("input[type=password]").focus();
  });
  return asking;
}
