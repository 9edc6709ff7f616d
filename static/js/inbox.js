/* The inbox: which row is open, and which keys lead on from it. Without it, rows are links and all of it works.
   Reads: .q-case[data-case], #inbox-case[data-case]. A row is opened beside the list; the list stays where it is. */
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll("#cases .q-case")];
  const link = (row) => row?.querySelector(".q-case-a");

  const follow = () => {
    const open = document.querySelector("#inbox-case")?.dataset.case;
    const all = rows();
    const place = all.findIndex((row) => row.dataset.case === open);
    all.forEach((row, index) => {
      const isOpen = index === place;
      row.toggleAttribute("aria-current", isOpen);
      if (isOpen) row.setAttribute("aria-current", "true");
      const box = row.querySelector("label.score");
      if (box) { if (isOpen) box.dataset.key = "x"; else delete box.dataset.key; }
      const way = link(row);
      if (!way) return;
      delete way.dataset.key;
      if (index === place + 1) way.dataset.key = "j";
      if (place > 0 && index === place - 1) way.dataset.key = "k";
    });
    if (place >= 0) all[place].scrollIntoView({ block: "nearest" });
  };

  // On a phone there is no room beside the list: there a row is a link.
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.elt.matches?.(".q-case-a") || matchMedia("(min-width: 721px)").matches) return;
    event.preventDefault();
    location.assign(event.detail.elt.href);
  });
  // Whoever comes back to this tab sees at once what has changed.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) document.body.dispatchEvent(new CustomEvent("inbox:look")); });
  // What is ticked stays ticked when its row is put anew.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const before = event.detail.target?.querySelector?.("[data-pick]");
    const after = event.detail.fragment?.querySelector?.("[data-pick]");
    if (before?.checked && after && before.value === after.value) after.checked = true;
  });
  // At once after the swap too: who types fast presses the next key before the page has settled.
  document.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "inbox-case") follow(); });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.elt.closest?.(".q-inbox") || event.target.id === "inbox-case") follow(); });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", follow);
  else follow();
})();
