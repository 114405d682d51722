// @ts-check
// Derives keys off the page's thread: what costs memory costs time.
import { argon2id } from "./vendor/noble-hashes/argon2.js";
import { scrypt } from "./vendor/noble-hashes/scrypt.js";

self.addEventListener("message", ({ data: { kind, word, salt, cost } }) => {
  try {
    const key = kind === "scrypt" ? scrypt(word, salt, { ...cost, dkLen: 32, maxmem: 2 ** 31 }) : argon2id(word, salt, { ...cost, dkLen: 32 });
    postMessage({ key });
  } catch (e) {
    postMessage({ error: String(e) });
  }
});
