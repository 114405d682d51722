// @ts-check
// Where the app begins: language, safe, pages, and what is shown around them.
import * as accounts from "./accounts.js";
import * as api from "./api.js";
import * as copy from "./copy.js";
import { alert, h, icon, say } from "./dom.js";
import * as live from "./live.js";
import { renew } from "./push.js";
import * as safe from "./safe.js";
import * as store from "./store.js";
import { script } from "./trusted.js";
import * as vault from "./vault.js";
import { home } from "./view-home.js";
import * as code from "./view-code.js";
import * as files from "./view-files.js";
import * as lock from "./view-lock.js";
import * as own from "./view-account.js";
import * as devices from "./view-devices.js";
import { enrol } from "./view-enrol.js";
import { scan } from "./view-scan.js";
import * as settings from "./view-settings.js";
import { lang, span, speak, t } from "./words.js";

/**
 * One page: its title, what stands in it, what is low on the screen, and what to do
 * when it is left. update is called when something changed elsewhere.
 * @typedef {{ title: string, main: (Node | string)[], low?: (Node | string)[], back?: string, leave?: () => void, update?: () => void }} Shown
 */

/** @type {[RegExp, (...parts: string[]) => Shown | Promise<Shown>][]} */
const pages = [
  [/^$/, home], [/^codes\/(all|order)$/, home], [/^add$/, code.add], [/^code\/([0-9a-f]+)$/, code.show], [/^scan$/, scan],
  [/^import$/, files.take], [/^export$/, files.give], [/^accounts$/, own.list], [/^account\/(\w+)$/, own.show], [/^account\/(\w+)\/sessions$/, own.sessions],
  [/^account\/(\w+)\/lock$/, own.lock], [/^account\/(\w+)\/refresh$/, own.refresh], [/^account\/(\w+)\/settings$/, own.settings],
  [/^account\/(\w+)\/devices$/, devices.list], [/^account\/(\w+)\/device\/(\w+)$/, devices.show], [/^enrol(?:\/(.+))?$/, enrol],
  [/^settings$/, settings.show], [/^settings\/lock$/, lock.choose], [/^settings\/copy$/, settings.keep], [/^settings\/restore$/, settings.restore],
];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const around = h("div", { id: "state" }), low = h("section", { class: "lowbar" }), dock = h("nav", { class: "dock" });
/** @type {Shown | undefined} */
let shown;
let turn = 0;

const path = () => decodeURI(location.hash.replace(/^#\/?/, ""));

/** Shows the page that the address names. */
async function route() {
  const mine = ++turn;
  if (!safe.isOpen()) return locked();
  const at = path();
  if (at === "main") return main.focus(); // the link that skips to the content
  for (const [like, page] of pages) {
    const m = like.exec(at);
    if (!m) continue;
    const next = await page(...m.slice(1));
    if (mine !== turn) return next.leave?.();
    return show(next);
  }
  location.replace("#/");
}

/** @param {Shown} next */
function show(next) {
  shown?.leave?.();
  shown = next;
  document.title = next.title + " · Tegata";
  main.replaceChildren(...next.back !== undefined ? [h("p", { class: "way" }, h("a", { class: "back", href: "#/" + next.back }, icon("left"), t("tg.back")))] : [], around, ...next.main);
  low.replaceChildren(...next.low ?? []);
  document.body.classList.toggle("has-low", Boolean(next.low?.length));
  chrome();
  if (!main.contains(document.activeElement)) main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** Nothing of what was there is left in the page. */
function locked() {
  turn++;
  document.querySelectorAll("dialog").forEach((d) => d.remove());
  dock.hidden = true;
  const page = lock.gate(opened);
  show({ ...page, main: page.main });
}

async function opened() {
  await Promise.all([accounts.load(), vault.load()]);
  live.listen();
  live.guard();
  renew();
  if (vault.copy()) copy.follow().catch(() => {});
  dock.hidden = false;
  await route();
}

/** What stands around every page: whether the server is reached, the clock, who asks. */
function chrome() {
  if (!safe.isOpen()) return around.replaceChildren();
  const list = accounts.list(), troubles = list.map((a) => [a, live.of(a.id)]);
  const off = Math.abs(api.ahead), asks = live.waiting().length, at = path();
  const offline = !navigator.onLine || troubles.some(([, s]) => /** @type {live.State} */ (s).trouble?.code === "offline");
  /** @type {Node[]} */
  const out = [];
  if (offline && list.length) out.push(h("p", { class: "state", role: "status" }, icon("stop"), h("span", null, t("tg.offline"))));
  if (off > 30_000) out.push(alert("amber", t(api.ahead > 0 ? "tg.clock.ahead" : "tg.clock.behind", { off: span(off) }), t("tg.clock.what"), h("p", null, h("a", { href: "/help/device.clock" }, t("tg.clock.how")))));
  if (asks && at !== "") out.push(h("a", { class: "state asks", href: "#/" }, icon("bell"), h("span", null, t("tg.asks")), icon("right")));
  const begun = list.find((a) => a.state === "waiting");
  if (begun && !/^(enrol|account)/.test(at)) out.push(h("a", { class: "state", href: "#/enrol" }, icon("next"), h("span", null, t("tg.begun", { who: own.called(begun) })), icon("right")));
  for (const [a, s] of /** @type {[accounts.Account, live.State][]} */ (troubles)) {
    if (s.lock?.on && !at.startsWith("account")) out.push(h("a", { class: "state asks", href: `#/account/${a.id}` }, icon("lock"), h("span", null, t("tg.signlock.is.who", { who: own.called(a) })), icon("right")));
    if (s.stale && !at.endsWith("/refresh")) out.push(h("a", { class: "state", href: `#/account/${a.id}/refresh` }, icon("next"), h("span", null, t("tg.stale", { who: own.called(a) })), icon("right")));
  }
  // Said once, not at every tick: a screen reader would read it again.
  const said = out.map((x) => x.textContent).join("\n");
  if (around.dataset.said !== said || !around.childElementCount) around.replaceChildren(...out);
  around.dataset.said = said;
  const current = at.startsWith("scan") ? "scan" : at.startsWith("account") || at.startsWith("enrol") ? "accounts" : at.startsWith("settings") || at.startsWith("import") || at.startsWith("export") ? "settings" : "";
  for (const a of dock.querySelectorAll("a")) {
    if (a.getAttribute("href") === "#/" + current) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  dock.querySelector(".dot")?.toggleAttribute("hidden", !asks);
}

function changed() {
  if (!safe.isOpen()) return;
  shown?.update?.();
  chrome();
}

function build() {
  const link = (/** @type {string} */ to, /** @type {string} */ sign, /** @type {string} */ key, /** @type {Node[]} */ ...more) => h("a", { href: "#/" + to }, h("span", { class: "sign" }, icon(sign), more), h("span", null, t(key)));
  dock.setAttribute("aria-label", t("tg.dock"));
  dock.replaceChildren(link("", "codes", "tg.dock.codes", h("span", { class: "dot", hidden: true })), link("scan", "scan", "tg.dock.scan"), link("accounts", "person", "tg.dock.accounts"), link("settings", "gear", "tg.dock.settings"));
  low.setAttribute("aria-label", t("tg.low"));
  document.body.append(low, dock, h("div", { id: "said", role: "status" }));
}

/** What a link or a scanned code brought along; it leaves the address at once. */
function brought() {
  const m = /^#(enrol|signin)=([\w-]{10,200})$/.exec(location.hash);
  if (m) history.replaceState(null, "", m[1] === "enrol" ? "#/enrol/" + m[2] : "#/enrol/signin." + m[2]);
}

/** The lock falls: when the app is put away, and after a while of nothing. */
async function guard() {
  let touched = Date.now(), away = 0;
  for (const what of ["pointerdown", "keydown"]) addEventListener(what, () => { touched = Date.now(); }, { passive: true, capture: true });
  const grace = async () => (await store.take("plain", "grace")) ?? 0;
  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState === "hidden") {
      away = Date.now();
      if (!lock.isBusy() && !await grace()) safe.shut();
    } else if (!safe.isOpen()) {
      // Whoever comes back types at once.
      /** @type {HTMLElement | null} */ (document.querySelector(".gate-low input"))?.focus();
    } else if (away && Date.now() - away > (lock.isBusy() ? 120_000 : await grace())) safe.shut();
  });
  setInterval(() => { if (Date.now() - touched > 300_000) safe.shut(); }, 5000);
  safe.events.addEventListener("shut", locked);
}

async function install() {
  if (!("serviceWorker" in navigator)) return;
  const sw = await navigator.serviceWorker.register(script("/tegata/sw.js"), { scope: "/tegata/", updateViaCache: "none" });
  // A newer app takes over at the start, before anything is begun, and not in between.
  if (sw.waiting && navigator.serviceWorker.controller) {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    sw.waiting.postMessage("now");
  }
  setTimeout(() => { navigator.serviceWorker.ready.then((r) => r.active?.postMessage("keep")); }, 4000);
  navigator.serviceWorker.addEventListener("message", ({ data }) => { if (data === "look") { live.hurry(); location.hash = "#/"; } });
}

async function start() {
  if (!globalThis.indexedDB || !crypto.subtle) throw new Error("old");
  const prefer = await store.take("plain", "prefer") ?? {};
  // The language of the first start is kept: the shell that the worker has may be in another.
  if (!prefer.lang) await store.put("plain", "prefer", { ...prefer, lang: document.documentElement.lang });
  await speak(prefer.lang ?? document.documentElement.lang);
  store.put("plain", "lang", lang); // what the worker speaks
  // The shell that the worker has may be in another.
  document.querySelector(".skip")?.replaceChildren(t("tg.skip"));
  if (prefer.theme) document.documentElement.dataset.theme = prefer.theme;
  brought();
  await safe.begin();
  build();
  await guard();
  addEventListener("hashchange", () => { brought(); route().catch(failed); });
  for (const x of [accounts.events, live.events, vault.events]) x.addEventListener("change", changed);
  accounts.events.addEventListener("change", live.listen);
  safe.events.addEventListener("lock", live.guard);
  addEventListener("offline", changed);
  setInterval(changed, 5000);
  if (safe.isOpen()) await opened();
  else locked();
  document.documentElement.dataset.ready = "";
  performance.mark("ready");
  install().catch(() => {});
  navigator.storage?.persist?.().catch(() => {});
}

/** @param {unknown} e */
function failed(e) {
  console.error(e);
  if (safe.isOpen()) show({ title: t("tg.failed"), main: [h("h1", null, t("tg.failed")), h("p", null, t("tg.failed.what"))] });
}

// What nobody caught is told all the same: a button that does nothing says nothing.
addEventListener("unhandledrejection", (e) => { console.error(e.reason); if (safe.isOpen()) say(t("tg.failed")); });

start().catch((e) => {
  console.error(e);
  document.querySelector("[data-old]")?.removeAttribute("hidden");
});
