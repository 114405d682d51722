// @ts-check
// Building what is shown. Texts go in as texts, never as HTML.

/** @typedef {Node | string | number | false | null | undefined} Kid */

/**
 * An element. Properties that are functions listen ("onclick"); true and false set and
 * leave out attributes; the rest are attributes.
 * @param {string} tag @param {Record<string, any> | null} [props] @param {...(Kid | Kid[])} kids
 * @returns {any} the element, as what its tag says
 */
export function h(tag, props, ...kids) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props ?? {})) {
    if (v === false || v === undefined || v === null) continue;
    if (typeof v === "function") e.addEventListener(k.slice(2), v);
    else if (k === "value") /** @type {HTMLInputElement} */ (e).value = v;
    else e.setAttribute(k, v === true ? "" : String(v));
  }
  e.append(...kids.flat().filter((x) => x !== false && x !== null && x !== undefined).map((x) => typeof x === "number" ? String(x) : /** @type {Node | string} */ (x)));
  return e;
}

const space = "http://www.w3.org/2000/svg";

/** @param {string} tag @param {Record<string, string | number>} props @param {...Node} kids */
export function svg(tag, props, ...kids) {
  const e = document.createElementNS(space, tag);
  for (const [k, v] of Object.entries(props)) e.setAttribute(k, String(v));
  e.append(...kids);
  return e;
}

/** Drawn for 24 units with a line of 1.75, as those of the pages are. */
const icons = /** @type {Record<string, string>} */ ({
  codes: "M4 7h16v10H4zM8 12h.01M12 12h.01M16 12h.01",
  scan: "M4 8.500V5.500A1.500 1.500 0 0 1 5.500 4h3M15.500 4h3A1.500 1.500 0 0 1 20 5.500v3M20 15.500v3a1.500 1.500 0 0 1-1.500 1.500h-3M8.500 20h-3A1.500 1.500 0 0 1 4 18.500v-3M7 12h10",
  person: "M8.500 8a3.500 3.500 0 1 0 7 0a3.500 3.500 0 1 0-7 0M5 20c.8-4 3.600-6 7-6s6.200 2 7 6",
  gear: "M4 7h9M17 7h3M4 17h3M11 17h9M13 7a2 2 0 1 0 4 0a2 2 0 1 0-4 0M7 17a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  phone: "M7 4.500a2 2 0 0 1 2-2h6a2 2 0 0 1 2 2v15a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2zM11 18.500h2",
  screen: "M3 6.500a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM9 20h6M12 16.500V20",
  term: "M3 6a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM7 9l3 3-3 3M12.500 15H17",
  plus: "M12 5v14M5 12h14",
  right: "m9 5 7 7-7 7",
  left: "m15 5-7 7 7 7",
  up: "m5 15 7-7 7 7",
  down: "m5 9 7 7 7-7",
  more: "M5.500 12h.01M12 12h.01M18.500 12h.01",
  copy: "M8 8h12v12H8zM16 8V4H4v12h4",
  next: "M4.500 12a7.500 7.500 0 1 0 2.300-5.400L4.500 9M4.500 4.500V9H9",
  bell: "M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15zM10 20.500h4",
  image: "M4 5h16v14H4zM4 16l4.500-4.500 4 4 2.500-2.500 5 5M15.500 9h.01",
  pen: "M5 19h3L19 8l-3-3L5 16zM13.500 7.500l3 3",
  into: "M12 4v11M7.500 11 12 15.500 16.500 11M5 20h14",
  out: "M12 15V4M7.500 8 12 3.500 16.500 8M5 20h14",
  cloud: "M7 18.500a4 4 0 0 1-.5-7.970 5.500 5.500 0 0 1 10.700-.9A4.500 4.500 0 0 1 17 18.500z",
  globe: "M3.500 12a8.500 8.500 0 1 0 17 0a8.500 8.500 0 1 0-17 0M3.500 12h17M12 3.500c5 5 5 12 0 17M12 3.500c-5 5-5 12 0 17",
  search: "M4.500 10.500a6 6 0 1 0 12 0a6 6 0 1 0-12 0M15 15l5 5",
  sort: "M8 5v14M4.500 8.500 8 5l3.500 3.500M16 19V5M12.500 15.500 16 19l3.500-3.500",
  stop: "M3.500 12a8.500 8.500 0 1 0 17 0a8.500 8.500 0 1 0-17 0M12 7.500v5.500M12 16.500h.01",
});

/** @param {string} name */
export const icon = (name) => svg("svg", { class: "icon", viewBox: "0 0 24 24", width: 24, height: 24, fill: "none", stroke: "currentColor", "stroke-width": name === "more" ? 2.5 : 1.75,
  "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false" }, svg("path", { d: icons[name] ?? "" }));

/** @type {ReturnType<typeof setTimeout> | undefined} */
let quiet;

/**
 * Says something in passing, to the eye and to a screen reader.
 * @param {string} words
 */
export function say(words) {
  const box = document.getElementById("said");
  if (!box) return;
  clearTimeout(quiet);
  box.textContent = words;
  box.classList.add("on");
  quiet = setTimeout(() => { box.classList.remove("on"); box.textContent = ""; }, 3000);
}

/**
 * A notice. The first line is strong.
 * @param {"" | "amber" | "safe" | "note"} how @param {string} what @param {...Kid} more
 */
export const alert = (how, what, ...more) => h("div", { class: "alert " + how, role: how === "" ? "alert" : "status" }, h("p", null, h("strong", null, what)), more.map((x) => x && (x instanceof HTMLElement ? x : h("p", null, x))));

/**
 * A field with its label.
 * @param {string} label @param {Record<string, any>} props @param {string} [hint]
 * @returns {[HTMLElement, HTMLInputElement]}
 */
export function field(label, props, hint) {
  const id = "f-" + (props.name ?? Math.random().toString(36).slice(2));
  const input = h(props.tag ?? "input", { id, autocomplete: "off", "aria-describedby": hint && id + "-hint", ...props, tag: undefined });
  return [h("div", { class: "ask" }, h("label", { for: id }, label), hint && h("p", { class: "hint", id: id + "-hint" }, hint), input), input];
}

/**
 * Asks before something is done. True when it shall be.
 * @param {string} title @param {string} about @param {string} yes @param {string} no @param {boolean} [danger]
 * @returns {Promise<boolean>}
 */
export function ask(title, about, yes, no, danger) {
  return new Promise((done) => {
    const box = h("dialog", { class: "sheet-low", "aria-labelledby": "ask-title" }, h("h2", { id: "ask-title" }, title), about && h("p", null, about),
      h("div", { class: "low" }, h("button", { class: danger ? "danger" : "", onclick: () => { box.returnValue = "yes"; box.close("yes"); } }, yes), h("button", { class: "plain", autofocus: true, onclick: () => box.close("no") }, no)));
    box.addEventListener("close", () => { box.remove(); done(box.returnValue === "yes"); });
    document.body.append(box);
    box.showModal();
  });
}
