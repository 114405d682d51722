// @ts-check
// The app lock: passing it, choosing it.
import { alert, ask, field, h, say } from "./dom.js";
import * as safe from "./safe.js";
import * as store from "./store.js";
import { span, t } from "./words.js";

let busy = 0;

/**
 * While somebody picks a file or answers the device the app is put away for a moment;
 * the lock does not fall for that.
 * @template T @param {() => Promise<T>} act @returns {Promise<T>}
 */
export async function aside(act) {
  busy++;
  try { return await act(); } finally { setTimeout(() => { busy--; }, 1500); }
}

export const isBusy = () => busy > 0;

/** @param {number} until */
const later = (until) => t("tg.unlock.wait", { span: span(until - Date.now()) });

/**
 * The form that passes the lock, by PIN or by the device.
 * @param {() => void} done @param {string} [name] of the button, where it does more than open
 */
function passing(done, name) {
  const note = h("p", { class: "alert", role: "alert", hidden: true });
  const tell = (/** @type {string} */ what) => { note.hidden = !what; note.replaceChildren(h("span", null, what)); };
  if (safe.kind() === "device") {
    const go = h("button", { onclick: async () => {
      go.disabled = true;
      tell("");
      try { await aside(safe.openByDevice); done(); } catch { tell(t("tg.unlock.device.no")); }
      go.disabled = false;
    } }, name ?? t("tg.unlock.device"));
    return { note, parts: [go], focus: go };
  }
  const [box, input] = field(t("tg.pin"), { name: "pin", type: "password", inputmode: safe.isDigits() ? "numeric" : "text", maxlength: 64, autocomplete: "off" });
  input.classList.add("code");
  const go = h("button", null, name ?? t("tg.unlock"));
  const form = h("form", { onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    if (!input.value || go.disabled) return;
    const until = safe.waits();
    if (until) return tell(later(until));
    go.disabled = true;
    go.textContent = t("tg.unlock.busy");
    const ok = await safe.openByPIN(input.value).catch(() => false);
    go.disabled = false;
    go.textContent = name ?? t("tg.unlock");
    input.value = "";
    if (ok) return done();
    tell(safe.waits() ? t("tg.unlock.wrong") + " " + later(safe.waits()) : t("tg.unlock.wrong"));
    input.focus();
  } }, box, go);
  return { note, parts: [form], focus: input };
}

/**
 * What is shown while the app is locked: nothing of what it holds.
 * @param {() => Promise<void>} opened
 * @returns {import("./app.js").Shown}
 */
export function gate(opened) {
  const by = passing(() => { opened(); });
  setTimeout(() => by.focus.focus(), 0);
  const wipe = h("button", { class: "link", onclick: async () => {
    if (!await ask(t("tg.wipe.ask"), t("tg.wipe.what"), t("tg.wipe.go"), t("tg.no"), true)) return;
    await erase();
  } }, t("tg.wipe"));
  return { title: t("tg.locked"), main: [h("div", { class: "gate" }, h("h1", null, t("tg.locked")), h("p", null, t(safe.kind() === "pin" ? "tg.locked.pin" : "tg.locked.device"))), h("div", { class: "low gate-low" }, by.note, ...by.parts, h("p", { class: "fine" }, t(safe.kind() === "pin" ? "tg.wipe.forgot" : "tg.wipe.stuck"), " ", h("a", { href: "/help/guide/tegata" }, t("tg.help"))), wipe)] };
}

/** Takes away all that the app keeps, keys included. */
export async function erase() {
  await store.act((at) => { for (const shelf of /** @type {store.Shelf[]} */ (["keys", "boxes", "plain"])) at(shelf).clear(); });
  const sw = await navigator.serviceWorker?.getRegistration("/tegata/");
  await (await sw?.pushManager?.getSubscription())?.unsubscribe().catch(() => {});
  location.replace("/tegata/");
  location.reload();
}

/**
 * Whether the lock was passed for what is about to be signed: just now, or else it is
 * asked again. undefined: somebody turned away from the question.
 * @param {string} [name] what passing it does then
 * @returns {Promise<boolean | undefined>}
 */
export function verified(name) {
  if (safe.kind() === "none") return Promise.resolve(false);
  if (safe.sincePassed() < 60_000) return Promise.resolve(true);
  return new Promise((done) => {
    let ok = false;
    const by = passing(() => { ok = true; box.close(); }, name);
    const box = h("dialog", { class: "sheet-low", "aria-labelledby": "pass-title" }, h("h2", { id: "pass-title" }, t("tg.pass")), by.note, ...by.parts, h("button", { class: "link", onclick: () => box.close() }, t("tg.no")));
    box.addEventListener("close", () => { box.remove(); done(ok || undefined); });
    document.body.append(box);
    box.showModal();
    by.focus.focus();
  });
}

/** @returns {Promise<import("./app.js").Shown>} */
export async function choose() {
  const kind = safe.kind(), device = await safe.canAskDevice(), grace = await store.take("plain", "grace") ?? 0;
  const note = h("div", { role: "alert" });
  const [first, pin] = field(t("tg.pin.new"), { name: "pin", type: "password", inputmode: "numeric", minlength: 6, maxlength: 64, required: true }, t("tg.pin.hint"));
  const [second, again] = field(t("tg.pin.again"), { name: "again", type: "password", inputmode: "numeric", maxlength: 64, required: true });
  const set = h("button", null, t(kind === "pin" ? "tg.pin.change" : "tg.pin.set"));
  const form = h("form", { class: "panel", onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    if (pin.value.length < 6) return note.replaceChildren(alert("", t("tg.pin.short")));
    if (pin.value !== again.value) return note.replaceChildren(alert("", t("tg.pin.differ")));
    set.disabled = true;
    try { await safe.setPIN(pin.value); } catch (x) {
      set.disabled = false;
      console.error(x);
      return note.replaceChildren(alert("", t("tg.failed"), t("tg.failed.what")));
    }
    said("tg.lock.on");
  } }, h("h2", null, t("tg.pin.title")), first, second, set);
  const said = (/** @type {string} */ key) => { say(t(key)); location.hash = "#/settings"; };
  const byDevice = h("section", { class: "panel" }, h("h2", null, t("tg.device.title")), h("p", null, t("tg.device.what")),
    device ? h("button", { class: "plain", onclick: async () => {
      try { await aside(() => safe.setDevice(t("tg.device.key"))); } catch { return note.replaceChildren(alert("", t("tg.device.failed"))); }
      if (!safe.released()) return said("tg.lock.on");
      const next = await choose();
      note.parentElement?.replaceChildren(...next.main);
    } }, t(kind === "device" ? "tg.device.again" : "tg.device.set")) : h("p", { class: "quiet" }, t("tg.device.none")));
  const wait = h("select", { id: "grace", onchange: () => { store.put("plain", "grace", Number(wait.value)); say(t("tg.saved")); } },
    [[0, t("tg.grace.now")], [60_000, span(60_000)], [300_000, span(300_000)]].map(([v, words]) => h("option", { value: v, selected: v === grace }, words)));
  const off = h("button", { class: "plain danger", onclick: async () => {
    if (!await ask(t("tg.lock.off.ask"), t("tg.lock.off.what"), t("tg.lock.off"), t("tg.no"), true)) return;
    await safe.unset();
    said("tg.lock.gone");
  } }, t("tg.lock.off"));
  return { title: t("tg.lock.title"), back: "settings", main: [h("h1", null, t("tg.lock.title")), h("p", { class: "lead" }, t("tg.lock.what")), kind === "none" ? alert("note", t("tg.lock.alone"), t("tg.lock.alone.what")) : "", note,
    kind === "device" && safe.released() ? alert("amber", t("tg.device.released"), t("tg.device.released.what")) : "", 
    kind !== "none" ? h("section", { class: "panel" }, h("label", { for: "grace" }, t("tg.grace")), wait, h("p", { class: "hint" }, t("tg.grace.what")), h("p", { class: "row-action" }, off)) : "", form, byDevice] };
}
