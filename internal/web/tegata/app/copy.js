// @ts-check
// A copy of the vault at the server, which cannot read it: sealed under a key made of a
// passphrase, and bound to the account and to its version. One that was swapped for
// another account's or set back to an older one does not open, and that is told.
import * as accounts from "./accounts.js";
import { call, Problem } from "./api.js";
import { base64, random, text, unbase64, utf8 } from "./bytes.js";
import { argon2id } from "./kdf.js";
import { entry } from "./otpauth.js";
import * as live from "./live.js";
import * as vault from "./vault.js";

/** What the passphrase's key costs: 46 MiB in one pass (OWASP's first choice for Argon2id). */
const cost = { m: 47104, t: 1, p: 1 };

/** @param {string} account @param {number} version */
const bound = (account, version) => utf8(`tegata-vault-1\n${account}\n${version}`);

/** @param {string} word */
const words = (word) => utf8(word.normalize("NFKC").trim().replace(/\s+/g, " "));

/** Whether a passphrase is long enough: 3 words or 12 characters. @param {string} word */
export const enough = (word) => words(word).length >= 12 || word.trim().split(/\s+/).length >= 3;

/** @param {Uint8Array} raw @param {KeyUsage} use */
const imported = (raw, use) => crypto.subtle.importKey("raw", /** @type {any} */ (raw), "AES-GCM", false, [use]);

/**
 * @param {string} account @param {number} version which it becomes @param {string} salt @param {Uint8Array} key @param {vault.Entry[]} entries
 */
async function seal(account, version, salt, key, entries) {
  const iv = random(12);
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound(account, version) }, await imported(key, "encrypt"), utf8(JSON.stringify({ entries })));
  return JSON.stringify({ tegata: "vault-1", account, version, kdf: cost, salt, iv: base64(iv), data: base64(data) });
}

/**
 * What the server has: nothing, or a sealed copy that says it belongs here. Throws
 * "swapped" where it says it does not, "old" where it is older than one that was seen.
 * @param {string} account @param {number} seen
 */
async function fetched(account, seen) {
  const got = await call(accounts.signer(account), "GET", "vault");
  const version = Number(got.version) || 0;
  if (version < seen) throw new Error("old");
  if (!got.sealed) return { version, file: undefined };
  let file;
  try { file = JSON.parse(got.sealed); } catch { throw new Error("swapped"); }
  if (file.tegata !== "vault-1" || file.account !== account) throw new Error("swapped");
  if (file.version !== version) throw new Error("old");
  return { version, file };
}

/** @param {string} account @param {any} file @param {Uint8Array} key */
async function unseal(account, file, key) {
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: unbase64(file.iv), additionalData: bound(account, file.version) }, await imported(key, "decrypt"), unbase64(file.data));
  return JSON.parse(text(plain)).entries.map(entry);
}

/** Whether there is a copy for an account already. @param {string} account */
export const exists = async (account) => Boolean((await fetched(account, 0)).file);

/**
 * Begins to keep a copy, or opens the one that is there and takes in what it holds.
 * Throws "word" where the passphrase does not open it.
 * @param {string} account @param {string} word @returns {Promise<number>} how many entries came from it
 */
export async function begin(account, word) {
  const { version, file } = await fetched(account, 0);
  const salt = file ? file.salt : base64(random(16));
  const key = await argon2id(words(word), unbase64(salt), file ? file.kdf : cost);
  let n = 0;
  if (file) {
    let entries;
    try { entries = await unseal(account, file, key); } catch { throw new Error("word"); }
    n = await vault.add(entries, true);
  }
  await vault.change((v) => { v.copy = { account, version, salt, key: base64(key), dirty: true }; }, true);
  await follow();
  return n;
}

/** Stops keeping a copy; the one at the server is emptied. */
export async function end() {
  const c = vault.copy();
  if (!c) return;
  await call(accounts.signer(c.account), "PUT", "vault", { version: c.version, sealed: "" }).catch((e) => { if (!(e instanceof Problem) || e.code === "offline") throw e; });
  await vault.change((v) => { v.copy = undefined; }, true);
}

/** @type {Promise<void> | undefined} */
let running;

/** Brings vault and copy together. One at a time; what went wrong is kept to be shown. */
export function follow() {
  return running ??= once().finally(() => { running = undefined; });
}

async function once() {
  for (let tries = 0; tries < 5; tries++) {
    const c = vault.copy();
    if (!c || !accounts.find(c.account)) return;
    try {
      if (await step(c)) return;
    } catch (e) {
      const why = e instanceof Problem ? e.code : e instanceof Error && (e.message === "old" || e.message === "swapped") ? e.message : "swapped";
      await vault.change((v) => { if (v.copy) v.copy.trouble = why; }, true);
      return;
    }
  }
}

/** @param {vault.Copy} c @returns {Promise<boolean>} whether it is done */
async function step(c) {
  const key = unbase64(c.key);
  const { version, file } = await fetched(c.account, c.version);
  if (version > c.version && file) {
    // Another device wrote. What did not change here is as it is there; else nothing is
    // lost: what is in either is in both.
    const entries = await unseal(c.account, file, key);
    if (c.dirty) await vault.add(entries, true);
    await vault.change((v) => {
      if (v.copy && !v.copy.dirty) v.entries = entries;
      if (v.copy) v.copy.version = version;
    }, true);
    return false;
  }
  if (version > c.version) await vault.change((v) => { if (v.copy) { v.copy.version = version; v.copy.dirty = true; } }, true);
  if (!vault.copy()?.dirty) {
    await vault.change((v) => { if (v.copy) v.copy.trouble = undefined; }, true);
    return true;
  }
  const sealed = await seal(c.account, version + 1, c.salt, key, vault.entries());
  try {
    const put = await call(accounts.signer(c.account), "PUT", "vault", { version, sealed });
    await vault.change((v) => { if (v.copy) Object.assign(v.copy, { version: Number(put.version), dirty: false, at: Date.now(), trouble: undefined }); }, true);
    return true;
  } catch (e) {
    if (e instanceof Problem && e.status === 409) return false; // somebody was first: look again
    throw e;
  }
}

// Another device wrote: its codes are wanted here.
live.events.addEventListener("vault", () => {
  const c = vault.copy();
  if (c && live.of(c.account).vault !== c.version) follow().catch(() => {});
});

/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;
vault.events.addEventListener("edit", () => {
  clearTimeout(soon);
  soon = setTimeout(() => { if (vault.copy()) follow().catch(() => {}); }, 1500);
});
