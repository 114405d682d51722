// @ts-check
// Taking codes in from files and lists, and giving them out.
import { alert, ask, field, h, icon, say } from "./dom.js";
import * as transfer from "./transfer.js";
import * as vault from "./vault.js";
import { aside, verified } from "./view-lock.js";
import * as safe from "./safe.js";
import { t } from "./words.js";

/** @returns {import("./app.js").Shown} */
export function take() {
  const note = h("div", { role: "status" }), sealed = h("form", { class: "panel", hidden: true });
  let content = "";
  const [wordBox, word] = field(t("tg.import.word"), { name: "word", type: "password" }, t("tg.import.word.hint"));
  const open = h("button", null, t("tg.import.open"));
  sealed.append(wordBox, open);
  sealed.addEventListener("submit", async (/** @type {Event} */ e) => { e.preventDefault(); open.disabled = true; await read(word.value); open.disabled = false; });

  /** @param {string} [secret] */
  async function read(secret) {
    note.replaceChildren(h("p", { class: "quiet" }, t("tg.import.busy")));
    try {
      const found = await transfer.open(content, secret);
      const n = await vault.add(found.entries);
      const parts = [t("tg.import.done", { n }), found.entries.length > n ? t("tg.import.there", { n: found.entries.length - n }) : "", found.skipped ? t("tg.import.skipped", { n: found.skipped }) : "",
        found.where?.length ? t("tg.import.where", { lines: found.where.slice(0, 20).join(t("tg.comma")) }) : ""].filter(Boolean);
      sealed.hidden = true;
      word.value = "";
      note.replaceChildren(alert(found.skipped ? "amber" : "safe", parts[0], ...parts.slice(1), h("p", null, h("a", { href: "#/" }, t("tg.import.see")))));
    } catch (x) {
      const why = x instanceof Error ? x.message : "";
      if (why === "sealed") { note.replaceChildren(); sealed.hidden = false; return word.focus(); }
      note.replaceChildren(why === "word" ? alert("", t("tg.import.wrong")) : alert("", t("tg.import.unknown"), t("tg.import.unknown.what")));
    }
  }

  const file = h("input", { type: "file", class: "away", tabindex: -1, "aria-hidden": "true", accept: ".json,.txt,.tegata,text/plain,application/json", onchange: async () => {
    const one = file.files[0];
    file.value = "";
    if (!one) return;
    if (one.size > 20_000_000) return note.replaceChildren(alert("", t("tg.import.unknown"), t("tg.import.unknown.what")));
    content = await one.text();
    sealed.hidden = true;
    read();
  } });
  const [listBox, list] = field(t("tg.import.list"), { name: "list", tag: "textarea", rows: 4, spellcheck: "false", autocapitalize: "off" });
  const paste = h("form", { onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); content = list.value; if (content.trim()) read(); } }, listBox, h("button", { class: "plain" }, t("tg.import.go")));
  return { title: t("tg.import.title"), back: "settings", main: [h("h1", null, t("tg.import.title")), note, sealed,
    h("ul", { class: "plain-list" }, ["google", "aegis", "otpauth", "own"].map((x) => h("li", null, t("tg.import." + x)))), h("details", null, h("summary", null, t("tg.import.paste")), paste), file],
    low: [h("div", { class: "tools" }, h("button", { class: "wide", onclick: () => { aside(() => new Promise((done) => { file.click(); for (const x of ["change", "cancel"]) file.addEventListener(x, done, { once: true }); })); } }, icon("into"), t("tg.import.file")), h("a", { class: "button plain", href: "#/scan" }, icon("scan"), t("tg.import.scan")))] };
}

/** @param {string} name @param {string} content */
function save(name, content) {
  const a = h("a", { download: name, href: URL.createObjectURL(new Blob([content], { type: "text/plain;charset=utf-8" })) });
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}

/** Whoever takes all secrets away passes the lock first. */
const allowed = async () => safe.kind() === "none" || await verified() === true;

/** @returns {import("./app.js").Shown} */
export function give() {
  const note = h("div", { role: "status" }), day = new Date().toISOString().slice(0, 10), n = vault.entries().length;
  const [wordBox, word] = field(t("tg.export.word"), { name: "word", type: "password", autocomplete: "new-password", required: true }, t("tg.export.word.hint"));
  const [againBox, again] = field(t("tg.export.again"), { name: "again", type: "password", autocomplete: "new-password", required: true });
  const go = h("button", null, t("tg.export.sealed"));
  const form = h("form", { class: "panel", onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    if (word.value.length < 12) return note.replaceChildren(alert("", t("tg.export.short")));
    if (word.value !== again.value) return note.replaceChildren(alert("", t("tg.copy.differ")));
    if (!await allowed()) return;
    go.disabled = true;
    note.replaceChildren(h("p", { class: "quiet" }, t("tg.export.busy")));
    const content = await transfer.sealedFile(vault.entries(), word.value).finally(() => { go.disabled = false; });
    word.value = again.value = "";
    note.replaceChildren(alert("safe", t("tg.export.done", { n })));
    save(`tegata-${day}.json`, content);
  } }, h("h2", null, t("tg.export.sealed.title")), h("p", null, t("tg.export.sealed.what")), wordBox, againBox, go);
  const plain = h("section", { class: "panel" }, h("h2", null, t("tg.export.plain.title")), h("p", null, t("tg.export.plain.what")), h("button", { class: "plain danger", onclick: async () => {
    if (!await ask(t("tg.export.plain.ask"), t("tg.export.plain.warn"), t("tg.export.plain"), t("tg.no"), true) || !await allowed()) return;
    save(`tegata-${day}.txt`, transfer.plainFile(vault.entries()));
    note.replaceChildren(alert("safe", t("tg.export.done", { n })));
  } }, t("tg.export.plain")));
  return { title: t("tg.export.title"), back: "settings", main: [h("h1", null, t("tg.export.title")), h("p", { class: "lead" }, n ? t("tg.export.what", { n }) : t("tg.export.none")), note, ...n ? [form, plain] : []] };
}
