// @ts-check
// A sign-in that asks: who, where, when, and the three answers.
import { ahead, Problem } from "./api.js";
import { alert, ask, h, icon } from "./dom.js";
import * as live from "./live.js";
import { called } from "./view-account.js";
import { verified } from "./view-lock.js";
import { ago, exact, t } from "./words.js";

/** @param {unknown} e */
export function told(e) {
  // By how much the clock is off stands above already.
  if (e instanceof Problem && e.code === "device.clock" && Math.abs(ahead) > 30_000) return h("span", null);
  // What only a fresh proof may change is done where one can be given.
  if (e instanceof Problem && e.code === "session.fresh_required") return alert("amber", t("tg.fresh"), t("tg.fresh.what"), h("p", null, h("a", { href: "/me/factors" }, t("tg.accounts.page"))));
  if (e instanceof Problem) return e.code === "offline" ? alert("", t("tg.offline"), t("tg.offline.act")) : alert("", e.what || t("tg.failed"), e.why, e.fix);
  console.error(e);
  return alert("", t("tg.failed"), t("tg.failed.what"));
}

/**
 * The card of one request. It is built once, so that what was typed stays.
 * @param {import("./accounts.js").Account} account @param {live.Asked} r @param {(after: HTMLElement) => void} over shows what became of it
 */
export function card(account, r, over) {
  const note = h("div", null);
  const digits = r.number_digits;
  const number = digits ? h("input", { id: "number", class: "code pair-code", inputmode: "numeric", autocomplete: "off", maxlength: digits, pattern: "[0-9]*", "aria-describedby": "number-hint" }) : undefined;
  const go = h("button", { disabled: Boolean(digits) }, t("tg.request.approve"));
  const cancel = h("button", { type: "button", class: "plain", onclick: () => decide("cancel") }, t("tg.request.cancel"));
  const deny = h("button", { type: "button", class: "plain danger", onclick: async () => {
    if (await ask(t("tg.request.deny.ask"), t("tg.request.deny.what"), t("tg.request.deny"), t("tg.no"), true)) decide("deny");
  } }, t("tg.request.deny"));
  number?.addEventListener("input", () => {
    number.value = number.value.normalize("NFKC").replace(/\D/g, "").slice(0, digits);
    go.disabled = number.value.length !== digits;
  });

  /** @param {"approve" | "cancel" | "deny"} decision */
  async function decide(decision) {
    const lock = decision === "approve" ? await verified(t("tg.pass.approve")) : false;
    if (lock === undefined) return;
    for (const b of [go, cancel, deny]) b.disabled = true;
    try {
      await live.answer(account.id, r, decision, decision === "approve" ? number?.value ?? "" : "", lock);
      over(decision === "approve" ? alert("safe", t("tg.request.done.approve"), t("tg.request.after.approve")) : decision === "cancel" ? alert("note", t("tg.request.done.cancel"))
        : alert("amber", t("tg.request.done.deny"), t("tg.request.after.deny"), h("p", null, h("a", { class: "button", href: "/recover?hint=" + encodeURIComponent(account.identifier), target: "_blank", rel: "noopener" }, t("tg.request.recover.go")))));
    } catch (e) {
      const shown = told(e);
      if (live.of(account.id).requests.some((x) => x.id === r.id)) {
        note.replaceChildren(shown);
        for (const b of [cancel, deny]) b.disabled = false;
        go.disabled = Boolean(number && number.value.length !== digits);
      } else over(shown);
    }
  }

  // One that has not confirmed the newest password closes no doors.
  const stale = live.of(account.id).stale;
  const form = h("form", { class: "answer", onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); if (!go.disabled) decide("approve"); } },
    number && h("label", { for: "number" }, t("tg.request.number")), number && h("p", { class: "hint", id: "number-hint" }, t("tg.request.number.hint")), number, go, stale ? cancel : h("div", { class: "two" }, cancel, deny));
  return h("section", { class: "request", "aria-labelledby": "request-title", "data-request": r.id },
    h("h2", { id: "request-title" }, icon("bell"), t("tg.request." + r.purpose)),
    h("p", { class: "who-for" }, called(account)),
    h("dl", { class: "facts" }, h("dt", null, t("tg.request.app")), h("dd", null, r.app), h("dt", null, t("tg.request.browser")), h("dd", null, r.browser || t("tg.unknown")),
      h("dt", null, t("tg.request.place")), h("dd", null, r.place ? t("tg.place", { place: r.place }) : t("tg.place.none"), " · ", h("span", { class: "num" }, r.addr)),
      h("dt", null, t("tg.request.time")), h("dd", null, h("time", { datetime: r.created_at, title: exact(r.created_at) }, ago(r.created_at)))),
    stale && alert("amber", t("tg.request.stale"), t("tg.request.stale.what")), note, form);
}
