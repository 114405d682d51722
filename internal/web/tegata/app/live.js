// @ts-check
// What the server tells while the app is open: sign-ins that ask, the sign-in lock,
// whether it is reached at all.
import * as accounts from "./accounts.js";
import { call, sign, Problem } from "./api.js";
import * as safe from "./safe.js";

/** @typedef {{ id: string, created_at: string, expires_at: string, app: string, browser: string, place: string, addr: string, purpose: "signin" | "stepup" | "recover", number_digits: number }} Asked */
/** @typedef {{ id: string, name: string, kind: string, primary: boolean, stale: boolean, last_seen_at?: string, created_at: string }} Device */
/**
 * @typedef {{ requests: Asked[], lock?: { on: boolean, until?: string }, stale: boolean, device?: Device, devices: Device[], vault?: number, trouble?: Problem, heard: boolean,
 *   cursor: string, stop?: AbortController, wake?: () => void }} State
 */

/** @type {Map<string, State>} */
const states = new Map();
export const events = new EventTarget();
const told = () => { events.dispatchEvent(new Event("change")); };

/** A browser opens no more than six connections to one place: three are held, so that calls have room. */
const held = 3;

/** @param {string} id */
export function of(id) {
  let s = states.get(id);
  if (!s) states.set(id, s = { requests: [], stale: false, devices: [], heard: false, cursor: "" });
  return s;
}

/** All that waits for an answer, the oldest first. */
export function waiting() {
  const now = Date.now();
  return accounts.list().flatMap((account) => of(account.id).requests.filter((r) => Date.parse(r.expires_at) > now).map((request) => ({ account, request })))
    .sort((a, b) => a.request.created_at < b.request.created_at ? -1 : 1);
}

/** Begins to listen for every account that counts, and stops for those that are gone. */
export function listen() {
  const on = new Set(safe.isOpen() ? accounts.list().filter((a) => a.state === "active").map((a) => a.id) : []);
  for (const [id, s] of states) {
    if (on.has(id)) continue;
    s.stop?.abort();
    states.delete(id);
  }
  for (const id of on) {
    const s = of(id);
    if (s.stop) continue;
    s.stop = new AbortController();
    loop(id, s, s.stop.signal);
  }
}

safe.events.addEventListener("shut", listen);

/** Tells the server whether an app lock stands before what it asks. */
export async function guard() {
  const on = safe.kind() !== "none";
  for (const a of accounts.list()) {
    if (a.state !== "active" || Boolean(a.guarded) === on) continue;
    await call(accounts.signer(a.id), "PUT", "guard", { on }).then(() => accounts.change(a.id, (x) => { x.guarded = on; })).catch(() => {}); // at the next start, then
  }
}

/** Asks at once, such as after the network came back. */
export function hurry() { for (const s of states.values()) s.wake?.(); }
addEventListener("online", hurry);
addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") hurry(); });

/** @param {string} id @param {State} s @param {AbortSignal} signal */
async function loop(id, s, signal) {
  let fails = 0;
  while (!signal.aborted) {
    let pause = 0;
    try {
      if (!s.heard) await refresh(id);
      const holds = accounts.list().findIndex((a) => a.id === id) < held;
      const got = await call(accounts.signer(id), "GET", `events?after=${encodeURIComponent(s.cursor)}&wait=${holds ? 25 : 0}`, undefined, signal);
      s.cursor = got.cursor;
      take(id, s, got.requests);
      s.lock = got.lock;
      s.stale = Boolean(got.stale);
      if (got.vault_version !== s.vault) {
        s.vault = got.vault_version;
        events.dispatchEvent(new Event("vault"));
      }
      s.trouble = undefined;
      fails = 0;
      if (!holds) pause = 10_000;
      told();
    } catch (e) {
      if (signal.aborted) return;
      s.heard = false;
      pause = trouble(s, e, ++fails);
      told();
    }
    if (pause) await new Promise((done) => {
      const timer = setTimeout(done, pause);
      s.wake = () => { clearTimeout(timer); done(undefined); };
      signal.addEventListener("abort", s.wake, { once: true });
    });
  }
}

/** @param {State} s @param {unknown} e @param {number} fails @returns {number} milliseconds to wait */
function trouble(s, e, fails) {
  const p = e instanceof Problem ? e : new Problem(0, {});
  s.trouble = p;
  if (p.code === "device.stale") { s.stale = true; s.trouble = undefined; return 10_000; }
  if (p.status === 429 || p.status >= 500) return 10_000;
  if (p.status === 401 || p.status === 403 || p.status === 404 || p.status === 410) return p.code === "device.clock" ? 5_000 : 30_000;
  return Math.min(1000 * 2 ** Math.min(fails, 4), 15_000);
}

/** Reads all of an account's state anew. @param {string} id */
export async function refresh(id) {
  const s = of(id), got = await call(accounts.signer(id), "GET", "state");
  s.heard = true;
  s.lock = got.lock;
  s.device = got.device;
  s.devices = got.devices ?? [];
  s.stale = Boolean(got.device?.stale);
  s.vault = got.vault_version;
  s.trouble = undefined;
  take(id, s, got.requests ?? []);
  const a = accounts.find(id);
  if (a && got.account && (a.name !== got.account.name || a.identifier !== got.account.identifier)) await accounts.change(id, (x) => { x.name = got.account.name; x.identifier = got.account.identifier; });
  told();
}

/** @param {string} id @param {State} s @param {Asked[]} list */
function take(id, s, list) {
  for (const r of list) {
    if (s.requests.some((x) => x.id === r.id)) continue;
    // The server learns that this device lives; if it does not, it asks another.
    call(accounts.signer(id), "POST", `requests/${r.id}/receipt`, {}).catch(() => {});
  }
  s.requests = list;
}

/** The code that the camera, or whoever pasted it, gave last. */
let seen = "";

/** Remembers that a code was seen here and did not come with a link. @param {string} code */
export function saw(code) { seen = code; }

/** Takes in what a code on a sign-in page asks. @param {string} id @param {string} code */
export async function scanned(id, code) {
  const request = await call(accounts.signer(id), "POST", "scan", { code, link: code !== seen });
  const s = of(id);
  s.requests = [...s.requests.filter((r) => r.id !== request.id), request];
  told();
}

/**
 * Signs an answer and sends it. An answer is given once, whatever becomes of it.
 * @param {string} id the account @param {Asked} request @param {"approve" | "cancel" | "deny"} decision @param {string} number
 * @param {boolean} verified the app lock was passed for this
 */
export async function answer(id, request, decision, number, verified) {
  const by = accounts.signer(id), s = of(id);
  const signature = await sign.lines(by.key, "sekisho-approval-1", request.id, id, location.origin, number, decision, verified);
  try {
    await call(by, "POST", "requests/" + request.id, { decision, number, verified, signature });
  } catch (e) {
    // Where nothing arrived it is still open; everything else is the end of it.
    if (e instanceof Problem && (e.code === "offline" || e.code === "device.clock" || e.code === "device.stale" || e.status >= 500)) throw e;
    s.requests = s.requests.filter((r) => r.id !== request.id);
    told();
    throw e;
  }
  s.requests = s.requests.filter((r) => r.id !== request.id);
  told();
}
