// @ts-check
// Addresses of scripts that are made while the app runs pass here: its own and no
// others (Trusted Types).

/** @param {string} url */
function own(url) {
  const u = new URL(url, location.href);
  if (u.origin !== location.origin || !u.pathname.startsWith("/tegata/")) throw new TypeError("not a script of ours");
  return u.href;
}

const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("tegata", { createScriptURL: own });

/**
 * @param {string} url
 * @returns {string} as far as types go; a TrustedScriptURL where there are such
 */
export const script = (url) => policy ? policy.createScriptURL(url) : own(url);
