/* Keys press buttons that say so: <button>Accept <kbd>A</kbd></button>, <a data-key="/">. Nothing else has a key.
   Loaded without `defer`: who decides by keys presses the next one as soon as its button is there.
   Silent while a field has the focus; switched off for good in the list of keys, which "?" opens (WCAG 2.1.4):
   the switch is a form that saves the person's setting, body[data-keys=off] is what it comes back as. */
"use strict";
(() => {
  const help = () => document.querySelector("#keys");
  const isOn = () => document.body && document.body.dataset.keys !== "off";
  const typing = (element) => element?.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  const keyOf = (element) => (element.dataset.key ?? element.querySelector(":scope > kbd")?.textContent ?? "").trim().toLowerCase();
  const seen = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
  const buttons = () => [...document.querySelectorAll("button:has(> kbd), a:has(> kbd), [data-key]")].filter((element) => keyOf(element) && !element.disabled && element.getAttribute("aria-disabled") !== "true");

  const explain = () => {
    const list = document.querySelector("#keys-list");
    list.replaceChildren(...buttons().filter(seen).flatMap((button) => {
      const [key, what, kbd] = ["dt", "dd", "kbd"].map((name) => document.createElement(name));
      kbd.textContent = keyOf(button).toUpperCase();
      key.append(kbd);
      const words = button.cloneNode(true);
      words.querySelectorAll("kbd, svg").forEach((part) => part.remove());
      const named = words.matches("[aria-label]") ? words : words.querySelector("input[aria-label]"); // a box says what it ticks
      what.textContent = named?.getAttribute("aria-label") ?? words.textContent.trim();
      return [key, what];
    }));
    const box = document.querySelector("#keys-on");
    if (box) box.checked = isOn();
    help().showModal();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (event.repeat || document.querySelector("dialog[open]") || !isOn()) return; // a key held down decides once
    if (event.key === "?") { event.preventDefault(); explain(); return; }
    const field = event.key === "/" && document.querySelector("main input[type=search]");
    if (field) { event.preventDefault(); field.focus(); field.select(); return; }
    const button = buttons().find((each) => keyOf(each) === event.key.toLowerCase() && seen(each));
    if (button) { event.preventDefault(); button.click(); }
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "keys-on") document.body.dataset.keys = event.target.checked ? "on" : "off";
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-keys-help]")) explain(); });
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-keys-help]").forEach((button) => { button.hidden = false; }));
})();
