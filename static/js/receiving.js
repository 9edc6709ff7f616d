/* Counting with a hand scanner, which types faster than a network answers. Enter puts what was scanned on a list and
   empties the field at once; the next request takes all of the list along. What is typed into a count while an answer is
   under way stays. Without a script each scan is a page. Loaded without `defer`: it listens before there is a field to
   scan into. Reads #count, its fields scan, scans and scan_now, and #count-parts. */
"use strict";
(() => {
  const form = () => document.querySelector("#count");
  const field = (name) => form()?.elements[name];
  const counts = () => [...document.querySelectorAll('#count-parts input[name^="good."]')];
  let sent = new Map();
  let under = "";
  // A scan has a name of its own: sent again after an answer that was lost on its way, it counts once.
  const mark = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2).padEnd(8, "0").slice(0, 16)}`;

  // Until htmx is here too, a scan would take the page along, and those that follow it would be typed into nothing.
  let isEarly = document.readyState === "loading";
  let waits = false;
  document.addEventListener("submit", (event) => {
    if (event.target !== form()) return;
    const scan = field("scan");
    if (scan.value.trim()) {
      field("scans").value += `${mark()}\t${scan.value}\n`;
      scan.value = "";
    }
    if (!isEarly || event.submitter?.name !== "scan_now") return;
    event.preventDefault();
    waits = true;
  }, true);
  // A moment after it, when htmx has heard of it as well.
  document.addEventListener("DOMContentLoaded", () => setTimeout(() => {
    isEarly = false;
    if (!waits || !form()) return;
    const half = field("scan").value; // is no scan yet
    field("scan").value = "";
    form().requestSubmit(field("scan_now"));
    field("scan").value = half;
  }));

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt !== form()) return;
    under = field("scans").value;
    field("scans").value = "";
    // A request that has waited for another goes while somebody is typing: half a number is no scan.
    event.detail.parameters.scan = "";
    sent = new Map(counts().map((one) => [one.name, one.value]));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    // Not signed in any more, or no network: what was scanned goes along with the next one.
    if (event.detail.elt !== form() || event.detail.successful || [409, 422].includes(event.detail.xhr.status)) return;
    field("scans").value = under + field("scans").value;
  });

  let typed = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "count-parts") return;
    const here = document.activeElement;
    typed = counts().filter((one) => one.value !== sent.get(one.name)).map((one) => [one.name, one.value, one === here]);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "count-parts" && !document.querySelector("#count-parts")) return;
    let kept = null;
    for (const [name, value, hadFocus] of typed) {
      // A row that was counted for the first time meanwhile has a name of its own now: that of its line is enough.
      const line = name.slice(0, name.lastIndexOf(".") + 1);
      const again = form()?.elements[name] ?? counts().find((one) => one.name.startsWith(line));
      if (!again) continue;
      again.value = value;
      if (hadFocus) kept = again;
    }
    typed = [];
    if (document.querySelector(".q-summary-err, dialog[open]")) return;
    (kept ?? field("scan"))?.focus({ preventScroll: true });
  });
})();
