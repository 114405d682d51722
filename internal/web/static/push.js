// @ts-check

/**
 * Waits for Tegata's answer and goes on by itself. Whoever gets none within half a
 * minute is shown the other ways (SI-12).
 * @param {HTMLFormElement} form
 */
export function push(form) {
  const late = /** @type {HTMLElement | null} */ (document.querySelector("[data-late]"));
  if (late) {
    late.hidden = true;
    setTimeout(() => { late.hidden = false; }, 30_000);
  }
  let failures = 0, over = false;
  form.addEventListener("submit", () => { over = true; });
  async function wait() {
    while (!over) {
      if (await answered()) break;
      if (!failures) continue;
      if (failures > 60) return;
      // A proxy that fails for a moment fails for everybody who waits: they do not come back together.
      const pause = Math.min(500 * 2 ** failures, 15_000) * (0.5 + Math.random() / 2);
      await new Promise((done) => { setTimeout(done, pause); addEventListener("online", done, { once: true }); });
    }
    if (!over) form.requestSubmit();
  }

  /** Whether the server itself says that there is something to see: an answer, or why there will be none. */
  async function answered() {
    try {
      const answer = await fetch(form.dataset.push ?? "", { credentials: "same-origin", headers: { Accept: "application/json" } });
      const said = await answer.json();
      if (answer.ok && typeof said.state === "string") { failures = 0; return said.state === "answered"; }
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429 && typeof said.code === "string") return true;
    } catch { /* a page of a proxy, or no network */ }
    failures++;
    return false;
  }
  wait();
}
