// @ts-check
// The accounts of this app. Each has a key, a box and settings of its own; nothing that
// belongs to one is ever put where another's is.
import { base64url, hex, random } from "./bytes.js";
import { call, sign } from "./api.js";
import * as safe from "./safe.js";
import * as store from "./store.js";

/**
 * @typedef {{ id: string, name: string, identifier: string, device: string, number: string, state: "waiting" | "active", confirmed: boolean, expires?: string, journey?: boolean, guarded?: boolean, before?: string,
 *   service: string, code?: string, settings: { label: string, shown: boolean, push: boolean } }} Account
 */

/** @type {{ box: string, account: Account, key: CryptoKey }[]} */
let held = [];
export const events = new EventTarget();
const told = () => { events.dispatchEvent(new Event("change")); };

export const list = () => held.map((x) => x.account);
/** @param {string} id */
export const find = (id) => held.find((x) => x.account.id === id)?.account;

/** Who signs for an account. @param {string} id */
export function signer(id) {
  const x = held.find((y) => y.account.id === id);
  if (!x) throw new Error("no such account");
  return { device: x.account.device, key: x.key };
}

/** What lies in an account's box, with its key. @param {string} box */
async function taken(box) {
  const account = await safe.read(box), key = account && await store.take("keys", "device " + account.device);
  return key && { box, account, key };
}

/** Takes a box and its key away. @param {string} box @param {string} device */
async function drop(box, device) {
  await safe.change(box, () => undefined);
  await store.drop("keys", "device " + device);
}

/** Reads the accounts out of the safe. */
export async function load() {
  const out = [];
  for (const box of await safe.read("accounts") ?? []) {
    const one = await taken(box);
    if (one) out.push(one);
  }
  held = out;
}

safe.events.addEventListener("shut", () => { held = []; });

/** @param {string} id @param {(a: Account) => void} act */
export async function change(id, act) {
  const x = held.find((y) => y.account.id === id);
  if (!x) return;
  x.account = await safe.change(x.box, (was) => { act(was); return was; });
  told();
}

/**
 * Makes a key and asks to be added by a ticket. The key cannot be read out, not even
 * here.
 * @param {string} ticket @param {string} name what the device is called
 */
export async function enrol(ticket, name) {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const key = base64url(await crypto.subtle.exportKey("raw", pair.publicKey)); // the public half
  const proof = await sign.lines(pair.privateKey, "sekisho-tegata-enrol-1", location.origin, ticket, key);
  const got = await call(undefined, "POST", "enrol", { ticket, key, name, kind: "app", proof });
  /** @type {Account} */
  const account = { id: got.account.id, name: got.account.name, identifier: got.account.identifier, device: got.device, number: String(got.number), journey: Boolean(got.journey), state: "waiting",
    confirmed: false, expires: got.expires_at, service: got.service, settings: { label: "", shown: true, push: false } };
  // What was added before lies aside until the new one counts: it must not be lost to a
  // link that leads to nothing.
  const old = held.find((y) => y.account.id === account.id);
  if (old) account.before = old.account.state === "active" ? old.box : old.account.before;
  const box = hex(random(8));
  await store.put("keys", "device " + account.device, pair.privateKey);
  await safe.change(box, () => account);
  await safe.change("accounts", (was) => [...(was ?? []).filter((/** @type {string} */ b) => b !== old?.box), box]);
  if (old && old.box !== account.before) await drop(old.box, old.account.device);
  held = [...held.filter((y) => y !== old), { box, account, key: pair.privateKey }];
  told();
  return account;
}

/**
 * Asks what became of it, or says that the number is the same.
 * @param {string} id @param {boolean} [confirm] @returns {Promise<"waiting" | "active" | "refused">}
 */
export async function confirmed(id, confirm) {
  const got = await call(signer(id), confirm ? "POST" : "GET", confirm ? "enrol/confirm" : "enrol", confirm ? {} : undefined);
  if (got.state === "refused") return got.state;
  await change(id, (a) => {
    a.state = got.state === "active" ? "active" : "waiting";
    a.confirmed = Boolean(got.confirmed_here);
    if (got.code_secret) a.code = got.code_secret;
  });
  const before = find(id)?.before;
  if (got.state === "active" && before) { // the old key is nobody's any more
    const old = await taken(before);
    if (old) await drop(old.box, old.account.device);
    await change(id, (a) => { a.before = undefined; });
  }
  return got.state;
}

/** Takes an account out of this app; what was there before it comes back. The server is told by whoever asks for that. @param {string} id */
export async function forget(id) {
  const x = held.find((y) => y.account.id === id);
  if (!x) return;
  const back = x.account.before && await taken(x.account.before);
  await safe.change("accounts", (was) => [...(was ?? []).filter((/** @type {string} */ b) => b !== x.box), ...back ? [back.box] : []]);
  await drop(x.box, x.account.device);
  held = [...held.filter((y) => y !== x), ...back ? [back] : []];
  told();
}
