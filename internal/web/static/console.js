// @ts-check
// Makes an organisation's pages quicker; nothing here is needed to use them.
import { palette } from "./palette.js";

for (const link of document.querySelectorAll("a[data-palette]")) palette(/** @type {HTMLAnchorElement} */ (link));
