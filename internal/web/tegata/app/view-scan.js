// @ts-check
// Scanning: by the camera, out of a picture, or pasted. What a code means is found out
// here, whoever showed it.
import { alert, field, h, icon, say } from "./dom.js";
import { read } from "./otpauth.js";
import { saw } from "./live.js";
import * as scanner from "./scan.js";
import { migration } from "./transfer.js";
import * as vault from "./vault.js";
import { wrong } from "./view-code.js";
import { aside } from "./view-lock.js";
import { t } from "./words.js";

/**
 * The codes of one transfer that were seen: its number → what each held.
 * @type {{ id: number, size: number, seen: Map<number, import("./transfer.js").Found> } | undefined}
 */
let batch;

/**
 * Does what a scanned text asks for. It gives what is to be shown, or "done" where it
 * led on to another page, or "more" where the transfer has further codes.
 * @param {string} text @returns {Promise<HTMLElement | "done" | "more">}
 */
export async function took(text) {
  const m = /^(https?:\/\/[^/]+)\/tegata\/?#(enrol|signin)=([\w-]{10,200})$/.exec(text.trim());
  if (m) {
    if (m[1] !== location.origin) return alert("amber", t("tg.scan.elsewhere"), t("tg.scan.elsewhere.what", { where: new URL(m[1]).host }));
    saw(m[3]);
    location.hash = "#/enrol/" + (m[2] === "signin" ? "signin." : "") + m[3];
    return "done";
  }
  if (/^otpauth-migration:/i.test(text)) return transfer(text);
  if (!/^otpauth:/i.test(text)) return alert("amber", t("tg.scan.unknown"), t("tg.scan.unknown.what"));
  try {
    say(t(await vault.add([read(text)]) ? "tg.code.added" : "tg.code.there"));
  } catch (x) { return wrong(x); }
  location.hash = "#/";
  return "done";
}

/** @param {string} text @returns {Promise<HTMLElement | "done" | "more">} */
async function transfer(text) {
  let got;
  try { got = migration(text); } catch (x) { return wrong(x); }
  const { id, index, size } = /** @type {{ id: number, index: number, size: number }} */ (got.batch);
  if (!batch || batch.id !== id || batch.size !== size) batch = { id, size, seen: new Map() };
  batch.seen.set(index, got);
  if (batch.seen.size < size) return "more";
  const all = [...batch.seen.values()];
  batch = undefined;
  const n = await vault.add(all.flatMap((x) => x.entries)), skipped = all.reduce((s, x) => s + x.skipped, 0);
  say(t("tg.import.done", { n }) + (skipped ? " " + t("tg.import.skipped", { n: skipped }) : ""));
  location.hash = "#/";
  return "done";
}

const part = () => batch ? alert("note", t("tg.scan.part", { n: batch.seen.size, of: batch.size }), t("tg.scan.part.what")) : "";

/** @returns {import("./app.js").Shown} */
export function scan() {
  const video = h("video", { muted: true, playsinline: true, "aria-label": t("tg.scan.camera") });
  const note = h("div", { role: "status" }, part());
  const view = h("div", { class: "camera" }, video, h("div", { class: "aim" }));
  let left = false, last = "";
  /** @type {(() => void) | undefined} */
  let stop;
  /** @param {string} text */
  async function seen(text) {
    if (left || text === last) return;
    last = text;
    navigator.vibrate?.(40);
    const got = await took(text);
    if (got !== "done") note.replaceChildren(got === "more" ? part() : got);
  }
  (async () => {
    try {
      stop = await aside(() => scanner.camera(video, seen));
      if (left) stop();
    } catch (e) {
      if (left) return;
      view.hidden = true;
      note.replaceChildren(e instanceof DOMException && e.name === "NotAllowedError" ? alert("note", t("tg.scan.denied"), t("tg.scan.denied.what")) : alert("note", t("tg.scan.nocamera"), t("tg.scan.nocamera.what")), part());
    }
  })();
  const file = h("input", { type: "file", accept: "image/*", multiple: true, class: "away", tabindex: -1, "aria-hidden": "true", onchange: async () => {
    let any = false;
    for (const one of file.files) {
      const found = await scanner.picture(one).catch(() => []);
      for (const text of found) {
        any = true;
        const got = await took(text);
        if (got === "done") return;
        note.replaceChildren(got === "more" ? part() : got);
      }
    }
    if (!any) note.replaceChildren(alert("amber", t("tg.scan.empty"), t("tg.scan.empty.what")));
    file.value = "";
  } });
  const [box, text] = field(t("tg.scan.text"), { name: "scanned", autocapitalize: "off", spellcheck: "false" }, t("tg.scan.text.hint"));
  const paste = h("form", { onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    if (!text.value.trim()) return;
    const got = await took(text.value.trim());
    if (got === "done") return;
    text.value = "";
    note.replaceChildren(got === "more" ? part() : got);
  } }, box, h("button", { class: "plain" }, t("tg.scan.use")));
  return { title: t("tg.scan.title"), main: [h("h1", null, t("tg.scan.title")), note, view, h("p", { class: "quiet" }, t("tg.scan.what")), h("details", null, h("summary", null, t("tg.scan.nocode")), paste), file],
    low: [h("div", { class: "tools" }, h("button", { class: "plain wide", onclick: () => { aside(() => new Promise((done) => { file.click(); for (const x of ["change", "cancel"]) file.addEventListener(x, done, { once: true }); })); } }, icon("image"), t("tg.scan.picture")), h("a", { class: "button plain square", href: "#/add", "aria-label": t("tg.add.hand") }, icon("pen")))],
    leave: () => { left = true; stop?.(); } };
}
