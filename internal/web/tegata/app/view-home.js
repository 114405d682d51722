// @ts-check
// Codes, with the request on top when there is one.
import * as accounts from "./accounts.js";
import { alert, h, icon, say, svg } from "./dom.js";
import * as live from "./live.js";
import * as otp from "./otp.js";
import * as vault from "./vault.js";
import { called } from "./view-account.js";
import { card } from "./view-request.js";
import { copies } from "./view-settings.js";
import { t } from "./words.js";

/** @typedef {{ e: otp.Entry, li: HTMLElement, code: HTMLElement, ring?: SVGElement, counter: number, seen: boolean, shown: string }} Row */

const circle = 2 * Math.PI * 9;

const ring = () => svg("svg", { class: "ring", viewBox: "0 0 24 24", width: 24, height: 24, "aria-hidden": "true", focusable: "false" },
  svg("circle", { class: "track", cx: 12, cy: 12, r: 9 }), svg("circle", { class: "arc", cx: 12, cy: 12, r: 9, transform: "rotate(-90 12 12)", "stroke-dasharray": circle }));

/** @param {Row} row */
async function copyCode(row) {
  const code = await otp.codeAt(row.e, Date.now());
  try { await navigator.clipboard.writeText(code); say(t("tg.copied")); } catch { say(code); }
}

/**
 * @param {otp.Entry} e @param {string} [about] where its details are; an account's own code has none
 * @returns {Row}
 */
function line(e, about) {
  const code = h("span", { class: "otp num" }, "––– –––");
  /** @type {Row} */
  const row = { e, li: h("li", { class: "code-row", "data-id": e.id }), code, counter: -1, seen: false, shown: "" };
  const name = e.issuer || e.name || t("tg.code.unnamed");
  const face = h("button", { class: "face", onclick: () => copyCode(row) }, h("span", { class: "names" }, h("span", { class: "what" }, name), e.issuer && e.name && h("span", { class: "quiet" }, e.name)), code);
  row.li.append(face);
  if (e.type === "totp") row.li.append(row.ring = ring());
  else row.li.append(h("button", { class: "plain small sign", "aria-label": t("tg.code.next", { name }), onclick: () => vault.next(e.id) }, icon("next")));
  if (about) row.li.append(h("a", { class: "sign", href: about, "aria-label": t("tg.code.about", { name }) }, icon("more")));
  return row;
}

/**
 * Shows codes in rows while they are in sight; those that are not cost nothing.
 * @param {() => Row[]} all
 */
function ticking(all) {
  /** @type {Map<Element, Row>} */
  let by = new Map();
  const sight = new IntersectionObserver((list) => {
    for (const x of list) { const row = by.get(x.target); if (row) { row.seen = x.isIntersecting; if (row.seen) paint(row, Date.now()); } }
  }, { rootMargin: "200px" });
  /** @param {Row} row @param {number} now */
  async function paint(row, now) {
    const { e } = row, step = e.type === "hotp" ? e.counter : Math.floor(now / 1000 / e.period);
    if (row.ring) {
      const left = 1 - (now / 1000 % e.period) / e.period, arc = /** @type {SVGElement} */ (row.ring.lastElementChild);
      arc.style.strokeDashoffset = String(circle * (1 - left));
      row.li.classList.toggle("ending", left * e.period < 6);
    }
    if (row.counter === step) return;
    row.counter = step;
    const code = await otp.hotp(e, step).catch(() => "");
    if (row.counter === step) row.code.textContent = row.shown = code ? otp.grouped(code) : "–";
  }
  const tick = () => { const now = Date.now(); for (const row of by.values()) if (row.seen) paint(row, now); };
  const timer = setInterval(tick, 1000);
  return {
    renew() {
      sight.disconnect();
      by = new Map(all().map((r) => [r.li, r]));
      for (const li of by.keys()) sight.observe(li);
    },
    stop() { clearInterval(timer); sight.disconnect(); },
  };
}

/** The row in which things are put into another order. @param {otp.Entry} e */
function arranged(e) {
  const name = [e.issuer, e.name].filter(Boolean).join(" · ") || t("tg.code.unnamed");
  const step = (/** @type {string} */ sign, /** @type {string} */ key, /** @type {number} */ by) => h("button", { class: "plain small sign", "aria-label": t(key, { name }), "data-step": by, onclick: async () => {
    await vault.move(e.id, by);
    /** @type {HTMLElement | null} */ (document.querySelector(`[data-id="${e.id}"] [data-step="${by}"]`))?.focus();
  } }, icon(sign));
  return h("li", { class: "code-row", "data-id": e.id }, h("span", { class: "face" }, h("span", { class: "names" }, h("span", { class: "what" }, name))), step("up", "tg.order.up", -1), step("down", "tg.order.down", 1));
}

/** What was searched for, while the app is open. */
let words = "", tag = "";

/** @param {string} [mode] @returns {import("./app.js").Shown} */
export function home(mode) {
  const order = mode === "order";
  const asks = h("div", { "aria-live": "polite" }), mine = h("ul", { class: "code-list" }), list = h("ul", { class: "code-list" }), none = h("div", null), chips = h("div", { class: "tags", role: "group", "aria-label": t("tg.tags") });
  const after = h("div", null), count = h("p", { class: "quiet tally", role: "status" });
  let own = /** @type {Row[]} */ ([]), rows = /** @type {Row[]} */ ([]);
  const clock = ticking(() => [...own, ...rows]);
  const search = h("input", { type: "search", class: "search", value: words, placeholder: t("tg.search"), "aria-label": t("tg.search"), autocomplete: "off", oninput: () => { words = search.value; filter(); } });
  const tools = h("div", { class: "tools" }, search, h("a", { class: "button square", href: "#/add", "aria-label": t("tg.add.title") }, icon("plus")));
  const back = h("div", null);
  let built = "", asked = false;

  function filter() {
    const fits = new Set(vault.search(words, tag).map((e) => e.id));
    for (const r of rows) r.li.hidden = !fits.has(r.e.id);
    const found = rows.length && !fits.size;
    count.textContent = found ? t("tg.search.none") : words || tag ? t("tg.search.found", { n: fits.size }) : "";
    mine.hidden = !own.length || Boolean(words || tag) || order;
  }

  /** Whoever has no codes here may have a copy of them. */
  async function look() {
    if (back.hidden || order || asked) return;
    asked = accounts.list().some((a) => a.state === "active");
    if (asked && (await copies().catch(() => [])).length) back.replaceChildren(alert("note", t("tg.restore.there"), h("p", null, h("a", { href: "#/settings/restore" }, t("tg.restore.go")))));
  }

  function draw() {
    const entries = vault.entries(), codes = accounts.list().filter((a) => a.code && a.settings.shown);
    const now = JSON.stringify([entries, codes.map((a) => [a.id, a.code, called(a)]), order]);
    if (now !== built) {
      built = now;
      own = codes.map((a) => line({ id: a.id, type: "totp", issuer: a.service, name: called(a), secret: a.code ?? "", algorithm: "SHA1", digits: 6, period: 30, counter: 0, tags: [] }));
      mine.replaceChildren(...own.map((r) => r.li));
      rows = order ? [] : entries.map((e) => line(e, "#/code/" + e.id));
      list.replaceChildren(...order ? entries.map(arranged) : rows.map((r) => r.li));
      list.hidden = !entries.length;
      const all = vault.tags();
      if (!all.includes(tag)) tag = "";
      chips.replaceChildren(...order ? [] : all.map((x) => h("button", { class: "chip", "aria-pressed": x === tag ? "true" : "false", onclick: (/** @type {Event} */ ev) => {
        tag = tag === x ? "" : x;
        for (const c of chips.children) c.setAttribute("aria-pressed", String(c === ev.currentTarget && tag === x));
        filter();
      } }, x)));
      chips.hidden = !chips.childElementCount;
      search.hidden = entries.length < 6 && !words;
      tools.classList.toggle("bare", search.hidden);
      none.replaceChildren(...entries.length || own.length ? [] : [empty()]);
      back.hidden = Boolean(entries.length);
      look();
      clock.renew();
      filter();
    }
    const waiting = live.waiting(), first = waiting[0], there = /** @type {HTMLElement | null} */ (asks.querySelector("[data-request]"));
    if (!first) { if (there) asks.replaceChildren(); }
    else if (there?.dataset.request !== first.request.id) {
      after.replaceChildren();
      asks.replaceChildren(card(first.account, first.request, (x) => { after.replaceChildren(x); x.scrollIntoView({ block: "nearest" }); }));
    }
    const sum = waiting.length > 1 ? t("tg.request.others", { n: waiting.length - 1 }) : "";
    if (first) { asks.querySelector(".others")?.remove(); if (sum) asks.append(h("p", { class: "quiet others" }, sum)); }
    tools.hidden = Boolean(first) || order || !entries.length && !own.length;
    chips.hidden = Boolean(first) || !chips.childElementCount;
  }

  const head = h("div", { class: "page-head" }, h("h1", null, t(order ? "tg.order" : "tg.codes")), order ? h("a", { class: "button small", href: "#/" }, t("tg.done")) : h("a", { class: "sign order", href: "#/codes/order", "aria-label": t("tg.order") }, icon("sort")));
  draw();
  if (!order) head.querySelector(".order")?.toggleAttribute("hidden", vault.entries().length < 2);
  return { title: t("tg.codes"), main: [asks, after, head, none, mine, back, list, count], low: order ? [] : [chips, tools], update: draw, leave: clock.stop };
}

function empty() {
  return h("div", { class: "empty" }, icon("codes"), h("p", null, t("tg.codes.none")), h("p", null, t("tg.codes.none.account")), h("p", { class: "row-action" }, h("a", { class: "button", href: "#/scan" }, t("tg.scan.go")), h("a", { class: "button plain", href: "#/add" }, t("tg.add.other"))), h("p", { class: "row-action" }, h("a", { href: "#/settings/restore" }, t("tg.restore"))));
}
