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
 * Sends a code's form once all its digits are there, one time only: a code that
 * was refused is not sent again by itself.
 * @param {HTMLInputElement} input
 */
export function grouped(input) {
  const digits = Number(input.dataset.digits || 6);
  let sent = false;
  input.addEventListener("input", () => {
    const plain = input.value.normalize("NFKC").replace(/\D/g, "");
    if (!sent && plain.length === digits && !input.form?.querySelector("[type=checkbox]")) {
      sent = true;
      input.form?.requestSubmit();
    }
  });
}
