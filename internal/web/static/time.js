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
  const off = Math.round((arrived - server) / 60000);
  // A page out of the browser's memory is old, and tells nothing about the clock.
  if (Math.abs(off) <= 2 || /** @type {PerformanceNavigationTiming} */ (nav).transferSize === 0) return;
  const text = box.querySelector("p");
  if (text) text.textContent = (box.dataset.clock ?? "").replace("{off}", String(Math.abs(off)));
  box.hidden = false;
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
    if (text && !box.hidden) text.textContent = (box.dataset.idleWarning ?? "").replace("{left}", String(left));
  }, 1000);
}
