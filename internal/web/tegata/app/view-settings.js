// @ts-check
// Settings of the app: its lock, the copy of the vault, files, language and theme.
import * as accounts from "./accounts.js";
import * as copy from "./copy.js";
import { alert, ask, field, h, icon, say } from "./dom.js";
import * as safe from "./safe.js";
import * as store from "./store.js";
import * as vault from "./vault.js";
import { called, row } from "./view-account.js";
import { erase } from "./view-lock.js";
import { told } from "./view-request.js";
import { ago, lang, t } from "./words.js";

/** @typedef {import("./app.js").Shown} Shown */

/** @param {Record<string, string>} what */
async function prefer(what) {
  await store.put("plain", "prefer", { ...await store.take("plain", "prefer"), ...what });
}

/** @returns {Shown} */
export function show() {
  const c = vault.copy();
  const locked = { none: "tg.lock.state.none", pin: "tg.lock.state.pin", device: "tg.lock.state.device" }[safe.kind()];
  const theme = document.documentElement.dataset.theme ?? "";
  const speak = h("select", { id: "lang", onchange: async () => { await prefer({ lang: speak.value }); location.reload(); } }, [["ja", "日本語"], ["en", "English"]].map(([v, words]) => h("option", { value: v, selected: v === lang, lang: v }, words)));
  const shade = h("select", { id: "theme", onchange: async () => {
    await prefer({ theme: shade.value });
    if (shade.value) document.documentElement.dataset.theme = shade.value;
    else delete document.documentElement.dataset.theme;
  } }, ["", "light", "dark"].map((v) => h("option", { value: v, selected: v === theme }, t("tg.theme." + (v || "system")))));
  return { title: t("tg.dock.settings"), main: [h("h1", null, t("tg.dock.settings")),
    h("ul", { class: "rows links" }, row("#/settings/lock", "lock", t("tg.lock.title"), t(locked)), row("#/settings/copy", "cloud", t("tg.copy.title"), c ? c.trouble ? t("tg.copy.troubled") : t("tg.copy.on", { who: nameOf(c.account) }) : t("tg.copy.off")),
      c ? "" : row("#/settings/restore", "next", t("tg.restore"), t("tg.restore.about"))),
    h("ul", { class: "rows links" }, row("#/import", "into", t("tg.import.title"), t("tg.import.about")), row("#/export", "out", t("tg.export.title"), t("tg.export.about"))),
    h("div", { class: "panel pair-fields" }, h("div", null, h("label", { for: "lang" }, t("tg.lang")), speak), h("div", null, h("label", { for: "theme" }, t("tg.theme")), shade)),
    h("p", { class: "row-action" }, safe.kind() !== "none" && h("button", { class: "plain", onclick: () => safe.shut() }, icon("lock"), t("tg.lock.now")),
      h("button", { class: "plain danger", onclick: async () => { if (await ask(t("tg.wipe.ask"), t("tg.wipe.what"), t("tg.wipe.go"), t("tg.no"), true)) erase(); } }, t("tg.wipe"))),
    h("p", { class: "fine" }, h("a", { href: "/help" }, t("tg.help")), " · ", h("a", { href: new URL("./vendor/LICENSES.txt", import.meta.url).href }, t("tg.licences")))] };
}

/** @param {string} id */
const nameOf = (id) => { const a = accounts.find(id); return a ? called(a) : t("tg.copy.nobody"); };

/** @returns {Shown} */
export function keep() {
  const c = vault.copy(), all = accounts.list().filter((a) => a.state === "active"), note = h("div", { role: "status" });
  const head = [h("h1", null, t("tg.copy.title")), h("p", { class: "lead" }, t("tg.copy.what"))];
  if (!c && !all.length) return { title: t("tg.copy.title"), back: "settings", main: [...head, alert("note", t("tg.copy.account"), h("p", null, h("a", { href: "#/enrol" }, t("tg.accounts.add"))))] };
  if (c) {
    const stop = h("button", { class: "plain danger", onclick: async () => {
      if (!await ask(t("tg.copy.end.ask"), t("tg.copy.end.what"), t("tg.copy.end"), t("tg.no"), true)) return;
      try {
        if (accounts.find(c.account)) await copy.end();
        else await vault.change((v) => { v.copy = undefined; }, true);
        say(t("tg.copy.ended"));
        location.hash = "#/settings";
      } catch (e) { note.replaceChildren(told(e)); }
    } }, t("tg.copy.end"));
    const now = h("button", { class: "plain", onclick: async () => { now.disabled = true; await copy.follow().catch(() => {}); now.disabled = false; draw(); } }, t("tg.copy.now"));
    const state = h("div", null);
    const draw = () => {
      const c = vault.copy();
      if (!c) return;
      const trouble = c.trouble === "old" || c.trouble === "swapped" ? alert("", t("tg.copy." + c.trouble), t("tg.copy." + c.trouble + ".what")) : c.trouble ? alert("amber", t(c.trouble === "offline" ? "tg.offline" : "tg.copy.troubled"), t("tg.copy.later")) : "";
      state.replaceChildren(trouble, h("dl", { class: "facts" }, h("dt", null, t("tg.copy.where")), h("dd", null, nameOf(c.account)), h("dt", null, t("tg.copy.last")), h("dd", null, c.at ? ago(c.at) : t("tg.copy.never")), h("dt", null, t("tg.copy.version")), h("dd", { class: "num" }, c.version)));
    };
    draw();
    return { title: t("tg.copy.title"), back: "settings", main: [...head, note, state, h("p", { class: "row-action" }, now, stop)], update: draw };
  }
  const select = h("select", { id: "f-account" }, all.map((a) => h("option", { value: a.id }, called(a))));
  const [wordBox, word] = field(t("tg.copy.word"), { name: "word", type: "password", required: true, autocomplete: "off" }, t("tg.copy.word.hint"));
  const [againBox, again] = field(t("tg.copy.again"), { name: "again", type: "password", required: true, autocomplete: "off" });
  const known = h("input", { type: "checkbox", required: true });
  const go = h("button", null, t("tg.copy.go"));
  const form = h("form", { class: "panel", onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    if (!copy.enough(word.value)) return note.replaceChildren(alert("", t("tg.copy.short")));
    if (word.value !== again.value) return note.replaceChildren(alert("", t("tg.copy.differ")));
    go.disabled = true;
    note.replaceChildren(h("p", { class: "quiet" }, t("tg.copy.busy")));
    try {
      const n = await copy.begin(select.value, word.value);
      say(n ? t("tg.copy.taken", { n }) : t("tg.copy.begun"));
      location.hash = "#/settings";
    } catch (x) {
      go.disabled = false;
      note.replaceChildren(failed(x));
    }
  } }, all.length > 1 ? h("div", { class: "ask" }, h("label", { for: "f-account" }, t("tg.copy.where")), select) : "", wordBox, againBox, h("label", { class: "check" }, known, h("span", null, t("tg.copy.known"))), go);
  const there = h("div", null);
  copies().then((list) => { if (list.length) there.replaceChildren(alert("note", t("tg.restore.there"), h("p", null, h("a", { href: "#/settings/restore" }, t("tg.restore.go"))))); }, () => {});
  return { title: t("tg.copy.title"), back: "settings", main: [...head, there, alert("amber", t("tg.copy.warn"), t("tg.copy.warn.what")), note, form] };
}

/**
 * The accounts at which the server has a copy that this device does not follow.
 * @returns {Promise<accounts.Account[]>}
 */
export async function copies() {
  const all = vault.copy() ? [] : accounts.list().filter((a) => a.state === "active"), there = await Promise.all(all.map((a) => copy.exists(a.id)));
  return all.filter((_, i) => there[i]);
}

/** Brings the codes back from the copy, on a new device. @returns {Promise<Shown>} */
export async function restore() {
  const note = h("div", { role: "status" }), head = h("h1", null, t("tg.restore")), page = { title: t("tg.restore"), back: "settings" };
  if (!accounts.list().some((a) => a.state === "active")) return { ...page, main: [head, h("p", { class: "lead" }, t("tg.restore.account")), h("p", { class: "row-action" }, h("a", { class: "button", href: "#/enrol" }, t("tg.restore.add")))] };
  /** @type {accounts.Account[]} */
  let all;
  try { all = await copies(); } catch (x) { return { ...page, main: [head, failed(x)] }; }
  if (!all.length) return { ...page, main: [head, alert("note", t(vault.copy() ? "tg.restore.done" : "tg.restore.none"), t(vault.copy() ? "tg.restore.done.what" : "tg.restore.none.what"))] };
  const select = h("select", { id: "f-account" }, all.map((a) => h("option", { value: a.id }, called(a))));
  const [box, word] = field(t("tg.copy.word"), { name: "word", type: "password", required: true, autocomplete: "off" }, t("tg.restore.hint"));
  const go = h("button", null, t("tg.restore.go"));
  const form = h("form", { class: "panel", onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    go.disabled = true;
    note.replaceChildren(h("p", { class: "quiet" }, t("tg.restore.busy")));
    try {
      const n = await copy.begin(select.value, word.value);
      say(t("tg.copy.taken", { n }));
      location.hash = "#/";
    } catch (x) {
      go.disabled = false;
      note.replaceChildren(failed(x));
      word.value = "";
      word.focus();
    }
  } }, all.length > 1 ? h("div", { class: "ask" }, h("label", { for: "f-account" }, t("tg.copy.where")), select) : "", box, go);
  return { ...page, main: [head, h("p", { class: "lead" }, t("tg.restore.what")), all.length > 1 ? "" : h("p", { class: "who-for" }, called(all[0])), note, form] };
}

/** @param {unknown} x */
function failed(x) {
  const why = x instanceof Error ? x.message : "";
  return why === "word" ? alert("", t("tg.copy.wrong"), t("tg.copy.wrong.what")) : why === "old" || why === "swapped" ? alert("", t("tg.copy." + why), t("tg.copy." + why + ".what")) : told(x);
}
