/* The editor of an invoice when it is left in the middle of a word: what was typed in the last moment goes along.
   htmx keeps the rest (see editor.html); without a script one Save button does. Reads #editor and its parts. */
"use strict";
(() => {
  const PARTS = "#head, #lines, #charges, #reasons";
  const form = () => document.querySelector("#editor");
  let typed = false;

  document.addEventListener("input", (event) => {
    if (event.target.closest?.(PARTS)) typed = true;
  });
  document.addEventListener("htmx:beforeSend", (event) => {
    if (event.detail.elt === form()) typed = false;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    // Not signed in any more, or no network: it is still only here.
    if (event.detail.elt === form() && !event.detail.successful && event.detail.xhr.status !== 409) typed = true;
  });
  addEventListener("pagehide", () => {
    if (typed && form()) navigator.sendBeacon(form().action, new FormData(form()));
  });
})();
