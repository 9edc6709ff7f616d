/* Scanning: a hand scanner types faster than pages come back, and a phone has a camera. Without this each scan posts its
   form, one after the other. Loaded without `defer`, so that it listens before there is a field to scan into; listens on
   the document only, so that swapped parts need no wiring. Reads:
     input[data-scan]      a field that takes scans (components/scan.html gives it its words). In a form with hx-post every
                           scan stands in a queue and goes to the server by itself, in order, with the form as it then is;
                           what comes next can be typed meanwhile. The answer says in X-Scanned (yes, no) that the scan was
                           looked at; without it the scan waits until the form could be kept. scan_key names a scan: sent twice, because an
                           answer got lost, it counts once.
     [data-scan-press]     the button beside it, for who types
   What waits stands in sessionStorage, so that a page loaded anew goes on with it. The camera's button is there only where
   the browser reads barcodes; the camera is asked for when it is pressed, and is let go when its box is closed. */
"use strict";
(() => {
  const field = () => document.querySelector("input[data-scan]");
  const formOf = (element) => !isAlone && element?.form?.matches("[hx-post]") ? element.form : null;
  let isReady = false; // htmx is here; scans wait for it
  let isAlone = false; // or it did not come

  // --- the queue ----------------------------------------------------------------------------------------------------
  const store = `scans:${location.pathname}`;
  const TRIES = 4; // a colleague was faster: the answer brought the new version
  const RETRY = 5000; // no network, or no server
  let queue = [];
  try { queue = JSON.parse(sessionStorage.getItem(store)) ?? []; } catch { /* none are kept here */ }
  const keep = () => {
    try { sessionStorage.setItem(store, JSON.stringify(queue)); } catch { /* no room: they are in the page */ }
    show();
  };
  const busy = new Set(); // requests of the form that are on their way
  let sent = null; // the one that carries a scan
  let said = "";

  const push = (text) => {
    queue.push({ text, tries: 0, key: `${Date.now()}-${Math.random().toString(36).slice(2)}` });
    next();
    keep();
  };

  const next = () => {
    const form = formOf(field());
    if (!isReady || !queue.length || !form || sent || busy.size) return;
    sent = { form, xhr: null };
    const press = form.querySelector("[data-scan-press]");
    const values = { [field().name]: queue[0].text, scan_key: queue[0].key, ...(press && { [press.name]: press.value }) };
    htmx.ajax("POST", form.getAttribute("hx-post"), { source: form, values });
    if (!sent.xhr) sent = null; // something else kept it from going: the next answer tries again
  };

  // A swap sets what is inside the new fields a moment later (htmx: settle); the form is whole only then.
  const soon = () => setTimeout(next, htmx.config.defaultSettleDelay + 10);
  const carries = (event) => event.detail.elt.matches?.("form") && event.detail.elt.querySelector("input[data-scan]");

  document.addEventListener("htmx:beforeSend", (event) => {
    if (!carries(event)) return;
    busy.add(event.detail.xhr);
    if (sent && !sent.xhr) sent.xhr = event.detail.xhr;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { xhr } = event.detail;
    if (!busy.delete(xhr)) return;
    if (sent?.xhr === xhr) {
      sent = null;
      if (!answered(xhr)) return;
    } else if (!event.detail.successful) return;
    soon();
  });
  addEventListener("online", () => next());

  /* Whether to go on with the next one. */
  const answered = (xhr) => {
    const looked = xhr.status ? xhr.getResponseHeader("X-Scanned") : null;
    const scan = queue[0];
    if (looked) {
      queue.shift();
      keep();
      tell(looked === "yes", looked === "yes" ? said : document.querySelector(".q-summary-err li")?.textContent ?? "");
      return true;
    }
    scan.tries += 1;
    if (!xhr.status || xhr.status >= 500) setTimeout(next, RETRY);
    keep();
    return xhr.status === 409 && scan.tries < TRIES;
  };

  document.addEventListener("announce", (event) => { said = event.detail.value ?? event.detail; });

  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (event.key !== "Enter" || event.isComposing || !input.matches?.("input[data-scan]") || !formOf(input)) return;
    const text = input.value.trim();
    if (!text && !queue.length) return;
    event.preventDefault();
    input.value = "";
    if (text) push(text); else next();
  });
  document.addEventListener("click", (event) => {
    const input = field();
    if (!event.target.closest?.("[data-scan-press]") || !formOf(input) || !input.value.trim()) return;
    event.preventDefault();
    const text = input.value.trim();
    input.value = "";
    push(text);
  });

  // --- what is typed while an answer comes in -----------------------------------------------------------------------
  let typing = null;
  document.addEventListener("htmx:beforeSwap", () => {
    const input = field();
    typing = input && { text: input.value, at: input.selectionStart, here: document.activeElement === input };
  });
  const restore = () => {
    const input = field();
    if (!input || !typing) return;
    if (!input.value) input.value = typing.text;
    if (typing.here && document.activeElement !== input) {
      input.focus({ preventScroll: true });
      input.setSelectionRange(typing.at, typing.at);
    }
  };
  document.addEventListener("htmx:afterSwap", () => { restore(); dress(); });
  document.addEventListener("htmx:afterSettle", () => { if (typing?.here && queue.length) field()?.focus({ preventScroll: true }); });

  // --- saying how it goes -------------------------------------------------------------------------------------------
  const show = () => {
    const input = field();
    const place = input?.parentElement.querySelector("[data-scan-waits]");
    if (!place) return;
    const waits = queue.length > 1 || (queue.length && !sent);
    place.hidden = !waits;
    place.textContent = waits ? input.dataset.scanWaiting.replace("{n}", queue.length) : "";
  };

  const tell = (isGood, text) => {
    navigator.vibrate?.(isGood ? 40 : [80, 60, 80]);
    const place = document.querySelector("#camera [data-said]");
    if (!place) return;
    place.dataset.said = isGood ? "yes" : "no";
    place.textContent = `${isGood ? "✓" : "✗"} ${text}`;
  };

  // --- the camera ---------------------------------------------------------------------------------------------------
  const WANTED = ["code_128", "qr_code", "data_matrix", "ean_13", "ean_8", "upc_a"];
  const PAUSE = 150;
  const AGAIN = 2000; // a code that stays in sight counts once in so long
  let formats = [];

  const look = async () => {
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.enumerateDevices) return;
    const known = await BarcodeDetector.getSupportedFormats();
    const devices = await navigator.mediaDevices.enumerateDevices();
    if (!devices.some((device) => device.kind === "videoinput")) return;
    formats = WANTED.filter((format) => known.includes(format));
    dress();
  };

  const dress = () => {
    const input = field();
    if (!input) return;
    if (formOf(input) && !input.parentElement.querySelector("[data-scan-waits]")) {
      const place = document.createElement("span");
      place.dataset.scanWaits = "";
      place.setAttribute("aria-live", "polite");
      place.className = "muted";
      input.parentElement.append(place);
      show();
    }
    if (!formats.length || input.parentElement.querySelector("[data-camera]")) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn", textContent: input.dataset.scanOpen });
    button.dataset.camera = "";
    input.after(button);
  };

  const box = (words) => {
    const dialog = document.createElement("dialog");
    dialog.id = "camera";
    dialog.className = "q-camera";
    dialog.setAttribute("aria-label", words.scanOpen);
    const video = document.createElement("video");
    Object.assign(video, { muted: true, playsInline: true });
    const text = document.createElement("p");
    text.setAttribute("role", "status");
    text.dataset.said = "";
    text.textContent = words.scanAim;
    const close = document.createElement("button");
    Object.assign(close, { type: "button", className: "btn btn-primary", textContent: words.scanClose });
    close.addEventListener("click", () => dialog.close());
    dialog.append(video, text, close);
    document.body.append(dialog);
    return { dialog, video, text };
  };

  const open = async () => {
    const input = field();
    const { dialog, video, text } = box(input.dataset);
    let stream = null;
    let timer = 0;
    let isOver = false;
    const seen = new Map(); // what was read, and when it was in sight last
    const stop = () => {
      isOver = true;
      clearTimeout(timer);
      stream?.getTracks().forEach((track) => track.stop());
    };
    dialog.addEventListener("close", () => {
      stop();
      dialog.remove();
      field()?.focus();
    });
    addEventListener("pagehide", stop, { once: true });
    dialog.showModal();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: "environment" } } });
    } catch {
      text.dataset.said = "no";
      text.textContent = input.dataset.scanRefused;
      return;
    }
    if (isOver) { stop(); return; }
    video.srcObject = stream;
    await video.play().catch(() => {});
    const detector = new BarcodeDetector({ formats });
    const watch = async () => {
      let found = [];
      try { found = await detector.detect(video); } catch { /* no picture yet */ }
      if (isOver) return;
      for (const { rawValue } of found) {
        const last = seen.get(rawValue) ?? -AGAIN;
        seen.set(rawValue, performance.now());
        if (rawValue && performance.now() - last > AGAIN) take(rawValue);
      }
      timer = setTimeout(watch, PAUSE);
    };
    watch();
  };

  const take = (text) => {
    const input = field();
    if (!input) return;
    if (formOf(input)) {
      push(text);
      return;
    }
    input.value = text;
    input.form?.requestSubmit(input.form.querySelector("[data-scan-press]") ?? undefined);
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-camera]")) open();
  });

  // A moment after it, when htmx has heard of it as well.
  document.addEventListener("DOMContentLoaded", () => setTimeout(() => {
    isReady = "htmx" in window;
    dress();
    look();
    next();
    isAlone = !isReady;
    const input = field();
    if (!isAlone || !queue.length || !input) return;
    input.value = queue.shift().text;
    keep();
    input.form.requestSubmit(input.form.querySelector("[data-scan-press]") ?? undefined);
  }));
})();
