// @ts-check
// How the app signs what it asks: docs/decisions/0020. A script without imports, since
// the service worker needs it too and not every browser gives workers modules.
(() => {
  const words = new TextEncoder();

  /** @param {ArrayBuffer} b */
  const base64url = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  /**
   * Signs lines with a device's key: r ‖ s, 64 bytes, in base64url.
   * @param {CryptoKey} key @param {...(string | number | boolean)} lines
   */
  const lines = async (key, ...lines) => base64url(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, words.encode(lines.join("\n"))));

  let last = 0;

  /**
   * The Authorization of one call. No two have the same instant. Where the clock was far ahead and is right again, those
   * before were not taken: they do not count.
   * @param {{ device: string, key: CryptoKey }} by @param {string} method @param {string} path with its query @param {string} body
   */
  async function call(by, method, path, body) {
    const now = Date.now(), at = last = last > now + 120_000 ? now : Math.max(now, last + 1);
    const sum = [...new Uint8Array(await crypto.subtle.digest("SHA-256", words.encode(body)))].map((x) => x.toString(16).padStart(2, "0")).join("");
    return `Tegata ${by.device}.${at}.${await lines(by.key, "sekisho-tegata-1", self.location.origin, method, path, at, sum)}`;
  }

  /** @type {any} */ (self).tegata = { call, lines };
})();
