// @ts-check
// The vault: codes of other services. It needs no account and no network.
import * as safe from "./safe.js";
import * as otp from "./otp.js";

/** @typedef {import("./otp.js").Entry} Entry */
/**
 * Where the copy lies, and what is known of it: the account, its last version seen, the
 * key made of the passphrase, and whether something changed since.
 * @typedef {{ account: string, version: number, salt: string, key: string, dirty: boolean, at?: number, trouble?: string }} Copy
 */

/** @type {{ entries: Entry[], copy?: Copy }} */
let held = { entries: [] };

export const events = new EventTarget();
const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("tegata") : undefined;
if (tabs) tabs.onmessage = ({ data }) => { if (data === "vault" && safe.isOpen()) load().then(told, () => {}); };
const told = () => { events.dispatchEvent(new Event("change")); };

/** Reads the vault out of the safe. */
export async function load() {
  held = await safe.read("vault") ?? { entries: [] };
}

safe.events.addEventListener("shut", () => {
  held = { entries: [] };
  otp.forget();
});

export const entries = () => held.entries;
export const copy = () => held.copy;
/** @param {string} id */
export const find = (id) => held.entries.find((e) => e.id === id);
export const tags = () => [...new Set(held.entries.flatMap((e) => e.tags))].sort((a, b) => a.localeCompare(b));

/**
 * Changes the vault as it lies in the safe now, whatever another tab did to it.
 * @param {(v: { entries: Entry[], copy?: Copy }) => void} act @param {boolean} [still] the copy elsewhere need not follow
 */
export async function change(act, still) {
  held = await safe.change("vault", (was) => {
    const now = was ?? { entries: [] };
    act(now);
    if (now.copy && !still) now.copy.dirty = true;
    return now;
  });
  tabs?.postMessage("vault");
  told();
  if (!still) events.dispatchEvent(new Event("edit"));
}

/** @param {Entry} e */
const same = (e) => [e.type, e.secret, e.issuer, e.name, e.algorithm, e.digits, e.period].join("\n");

/**
 * Puts entries in; those that are there already are left out, and a counter is where
 * it got furthest.
 * @param {Entry[]} list @param {boolean} [still] @returns {Promise<number>} how many were new
 */
export async function add(list, still) {
  let n = 0;
  await change((v) => {
    const ids = new Map(v.entries.map((e) => [e.id, e])), there = new Map(v.entries.map((e) => [same(e), e]));
    for (const e of list) {
      const twin = ids.get(e.id) ?? there.get(same(e));
      if (twin) {
        twin.counter = Math.max(twin.counter, e.counter);
        continue;
      }
      ids.set(e.id, e);
      there.set(same(e), e);
      v.entries.push(e);
      n++;
    }
  }, still);
  return n;
}

/** @param {string} id */
export const remove = (id) => change((v) => { v.entries = v.entries.filter((e) => e.id !== id); });

/** @param {string} id @param {Partial<Entry>} what */
export const edit = (id, what) => change((v) => { Object.assign(v.entries.find((e) => e.id === id) ?? {}, what); });

/** The next code of a counter. @param {string} id */
export const next = (id) => change((v) => { const e = v.entries.find((x) => x.id === id); if (e) e.counter++; });

/** @param {string} id @param {number} by -1 up, 1 down, -Infinity to the top */
export const move = (id, by) => change((v) => {
  const i = v.entries.findIndex((e) => e.id === id);
  if (i < 0) return;
  const [e] = v.entries.splice(i, 1);
  v.entries.splice(Math.max(0, i + by), 0, e);
});

/**
 * What fits a search: every word, anywhere.
 * @param {string} words @param {string} [tag]
 */
export function search(words, tag) {
  const want = words.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  return held.entries.filter((e) => (!tag || e.tags.includes(tag)) && (!want.length || want.every((w) => (e.issuer + " " + e.name + " " + e.tags.join(" ")).normalize("NFKC").toLowerCase().includes(w))));
}
