// @ts-check
// Keys from words and PINs, by functions that cost memory (RFC 9106, RFC 7914).
import { script } from "./trusted.js";

/** @param {string} kind @param {Uint8Array} word @param {Uint8Array} salt @param {any} cost @returns {Promise<Uint8Array<ArrayBuffer>>} */
function derive(kind, word, salt, cost) {
  const worker = new Worker(script(new URL("./kdf.worker.js", import.meta.url).href), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => data.key ? resolve(data.key) : reject(new Error(data.error));
    worker.onerror = (e) => reject(new Error(e.message || "worker"));
    worker.postMessage({ kind, word, salt, cost });
  }).finally(() => worker.terminate()).then((key) => /** @type {Uint8Array<ArrayBuffer>} */ (key));
}

/**
 * @param {Uint8Array} word @param {Uint8Array} salt
 * @param {{ m: number, t: number, p: number }} cost memory in KiB, passes, lanes; what a file asks for has bounds
 */
export function argon2id(word, salt, cost) {
  const { m, t, p } = cost ?? {};
  if (!(m >= 8 && m <= 262144 && t >= 1 && t <= 10 && p >= 1 && p <= 4)) throw new Error("cost");
  return derive("argon2id", word, salt, { m, t, p });
}

/** @param {Uint8Array} word @param {Uint8Array} salt @param {{ N: number, r: number, p: number }} cost */
export const scrypt = (word, salt, cost) => derive("scrypt", word, salt, cost);
