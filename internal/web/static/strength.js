// @ts-check

/**
 * Shows how strong a password is while it is typed. The server judges, because
 * it knows the words that leaked; the answer is a number and is kept nowhere.
 * @param {HTMLInputElement} input
 */
export function strength(input) {
  const note = document.getElementById("strength");
  if (!note) return;
  let turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const mine = ++turn;
    if (input.value === "") {
      note.textContent = "";
      delete note.dataset.score;
      return;
    }
    timer = setTimeout(async () => {
      try {
        const answer = await fetch("/password/strength", {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ password: input.value }),
        });
        if (!answer.ok || mine !== turn) return;
        const { score } = await answer.json();
        note.dataset.score = String(score);
        note.textContent = note.dataset["w" + score] ?? "";
      } catch { /* offline: the form itself will tell */ }
    }, 250);
  });
}
