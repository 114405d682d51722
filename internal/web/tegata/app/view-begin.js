// @ts-check
// What is worth doing once an account was added: one card, which can be put away.
import { alert, h, icon, say } from "./dom.js";
import * as accounts from "./accounts.js";
import * as push from "./push.js";
import * as safe from "./safe.js";
import * as store from "./store.js";
import { told } from "./view-request.js";
import { t } from "./words.js";

/** @type {any} what the browser gives to put the app on the home screen with, where it does */
let offer;
addEventListener("beforeinstallprompt", (e) => { e.preventDefault(); offer = e; });

const installed = () => matchMedia("(display-mode: standalone)").matches || Boolean(/** @type {any} */ (navigator).standalone);
const apple = () => /iPhone|iPad/.test(navigator.userAgent) || /Mac OS/.test(navigator.userAgent) && navigator.maxTouchPoints > 1;

/** @param {string} sign @param {string} key @param {string} about @param {any} [act] */
const thing = (sign, key, about, act) => h("li", null, icon(sign), h("span", { class: "body" }, h("span", { class: "what" }, t(key)), h("span", { class: "quiet" }, t(about)), act));

/** Turns notifications on, or says why not. @param {string} id @param {HTMLElement} note @returns {Promise<boolean>} */
export async function wakes(id, note) {
  note.replaceChildren();
  try {
    await push.on(id);
    return true;
  } catch (e) {
    note.replaceChildren(e instanceof Error && e.message === "denied" ? alert("amber", t("tg.own.push.denied"), t("tg.own.push.denied.what")) : e instanceof DOMException ? alert("amber", t("tg.own.push.failed"), t("tg.own.push.failed.what")) : told(e));
    return false;
  }
}

/**
 * The card for an account. It is empty once everything is done, or it was put away.
 * @param {string} id @returns {HTMLElement}
 */
export function begin(id) {
  const box = h("div", { class: "begin" });
  async function draw() {
    if (await store.take("plain", "begun")) return box.replaceChildren();
    const wakeable = push.possible() && !accounts.find(id)?.settings.push && await push.offered(id);
    const note = h("div", null), things = [];
    if (wakeable) {
      const go = h("button", { class: "small plain", onclick: async () => {
        go.disabled = true;
        if (await wakes(id, note)) { say(t("tg.begin.push.done")); draw(); }
        go.disabled = false;
      } }, t("tg.begin.push.go"));
      things.push(thing("bell", "tg.begin.push", "tg.begin.push.what", go));
    }
    if (safe.kind() === "none") things.push(thing("lock", "tg.begin.lock", "tg.begin.lock.what", h("a", { class: "button small plain", href: "#/settings/lock" }, t("tg.begin.lock.go"))));
    if (!installed()) things.push(thing("phone", "tg.begin.home", apple() ? "tg.begin.home.apple" : offer ? "tg.begin.home.what" : "tg.begin.home.menu", offer && h("button", { class: "small plain", onclick: async () => {
      const asked = offer;
      offer = undefined;
      await asked.prompt();
      draw();
    } }, t("tg.begin.home.go"))));
    if (!things.length || !accounts.find(id)) return box.replaceChildren();
    box.replaceChildren(h("section", { class: "panel", "aria-labelledby": "begin" }, h("h2", { id: "begin" }, t("tg.begin")), note, h("ul", { class: "things" }, things),
      h("p", { class: "row-action" }, h("button", { class: "link", onclick: async () => { await store.put("plain", "begun", true); box.replaceChildren(); } }, t("tg.begin.away")))));
  }
  draw();
  return box;
}
