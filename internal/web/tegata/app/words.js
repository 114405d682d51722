// @ts-check
// The app's texts, and how it writes times.

/** @type {Record<string, string>} */
let texts = {};
export let lang = "en";

/** @param {string} l "ja" or "en" */
export async function speak(l) {
  lang = l === "ja" ? "ja" : "en";
  texts = (await import(`./texts.${lang}.js`)).default;
  document.documentElement.lang = lang;
}

/**
 * A text with its places filled. One that nobody wrote shows as ⟦key⟧.
 * @param {string} key @param {Record<string, string | number>} [fill]
 */
export const t = (key, fill = {}) => (texts[key] ?? `⟦${key}⟧`).replace(/\{([a-z_]+)\}/g, (all, name) => String(fill[name] ?? all));

/** @param {number | string} at Unix milliseconds, or what Date reads */
export function exact(at) {
  return new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** @param {number | string} at */
export function ago(at) {
  const s = Math.round((Date.now() - new Date(at).getTime()) / 1000);
  if (Math.abs(s) < 60) return t("tg.now");
  const form = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
  if (Math.abs(s) < 5400) return form.format(-Math.round(s / 60), "minute");
  if (Math.abs(s) < 129600) return form.format(-Math.round(s / 3600), "hour");
  return form.format(-Math.round(s / 86400), "day");
}

/**
 * A span in the largest unit that fits: "5 minutes".
 * @param {number} ms
 */
export function span(ms) {
  const [unit, size] = ms < 90_000 ? ["second", 1000] : ms < 7_200_000 ? ["minute", 60_000] : ms < 172_800_000 ? ["hour", 3_600_000] : ["day", 86_400_000];
  return new Intl.NumberFormat(lang, { style: "unit", unit: /** @type {string} */ (unit), unitDisplay: "long" }).format(Math.max(1, Math.round(ms / /** @type {number} */ (size))));
}
