// @ts-check
// Looks for a QR code in a picture, off the page's thread.
import "./vendor/jsQR.js";

self.addEventListener("message", ({ data: { data, wide, high } }) => {
  const found = /** @type {any} */ (self).jsQR(data, wide, high, { inversionAttempts: "attemptBoth" });
  postMessage(found?.data || null);
});
