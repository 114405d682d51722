// @ts-check
// Adding an account: a ticket from its page, a number on both sides. Also what a link
// on this phone's own sign-in page brings.
import * as accounts from "./accounts.js";
import { alert, field, h, icon, say } from "./dom.js";
import * as live from "./live.js";
import { called } from "./view-account.js";
import { told } from "./view-request.js";
import { t } from "./words.js";

/** @typedef {import("./app.js").Shown} Shown */

/** What this device is called until somebody says otherwise. */
function named() {
  const ua = navigator.userAgent;
  const on = /iPhone/.test(ua) ? "iPhone" : /iPad/.test(ua) ? "iPad" : /Android/.test(ua) ? /Android[^;)]*; ([^;)]+)/.exec(ua)?.[1] ?? "Android" : /Windows/.test(ua) ? "Windows" : /Mac OS/.test(ua) ? "Mac" : /Linux/.test(ua) ? "Linux" : "";
  return on.replace(/^K$/, "Android").slice(0, 60);
}

/** @param {string} [what] a ticket, "signin." and a code, or nothing @returns {Shown | Promise<Shown>} */
export function enrol(what) {
  if (what?.startsWith("signin.")) return asked(what.slice(7));
  const waits = accounts.list().find((a) => a.state === "waiting");
  if (!what && waits) return number(waits);
  if (!what) return { title: t("tg.accounts.add"), back: "accounts", main: [h("h1", null, t("tg.accounts.add")), h("ol", { class: "steps" }, [1, 2, 3].map((n) => h("li", null, h("span", null, t("tg.enrol.step." + n)))))],
    low: [h("div", { class: "tools stack" }, h("a", { class: "button", href: "#/scan" }, icon("scan"), t("tg.accounts.scan")), h("a", { class: "button plain", href: "/me/factors" }, t("tg.accounts.page")))] };
  const note = h("div", null);
  const [box, name] = field(t("tg.devices.name"), { name: "name", maxlength: 60, required: true, value: named() }, t("tg.enrol.name.hint"));
  const go = h("button", null, t("tg.enrol.go"));
  const form = h("form", { onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    try {
      await accounts.enrol(what, name.value.trim());
      history.replaceState(null, "", "#/enrol");
      dispatchEvent(new HashChangeEvent("hashchange"));
    } catch (x) { note.replaceChildren(told(x)); go.disabled = false; }
  } }, box, go);
  return { title: t("tg.accounts.add"), back: "accounts", main: [h("h1", null, t("tg.accounts.add")), h("p", null, t("tg.enrol.what")), note, form] };
}

/** @param {accounts.Account} a @returns {Shown} */
function number(a) {
  const note = h("div", { role: "status" });
  let over = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const same = h("button", { onclick: () => look(true) }, t("tg.enrol.same"));
  const differs = h("button", { class: "plain danger", onclick: async () => {
    over = true;
    await accounts.forget(a.id);
    show.replaceChildren(h("h1", null, t("tg.enrol.differs.done")), h("p", null, t("tg.enrol.differs.what")), h("p", null, h("a", { href: "#/accounts" }, t("tg.dock.accounts"))));
    tools.hidden = true;
  } }, t("tg.enrol.differs"));
  const tools = h("div", { class: "tools" }, same, differs);
  const show = h("div", null, h("h1", null, t("tg.enrol.compare")), h("p", { class: "who-for" }, called(a)), h("p", null, t("tg.enrol.compare.what")), h("p", { class: "number" }, a.number), note,
    a.journey ? h("p", { class: "fine" }, t("tg.enrol.beside.tab")) : h("p", { class: "fine" }, t("tg.enrol.beside"), " ", h("a", { href: "/me/factors/tegata", target: "_blank", rel: "noopener" }, t("tg.enrol.beside.go"))));

  /** @param {boolean} [confirm] */
  async function look(confirm) {
    if (over) return;
    clearTimeout(timer);
    if (confirm) same.disabled = true;
    try {
      const state = await accounts.confirmed(a.id, confirm);
      if (over) return;
      if (state === "active") {
        over = true;
        live.listen();
        live.guard();
        say(t("tg.enrol.done"));
        location.hash = "#/account/" + a.id;
        return;
      }
      if (state === "refused") return ended();
      if (accounts.find(a.id)?.confirmed) {
        same.hidden = true;
        note.replaceChildren(alert("note", t("tg.enrol.other"), t("tg.enrol.other.what")));
      } else note.replaceChildren();
    } catch (e) {
      if (over) return;
      same.disabled = false;
      const status = /** @type {any} */ (e)?.status;
      note.replaceChildren(told(e));
      if (status === 404 || status === 410 || status === 401 && /** @type {any} */ (e)?.code !== "device.clock") return ended(told(e));
    }
    timer = setTimeout(look, 2000);
  }
  /** @param {HTMLElement} [why] */
  async function ended(why) {
    over = true;
    await accounts.forget(a.id);
    show.replaceChildren(h("h1", null, t("tg.enrol.refused")), why ?? h("p", null, t("tg.enrol.refused.what")), h("p", null, h("a", { href: "#/enrol" }, t("tg.accounts.add"))));
    tools.hidden = true;
  }
  look();
  return { title: t("tg.enrol.compare"), back: "accounts", main: [show], low: [tools], leave: () => { over = true; clearTimeout(timer); } };
}

/** A sign-in page's code: which account takes it? @param {string} code @returns {Promise<Shown>} */
async function asked(code) {
  const all = accounts.list().filter((a) => a.state === "active");
  const note = h("div", null), busy = h("p", { class: "quiet", role: "status" }, t("tg.asked.busy"));
  /** @param {accounts.Account} a */
  async function take(a) {
    try {
      await live.scanned(a.id, code);
      location.hash = "#/";
    } catch (e) { note.replaceChildren(told(e)); busy.remove(); }
  }
  if (!all.length) return { title: t("tg.asked.title"), back: "accounts", main: [h("h1", null, t("tg.asked.none")), h("p", null, t("tg.asked.none.what")), h("p", null, h("a", { href: "#/enrol" }, t("tg.accounts.add")))] };
  if (all.length === 1) take(all[0]);
  return { title: t("tg.asked.title"), back: "", main: [h("h1", null, t("tg.asked.title")), note, ...all.length > 1 ? [h("p", null, t("tg.asked.which")), h("ul", { class: "ways" }, all.map((a) => h("li", null, h("button", { class: "plain", onclick: () => take(a) }, icon("person"), h("span", null, called(a)), icon("right")))))] : [busy]] };
}
