// @ts-check

/**
 * Lets codes be copied, saved and printed. Without it they can be selected, and the
 * page prints well as it is.
 * @param {HTMLElement} panel
 */
export function codes(panel) {
  const text = () => [...panel.querySelectorAll("p:not([role]), .codes > li")].map((x) => x.textContent?.trim()).join("\r\n") + "\r\n";
  /** @param {string} what @param {(button: HTMLButtonElement) => void} act */
  function on(what, act) {
    const button = /** @type {HTMLButtonElement} */ (panel.querySelector(`[data-codes-${what}]`));
    button.addEventListener("click", () => act(button));
    return button;
  }
  const copy = on("copy", async (button) => {
    await navigator.clipboard.writeText(text());
    const said = panel.querySelector("[data-codes-said]");
    if (said) said.textContent = button.dataset.done ?? "";
  });
  copy.hidden = !navigator.clipboard;
  on("save", () => {
    const a = document.createElement("a");
    a.href = URL.createObjectURL(new Blob([text()], { type: "text/plain;charset=utf-8" }));
    a.download = panel.dataset.name ?? "codes.txt";
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
  });
  on("print", () => window.print());
  for (const x of panel.querySelectorAll("[data-codes-do]")) /** @type {HTMLElement} */ (x).hidden = false;
}
