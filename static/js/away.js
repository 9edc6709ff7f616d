/* A page that is left alone is put away: what stands on it leaves the document, so that no passer-by reads along, and so
   that nothing stays of a session that has ended (ASVS V14.3.1). It needs no network for that. Where something was typed,
   it is kept in memory for the same person, who finds it again once he or she has shown to be still there; where nothing
   was, nothing is kept and the page is loaded anew. The server locks a session by its own clock (Note [Left alone] in
   suppliers/signin/middleware.py): this is only what is seen of it. Tabs of one browser share what they know, in
   localStorage: when somebody last did something, and who is signed in. Reads:
     body[data-who]        a mark of whose page this is; empty: nobody's
     body[data-idle]       after how many seconds without use it is put away; absent: never
     body[data-here]       who answers whose session the browser holds now
     body[data-sent]       it answers a form that was sent: what was typed stands in it
     template#away         what is shown instead: [data-when=idle|ended], [data-typed], [data-failed], and a link to go on */
"use strict";
(() => {
  const LOOK_EVERY = 15000;
  const { who, idle, here } = document.body.dataset;
  const read = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const write = (name, value) => { try { localStorage.setItem(name, value); } catch { /* not allowed: each tab for itself */ } };
  if (who === undefined) return;
  write("who", who);
  if (!who || !idle) return;

  const template = document.querySelector("#away");
  let used = Date.now();
  let typed = "sent" in document.body.dataset;
  let kept = null; // {page, title}: what was put away
  const isAway = () => Boolean(kept);
  const isIdle = () => Date.now() - Math.max(used, Math.min(Number(read("used")), Date.now())) > idle * 1000;
  const noteUse = () => {
    used = Date.now();
    write("used", used);
  };
  const use = () => {
    if (isAway()) return;
    // A machine that slept looked at no clock: who wakes it may be somebody else.
    if (isIdle()) putAway("idle");
    else if (Date.now() - used > 1000) noteUse();
  };

  const part = (selector) => document.querySelector(`#main ${selector}`);
  const putAway = (why) => {
    if (isAway()) return;
    document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close()); // a camera goes off with its own
    kept = { page: document.createDocumentFragment(), title: document.title };
    kept.page.append(...document.body.childNodes);
    kept.page.querySelectorAll("[type=password]").forEach((field) => { field.value = ""; });
    if (!typed) kept.page.replaceChildren();
    document.body.append(template.content.cloneNode(true));
    document.querySelectorAll("[data-when]").forEach((words) => { words.hidden = words.dataset.when !== why; });
    part("[data-typed]").hidden = !typed;
    const heading = part("h1");
    document.title = heading.textContent;
    heading.tabIndex = -1;
    heading.focus();
    const link = part("a");
    link.href = location.pathname + location.search;
    if (!typed) return;
    let isKnown = false; // whether the question is to be asked, which opens in a tab beside this one
    link.addEventListener("click", async (event) => {
      if (isKnown) return;
      event.preventDefault();
      const whose = await look();
      if (whose === "same") comeBack();
      part("[data-failed]")?.toggleAttribute("hidden", whose !== "");
      isKnown = whose === "nobody";
      if (isKnown) link.click();
      isKnown = false;
    });
    look();
  };

  const comeBack = () => {
    if (!isAway()) return;
    const { page, title } = kept;
    kept = null;
    document.body.replaceChildren(page);
    document.title = title;
    document.querySelector("#main")?.focus();
    noteUse();
    // Out of the document htmx gave up to look for news: with another attribute it takes the part for a new one.
    document.querySelectorAll("[hx-trigger*=every]").forEach((poller) => {
      poller.dataset.again = used;
      window.htmx?.process(poller);
    });
  };

  // Whose session is it now? Nothing here is a use of it. "same", "nobody" (the page is put away then), "other" (and
  // nothing is left of it), or "" where nobody answered as the portal does.
  const look = async () => {
    let answer;
    let said;
    try {
      answer = await fetch(here, { headers: { "HX-Request": "true", "X-By-Itself": "1" }, cache: "no-store", redirect: "manual" });
      said = answer.status === 200 ? await answer.json() : null;
    } catch { // no network, or another's answer
      return "";
    }
    const way = answer.headers.get("HX-Redirect"); // a 401 without it is a proxy's
    if (answer.status === 401 && way) {
      putAway(way.startsWith("/step-up/") ? "idle" : "ended");
      const link = part("a");
      if (typed) Object.assign(link, { href: way, target: "_blank" });
      return "nobody";
    }
    if (!said) return "";
    if (said.who === who) return "same";
    kept = null; // what is here is not theirs, and what was typed neither
    typed = false;
    document.body.replaceChildren();
    try { sessionStorage.clear(); } catch { /* there was none */ }
    location.replace("/");
    return "other";
  };
  const lookOrPutAway = async () => { if (!await look()) putAway("ended"); };

  for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) addEventListener(kind, use, { capture: true, passive: true });
  document.addEventListener("input", (event) => { typed ||= !event.target.matches("[type=search]"); });
  // What is sent without a hand on the page, as from a camera that scans, is use as well.
  document.addEventListener("htmx:configRequest", (event) => { if (!event.detail.headers["X-By-Itself"]) use(); });
  // A session that was ended from elsewhere. Where something is being typed, the page says so and stays as long as its
  // person does.
  document.addEventListener("htmx:beforeOnLoad", (event) => { if (event.detail.xhr.status === 401 && !typed) look(); });
  const lookAtTheClock = () => { if (isIdle()) putAway("idle"); };
  setInterval(lookAtTheClock, LOOK_EVERY);
  // Seen to work in another tab meanwhile, where he or she was asked: else it takes a press.
  const comeBackToThem = async () => { if (isAway() && typed && await look() === "same" && !isIdle()) comeBack(); };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    lookAtTheClock();
    comeBackToThem();
  });
  // Another tab is somebody else's by now, or nobody's, or theirs again.
  addEventListener("storage", (event) => {
    if (event.key === "used") return;
    if (read("who") === who) comeBackToThem();
    else lookOrPutAway();
  });
  // Taken from the browser's memory by "back": perhaps it is nobody's any more.
  addEventListener("pageshow", (event) => { if (event.persisted) lookOrPutAway(); });
  noteUse();
})();
