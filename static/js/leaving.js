/* An editor that is left in the middle of a word: what was typed in the last moment goes along, and so does what is on its
   way and not yet answered, because a page that is left breaks off its requests. htmx keeps the rest (see editor.html of
   ship notices and invoices); without a script one Save button does. Said twice does no harm: the server compares every
   field with what the page showed. Reads:
     #editor[data-typed]  the form; in `data-typed` the selector of the parts that are kept while one types */
"use strict";
(() => {
  const form = () => document.querySelector("#editor[data-typed]");
  let typed = false;
  let underway = false;

  document.addEventListener("input", (event) => {
    if (form() && event.target.closest?.(form().dataset.typed)) typed = true;
  });
  document.addEventListener("htmx:beforeSend", (event) => {
    if (event.detail.elt !== form()) return;
    underway = typed;
    typed = false;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt !== form()) return;
    underway = false;
    // Not signed in any more, or no network: it is still only here.
    if (!event.detail.successful && event.detail.xhr.status !== 409) typed = true;
  });
  addEventListener("pagehide", () => {
    if ((typed || underway) && form()) navigator.sendBeacon(form().action, new FormData(form()));
  });
})();
