// Elements of the page: every value becomes text, never markup.

export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else if (key === "value" || key === "checked" || key === "selected" || key === "indeterminate") made[key] = value;
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

let last = 0;

export function fresh(word) {
  last += 1;
  return `${word}-${last}`;
}

// A new view begins at its heading, so that who hears the page hears where they are.
export function show(place, ...children) {
  place.replaceChildren(...children);
  const heading = place.querySelector("h1");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    document.documentElement.scrollTop = 0;
  }
}

export function say(text, isWrong = false) {
  const place = document.getElementById("said");
  place.replaceChildren(el("p", { class: isWrong ? "wrong" : "" }, text));
  clearTimeout(say.timer);
  say.timer = setTimeout(() => place.replaceChildren(), isWrong ? 12000 : 5000);
}

// A question with buttons; resolves to true when the first one was chosen, and gives the focus back.
export function ask(title, text, yes, no, isDanger = true) {
  return new Promise((resolve) => {
    const titleId = fresh("ask");
    const close = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const dialog = el(
      "dialog",
      { "aria-labelledby": titleId, class: "ask", oncancel: (event) => { event.preventDefault(); close(false); }, onclose: () => close(false) },
      el("h2", { id: titleId }, title),
      text ? el("p", {}, text) : null,
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "button", onclick: () => close(false), autofocus: true }, no),
        el("button", { type: "button", class: isDanger ? "danger" : "main", onclick: () => close(true) }, yes),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
