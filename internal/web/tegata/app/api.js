// @ts-check
// Calls to the server, signed by the device's key.
import "./sign.js";
import { lang } from "./words.js";

/** @type {{ call: Function, lines: (key: CryptoKey, ...lines: (string | number | boolean)[]) => Promise<string> }} */
export const sign = /** @type {any} */ (self).tegata;

const base = "/api/v1/tegata/";

/** An answer that says no, in three sentences; code "offline" where there was none. */
export class Problem extends Error {
  /** @param {number} status @param {{ code?: string, what?: string, why?: string, fix?: string, retry_at?: string }} told */
  constructor(status, told) {
    super(told.what ?? told.code ?? String(status));
    this.status = status;
    this.code = told.code ?? (status ? "server" : "offline");
    this.what = told.what ?? "";
    this.why = told.why ?? "";
    this.fix = told.fix ?? "";
    this.retryAt = told.retry_at;
  }
}

/** By how many milliseconds this device's clock is ahead of the server's, as seen last. */
export let ahead = 0;

/** @param {Response} res @param {number} sent */
function compare(res, sent) {
  const date = Date.parse(res.headers.get("Date") ?? "");
  // The header has whole seconds and the answer took its time: the middle of both.
  if (date) ahead = Math.round((sent + Date.now()) / 2 - (date + 500));
}

/**
 * @param {{ device: string, key: CryptoKey } | undefined} by who asks; nobody for enrolling
 * @param {string} method @param {string} path below /api/v1/tegata/ @param {any} [body] @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function call(by, method, path, body, signal) {
  if (!by || method === "GET") return once(by, method, path, body, signal);
  // One after another: the server takes no call that is older than the last.
  const turn = (turns.get(by.device) ?? Promise.resolve()).then(() => once(by, method, path, body, signal));
  turns.set(by.device, turn.catch(() => {}));
  return turn;
}

/** @type {Map<string, Promise<any>>} */
const turns = new Map();

/** @type {typeof call} */
async function once(by, method, path, body, signal) {
  try {
    return await ask(by, method, path, body, signal);
  } catch (e) {
    // Another tab, or the worker, was later and quicker. Nothing was done: once more.
    if (e instanceof Problem && e.code === "device.replayed") return ask(by, method, path, body, signal);
    throw e;
  }
}

/** @type {typeof call} */
async function ask(by, method, path, body, signal) {
  const text = body === undefined ? "" : JSON.stringify(body);
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "Accept-Language": lang };
  if (text) headers["Content-Type"] = "application/json";
  if (by) headers.Authorization = await sign.call(by, method, base + path, text);
  const sent = Date.now();
  let res;
  try {
    res = await fetch(base + path, { method, headers, body: text || undefined, signal, credentials: "omit", cache: "no-store", redirect: "error" });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new Problem(0, {});
  }
  compare(res, sent);
  const told = await res.json().catch(() => ({}));
  if (!res.ok) throw new Problem(res.status, told);
  return told;
}
