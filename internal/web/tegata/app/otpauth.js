// @ts-check
// The addresses that QR codes of authenticators hold: otpauth://TYPE/LABEL?secret=…
import { base32, random, hex, unbase32 } from "./bytes.js";

/** @typedef {import("./otp.js").Entry} Entry */

/** What an entry may be. Anything else is not taken, so that no code is shown that nobody accepts. */
const algorithms = /** @type {const} */ (["SHA1", "SHA256", "SHA512"]);

/**
 * Makes an entry of what was read, or tells why not: "secret", "algorithm",
 * "digits", "period", "type".
 * @param {Partial<Record<keyof Entry, any>>} raw
 * @returns {Entry}
 */
export function entry(raw) {
  const type = String(raw.type ?? "totp").toLowerCase();
  if (type !== "totp" && type !== "hotp") throw new Error("type");
  let secret;
  try { secret = base32(unbase32(String(raw.secret ?? ""))); } catch { throw new Error("secret"); }
  if (!secret || secret.length > 512) throw new Error("secret");
  const algorithm = algorithms.find((a) => a === String(raw.algorithm || "SHA1").toUpperCase().replace(/[-_]|^HMAC/g, ""));
  if (!algorithm) throw new Error("algorithm");
  const digits = whole(raw.digits, 6), period = whole(raw.period, 30), counter = whole(raw.counter, 0);
  if (digits < 6 || digits > 8) throw new Error("digits");
  if (period < 1 || period > 86400) throw new Error("period");
  if (counter < 0 || counter > Number.MAX_SAFE_INTEGER) throw new Error("type");
  const tags = Array.isArray(raw.tags) ? [...new Set(raw.tags.map((t) => short(t, 40)).filter(Boolean))].slice(0, 20) : [];
  const id = /^[0-9a-f]{16}$/.test(raw.id) ? raw.id : hex(random(8));
  return { id, type, issuer: short(raw.issuer, 200), name: short(raw.name, 200), secret, algorithm, digits, period, counter, tags };
}

/** @param {any} v @param {number} standard */
function whole(v, standard) {
  if (v === undefined || v === null || v === "") return standard;
  const n = Number(v);
  return Number.isSafeInteger(n) ? n : -1;
}

/** @param {any} s @param {number} most */
const short = (s, most) => String(s ?? "").replace(/[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, " ").trim().slice(0, most);

/**
 * @param {string} uri
 * @returns {Entry}
 */
export function read(uri) {
  const m = /^otpauth:\/\/(totp|hotp)\/([^?#]*)\?([^#]*)/i.exec(uri.trim());
  if (!m) throw new Error("type");
  const q = new URLSearchParams(m[3]);
  let label = m[2];
  try { label = decodeURIComponent(label); } catch { /* shown as it came */ }
  const [before, ...after] = label.split(":");
  const issuer = q.get("issuer") || (after.length ? before : "");
  return entry({ type: m[1], issuer, name: after.length ? after.join(":") : label, secret: q.get("secret"), algorithm: q.get("algorithm"),
    digits: q.get("digits"), period: q.get("period"), counter: q.get("counter") });
}

/** @param {Entry} e */
export function write(e) {
  const label = (e.issuer ? encodeURIComponent(e.issuer) + ":" : "") + encodeURIComponent(e.name);
  const q = [["secret", e.secret], ["algorithm", e.algorithm], ["digits", e.digits], e.type === "hotp" ? ["counter", e.counter] : ["period", e.period]];
  if (e.issuer) q.push(["issuer", e.issuer]);
  // Blanks as %20: not every reader takes + for one.
  return `otpauth://${e.type}/${label}?${q.map(([k, v]) => k + "=" + encodeURIComponent(String(v))).join("&")}`;
}
