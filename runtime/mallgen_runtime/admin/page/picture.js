// A field whose text is the address of a picture: what it shows, and the way to upload another one.

import { isAllowed, send } from "./api.js";
import { el, fresh } from "./dom.js";
import { service } from "./tables.js";
import { picture } from "./values.js";
import { t, why } from "./words.js";

const KINDS = "image/png,image/jpeg,image/gif,image/webp,image/avif";
const MEGA = 1 << 20;

export function pictureOf(field, input, wrong) {
  const preview = el("div", { class: "preview" });
  const look = () => preview.replaceChildren(picture(input.value, field.label) || "");
  look();
  input.addEventListener("change", look);
  if (!isAllowed(service.upload)) return preview;
  const said = el("p", { class: "quiet help", role: "status" });
  const id = fresh("picture");
  const file = el("input", { id, type: "file", accept: KINDS, class: "unseen", onchange: () => upload(file, input, said, look, wrong) });
  const label = el("label", { for: id, class: "button" }, t("choosePicture"), el("span", { class: "unseen" }, `: ${field.label}`));
  return [preview, el("div", { class: "upload" }, file, label, said)];
}

async function upload(file, input, said, look, wrong) {
  const [chosen] = file.files;
  if (!chosen) return;
  wrong("");
  const { max, path } = service.upload;
  if (max && chosen.size > max) {
    file.value = "";
    wrong(t("tooLarge", { max: Math.floor(max / MEGA) }));
    return;
  }
  const form = new FormData();
  form.append("picture", chosen);
  said.textContent = t("uploading");
  file.disabled = true;
  try {
    const kept = await send("POST", path, form);
    input.value = kept.url;
    look();
    said.textContent = t("uploaded");
  } catch (problem) {
    said.textContent = "";
    wrong(problem.errors?.length ? problem.errors.map((one) => one.reason).join(" ") : why(problem));
  } finally {
    file.disabled = false;
    file.value = "";
  }
}
