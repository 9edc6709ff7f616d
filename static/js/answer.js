/* The answer grid while one types. The page works without it: each button posts the whole form.
   Listens on the document only, so that swapped lines need no wiring. Reads:
     #answer[data-line-url]     where the fields of one line are kept
     tbody[data-line]           one line; #verdict-<id> says what would come of it, and which fields differ or are wrong
     [data-header]              the fields about the answer as a whole
     #answer-counts             how many lines wait and how many are changed
     [name=mark], [name^="mark."]  what this page shows as typed, of the header and of each line that has a draft; every
                                answer to a line brings the new one, so that nothing is sent that this page does not show
   What is typed stands in sessionStorage too until a page that the server made later is here, so that a page loaded
   anew at once has it all. */
"use strict";
(() => {
  const PAUSE = 600;
  const ACTS = ["split", "backorder", "sub", "refuse", "drop", "undo", "fit", "ship"];
  const form = () => document.querySelector("#answer");
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const waits = new Map(); // what is typed and not kept yet: a line's tbody, or the header, to its timer
  const kept = new WeakMap(); // what was sent of it last
  const underway = new Map(); // what is being kept right now, to the typing that went along
  let signedOut = false; // the session ended while typing
  let wanted = null; // the button pressed then

  const group = (element) => element?.closest?.("tbody[data-line], [data-header]");
  const belongs = (element) => element?.form === form() && element.type !== "checkbox" && Boolean(group(element));
  const verdictOf = (body) => body.querySelector("[id^=verdict-]");

  const valuesOf = (part) => {
    const fields = all("input, select, textarea", part);
    const typed = fields.filter((field) => field.name && field.type !== "checkbox" && !/^mark(\.|$)/.test(field.name));
    const known = [form().elements.version, form().elements.revision];
    return Object.fromEntries([...known, ...typed].map((field) => [field.name, field.value]));
  };

  // --- what the server does not have yet ----------------------------------------------------------------------------
  const MOMENT = 60000;
  const store = () => `answer:${form().dataset.lineUrl}`;
  const nameOf = (part) => part.dataset.line ?? "";
  const partOf = (name) => all("tbody[data-line], [data-header]").find((part) => nameOf(part) === name);
  const unkept = () => {
    try { return JSON.parse(sessionStorage.getItem(store())) ?? {}; } catch { return {}; }
  };
  const write = (entries) => {
    try { sessionStorage.setItem(store(), JSON.stringify(entries)); } catch { /* no room, or not allowed: the beacon is left */ }
  };
  const remember = (part) => {
    const [entries, values] = [unkept(), valuesOf(part)];
    if (JSON.stringify(entries[nameOf(part)]?.values) === JSON.stringify(values)) return;
    write({ ...entries, [nameOf(part)]: { at: Date.now(), mark: markIn(part), values } });
  };
  const forget = (part) => {
    const { [nameOf(part)]: _entry, ...others } = unkept();
    write(others);
  };
  // The server has it now. A page asked for before that, and on its way here, does not: the entry stays for it.
  const now = () => performance.timeOrigin + performance.now();
  const arrived = (part, at) => {
    const entries = unkept();
    const entry = entries[nameOf(part)];
    if (!entry || (at !== undefined && entry.at !== at)) return;
    if (part.dataset.acting) forget(part);
    else write({ ...entries, [nameOf(part)]: { ...entry, arrived: now() } });
  };
  const markIn = (part) => {
    const name = part.matches("tbody") ? `mark.${part.dataset.line}` : "mark";
    return { [name]: form().elements[name]?.value ?? "" };
  };
  const fieldsOf = (values) => Object.entries(values).filter(([name]) => !["version", "revision"].includes(name));

  const restore = () => {
    const entries = unkept();
    write({});
    for (const [name, entry] of Object.entries(entries)) {
      const part = partOf(name);
      const here = part ? valuesOf(part) : {};
      const isNews = fieldsOf(here).length && fieldsOf(entry.values).some(([field, value]) => here[field] !== value);
      const isShown = part && JSON.stringify(entry.mark) === JSON.stringify(markIn(part));
      if (entry.arrived && (entry.arrived < performance.timeOrigin || !isShown)) continue; // this page knows it
      // Typing that is older than what was typed elsewhere since is no news either.
      if (!isNews || (!isShown && Date.now() - entry.at > MOMENT)) continue;
      write({ ...unkept(), [name]: entry });
      const isWhole = fieldsOf(entry.values).every(([field]) => form().elements[field]);
      part.dataset.dirty = "1";
      if (name && !(isWhole && isShown && entry.values.version === here.version)) {
        act(part, { ...entry.values, ...entry.mark, reshape: name, restored: "1" });
        continue;
      }
      for (const [field, value] of fieldsOf(entry.values)) if (form().elements[field]) form().elements[field].value = value;
      later(part, 0);
    }
  };

  // --- keeping what is typed ----------------------------------------------------------------------------------------
  const keep = (part) => {
    clearTimeout(waits.get(part));
    waits.delete(part);
    const values = valuesOf(part);
    const written = JSON.stringify(values);
    if (kept.get(part) === written && !underway.has(part)) arrived(part);
    if (!part.isConnected || kept.get(part) === written) return;
    kept.set(part, written);
    const verdict = part.matches("tbody") ? verdictOf(part) : null;
    const target = verdict ?? document.querySelector("#answer-saved");
    say(document.querySelector("#answer-saved")?.dataset.saving);
    window.htmx.ajax("POST", form().dataset.lineUrl, {
      source: part,
      target: `#${target.id}`,
      swap: verdict ? "outerHTML" : "none",
      values,
    });
  };
  const say = (text) => {
    const place = document.querySelector("#answer-saved");
    if (place && text) place.textContent = text;
  };
  const later = (part, pause) => {
    clearTimeout(waits.get(part));
    waits.set(part, setTimeout(() => keep(part), pause));
  };

  document.addEventListener("input", (event) => {
    if (!belongs(event.target)) return;
    const part = group(event.target);
    part.dataset.dirty = "1";
    if (event.target.validity.badInput) return; // a day half typed
    remember(part);
    later(part, PAUSE);
  });

  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!belongs(field)) return;
    const part = group(field);
    if (field.dataset.transit) arriveAfter(field, event.isLate);
    part.dataset.dirty = "1";
    remember(part);
    if (field.matches("[data-acts]")) act(part, {});
    else later(part, 0);
  });

  // --- days: typed in words, or picked from the machine's own calendar ----------------------------------------------
  document.documentElement.classList.add("q-js");
  const language = document.documentElement.lang.startsWith("de") ? "de" : "en-GB";
  const month = (index) => new Intl.DateTimeFormat(language, { month: "short", timeZone: "UTC" }).format(Date.UTC(2026, index, 1)).slice(0, 3);
  const months = Array.from({ length: 12 }, (_none, index) => month(index).toLowerCase());
  const iso = (text) => {
    const parts = /^(\d{1,2})\.?\s+([^\d\s.]{3})[^\d\s]*\s+(\d{4})$/.exec(text.trim());
    const index = parts ? months.indexOf(parts[2].toLowerCase()) : -1;
    if (index >= 0) return `${parts[3]}-${String(index + 1).padStart(2, "0")}-${parts[1].padStart(2, "0")}`;
    return /^\d{4}-\d{2}-\d{2}$/.test(text.trim()) ? text.trim() : "";
  };
  const inWords = (day) => {
    const [year, index, number] = day.split("-").map(Number);
    return `${number}${language === "de" ? "." : ""} ${month(index - 1)} ${year}`;
  };
  const toCalendar = (field) => {
    if (field.type === "date" || (field.value && !iso(field.value))) return;
    const day = iso(field.value);
    Object.assign(field.dataset, { words: field.value });
    field.type = "date";
    field.value = day;
  };
  const toWords = (field) => {
    if (field.type !== "date") return;
    const day = field.value;
    field.type = "text";
    field.value = day ? inWords(day) : field.dataset.words;
  };
  document.addEventListener("pointerdown", (event) => {
    const field = event.target;
    if (field.matches?.("[data-day]") && event.pointerType !== "mouse") toCalendar(field);
  });
  document.addEventListener("click", (event) => {
    const field = event.target;
    if (!field.matches?.("[data-day]") || event.offsetX < field.clientWidth - 24) return;
    toCalendar(field);
    if (field.type === "date") field.showPicker?.();
  });
  document.addEventListener("focusout", (event) => { if (event.target.matches?.("[data-day]")) toWords(event.target); });

  // A ship date moves the delivery date by the days on the way; heard of later, not one that was put there since.
  const arriveAfter = (field, isLate) => {
    const day = field.type === "date" ? field.value : iso(field.value);
    const delivery = field.closest("td").querySelector("[data-day]:not([data-transit])");
    if (!day || (isLate && delivery.value !== delivery.defaultValue)) return;
    const arrives = new Date(`${day}T00:00:00Z`);
    arrives.setUTCDate(arrives.getUTCDate() + Number(field.dataset.transit));
    delivery.value = inWords(arrives.toISOString().slice(0, 10));
  };

  // --- what a button of a line does ---------------------------------------------------------------------------------
  const act = (body, pressed) => {
    clearTimeout(waits.get(body));
    waits.delete(body);
    body.dataset.acting = "1";
    const kindChanged = Object.keys(pressed).length === 0;
    window.htmx.ajax("POST", form().dataset.lineUrl, {
      source: body,
      target: `#${body.id}`,
      swap: "outerHTML",
      values: { ...valuesOf(body), ...(kindChanged ? { reshape: body.dataset.line } : pressed) },
    });
  };

  const openMenu = (button, body) => {
    const menu = document.querySelector("#line-menu").content.firstElementChild.cloneNode(true);
    const summary = menu.querySelector("summary");
    summary.id = button.id;
    summary.setAttribute("aria-label", button.getAttribute("aria-label"));
    for (const each of all("button", menu)) each.value = body.dataset.line;
    button.replaceWith(menu);
    menu.open = true;
    summary.focus();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[form=answer]");
    const body = button && button.closest("tbody[data-line]");
    if (!body) return;
    if (button.name === "more") { event.preventDefault(); openMenu(button, body); return; }
    if (!ACTS.includes(button.name)) return;
    event.preventDefault();
    act(body, { [button.name]: button.value });
  });

  // --- after a line was judged --------------------------------------------------------------------------------------
  const paint = (verdict) => {
    const body = verdict?.closest("tbody[data-line]");
    if (!body) return;
    const ids = (name) => new Set((verdict.dataset[name] ?? "").split(" "));
    const [changed, bad, tone] = [ids("changed"), ids("bad"), verdict.dataset.touched];
    body.className = tone ? `is-touched t-${tone}` : "";
    for (const field of all("[aria-describedby^=verdict-], .q-cell", body)) {
      const isChanged = Boolean(tone) && (changed.has(field.id) || "transit" in field.dataset);
      field.className = [...field.classList].filter((name) => name !== "is-changed" && !name.startsWith("t-")).join(" ");
      if (isChanged) field.classList.add("is-changed", `t-${tone}`);
      if (bad.has(field.id)) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  };
  const count = () => {
    const counts = document.querySelector("#answer-counts")?.dataset;
    if (!counts) return;
    const [waiting, changed] = [Number(counts.waiting), Number(counts.changed)];
    for (const id of ["button-changed", "button-confirm"]) {
      const button = document.getElementById(id);
      if (button) button.hidden = changed === 0 || changed === waiting;
    }
    const discard = document.querySelector("#button-discard");
    if (discard && changed) discard.hidden = false;
  };
  const announce = (verdict) => {
    const body = verdict.closest("tbody[data-line]");
    const words = [...verdict.querySelectorAll("b, div > span, .q-err > span")].map((part) => part.textContent.trim());
    const number = body.querySelector("b")?.textContent;
    window.portal?.announce(`${number}: ${[...new Set(words)].join(". ")}`);
  };
  document.addEventListener("htmx:afterSettle", (event) => {
    const verdict = event.detail.elt?.matches?.("[id^=verdict-]") ? event.detail.elt : null;
    if (verdict?.isConnected) { paint(verdict); announce(verdict); }
    count();
  });

  // A request that waited for the one before it speaks of the page as it is now.
  document.addEventListener("htmx:configRequest", (event) => {
    const part = group(event.detail.elt);
    if (!part || event.detail.path !== form()?.dataset.lineUrl) return;
    if (!event.detail.parameters.restored) {
      for (const [name, value] of Object.entries(markIn(part))) event.detail.formData.set(name, value);
    }
    underway.set(part, unkept()[nameOf(part)]?.at ?? 0);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const part = group(event.detail.requestConfig.elt); // a line that was swapped is heard of from its table
    if (!part) return;
    signedOut = event.detail.xhr.status === 401;
    if (event.detail.successful) arrived(part, underway.get(part));
    else kept.delete(part);
    underway.delete(part);
    delete part.dataset.acting;
    if (wanted && !signedOut && !event.detail.successful) wanted = null;
    if (wanted && !signedOut && !underway.size) {
      const button = wanted;
      wanted = null;
      form().requestSubmit(button);
    }
  });
  // Without a network, the page still holds what was typed: it is tried again when there is one.
  document.addEventListener("htmx:sendError", (event) => {
    const part = group(event.detail.elt);
    if (!part) return;
    kept.delete(part);
    later(part, 5000);
  });

  // Too much at once: it is tried again when the server said.
  document.addEventListener("htmx:responseError", (event) => {
    const part = group(event.detail.requestConfig.elt);
    if (part?.isConnected && event.detail.xhr.status === 429) later(part, 1000 * (Number(event.detail.xhr.getResponseHeader("Retry-After")) || 60));
  });

  // --- sending ------------------------------------------------------------------------------------------------------
  // Only what was typed since the page came is sent; the rest of the draft is on the server already, and the marks say
  // what this page shows of it.
  document.addEventListener("submit", (event) => {
    if (event.target !== form() || event.defaultPrevented) return;
    const dirty = document.querySelector("[data-dirty]");
    if (signedOut && dirty) {
      // Not before somebody has signed in again beside it: a page left now would take along what was typed.
      event.preventDefault();
      wanted = event.submitter;
      keep(dirty);
      return;
    }
    if (underway.size) {
      // The mark of what is being kept is about to come.
      event.preventDefault();
      wanted = event.submitter;
      return;
    }
    waits.forEach((timer) => clearTimeout(timer));
    waits.clear();
    write({});
    for (const body of all("tbody[data-line]:not([data-dirty])")) {
      for (const field of all("input:not([type=checkbox], [name^='mark.']), select", body)) field.disabled = true;
    }
  });
  addEventListener("pageshow", () => all("tbody[data-line] :disabled").forEach((field) => { field.disabled = false; }));
  addEventListener("pagehide", () => {
    // What was typed in the last moment goes along.
    for (const part of new Set([...waits.keys(), ...underway.keys()])) {
      if (part.dataset.acting) continue;
      const data = new FormData();
      Object.entries({ ...valuesOf(part), ...markIn(part) }).forEach(([name, value]) => data.append(name, value));
      data.append("csrfmiddlewaretoken", form().elements.csrfmiddlewaretoken.value);
      navigator.sendBeacon(form().dataset.lineUrl, data);
    }
  });
  if (form()) restore();
})();
