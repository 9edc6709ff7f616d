/* An order as paper: one button that asks the browser to print. Without script the browser's own menu does it. */
"use strict";
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
