// @ts-check

/**
 * Puts a button into a password field that shows what was typed.
 * @param {HTMLInputElement} input
 */
export function reveal(input) {
  const { reveal: show, conceal: hide } = input.dataset;
  if (!show || !hide) return;
  // The field stands in the page already: moving the input would take the focus
  // from somebody who is typing.
  const field = input.parentElement;
  if (!field) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.textContent = show;
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    button.textContent = hidden ? hide : show;
    input.focus();
  });
  field.append(button);
  input.form?.addEventListener("submit", () => { input.type = "password"; });
}

/**
 * Writes a code in groups while it is typed, as the mail does, and sends its form
 * once all its digits are there, one time only: a code that was refused is not
 * sent again by itself.
 * @param {HTMLInputElement} input
 */
export function grouped(input) {
  const digits = Number(input.dataset.digits || 6);
  let sent = false, under = false;
  // Enter right after the last digit would send the code again, which is used by then.
  input.form?.addEventListener("submit", (event) => {
    if (under) return event.preventDefault();
    under = true;
    setTimeout(() => { under = false; }, 10_000);
  });
  addEventListener("pageshow", () => { under = false; });
  input.addEventListener("input", (event) => {
    const text = input.value.normalize("NFKC");
    const plain = text.replace(/\D/g, "");
    // In the middle of a correction, or of a word in an input method, the text stays as it is, or the caret would jump.
    if (!(/** @type {InputEvent} */ (event).isComposing) && plain.length <= digits && /^[\d\s-]*$/.test(text) && input.selectionStart === input.value.length) {
      const group = digits > 8 ? 4 : digits / 2;
      input.value = (plain.match(new RegExp(`.{1,${group}}`, "g")) || []).join(" ");
    }
    if (!sent && plain.length === digits && !input.form?.querySelector("[type=checkbox]")) {
      sent = true;
      input.form?.requestSubmit();
    }
  });
}
