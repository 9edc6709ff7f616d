/* Copying by a button. Nothing here is needed: the text can be selected by hand.
     data-copy="#id"    a hidden button that shows itself and copies the field; data-copied is what it then says
     data-select        a field that selects itself when it gets the focus */
"use strict";
(() => {
  document.addEventListener("focusin", (event) => { if (event.target.matches?.("[data-select]")) event.target.select(); });
  if (!navigator.clipboard) return;
  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).value);
      document.dispatchEvent(new CustomEvent("announce", { detail: { value: button.dataset.copied } }));
      button.lastChild.textContent = button.dataset.copied;
    });
  });
})();
