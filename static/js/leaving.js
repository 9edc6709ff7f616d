/* An editor that is left in the middle of a word: what was typed in the last moment goes along, and so does what is on its
   way and not yet answered, because a page that is left breaks off its requests. htmx keeps the rest (see editor.html of
   ship notices and invoices); without a script one Save button does. What was on its way may have arrived, so that the
   version said here is an old one: the server then keeps what `leaving` says on top of it (Note [Leaving] in the editor of
   ship notices). A browser takes 64 kB along and no more: where the form is larger, it asks before it goes.
   Loaded without `defer`: what is typed before the other scripts have come counts too. Reads:
     #editor[data-typed]  the form; in `data-typed` the selector of the parts that are kept while one types */
"use strict";
(() => {
  const form = () => document.querySelector("#editor[data-typed]");
  let typed = false;
  let underway = false;

  document.addEventListener("input", (event) => {
    if (form() && event.target.closest?.(form().dataset.typed)) typed = true;
  });
  // A press that adds a row puts the whole form in anew: the one that was sent is known by its name.
  const isEditor = (event) => event.detail.elt.id === "editor";
  document.addEventListener("htmx:beforeSend", (event) => {
    if (!isEditor(event)) return;
    underway = typed;
    typed = false;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isEditor(event)) return;
    underway = false;
    // Not signed in any more, or no network: it is still only here. (A redirection is no success in htmx's own words.)
    const { status } = event.detail.xhr;
    if ((status < 200 || status > 299) && status !== 409) typed = true;
    // Too much at once: it is kept when the server said, as if the last letter were typed then.
    if (status !== 429 || !typed) return;
    const pause = 1000 * (Number(event.detail.xhr.getResponseHeader("Retry-After")) || 60);
    setTimeout(() => typed && form()?.querySelector(form().dataset.typed)?.dispatchEvent(new Event("input", { bubbles: true })), pause);
  });
  // Sent by one of its buttons, the form takes all of it along; what htmx sends it has prevented by now.
  document.addEventListener("submit", (event) => {
    if (event.target === form() && !event.defaultPrevented) typed = underway = false;
  });
  const MOST = 60000;
  const isWaiting = () => (typed || underway) && Boolean(form());
  const said = () => {
    const fields = new URLSearchParams(new FormData(form()));
    fields.set("leaving", underway ? "underway" : "typed");
    return fields;
  };
  addEventListener("beforeunload", (event) => {
    if (isWaiting() && said().toString().length > MOST) event.preventDefault();
  });
  addEventListener("pagehide", () => {
    if (isWaiting()) navigator.sendBeacon(form().action, said());
  });
})();
