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
      try {
        const answer = await fetch(form.dataset.push ?? "", { credentials: "same-origin", headers: { Accept: "application/json" } });
        failures = 0;
        if (!answer.ok || (await answer.json()).state === "answered") break;
      } catch {
        if (++failures > 20) return;
        await new Promise((done) => setTimeout(done, 1000 * Math.min(failures, 5)));
      }
    }
    if (!over) form.requestSubmit();
  }
  wait();
}
