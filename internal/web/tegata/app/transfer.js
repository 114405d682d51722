// @ts-check
// What other authenticators hand over, and what this one does: transfer codes of
// Google Authenticator, files of Aegis, lists of otpauth addresses, our own file.
import { base64, base32, random, text, unbase64, unhex, join, utf8 } from "./bytes.js";
import { entry, read, write } from "./otpauth.js";
import { argon2id, scrypt } from "./kdf.js";

/** @typedef {import("./otp.js").Entry} Entry */
/** @typedef {{ entries: Entry[], skipped: number, where?: number[] }} Found where: the lines that were left out, from 1 */
/** @typedef {Found & { batch?: { id: number, index: number, size: number } }} Transfer */

/**
 * Reads the fields of one protobuf message: number → values, in turn. Varints are
 * BigInt, texts and messages are bytes.
 * @param {Uint8Array} b
 */
function fields(b) {
  /** @type {Map<number, (bigint | Uint8Array)[]>} */
  const out = new Map();
  let at = 0;
  function varint() {
    let v = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= b.length) throw new Error("short");
      const x = b[at++];
      v |= BigInt(x & 127) << shift;
      if (x < 128) return v;
    }
    throw new Error("varint");
  }
  /** @param {number} n */
  function take(n) {
    if (n > b.length - at) throw new Error("short");
    return b.subarray(at, at += n);
  }
  while (at < b.length) {
    const tag = Number(varint());
    /** @type {bigint | Uint8Array} */
    let v;
    switch (tag & 7) {
      case 0: v = varint(); break;
      case 1: v = take(8); break;
      case 2: v = take(Number(varint())); break;
      case 5: v = take(4); break;
      default: throw new Error("wire");
    }
    const n = Math.floor(tag / 8);
    const there = out.get(n);
    if (there) there.push(v);
    else out.set(n, [v]);
  }
  return out;
}

/** @param {ReturnType<typeof fields>} f @param {number} n */
const num = (f, n) => { const v = f.get(n)?.at(-1); return typeof v === "bigint" ? Number(BigInt.asIntN(64, v)) : 0; };
/** @param {ReturnType<typeof fields>} f @param {number} n */
const raw = (f, n) => { const v = f.get(n)?.at(-1); return v instanceof Uint8Array ? v : new Uint8Array(); };
/** @param {ReturnType<typeof fields>} f @param {number} n */
const str = (f, n) => new TextDecoder().decode(raw(f, n));

/**
 * One transfer code: otpauth-migration://offline?data=…; several make a batch.
 * @param {string} uri
 * @returns {Transfer}
 */
export function migration(uri) {
  const m = /^otpauth-migration:\/\/offline\/?\?(?:.*&)?data=([^&#]+)/i.exec(uri.trim());
  if (!m) throw new Error("type");
  const top = fields(unbase64(decodeURIComponent(m[1]).replace(/ /g, "+")));
  /** @type {Entry[]} */
  const entries = [];
  let skipped = 0;
  for (const one of top.get(1) ?? []) {
    try {
      const f = fields(/** @type {Uint8Array} */ (one));
      const issuer = str(f, 3);
      let name = str(f, 2);
      if (issuer && name.startsWith(issuer + ":")) name = name.slice(issuer.length + 1).trim();
      entries.push(entry({
        secret: base32(raw(f, 1)), name, issuer, algorithm: ["SHA1", "SHA1", "SHA256", "SHA512"][num(f, 4)] ?? "?",
        digits: [6, 6, 8][num(f, 5)] ?? -1, type: ["totp", "hotp", "totp"][num(f, 6)] ?? "?", counter: num(f, 7),
      }));
    } catch { skipped++; }
  }
  const size = num(top, 3) || 1;
  if (size > 100) throw new Error("type");
  return { entries, skipped, batch: { id: num(top, 5), index: num(top, 4), size } };
}

/**
 * Addresses, one a line.
 * @param {string} list
 * @returns {Found}
 */
function lines(list) {
  /** @type {Entry[]} */
  const entries = [];
  /** @type {number[]} */
  const where = [];
  let skipped = 0;
  for (const [i, line] of list.split(/\r?\n/).entries()) {
    if (!line.trim()) continue;
    try {
      if (/^otpauth-migration:/i.test(line.trim())) {
        const m = migration(line);
        entries.push(...m.entries);
        skipped += m.skipped;
      } else entries.push(read(line));
    } catch {
      skipped++;
      where.push(i + 1);
    }
  }
  return { entries, skipped, where };
}

/** @param {any} db the plain content of an Aegis file @returns {Found} */
function aegisEntries(db) {
  const groups = new Map((db.groups ?? []).map((/** @type {any} */ g) => [g.uuid, g.name]));
  /** @type {Entry[]} */
  const entries = [];
  let skipped = 0;
  for (const e of db.entries ?? []) {
    try {
      const tags = (e.groups ?? [e.group]).map((/** @type {any} */ g) => groups.get(g) ?? (typeof e.group === "string" ? g : "")).filter(Boolean);
      entries.push(entry({ type: e.type, issuer: e.issuer, name: e.name, tags, secret: e.info?.secret, algorithm: e.info?.algo, digits: e.info?.digits,
        period: e.info?.period, counter: e.info?.counter }));
    } catch { skipped++; }
  }
  return { entries, skipped };
}

/** @param {BufferSource} key @param {Uint8Array<ArrayBuffer>} iv @param {Uint8Array<ArrayBuffer>} data @param {Uint8Array<ArrayBuffer>} [bound] */
async function unseal(key, iv, data, bound) {
  const k = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, ...(bound ? { additionalData: bound } : {}) }, k, data));
}

/** @param {any} file @param {string} word @returns {Promise<Found>} */
async function aegisSealed(file, word) {
  let tried = 0;
  for (const slot of file.header.slots) {
    if (slot.type !== 1) continue; // 1: a password
    // 256 MiB at most, and a few tries: a file may have been made to stop the phone.
    if (!(slot.n >= 2 && slot.r >= 1 && slot.n * slot.r <= 2 ** 21 && slot.p >= 1 && slot.p <= 4 && ++tried <= 8)) throw new Error("cost");
    const key = await scrypt(utf8(word), unhex(slot.salt), { N: slot.n, r: slot.r, p: slot.p });
    let master;
    try {
      master = await unseal(key, unhex(slot.key_params.nonce), join(unhex(slot.key), unhex(slot.key_params.tag)));
    } catch { continue; }
    const p = file.header.params;
    return aegisEntries(JSON.parse(text(await unseal(master, unhex(p.nonce), join(unbase64(file.db), unhex(p.tag))))));
  }
  throw new Error("word");
}

/** What the key of our own file costs: memory in KiB, passes, lanes. */
const cost = { m: 47104, t: 1, p: 1 };
const bound = utf8("tegata-export-1");

/** @param {any} file @param {string} word @returns {Promise<Found>} */
async function ownSealed(file, word) {
  const key = await argon2id(utf8(word), unbase64(file.salt), file.kdf);
  let plain;
  try { plain = await unseal(key, unbase64(file.iv), unbase64(file.data), bound); } catch { throw new Error("word"); }
  return ownEntries(JSON.parse(text(plain)));
}

/** @param {any} list @returns {Found} */
function ownEntries(list) {
  /** @type {Entry[]} */
  const entries = [];
  let skipped = 0;
  for (const e of list) try { entries.push(entry(e)); } catch { skipped++; }
  return { entries, skipped };
}

/**
 * Reads a file or a pasted text. Without the word, a sealed file throws "sealed"; with a
 * wrong one, "word"; what nobody here knows, "unknown".
 * @param {string} content @param {string} [word]
 * @returns {Promise<Found>}
 */
export async function open(content, word) {
  const body = content.replace(/^\ufeff/, "").trim();
  if (body.startsWith("{")) {
    let file;
    try { file = JSON.parse(body); } catch { throw new Error("unknown"); }
    const sealed = file.tegata === 1 ? ownSealed : file.header && typeof file.db === "string" ? aegisSealed : undefined;
    if (sealed) {
      if (word === undefined) throw new Error("sealed");
      return sealed(file, word);
    }
    if (file.db?.entries) return aegisEntries(file.db);
    throw new Error("unknown");
  }
  const found = lines(body);
  if (!found.entries.length) throw new Error("unknown");
  return found;
}

/** @param {Entry[]} entries */
export const plainFile = (entries) => entries.map(write).join("\n") + "\n";

/** @param {Entry[]} entries @param {string} word */
export async function sealedFile(entries, word) {
  const salt = random(16), iv = random(12);
  const key = await crypto.subtle.importKey("raw", await argon2id(utf8(word), salt, cost), "AES-GCM", false, ["encrypt"]);
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound }, key, utf8(JSON.stringify(entries)));
  return JSON.stringify({ tegata: 1, kdf: cost, salt: base64(salt), iv: base64(iv), data: base64(data) }, null, 1) + "\n";
}
