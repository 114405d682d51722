// @ts-check
// Bytes and the ways they are written.

/** @param {string} s */
export const utf8 = (s) => new TextEncoder().encode(s);

/** @param {BufferSource} b */
export const text = (b) => new TextDecoder("utf-8", { fatal: true }).decode(b);

/** @param {number} n */
export const random = (n) => crypto.getRandomValues(new Uint8Array(n));

/** @param {...Uint8Array} parts @returns {Uint8Array<ArrayBuffer>} */
export function join(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) { out.set(p, at); at += p.length; }
  return out;
}

/** @param {ArrayBuffer | Uint8Array} b */
export function base64(b) {
  const u = new Uint8Array(b);
  let s = "";
  for (let i = 0; i < u.length; i += 32768) s += String.fromCharCode(...u.subarray(i, i + 32768));
  return btoa(s);
}

/**
 * Reads base64 in either alphabet, with or without padding.
 * @param {string} s
 */
export const unbase64 = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

/** @param {ArrayBuffer | Uint8Array} b */
export const base64url = (b) => base64(b).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** @param {ArrayBuffer | Uint8Array} b */
export const hex = (b) => [...new Uint8Array(b)].map((x) => x.toString(16).padStart(2, "0")).join("");

/** @param {string} s */
export function unhex(s) {
  if (!/^([0-9a-f]{2})*$/i.test(s)) throw new Error("not hex");
  return Uint8Array.from(s.match(/../g) ?? [], (x) => parseInt(x, 16));
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * RFC 4648 §6, without padding.
 * @param {Uint8Array} b
 */
export function base32(b) {
  let out = "", bits = 0, held = 0;
  for (const x of b) {
    held = (held << 8) | x;
    for (bits += 8; bits >= 5; bits -= 5) out += letters[(held >> (bits - 5)) & 31];
    held &= 31;
  }
  return bits ? out + letters[(held << (5 - bits)) & 31] : out;
}

/**
 * Reads base32 as people type it: any case, blanks, hyphens, padding.
 * @param {string} s
 */
export function unbase32(s) {
  const clean = s.toUpperCase().replace(/[\s-]/g, "").replace(/=+$/, "");
  if (!/^[A-Z2-7]+$/.test(clean)) throw new Error("not base32");
  const out = [];
  let bits = 0, held = 0;
  for (const c of clean) {
    held = (held << 5) | letters.indexOf(c);
    bits += 5;
    if (bits >= 8) { out.push((held >> (bits - 8)) & 255); bits -= 8; }
    held &= 255;
  }
  return new Uint8Array(out);
}
