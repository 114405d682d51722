// @ts-check

/**
 * Shows the next step once an installation of Tegata has come, or was agreed to.
 * @param {HTMLElement} panel
 */
export function tegata(panel) {
  const now = panel.dataset.state;
  if (now === "ready") return;
  const timer = setInterval(async () => {
    try {
      const answer = await fetch(panel.dataset.tegata ?? "", { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const state = (await answer.json()).state;
      if (state === now) return;
      clearInterval(timer);
      const go = /** @type {HTMLButtonElement | null} */ (panel.querySelector("button[value=agree]"));
      if (state === "ready" && go) go.click();
      else location.reload();
    } catch { /* asked again */ }
  }, 700);
}
