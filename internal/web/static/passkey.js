// @ts-check

/**
 * Has a form answered by a security key or passkey. All texts are the page's.
 * @param {HTMLFormElement} form
 */
export function passkey(form) {
  if (!window.PublicKeyCredential) {
    form.hidden = true;
    for (const x of all("missing")) x.hidden = false;
    return;
  }
  let busy = false, answered = false;
  /** @type {AbortController | undefined} */
  let offered;

  /** @param {CredentialRequestOptions} how @param {HTMLElement | null} [by] */
  async function ask(how, by) {
    const credential = await request(form, how);
    if (how.signal?.aborted) return;
    /** @type {HTMLInputElement} */ (form.elements.namedItem("response")).value = JSON.stringify(plain(credential));
    answered = true;
    form.requestSubmit(by);
  }

  // The identifier's field offers passkeys by itself while the page stands.
  async function offer() {
    if (!("conditional" in form.dataset) || !await PublicKeyCredential.isConditionalMediationAvailable?.() || busy) return;
    offered?.abort();
    const mine = offered = new AbortController();
    setTimeout(() => { if (offered === mine) offer(); }, 540_000); // before its challenge ends
    ask({ mediation: "conditional", signal: mine.signal }).catch(() => {});
  }

  form.addEventListener("submit", (event) => {
    if (answered) { // once: after the back button, the key is asked anew
      answered = busy = false;
      return;
    }
    event.preventDefault();
    if (busy) return;
    busy = true;
    tell(form);
    offered?.abort(); // one request at a time
    offered = undefined;
    ask({}, event.submitter).catch((e) => {
      tell(form, e.name);
      busy = false;
      offer();
    });
  });
  offer();
}

/** @param {string} what */
const all = (what) => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(`[data-passkey-${what}]`)]);

/**
 * Shows the text that names the error, or else the one that names none.
 * @param {HTMLFormElement} form @param {string} [name]
 */
function tell(form, name) {
  let texts = all("error").filter((x) => form.contains(x));
  if (!texts.length) texts = all("error");
  const shown = name && (texts.find((x) => x.dataset.passkeyError === name) ?? texts.find((x) => !x.dataset.passkeyError));
  for (const x of texts) x.hidden = x !== shown;
}

/** @param {HTMLFormElement} form @param {CredentialRequestOptions} how */
async function request(form, how) {
  const answer = await fetch(form.dataset.options ?? "", {
    method: "POST", credentials: "include", headers: { "Content-Type": "application/json" }, body: "{}", signal: how.signal,
  });
  // What was proved on the way here counts for a while only.
  if (!answer.ok) throw Object.assign(new Error(), answer.status === 403 ? { name: "stale" } : {});
  const o = await answer.json(), Key = PublicKeyCredential;
  return form.dataset.passkey === "enrol"
    ? navigator.credentials.create({ publicKey: Key.parseCreationOptionsFromJSON?.(o) ?? parsed(o) })
    : navigator.credentials.get({ ...how, publicKey: Key.parseRequestOptionsFromJSON?.(o) ?? parsed(o) });
}

// For browsers that cannot do it themselves.

/** @param {any} o */
function parsed(o) {
  const id = (/** @type {any} */ x) => x && { ...x, id: bytes(x.id) };
  return { ...o, challenge: bytes(o.challenge), user: id(o.user), allowCredentials: o.allowCredentials?.map(id), excludeCredentials: o.excludeCredentials?.map(id) };
}

/** @param {any} c */
function plain(c) {
  try { return c.toJSON(); } catch {}
  const r = c.response;
  /** @type {any} */
  const response = { transports: r.getTransports?.() };
  for (const k of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) if (r[k]) response[k] = text(r[k]);
  return { id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: {}, response };
}

/** @param {string} s */
const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

/** @param {ArrayBuffer} b */
const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/[+/=]/g, (c) => c === "+" ? "-" : c === "/" ? "_" : "");
