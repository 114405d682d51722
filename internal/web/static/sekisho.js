// @ts-check
// Everything here makes pages nicer; nothing here is needed to use them.
import { strength } from "./strength.js";
import { reveal, grouped } from "./fields.js";
import { clock, idle } from "./time.js";
import { passkey } from "./passkey.js";
import { codes } from "./codes.js";
import { push } from "./push.js";
import { tegata } from "./tegata.js";

for (const input of document.querySelectorAll("input[type=password]")) reveal(/** @type {HTMLInputElement} */ (input));
for (const input of document.querySelectorAll("input[data-strength]")) strength(/** @type {HTMLInputElement} */ (input));
for (const input of document.querySelectorAll("input.code")) grouped(/** @type {HTMLInputElement} */ (input));
for (const form of document.querySelectorAll("form[data-passkey]")) passkey(/** @type {HTMLFormElement} */ (form));
for (const form of document.querySelectorAll("form[data-push]")) push(/** @type {HTMLFormElement} */ (form));
for (const panel of document.querySelectorAll("[data-tegata]")) tegata(/** @type {HTMLElement} */ (panel));
for (const panel of document.querySelectorAll("[data-codes]")) codes(/** @type {HTMLElement} */ (panel));
clock(document.body);
idle(document.body);
