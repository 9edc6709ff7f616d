/* The manners of every page. Nothing here is needed for a page to work: links lead and forms post without it.
   Reads: #toasts and its sentences; #announce; #dialog. Listens on the document only, so that
   swapped parts need no wiring. Attributes:
     data-dialog[="#id"]   a link that opens a dialog: the one named, or its own address as a panel in #dialog
     data-close            closes the dialog it stands in
     data-focus            takes the focus after a swap
     data-submit-on-change a form field that sends its form when changed
     data-download         a button whose answer is a file: the page stays, and its form can be sent again
     data-pick-all, data-pick, data-pick-bar, data-pick-count, data-pick-sum   selection in a list */
"use strict";
(() => {
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  // The cookie, not the page, knows the current token: it changes when somebody signs in again in another tab.
  const csrf = () => /(?:^|; )(?:__Host-csrf|csrftoken)=([^;]+)/.exec(document.cookie)?.[1] ?? one("[name=csrfmiddlewaretoken]")?.value ?? "";

  // --- saying something ---------------------------------------------------------------------------------------------
  const announce = (text) => {
    const place = one("#announce");
    if (!place) return;
    place.textContent = "";
    setTimeout(() => { place.textContent = text; }, 50);
  };

  const closable = (toast) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn-link q-toast-x";
    button.setAttribute("aria-label", one("#toasts").dataset.close);
    button.textContent = "×";
    button.addEventListener("click", () => toast.remove());
    toast.append(button);
    // A toast that offers a way back, or says that something failed, stays until it is closed.
    if (toast.matches(".is-bad") || one("a, form, button:not(.q-toast-x)", toast)) return;
    let left = setTimeout(() => toast.remove(), 8000);
    toast.addEventListener("pointerenter", () => clearTimeout(left));
    toast.addEventListener("focusin", () => clearTimeout(left));
    toast.addEventListener("pointerleave", () => { left = setTimeout(() => toast.remove(), 4000); });
  };

  const toast = (text, bad = false, link = null) => {
    const place = one("#toasts");
    if (!place || all(".q-toast", place).some((shown) => shown.dataset.text === text)) return;
    const box = document.createElement("div");
    box.className = bad ? "q-toast is-bad" : "q-toast";
    box.setAttribute("role", bad ? "alert" : "status");
    box.dataset.text = text;
    const words = document.createElement("span");
    words.textContent = text;
    box.append(words);
    if (link?.href) {
      const way = document.createElement("a");
      Object.assign(way, { href: link.href, textContent: link.text, target: "_blank", className: "btn-link" });
      box.append(way);
    }
    place.append(box);
    closable(box);
  };

  // --- htmx ---------------------------------------------------------------------------------------------------------
  document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRFToken"] = csrf(); });

  // Signed out meanwhile: keep what stands here, and offer to sign in beside it.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { signedOut, signIn } = one("#toasts")?.dataset ?? {};
    if (event.detail.xhr.status !== 401) {
      // Signed in again, here or in another tab: what was said is true no more.
      all("#toasts .q-toast").filter((shown) => shown.dataset.text === signedOut).forEach((shown) => shown.remove());
      return;
    }
    event.preventDefault();
    toast(signedOut, true, { href: event.detail.xhr.getResponseHeader("HX-Redirect"), text: signIn });
  });

  // Somebody is on the way to another page, or writes: one that asks to be loaded anew would take that from them. It asks
  // again later.
  let left = -Infinity;
  addEventListener("beforeunload", () => { left = performance.now(); });
  const isWriting = () => Boolean(one("dialog[open]")) || all("main input, main textarea, main select").some(isTyped);
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const isAnew = event.detail.xhr.getResponseHeader("HX-Refresh") === "true";
    if (isAnew && (performance.now() - left < 30000 || isWriting())) event.preventDefault();
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    const swapped = event.detail.elt;
    if (event.target.id === "dialog" && swapped.isConnected && !swapped.open) swapped.showModal();
    const seeking = ".q-summary-err, [data-focus], [autofocus]";
    const wanted = swapped.matches?.(seeking) ? swapped : one(seeking, swapped) ?? (swapped.matches?.("main") && one("h1", swapped));
    if (!wanted) return;
    if (!wanted.matches("a[href], button, input, select, textarea, [tabindex]")) wanted.tabIndex = -1;
    wanted.focus({ preventScroll: false });
  });

  document.addEventListener("htmx:afterSwap", (event) => all(".q-toast:not(:has(.q-toast-x))", event.detail.elt).forEach(closable));
  document.addEventListener("htmx:sendError", () => toast(one("#toasts").dataset.offline, true));
  document.addEventListener("htmx:timeout", () => toast(one("#toasts").dataset.offline, true));
  document.addEventListener("htmx:responseError", (event) => {
    const words = one("#toasts")?.dataset;
    if (words) toast({ 403: words.refused, 429: words.slow }[event.detail.xhr.status] ?? words.failed, true);
  });
  // HX-Trigger: {"announce": "21 lines"} or {"toast": "Draft saved"}
  document.addEventListener("announce", (event) => announce(event.detail.value ?? event.detail));
  document.addEventListener("toast", (event) => toast(event.detail.value ?? event.detail));

  // --- one press is one press ---------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    const token = event.target.elements?.csrfmiddlewaretoken;
    if (token) token.value = csrf();
    if (!button || event.defaultPrevented || event.target.method === "dialog") return;
    if (event.target.dataset.busy) { event.preventDefault(); return; }
    // A download never leaves the page, so nothing would wake the form again.
    if (event.target.method === "post" && !event.target.target && !button.matches("[data-download]")) {
      event.target.dataset.busy = "1";
      button.setAttribute("aria-busy", "true");
    }
  });
  const rested = () => {
    all("form[data-busy]").forEach((form) => delete form.dataset.busy);
    all("button[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  };
  addEventListener("pageshow", rested);
  document.addEventListener("htmx:afterRequest", rested);

  // --- menus and dialogs --------------------------------------------------------------------------------------------
  const closeMenus = (except) => all("details.q-menu[open]").forEach((menu) => { if (menu !== except) menu.open = false; });

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.q-menu"));
    const closer = event.target.closest("[data-close]");
    if (closer?.closest("dialog")) { event.preventDefault(); closer.closest("dialog").close(); return; }
    const opener = event.target.closest("[data-dialog]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey || typeof HTMLDialogElement !== "function") return;
    event.preventDefault();
    if (opener.dataset.dialog) one(opener.dataset.dialog)?.showModal();
    // Without a source: the opener may stand in a list whose links take only its panel out of an answer.
    else window.htmx.ajax("GET", opener.href, { target: "#dialog", swap: "innerHTML" });
  });
  document.addEventListener("keydown", (event) => {
    const menu = one("details.q-menu[open]");
    if (event.key !== "Escape" || !menu) return;
    menu.open = false;
    one("summary", menu).focus();
  });
  document.addEventListener("focusin", (event) => closeMenus(event.target.closest("details.q-menu")));

  // --- selection in lists -------------------------------------------------------------------------------------------
  const counted = (list) => {
    const picks = all("[data-pick]", list);
    const chosen = picks.filter((pick) => pick.checked);
    picks.forEach((pick) => pick.closest("tr")?.setAttribute("aria-selected", String(pick.checked)));
    all("[data-pick-all]", list).forEach((box) => {
      box.checked = chosen.length > 0 && chosen.length === picks.length;
      box.indeterminate = chosen.length > 0 && chosen.length < picks.length;
    });
    all("[data-pick-bar]", list).forEach((bar) => { bar.hidden = chosen.length === 0; });
    all("[data-pick-count]", list).forEach((place) => { place.textContent = chosen.length; });
    const sums = new Map();
    chosen.forEach(({ dataset: { amount, currency } }) => { if (amount) sums.set(currency, (sums.get(currency) ?? 0) + Number(amount)); });
    const written = [...sums].map(([currency, sum]) => `${sum.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${currency}`);
    all("[data-pick-sum]", list).forEach((place) => { place.textContent = written.join(" · "); });
  };
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-pick-all], [data-pick]")) {
      const list = box.closest("form, .q-panel, main");
      if (box.matches("[data-pick-all]")) all("[data-pick]", list).forEach((pick) => { pick.checked = box.checked; });
      counted(list);
    }
    if (box.matches("[data-submit-on-change]")) box.form?.requestSubmit();
  });

  // A list that comes back from the server counts what is still ticked in it.
  document.addEventListener("htmx:afterSettle", () => all("form:has([data-pick])").forEach(counted));

  // --- first paint --------------------------------------------------------------------------------------------------
  const begin = () => {
    all(".q-toast").forEach(closable);
    all("form:has([data-pick])").forEach(counted);
    // On a phone tabs go on to the side: one sees where one is, and where to come from there.
    one(".q-tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest", behavior: "instant" });
    one(".q-summary-err")?.focus();
    if (location.hash === "#q") one("#q")?.focus();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();

  const isTyped = (field) => {
    if (field.matches("select")) {
      const given = all("option", field).findIndex((option) => option.defaultSelected);
      return !field.multiple && field.selectedIndex !== Math.max(given, 0);
    }
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
    return !field.matches("[type=hidden], [type=file]") && field.value !== field.defaultValue;
  };
  // Whoever is faster than the scripts has typed where nobody listened yet: it is said once more when all of them do.
  // Who is still in a field says `change` when leaving it. What sends its form when changed is not pressed once more: a
  // browser puts back what was chosen on a page one comes back to, and would be led away from there again.
  document.addEventListener("DOMContentLoaded", () => {
    all("input, textarea, select").filter(isTyped).forEach((field) => {
      field.dispatchEvent(new Event("input", { bubbles: true }));
      const isLeft = field !== document.activeElement && !field.matches("[data-submit-on-change]");
      if (!isLeft) return;
      const late = new Event("change", { bubbles: true });
      late.isLate = true;
      field.dispatchEvent(late);
    });
  });
  window.portal = { toast, announce };
})();
