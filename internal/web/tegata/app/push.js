// @ts-check
// Being woken by the platform's push service (RFC 8030), for the accounts that want it.
// Everything works without: the app asks by itself while it is open.
import * as accounts from "./accounts.js";
import { call } from "./api.js";
import { base64url, unbase64 } from "./bytes.js";

export const possible = () => "PushManager" in globalThis && "serviceWorker" in navigator && "Notification" in globalThis;

/** Whether the server wakes devices at all. @param {string} id */
export const offered = (id) => call(accounts.signer(id), "GET", "push/key").then((got) => Boolean(got.key), () => Boolean(accounts.find(id)?.settings.push));

/** @param {string} id */
export async function on(id) {
  if (await Notification.requestPermission() !== "granted") throw new Error("denied");
  await subscribe(id, (await call(accounts.signer(id), "GET", "push/key")).key);
  await accounts.change(id, (a) => { a.settings.push = true; });
}

/** @param {string} id @param {string} key the server's */
async function subscribe(id, key) {
  const sw = await navigator.serviceWorker.ready, wanted = unbase64(key);
  let sub = await sw.pushManager.getSubscription();
  const had = sub?.options.applicationServerKey;
  // One subscription for the app; with another key of the server it is made anew.
  if (sub && had && base64url(had) !== base64url(wanted)) { await sub.unsubscribe(); sub = null; }
  sub ??= await sw.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
  const secret = (/** @type {PushEncryptionKeyName} */ name) => base64url(/** @type {ArrayBuffer} */ (sub?.getKey(name)));
  await call(accounts.signer(id), "PUT", "push", { endpoint: sub.endpoint, p256dh: secret("p256dh"), auth: secret("auth") });
}

/** Subscribes anew where the server's key has turned, or it could reach this device no more. */
export async function renew() {
  if (!possible() || Notification.permission !== "granted") return;
  for (const { id, state, settings } of accounts.list()) {
    if (state !== "active" || !settings.push) continue;
    try {
      const { key, subscribed } = await call(accounts.signer(id), "GET", "push/key");
      if (!subscribed) await subscribe(id, key);
    } catch { /* at the next start, then */ }
  }
}

/** @param {string} id */
export async function off(id) {
  await call(accounts.signer(id), "DELETE", "push");
  await accounts.change(id, (a) => { a.settings.push = false; });
  if (accounts.list().some((a) => a.settings.push)) return;
  const sw = await navigator.serviceWorker.getRegistration("/tegata/");
  await (await sw?.pushManager.getSubscription())?.unsubscribe();
}
