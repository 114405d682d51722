// @ts-check
// One-time codes: RFC 4226 and RFC 6238.
import { unbase32 } from "./bytes.js";

/**
 * One entry of the vault.
 * @typedef {{ id: string, type: "totp" | "hotp", issuer: string, name: string, secret: string, algorithm: "SHA1" | "SHA256" | "SHA512",
 *   digits: number, period: number, counter: number, tags: string[] }} Entry
 */

/** @type {Map<string, Promise<CryptoKey>>} */
const keys = new Map();

/** Forgets the keys that were made; for when the app locks. */
export const forget = () => keys.clear();

/** @param {string} secret base32 @param {string} algorithm */
function key(secret, algorithm) {
  const name = algorithm + " " + secret;
  let k = keys.get(name);
  if (!k) {
    const hash = { SHA1: "SHA-1", SHA256: "SHA-256", SHA512: "SHA-512" }[algorithm] ?? "";
    k = crypto.subtle.importKey("raw", unbase32(secret), { name: "HMAC", hash }, false, ["sign"]);
    keys.set(name, k);
  }
  return k;
}

/**
 * RFC 4226 §5.3. The counter may be as large as 2^53.
 * @param {Pick<Entry, "secret" | "algorithm" | "digits">} e @param {number} counter
 */
export async function hotp(e, counter) {
  const moving = new DataView(new ArrayBuffer(8));
  moving.setUint32(0, Math.floor(counter / 2 ** 32));
  moving.setUint32(4, counter >>> 0);
  const mac = new DataView(await crypto.subtle.sign("HMAC", await key(e.secret, e.algorithm), moving));
  const at = mac.getUint8(mac.byteLength - 1) & 15;
  return String((mac.getUint32(at) & 0x7fffffff) % 10 ** e.digits).padStart(e.digits, "0");
}

/**
 * The code of an entry at a moment, in milliseconds.
 * @param {Entry} e @param {number} now
 */
export const codeAt = (e, now) => hotp(e, e.type === "hotp" ? e.counter : Math.floor(now / 1000 / e.period));

/**
 * Writes a code in groups of three or four.
 * @param {string} code
 */
export const grouped = (code) => code.length === 7 ? code.slice(0, 3) + " " + code.slice(3) : (code.match(new RegExp(`.{${code.length / 2}}`, "g")) ?? [code]).join(" ");
