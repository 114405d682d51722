// @ts-check
// One account: its sign-in lock, its sessions, its settings.
import * as accounts from "./accounts.js";
import { call, Problem } from "./api.js";
import { alert, ask, field, h, icon, say } from "./dom.js";
import * as live from "./live.js";
import * as push from "./push.js";
import { begin, wakes } from "./view-begin.js";
import { told } from "./view-request.js";
import { ago, exact, t } from "./words.js";

/** @typedef {import("./app.js").Shown} Shown */

/** What an account is called here. @param {accounts.Account} a */
export const called = (a) => a.settings.label || a.identifier || a.name;

/** @param {accounts.Account} a */
const avatar = (a) => h("span", { class: "avatar", "aria-hidden": "true" }, [...called(a)][0]?.toUpperCase() ?? "·");

/** @param {string} href @param {string} sign @param {string} what @param {string} [about] */
export const row = (href, sign, what, about) => h("li", null, h("a", { href }, icon(sign), h("span", { class: "body" }, h("span", { class: "what" }, what), about && h("span", { class: "quiet" }, about)), icon("right")));

const gone = () => ({ title: t("tg.account.none"), back: "accounts", main: [h("h1", null, t("tg.account.none"))] });

/** The account seen last is the one that is shown. */
let last = "";

/** @returns {Shown} */
export function list() {
  const all = accounts.list();
  if (all.length) return show(accounts.find(last) ? last : all[0].id);
  return { title: t("tg.dock.accounts"), main: [h("h1", null, t("tg.dock.accounts")), h("div", { class: "empty" }, icon("person"), h("p", null, t("tg.accounts.none")), h("p", null, t("tg.accounts.how")))],
    low: [h("div", { class: "tools stack" }, h("a", { class: "button", href: "#/scan" }, icon("scan"), t("tg.accounts.scan")), h("a", { class: "button plain", href: "/me/factors" }, t("tg.accounts.page")))] };
}

/** All accounts, low on the screen: one tap shows another. @param {string} id */
function switcher(id) {
  setTimeout(() => document.querySelector(".switcher [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }), 0);
  return h("div", { class: "switcher", role: "group", "aria-label": t("tg.accounts.switch") }, accounts.list().map((a) => h("a", { href: "#/account/" + a.id, "aria-current": a.id === id ? "true" : undefined }, avatar(a), h("span", null, called(a)))),
    h("a", { href: "#/enrol" }, h("span", { class: "avatar add", "aria-hidden": "true" }, icon("plus")), h("span", null, t("tg.accounts.add"))));
}

/** @param {string} id @returns {Shown} */
export function show(id) {
  const a = accounts.find(id);
  if (!a) return gone();
  last = id;
  if (a.state === "waiting") return { title: called(a), main: [h("h1", null, called(a)), alert("amber", t("tg.account.waiting")), h("p", { class: "row-action" }, h("a", { class: "button", href: "#/enrol" }, t("tg.account.finish")))], low: [switcher(id)] };
  const body = h("div", null), card = begin(id);
  let drawn = "";
  function draw() {
    const a = accounts.find(id), s = live.of(id);
    if (!a) return;
    const key = JSON.stringify([a, s.lock, s.stale, s.device, s.devices.length, s.trouble?.code, s.heard]);
    if (key === drawn) return;
    drawn = key;
    const on = s.lock?.on, p = s.trouble, retired = p?.code === "device.unknown";
    body.replaceChildren(
      h("div", { class: "hello" }, avatar(a), h("div", null, h("h1", null, called(a)), h("p", { class: "quiet" }, a.service + (a.settings.label ? " · " + a.identifier : "")))),
      p && p.code !== "offline" && p.code !== "device.clock" ? told(p) : "",
      card, ...retired ? [h("p", { class: "row-action" }, h("a", { class: "button plain", href: `#/account/${id}/settings` }, t("tg.account.remove")))] : [h("section", { class: "panel lock" + (on ? " on" : "") }, h("div", { class: "lock-head" }, icon("lock"), h("h2", null, t(on ? "tg.signlock.is" : "tg.signlock.isnot"))),
        h("p", null, on ? t("tg.signlock.on") : t("tg.signlock.off")), on && s.lock?.until && h("p", null, t("tg.signlock.until", { at: exact(s.lock.until) })),
        h("p", { class: "row-action" }, h("a", { class: "button " + (on ? "" : "plain danger"), href: `#/account/${id}/lock` }, t(on ? "tg.signlock.unlock" : "tg.signlock.go")))),
      h("ul", { class: "rows links" }, row(`#/account/${id}/sessions`, "screen", t("tg.sessions.title"), t("tg.sessions.about")),
        row(`#/account/${id}/devices`, "phone", t("tg.devices.title"), s.device ? t(s.device.primary ? "tg.devices.primary" : "tg.devices.secondary") : ""),
        row(`#/account/${id}/settings`, "gear", t("tg.account.settings"), t("tg.account.settings.about")))]);
  }
  draw();
  return { title: called(a), main: [body], low: [switcher(id)], update: draw };
}

/** @param {string} id @returns {Shown} */
export function lock(id) {
  const a = accounts.find(id);
  if (!a) return gone();
  const note = h("div", null), on = live.of(id).lock?.on;
  if (on) {
    const go = h("button", { onclick: async () => {
      go.disabled = true;
      try {
        live.of(id).lock = await call(accounts.signer(id), "PUT", "lock", { on: false, end_sessions: false }).then(() => ({ on: false }));
        say(t("tg.signlock.done.off"));
        location.hash = "#/account/" + id;
      } catch (e) { note.replaceChildren(told(e)); go.disabled = false; }
    } }, t("tg.signlock.unlock"));
    return { title: t("tg.signlock.title"), back: "account/" + id, main: [h("h1", null, t("tg.signlock.unlock.ask")), h("p", { class: "who-for" }, called(a)), h("p", null, t("tg.signlock.unlock.what")), note], low: [h("div", { class: "tools" }, go)] };
  }
  const [untilBox, until] = field(t("tg.signlock.end"), { name: "until", type: "datetime-local", min: local(Date.now() + 60_000) }, t("tg.signlock.end.hint"));
  const end = h("input", { type: "checkbox" });
  const go = h("button", { class: "danger" }, t("tg.signlock.go"));
  const form = h("form", { id: "lock-form", onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    go.disabled = true;
    /** @type {{ on: boolean, end_sessions: boolean, until?: string }} */
    const what = { on: true, end_sessions: end.checked };
    if (until.value) what.until = new Date(until.value).toISOString();
    try {
      await call(accounts.signer(id), "PUT", "lock", what);
      live.of(id).lock = { on: true, until: what.until };
      say(t("tg.signlock.done.on"));
      location.hash = "#/account/" + id;
    } catch (x) {
      note.replaceChildren(x instanceof Problem && x.code === "offline" ? alert("", t("tg.signlock.offline"), t("tg.signlock.offline.what")) : told(x));
      go.disabled = false;
    }
  } }, untilBox, h("label", { class: "check" }, end, h("span", null, t("tg.signlock.sessions"), h("span", { class: "quiet" }, t("tg.signlock.sessions.what")))));
  go.setAttribute("form", "lock-form");
  return { title: t("tg.signlock.title"), back: "account/" + id, main: [h("h1", null, t("tg.signlock.ask")), h("p", { class: "who-for" }, called(a)), h("p", null, t("tg.signlock.what")), h("p", null, t("tg.signlock.way")), note, form], low: [h("div", { class: "tools" }, go)] };
}

/** @param {number} at */
function local(at) {
  const d = new Date(at);
  return new Date(at - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @typedef {{ id: string, browser: string, os?: string, place: string, addr: string, created_at: string, last_used_at: string, proofs: string[] }} Session */

/** @param {string} id @returns {Shown} */
export function sessions(id) {
  const a = accounts.find(id);
  if (!a) return gone();
  const note = h("div", null), list = h("ul", { class: "rows picks", hidden: true }), none = h("p", { class: "quiet", role: "status" }, t("tg.sessions.busy"));
  /** @type {Session[]} */
  let all = [];
  const picked = () => [...list.querySelectorAll("input:checked")].map((x) => /** @type {HTMLInputElement} */ (x).value);
  const end = h("button", { class: "danger wide", disabled: true, onclick: () => go({ ids: picked() }, picked().length) }, t("tg.sessions.end"));
  const every = h("button", { class: "plain danger", disabled: true, onclick: () => go({ all: true }, all.length) }, t("tg.sessions.all"));

  async function read() {
    try {
      all = (await call(accounts.signer(id), "GET", "sessions")).sessions ?? [];
    } catch (e) { none.textContent = ""; return note.replaceChildren(told(e)); }
    none.textContent = all.length ? "" : t("tg.sessions.none");
    list.hidden = !all.length;
    list.replaceChildren(...all.map((s) => h("li", null, h("label", { class: "pick" }, h("input", { type: "checkbox", value: s.id, onchange: pick }), h("span", { class: "body" }, h("span", { class: "what" }, [s.browser, s.os].filter(Boolean).join(" · ") || t("tg.unknown")),
      h("span", { class: "quiet" }, s.place ? t("tg.place", { place: s.place }) : t("tg.place.none"), " · ", h("span", { class: "num" }, s.addr)),
      h("span", { class: "quiet" }, t("tg.sessions.used", { ago: ago(s.last_used_at) }), " · ", h("time", { datetime: s.created_at, title: exact(s.created_at) }, t("tg.sessions.began", { at: exact(s.created_at) }))),
      proofs(s.proofs))))));
    pick();
  }
  function pick() {
    const n = picked().length;
    end.disabled = !n;
    end.textContent = n > 1 ? t("tg.sessions.end.n", { n }) : t("tg.sessions.end");
    every.disabled = !all.length;
  }
  /** @param {{ ids?: string[], all?: boolean }} what @param {number} n */
  async function go(what, n) {
    if (!await ask(n === 1 ? t("tg.sessions.ask.one") : t("tg.sessions.ask", { n }), t("tg.sessions.ask.what"), t("tg.sessions.go"), t("tg.no"), true)) return;
    try {
      await call(accounts.signer(id), "POST", "sessions/end", what);
      note.replaceChildren(alert("safe", n === 1 ? t("tg.sessions.done.one") : t("tg.sessions.done", { n })));
      await read();
    } catch (e) { note.replaceChildren(told(e)); }
  }
  read();
  return { title: t("tg.sessions.title"), back: "account/" + id, main: [h("h1", null, t("tg.sessions.title")), h("p", { class: "who-for" }, called(a)), note, none, list], low: [h("div", { class: "tools" }, end, every)] };
}

/** Kinds of proof that have a word. */
const known = new Set(["pwd", "otp.app", "otp.mail", "otp.backup", "otp.tegata", "sms", "kba", "hwk", "swk", "swk.tegata"]);

/** @param {string[] | undefined} list */
function proofs(list) {
  const words = (list ?? []).filter((p) => known.has(p)).map((p) => t("tg.proof." + p));
  return words.length ? h("span", { class: "quiet" }, t("tg.sessions.by", { proofs: words.join(t("tg.comma")) })) : "";
}

/** @param {string} id @returns {Shown} */
export function refresh(id) {
  const a = accounts.find(id);
  if (!a) return gone();
  const note = h("div", null);
  const user = h("input", { type: "text", autocomplete: "username", value: a.identifier, hidden: true, tabindex: -1 });
  const [box, word] = field(t("tg.refresh.word"), { name: "password", type: "password", autocomplete: "current-password", required: true });
  const go = h("button", null, t("tg.refresh.go"));
  const form = h("form", { onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    go.disabled = true;
    try {
      await call(accounts.signer(id), "POST", "refresh", { password: word.value });
      await live.refresh(id);
      live.hurry();
      say(t("tg.refresh.done"));
      location.hash = "#/account/" + id;
    } catch (x) {
      note.replaceChildren(x instanceof Problem && x.code === "signin.not_recognised" ? alert("", t("tg.refresh.wrong"), t("tg.refresh.wrong.what")) : told(x));
      go.disabled = false;
      word.value = "";
      word.focus();
    }
  } }, user, box, go);
  const forgot = h("a", { href: "/recover?hint=" + encodeURIComponent(a.identifier), target: "_blank", rel: "noopener" }, t("tg.refresh.forgot"));
  return { title: t("tg.refresh.title"), back: "account/" + id, main: [h("h1", null, t("tg.refresh.title")), h("p", { class: "who-for" }, called(a)), h("p", null, t("tg.refresh.what")), note, form, h("p", { class: "fine" }, forgot)] };
}

/** @param {string} id @returns {Promise<Shown>} */
export async function settings(id) {
  const a = accounts.find(id);
  if (!a) return gone();
  const note = h("div", null);
  const [labelBox, label] = field(t("tg.own.label"), { name: "label", maxlength: 60, value: a.settings.label, placeholder: a.identifier }, t("tg.own.label.hint"));
  const form = h("form", { class: "panel", onsubmit: async (/** @type {Event} */ e) => { e.preventDefault(); await accounts.change(id, (x) => { x.settings.label = label.value.trim(); }); say(t("tg.saved")); location.hash = "#/account/" + id; } }, labelBox, h("button", { class: "plain" }, t("tg.save")));
  const shown = h("input", { type: "checkbox", checked: a.settings.shown, onchange: async () => { await accounts.change(id, (x) => { x.settings.shown = shown.checked; }); say(t("tg.saved")); } });
  // Where the server wakes nobody, nothing is offered.
  const offers = await push.offered(id), can = offers && push.possible();
  const wake = h("input", { type: "checkbox", checked: a.settings.push, disabled: !can, onchange: async () => {
    wake.disabled = true;
    note.replaceChildren();
    try {
      if (!wake.checked) await push.off(id);
      else if (!await wakes(id, note)) wake.checked = false;
      if (wake.checked || !note.childElementCount) say(t("tg.saved"));
    } catch (e) {
      wake.checked = true;
      note.replaceChildren(told(e));
    }
    wake.disabled = false;
  } });
  const remove = h("button", { class: "plain danger", onclick: async () => {
    if (!await ask(t("tg.own.remove.ask"), t("tg.own.remove.what"), t("tg.own.remove"), t("tg.no"), true)) return;
    try {
      await call(accounts.signer(id), "DELETE", "devices/" + a.device);
    } catch (e) {
      note.replaceChildren(told(e));
      // Where the server says no, the account is taken out of here all the same if that is wanted.
      if (!await ask(t("tg.own.remove.here"), t("tg.own.remove.here.what"), t("tg.own.remove"), t("tg.no"), true)) return;
    }
    await accounts.forget(id);
    say(t("tg.own.removed"));
    location.hash = "#/accounts";
  } }, t("tg.own.remove"));
  return { title: t("tg.account.settings"), back: "account/" + id, main: [h("h1", null, t("tg.account.settings")), h("p", { class: "who-for" }, called(a)), note, form,
    h("section", { class: "panel" }, a.code ? h("label", { class: "check" }, shown, h("span", null, t("tg.own.code"), h("span", { class: "quiet" }, t("tg.own.code.what")))) : "",
      offers && h("label", { class: "check" }, wake, h("span", null, t("tg.own.push"), h("span", { class: "quiet" }, t(can ? "tg.own.push.what" : "tg.own.push.none"))))),
    h("p", { class: "row-action" }, remove)] };
}
