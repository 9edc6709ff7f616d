// Passkeys: what the browser says when one was not shown, in the page; and no button where there can be none.
(() => {
  "use strict";
  const all = (what) => [...document.querySelectorAll(what)];
  const tell = (what, shown) => all(what).forEach((one) => { one.hidden = !shown; });

  const can = window.isSecureContext && "PublicKeyCredential" in window;
  document.addEventListener("DOMContentLoaded", () => {
    tell("[data-passkey]", can);
    tell("[data-no-passkey]", !can);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-passkey] button")) tell("[data-passkey-failed]", false);
  });
  document.addEventListener("allauth.error", (event) => {
    if (!event.detail.tags.includes("webauthn")) return;
    event.preventDefault();
    tell("[data-passkey-failed]", true);
  });
})();
