// @ts-check
// The safe: everything that names an account or holds a secret lies in boxes sealed
// under one key. Without an app lock that key lies beside them, and cannot be read out;
// with one, it is there only after the PIN or the device has opened it.
import { base64, random, text, unbase64, utf8 } from "./bytes.js";
import { scrypt } from "./kdf.js";
import * as store from "./store.js";

/**
 * How the safe is locked. wrapped: the key, sealed under what opens it.
 * @typedef {{ kind: "none" | "pin" | "device", digits?: boolean, salt?: string, cost?: { N: number, r: number, p: number }, iv?: string, wrapped?: string,
 *   id?: string, released?: boolean, fails?: number, wait?: number, last?: number }} Lock
 */

/** @type {CryptoKey | undefined} */
let key;
/** @type {Lock} */
let lock = { kind: "none" };
let passed = 0;

/** Tells "shut", and "lock" when there is another lock. */
export const events = new EventTarget();

/** Whether the PIN is of digits alone, so that a phone shows its number pad. */
export const isDigits = () => lock.digits !== false;
export const isOpen = () => Boolean(key);
export const kind = () => lock.kind;
/** Whether the key lies on the device and the device's answer merely releases it. */
export const released = () => lock.kind === "device" && Boolean(lock.released);
/** Milliseconds since the lock was passed last; without a lock it never was. */
export const sincePassed = () => lock.kind === "none" || !passed ? Infinity : Date.now() - passed;
/** When the next try is let in, in Unix milliseconds; 0: now. */
export function waits() {
  const { last, wait } = lock, now = Date.now();
  if (!last || !wait) return 0;
  if (last > now) lock.last = now; // the clock was set back: the wait begins anew
  return Math.min(last, now) + wait > now ? Math.min(last, now) + wait : 0;
}

const aes = { name: "AES-GCM", length: 256 };

/** Opens the safe where there is no lock. */
export async function begin() {
  lock = await store.take("plain", "lock") ?? { kind: "none" };
  if (lock.kind !== "none") return;
  await store.alone(async () => {
    key = await store.take("keys", "safe");
    if (key) return;
    key = await crypto.subtle.generateKey(aes, false, ["encrypt", "decrypt"]);
    await store.put("keys", "safe", key);
  });
}

/** @param {CryptoKey} k @param {string} name @param {any} value */
async function seal(k, name, value) {
  const iv = random(12);
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8("box " + name) }, k, utf8(JSON.stringify(value))) };
}

/** @param {CryptoKey} k @param {string} name @param {{ iv: Uint8Array, data: ArrayBuffer }} box */
const unseal = async (k, name, box) => JSON.parse(text(await crypto.subtle.decrypt({ name: "AES-GCM", iv: /** @type {any} */ (box.iv), additionalData: utf8("box " + name) }, k, box.data)));

function opened() {
  if (!key) throw new Error("locked");
  return key;
}

/**
 * What is in a box; undefined where there is none.
 * @param {string} name
 */
export async function read(name) {
  const k = opened(), box = await store.take("boxes", name);
  return box && unseal(k, name, box);
}

/**
 * Changes a box: act gets what is in it and gives what shall be; undefined takes the
 * box away.
 * @template T @param {string} name @param {(was: any) => T | Promise<T>} act @returns {Promise<T>}
 */
export function change(name, act) {
  return store.alone(async () => {
    const k = opened(), now = await act(await read(name));
    if (now === undefined) await store.drop("boxes", name);
    else await store.put("boxes", name, await seal(k, name, now));
    return now;
  });
}

/** Shuts the safe; nothing is left to read with. */
export function shut() {
  if (lock.kind === "none" || !key) return;
  key = undefined;
  passed = 0;
  events.dispatchEvent(new Event("shut"));
}

/**
 * Puts all boxes under a new key and a new lock, in one act.
 * @param {(raw: Uint8Array<ArrayBuffer>) => Promise<Lock>} wrap @param {boolean} [keep] the key stays on the device
 */
async function relock(wrap, keep) {
  await store.alone(async () => {
    const old = opened(), raw = random(32);
    const fresh = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
    const next = await wrap(raw);
    raw.fill(0);
    /** @type {[string, any][]} */
    const boxes = [];
    for (const [name, box] of await store.all("boxes")) boxes.push([name, await seal(fresh, name, await unseal(old, name, box))]);
    await store.act((at) => {
      for (const [name, box] of boxes) at("boxes").put(box, name);
      at("plain").put(next, "lock");
      if (keep) at("keys").put(fresh, "safe");
      else at("keys").delete("safe");
    });
    key = fresh;
    lock = next;
    passed = Date.now();
  });
  events.dispatchEvent(new Event("lock"));
}

/** Takes the lock away. */
export const unset = () => relock(async () => ({ kind: "none" }), true);

/**
 * The key that a PIN makes with this device's own part, which cannot be read out: what
 * was copied off the device does not let PINs be tried elsewhere.
 * @param {Uint8Array} secret @param {Uint8Array} salt
 */
async function opener(secret, salt) {
  let own = await store.take("keys", "own");
  if (!own) {
    own = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    await store.put("keys", "own", own);
  }
  const made = await crypto.subtle.sign("HMAC", own, /** @type {any} */ (new Uint8Array([...salt, ...secret])));
  return crypto.subtle.importKey("raw", made, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** @param {CryptoKey} by @param {Uint8Array<ArrayBuffer>} raw */
async function wrapped(by, raw) {
  const iv = random(12);
  return { iv: base64(iv), wrapped: base64(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8("safe") }, by, raw)) };
}

/** @param {CryptoKey} by @param {Lock} l */
async function unwrap(by, l) {
  const raw = await crypto.subtle.decrypt({ name: "AES-GCM", iv: unbase64(l.iv ?? ""), additionalData: utf8("safe") }, by, unbase64(l.wrapped ?? ""));
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/**
 * What a PIN costs to try: 32 MiB. Argon2id takes three times as long in a browser for
 * less memory, as its numbers have no 64 bits; whoever copied the boxes has no browser
 * to wait for.
 */
const cost = { N: 32768, r: 8, p: 1 };

/** @param {string} pin */
export async function setPIN(pin) {
  const salt = random(16);
  const by = await opener(await scrypt(utf8(pin), salt, cost), salt);
  await relock(async (raw) => ({ kind: "pin", digits: /^[0-9]*$/.test(pin), salt: base64(salt), cost, ...await wrapped(by, raw) }));
}

/**
 * How long to wait after so many failures: nothing for the first four, then 30 s,
 * doubling to an hour.
 * @param {number} fails
 */
const pause = (fails) => fails < 5 ? 0 : Math.min(30_000 * 2 ** (fails - 5), 3_600_000);

/**
 * Tries a PIN. The try is counted before it is made: closing the app gives none back.
 * @param {string} pin @returns {Promise<boolean>} false: wrong, or not yet
 */
export async function openByPIN(pin) {
  const ok = await store.alone(async () => {
    lock = await store.take("plain", "lock") ?? lock;
    if (waits() > Date.now()) return false;
    const fails = (lock.fails ?? 0) + 1;
    const counted = { ...lock, fails, wait: pause(fails), last: Date.now() };
    await store.put("plain", "lock", counted);
    lock = counted;
    const salt = unbase64(lock.salt ?? "");
    const by = await opener(await scrypt(utf8(pin), salt, lock.cost ?? cost), salt);
    try { key = await unwrap(by, lock); } catch { return false; }
    lock = { ...lock, fails: 0, wait: 0, last: 0 };
    await store.put("plain", "lock", lock);
    return true;
  });
  if (!ok) return false;
  passed = Date.now();
  return true;
}

/** Whether the device can ask for a face, a finger or its own PIN. */
export const canAskDevice = async () => Boolean(globalThis.PublicKeyCredential && await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable?.().catch(() => false));

/**
 * Has the device ask. It is this device's own affair: no server hears of the key, and
 * it signs nobody in.
 * @param {Uint8Array<ArrayBuffer>} id @param {Uint8Array<ArrayBuffer>} salt
 */
async function ask(id, salt) {
  const c = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey: {
    challenge: random(32), rpId: location.hostname, allowCredentials: [{ type: "public-key", id }], userVerification: "required", timeout: 120_000,
    extensions: /** @type {any} */ ({ prf: { eval: { first: salt } } }),
  } }));
  const data = new Uint8Array(/** @type {AuthenticatorAssertionResponse} */ (c.response).authenticatorData);
  if (!(data[32] & 4)) throw new Error("not verified"); // WebAuthn L3 §6.1: the UV bit
  const first = /** @type {any} */ (c.getClientExtensionResults()).prf?.results?.first;
  return first ? new Uint8Array(first) : undefined;
}

/** @param {string} title what the device calls the key */
export async function setDevice(title) {
  const salt = random(32);
  const c = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey: {
    challenge: random(32), rp: { id: location.hostname, name: title }, user: { id: random(16), name: title, displayName: title },
    pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }], timeout: 120_000,
    // Not one that is found by itself: the sign-in page would offer it, and it is no way in.
    authenticatorSelection: { authenticatorAttachment: "platform", userVerification: "required", residentKey: "discouraged" },
    extensions: /** @type {any} */ ({ prf: {} }),
  } }));
  const id = new Uint8Array(c.rawId);
  const secret = await ask(id, salt);
  const about = /** @type {const} */ ({ kind: "device", id: base64(id), salt: base64(salt) });
  if (secret) {
    const by = await opener(secret, salt);
    await relock(async (raw) => ({ ...about, ...await wrapped(by, raw) }));
  } else await relock(async () => ({ ...about, released: true }), true);
}

/** Opens by the device's own question. It throws where that was not answered. */
export async function openByDevice() {
  const salt = unbase64(lock.salt ?? "");
  const secret = await ask(unbase64(lock.id ?? ""), salt);
  if (lock.released) key = await store.take("keys", "safe");
  else if (!secret) throw new Error("no key");
  else key = await unwrap(await opener(secret, salt), lock);
  passed = Date.now();
}
