// The app's worker: it keeps the app on the device, so that it opens without a
// network, and wakes it when somebody signs in.
importScripts(about.prefix + "sign.js");

const own = "tegata-" + version, home = "/tegata/";

addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(own);
    // What the page has just fetched need not be fetched twice: its address names its content.
    await Promise.all([cache.add(new Request(home, { cache: "no-cache" })), ...about.first.map((file) => cache.add(new Request(file, { cache: "default" })))]);
  })());
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("tegata-") && name !== own) await caches.delete(name);
    await clients.claim();
  })());
});

addEventListener("message", (event) => {
  if (event.data === "now") skipWaiting();
  // What only some pages need is kept once the app stands, so that it too works offline.
  if (event.data === "keep") event.waitUntil((async () => {
    const cache = await caches.open(own);
    for (const file of about.later) if (!await cache.match(file)) await cache.add(file).catch(() => {});
  })());
});

addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const shell = request.mode === "navigate" && url.pathname === home;
  if (!shell && !about.first.includes(url.pathname) && !about.later.includes(url.pathname)) return;
  event.respondWith((async () => {
    const cache = await caches.open(own), kept = await cache.match(shell ? home : url.pathname);
    if (kept) return kept;
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put(shell ? home : url.pathname, fresh.clone());
    return fresh;
  })());
});

/** Reads a shelf of the app's storage. */
function shelf(name) {
  return new Promise((resolve, reject) => {
    const ask = indexedDB.open("tegata", 1);
    ask.onupgradeneeded = () => ask.transaction.abort(); // the app was never opened here
    ask.onerror = () => reject(ask.error);
    ask.onsuccess = () => {
      const db = ask.result, out = new Map(), cursor = db.transaction(name).objectStore(name).openCursor();
      cursor.onsuccess = () => {
        if (!cursor.result) { db.close(); return resolve(out); }
        out.set(cursor.result.key, cursor.result.value);
        cursor.result.continue();
      };
      cursor.onerror = () => { db.close(); reject(cursor.error); };
    };
  });
}

async function call(by, method, path, body) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { Authorization: await tegata.call(by, method, path, text) };
  if (text) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: text || undefined, credentials: "omit", cache: "no-store" });
  return answer.ok ? answer.json().catch(() => ({})) : {};
}

/** Tells the server that this device lives. Which request it is stays unknown here: the keys sign, and tell no name. */
async function receipts() {
  for (const [name, key] of await shelf("keys")) {
    if (!name.startsWith("device ")) continue;
    const by = { device: name.slice(7), key };
    const { requests = [] } = await call(by, "GET", "/api/v1/tegata/events?after=0&wait=0");
    for (const r of requests) await call(by, "POST", `/api/v1/tegata/requests/${r.id}/receipt`, {});
  }
}

addEventListener("push", (event) => {
  event.waitUntil((async () => {
    let what = {};
    try { what = event.data.json(); } catch { /* an empty push wakes too */ }
    if (what.t && what.t !== "request") return;
    const lang = (await shelf("plain").catch(() => new Map())).get("lang") ?? about.lang, words = about.texts[lang] ?? about.texts.en;
    // Browsers end a subscription that is woken and shows nothing.
    await registration.showNotification(words.title, { body: words.body, lang, tag: "request", renotify: true, requireInteraction: true, icon: about.prefix + "icon-192.png" });
    await receipts().catch(() => {});
  })());
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil((async () => {
    for (const c of await clients.matchAll({ type: "window", includeUncontrolled: true })) {
      if (!new URL(c.url).pathname.startsWith(home)) continue;
      await c.focus().catch(() => {});
      return c.postMessage("look");
    }
    await clients.openWindow(home);
  })());
});
