// @ts-check
// The devices of an account: which is asked first, which is gone.
import * as accounts from "./accounts.js";
import { call } from "./api.js";
import { alert, ask, field, h, icon, say } from "./dom.js";
import * as live from "./live.js";
import { called } from "./view-account.js";
import { told } from "./view-request.js";
import { ago, exact, t } from "./words.js";

/** @typedef {import("./app.js").Shown} Shown */

const sign = (/** @type {live.Device} */ d) => d.kind === "cli" ? "term" : "phone";

/** When a device was heard of last; empty: never. @param {live.Device} d */
const seen = (d) => d.last_seen_at && !d.last_seen_at.startsWith("0001") ? d.last_seen_at : "";

/** @param {string} id @returns {Shown} */
export function list(id) {
  const a = accounts.find(id);
  if (!a) return { title: t("tg.account.none"), back: "accounts", main: [h("h1", null, t("tg.account.none"))] };
  const note = h("div", null), rows = h("ul", { class: "rows links" });
  let drawn = "";
  function draw() {
    const all = live.of(id).devices, key = JSON.stringify(all);
    if (key === drawn) return;
    drawn = key;
    rows.hidden = !all.length;
    rows.replaceChildren(...all.map((d) => h("li", null, h("a", { href: `#/account/${id}/device/${d.id}` }, icon(sign(d)), h("span", { class: "body" },
      h("span", { class: "what" }, d.name, d.id === a?.device && h("span", { class: "tag" }, t("tg.devices.here")), d.primary && h("span", { class: "tag" }, t("tg.devices.first")), d.stale && h("span", { class: "tag amber" }, t("tg.devices.stale"))),
      h("span", { class: "quiet" }, seen(d) ? t("tg.devices.seen", { ago: ago(seen(d)) }) : t("tg.devices.never"))), icon("right")))));
  }
  draw();
  live.refresh(id).then(draw, (e) => note.replaceChildren(told(e)));
  return { title: t("tg.devices.title"), back: "account/" + id, main: [h("h1", null, t("tg.devices.title")), h("p", { class: "who-for" }, called(a)), h("p", { class: "lead" }, t("tg.devices.what")), note, rows], update: draw };
}

/** @param {string} id @param {string} device @returns {Promise<Shown>} */
export async function show(id, device) {
  const a = accounts.find(id);
  if (a && !live.of(id).heard) await live.refresh(id).catch(() => {});
  const d = live.of(id).devices.find((x) => x.id === device);
  if (!a || !d) return { title: t("tg.devices.none"), back: `account/${id}/devices`, main: [h("h1", null, t("tg.devices.none"))] };
  const note = h("div", null), by = () => accounts.signer(id);
  /** @param {() => Promise<any>} act @param {string} done */
  async function go(act, done) {
    try {
      await act();
      await live.refresh(id).catch(() => {});
      say(t(done));
      location.hash = `#/account/${id}/devices`;
    } catch (e) { note.replaceChildren(told(e)); }
  }
  const [box, name] = field(t("tg.devices.name"), { name: "name", maxlength: 60, required: true, value: d.name });
  const form = h("form", { class: "panel", onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); go(() => call(by(), "PATCH", "devices/" + d.id, { name: name.value.trim() }), "tg.saved"); } }, box, h("button", { class: "plain" }, t("tg.save")));
  // Only the first device hands it on; else it takes a fresh proof, which the account page asks for.
  const may = Boolean(live.of(id).device?.primary);
  const first = h("section", { class: "panel" }, h("h2", null, t("tg.devices.promote.title")), h("p", null, t(d.id === a.device ? "tg.devices.promote.what" : "tg.devices.promote.other")),
    may ? h("button", { class: "plain", onclick: () => go(() => call(by(), "POST", `devices/${d.id}/promote`, {}), "tg.devices.promoted") }, t("tg.devices.promote")) : h("p", null, t("tg.devices.promote.page")),
    may ? "" : h("p", { class: "row-action" }, h("a", { class: "button plain", href: "/me/factors/device?id=" + d.id }, t("tg.accounts.page"))));
  const own = d.id === a.device;
  const gone = h("section", { class: "panel" }, h("h2", null, t(own ? "tg.own.remove" : "tg.devices.gone")), h("p", null, t(own ? "tg.own.remove.what" : "tg.devices.gone.what")),
    own ? h("a", { class: "button plain", href: `#/account/${id}/settings` }, t("tg.account.settings")) : h("button", { class: "danger", onclick: async () => {
      if (await ask(t("tg.devices.gone.ask", { name: d.name }), t("tg.devices.gone.what"), t("tg.devices.gone"), t("tg.no"), true)) go(() => call(by(), "DELETE", "devices/" + d.id), "tg.devices.gone.done");
    } }, t("tg.devices.gone")));
  return { title: d.name, back: `account/${id}/devices`, main: [h("h1", null, d.name), h("dl", { class: "facts" }, h("dt", null, t("tg.devices.kind")), h("dd", null, t(d.kind === "cli" ? "tg.devices.cli" : "tg.devices.app")),
    h("dt", null, t("tg.devices.since")), h("dd", null, exact(d.created_at)), h("dt", null, t("tg.devices.last")), h("dd", null, seen(d) ? exact(seen(d)) : t("tg.devices.never"))),
    d.primary ? alert("note", t("tg.devices.primary")) : "", d.stale ? alert("amber", t("tg.devices.stale"), t("tg.devices.stale.what")) : "", note, form, d.primary ? "" : first, gone] };
}
