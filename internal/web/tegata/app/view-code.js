// @ts-check
// Adding a code, and what can be done with one.
import { alert, ask, field, h, icon, say } from "./dom.js";
import { entry, read } from "./otpauth.js";
import * as vault from "./vault.js";
import { t } from "./words.js";

/** @param {string} label @param {string} name @param {[string | number, string][]} options @param {string | number} now */
function choice(label, name, options, now) {
  const select = h("select", { id: "f-" + name }, options.map(([v, words]) => h("option", { value: v, selected: String(v) === String(now) }, words)));
  return [h("div", { class: "ask" }, h("label", { for: "f-" + name }, label), select), select];
}

/** @returns {import("./app.js").Shown} */
export function add() {
  const note = h("div", null);
  const [issuerBox, issuer] = field(t("tg.code.issuer"), { name: "issuer", maxlength: 200 });
  const [nameBox, name] = field(t("tg.code.name"), { name: "name", maxlength: 200 });
  const [secretBox, secret] = field(t("tg.code.secret"), { name: "secret", required: true, autocapitalize: "off", spellcheck: "false", maxlength: 2000 }, t("tg.code.secret.hint"));
  const [typeBox, type] = choice(t("tg.code.type"), "type", [["totp", t("tg.code.totp")], ["hotp", t("tg.code.hotp")]], "totp");
  const [digitsBox, digits] = choice(t("tg.code.digits"), "digits", [[6, "6"], [7, "7"], [8, "8"]], 6);
  const [algBox, alg] = choice(t("tg.code.algorithm"), "algorithm", [["SHA1", "SHA-1"], ["SHA256", "SHA-256"], ["SHA512", "SHA-512"]], "SHA1");
  const [periodBox, period] = choice(t("tg.code.period"), "period", [[30, t("tg.code.seconds", { n: 30 })], [60, t("tg.code.seconds", { n: 60 })]], 30);
  const [counterBox, counter] = field(t("tg.code.counter"), { name: "counter", type: "number", min: 0, value: 0 });
  counterBox.hidden = true;
  type.addEventListener("change", () => { counterBox.hidden = type.value !== "hotp"; periodBox.hidden = type.value === "hotp"; });
  const form = h("form", { class: "panel", onsubmit: async (/** @type {Event} */ ev) => {
    ev.preventDefault();
    let e;
    try {
      e = /^otpauth:/i.test(secret.value.trim()) ? read(secret.value)
        : entry({ type: type.value, issuer: issuer.value, name: name.value, secret: secret.value, digits: digits.value, algorithm: alg.value, period: period.value, counter: counter.value });
    } catch (x) {
      note.replaceChildren(wrong(x));
      return secret.focus();
    }
    say(t(await vault.add([e]) ? "tg.code.added" : "tg.code.there"));
    location.hash = "#/";
  } }, h("h2", null, t("tg.add.hand")), note, issuerBox, nameBox, secretBox, h("details", null, h("summary", null, t("tg.code.more")), typeBox, digitsBox, algBox, periodBox, counterBox), h("button", null, t("tg.add.go")));
  return { title: t("tg.add.title"), back: "", main: [h("h1", null, t("tg.add.title")),
    h("ul", { class: "ways" }, h("li", null, h("a", { href: "#/scan" }, icon("scan"), h("span", null, t("tg.scan.go")), icon("right"))), h("li", null, h("a", { href: "#/import" }, icon("into"), h("span", null, t("tg.import.title")), icon("right")))), form] };
}

/** Says why something is no code. @param {unknown} x */
export function wrong(x) {
  const why = x instanceof Error ? x.message : "";
  return alert("", t("tg.code.not"), ["secret", "algorithm", "digits", "period"].includes(why) ? t("tg.code.not." + why) : t("tg.code.not.type"));
}

/** @param {string} id @returns {import("./app.js").Shown} */
export function show(id) {
  const e = vault.find(id);
  if (!e) return { title: t("tg.code.gone"), back: "", main: [h("h1", null, t("tg.code.gone"))] };
  const [issuerBox, issuer] = field(t("tg.code.issuer"), { name: "issuer", maxlength: 200, value: e.issuer });
  const [nameBox, name] = field(t("tg.code.name"), { name: "name", maxlength: 200, value: e.name });
  const [tagBox, tags] = field(t("tg.tags"), { name: "tags", maxlength: 400, value: e.tags.join(", ") }, t("tg.tags.hint"));
  const form = h("form", { class: "panel", onsubmit: async (/** @type {Event} */ ev) => {
    ev.preventDefault();
    const made = entry({ ...e, issuer: issuer.value, name: name.value, tags: tags.value.split(/[,、，]/) });
    await vault.edit(id, { issuer: made.issuer, name: made.name, tags: made.tags });
    say(t("tg.saved"));
    location.hash = "#/";
  } }, issuerBox, nameBox, tagBox, h("button", null, t("tg.save")));
  const remove = h("button", { class: "plain danger", onclick: async () => {
    if (!await ask(t("tg.code.remove.ask", { name: e.issuer || e.name }), t("tg.code.remove.what"), t("tg.code.remove"), t("tg.no"), true)) return;
    await vault.remove(id);
    say(t("tg.code.removed"));
    location.hash = "#/";
  } }, t("tg.code.remove"));
  const top = h("button", { class: "plain", onclick: async () => { await vault.move(id, -Infinity); say(t("tg.saved")); location.hash = "#/"; } }, t("tg.order.top"));
  return { title: e.issuer || e.name, back: "", main: [h("h1", null, e.issuer || e.name || t("tg.code.unnamed")),
    h("dl", { class: "facts" }, h("dt", null, t("tg.code.type")), h("dd", null, t("tg.code." + e.type)), h("dt", null, t("tg.code.digits")), h("dd", null, e.digits), h("dt", null, t("tg.code.algorithm")), h("dd", null, e.algorithm.replace("SHA", "SHA-")),
      ...e.type === "totp" ? [h("dt", null, t("tg.code.period")), h("dd", null, t("tg.code.seconds", { n: e.period }))] : [h("dt", null, t("tg.code.counter")), h("dd", null, e.counter)]), form, h("div", { class: "row-action" }, top, remove)] };
}
