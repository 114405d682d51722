// @ts-check

/**
 * Tells when this device's clock is more than two minutes off.
 * @param {HTMLElement} body
 */
export function clock(body) {
  const box = /** @type {HTMLElement | null} */ (document.querySelector("[data-clock]"));
  const server = Number(body.dataset.now);
  const [nav] = performance.getEntriesByType("navigation");
  if (!box || !server || !nav) return;
  const arrived = performance.timeOrigin + /** @type {PerformanceNavigationTiming} */ (nav).responseEnd;
  const off = Math.abs(arrived - server);
  // A page out of the browser's memory is old, and tells nothing about the clock.
  if (off <= 120_000 || /** @type {PerformanceNavigationTiming} */ (nav).transferSize === 0) return;
  const text = box.querySelector("p");
  if (text) text.textContent = (box.dataset.clock ?? "").replace("{off}", inWords(off));
  box.hidden = false;
}

/**
 * A span in the page's language, in the largest unit that fits: "5 minutes".
 * @param {number} span milliseconds
 */
function inWords(span) {
  const [unit, size] = span < 120_000 ? ["second", 1000] : span < 7_200_000 ? ["minute", 60_000] : span < 172_800_000 ? ["hour", 3_600_000] : ["day", 86_400_000];
  const form = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: /** @type {string} */ (unit), unitDisplay: "long" });
  return form.format(Math.round(span / /** @type {number} */ (size)));
}

/**
 * Warns a minute before the idle limit. Only a request extends a session.
 * @param {HTMLElement} body
 */
export function idle(body) {
  const box = /** @type {HTMLElement | null} */ (document.querySelector("[data-idle-warning]"));
  const limit = Number(body.dataset.idle);
  if (!box || !limit) return;
  const until = Date.now() + limit * 1000;
  const text = box.querySelector("p");
  setInterval(() => {
    const left = Math.round((until - Date.now()) / 1000);
    if (left <= 0) location.reload();
    box.hidden = left > Math.min(60, limit / 2);
    if (text && !box.hidden) text.textContent = (box.dataset.idleWarning ?? "").replace("{left}", inWords(left * 1000));
  }, 1000);
}
