// @ts-check

/**
 * Opens a field over the page that finds members, pages and settings, by Ctrl-K or by
 * the link that leads to the page that does the same.
 * @param {HTMLAnchorElement} link
 */
export function palette(link) {
  const dialog = document.createElement("dialog");
  dialog.className = "palette";
  const input = document.createElement("input");
  input.type = "search";
  input.autocomplete = "off";
  input.maxLength = 100;
  input.placeholder = link.dataset.palette ?? "";
  input.setAttribute("aria-label", input.placeholder);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", "palette-list");
  const list = document.createElement("ul");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.placeholder);
  const say = document.createElement("p");
  say.setAttribute("role", "status");
  dialog.append(input, list, say);
  document.body.append(dialog);

  /** @type {{href: string, name: string, note: string}[]} */
  let found = [];
  let at = 0, asked = 0, wait = 0;

  const mark = () => {
    for (const [i, item] of [...list.children].entries()) {
      item.setAttribute("aria-selected", String(i === at));
      if (i === at) item.scrollIntoView({ block: "nearest" });
    }
    if (found.length) input.setAttribute("aria-activedescendant", "palette-" + at);
    else input.removeAttribute("aria-activedescendant");
  };
  const show = () => {
    list.replaceChildren(...found.map((one, i) => {
      const item = document.createElement("li");
      item.id = "palette-" + i;
      item.setAttribute("role", "option");
      const name = document.createElement("span"), note = document.createElement("span");
      name.textContent = one.name;
      note.textContent = one.note;
      item.append(name, note);
      item.addEventListener("click", () => location.assign(one.href));
      item.addEventListener("pointermove", () => { if (at !== i) { at = i; mark(); } });
      return item;
    }));
    at = 0;
    mark();
  };
  const ask = async () => {
    const mine = ++asked;
    let text = "";
    try {
      const answer = await fetch("/admin/find/list?q=" + encodeURIComponent(input.value), { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = (await answer.json()).found;
      if (mine !== asked) return; // a later word was asked for meanwhile
      found = told;
      text = found.length ? "" : link.dataset.none ?? "";
    } catch {
      if (mine !== asked) return;
      found = [];
      text = link.dataset.failed ?? "";
    }
    say.textContent = text;
    show();
  };
  const open = () => {
    if (dialog.open) return;
    input.value = "";
    dialog.showModal();
    input.focus();
    void ask();
  };

  input.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(ask, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (found.length) at = (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      mark();
    } else if (event.key === "Enter" && found[at]) {
      event.preventDefault();
      location.assign(found[at].href);
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
}
