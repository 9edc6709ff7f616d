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
     template#away         what is shown instead: [data-when=idle|ended], [data-typed], and a link to go on */
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
  let used = 0;
  let typed = "sent" in document.body.dataset;
  let kept = null; // {page, title}: what was put away
  const isAway = () => Boolean(kept);
  const use = () => {
    if (isAway() || Date.now() - used < 1000) return;
    used = Date.now();
    write("used", used);
  };
  const isIdle = () => Date.now() - Math.max(used, Math.min(Number(read("used")), Date.now())) > idle * 1000;

  const putAway = (why) => {
    if (isAway()) return;
    kept = { page: document.createDocumentFragment(), title: document.title };
    kept.page.append(...document.body.childNodes);
    kept.page.querySelectorAll("[type=password]").forEach((field) => { field.value = ""; });
    if (!typed) kept.page.replaceChildren();
    document.body.append(template.content.cloneNode(true));
    document.querySelectorAll("[data-when]").forEach((words) => { words.hidden = words.dataset.when !== why; });
    document.querySelector("[data-typed]").hidden = !typed;
    const heading = document.querySelector("h1");
    document.title = heading.textContent;
    heading.tabIndex = -1;
    heading.focus();
    const link = document.querySelector("#main a");
    link.href = location.pathname + location.search;
    if (!typed) return;
    link.addEventListener("click", (event) => {
      if (link.target) return; // to the question, in a tab beside this one
      event.preventDefault(); // the way there is not known yet
      look().then(() => { if (link.target && link.isConnected) link.click(); });
    });
    look();
  };

  const comeBack = () => {
    const { page, title } = kept;
    kept = null;
    document.body.replaceChildren(page);
    document.title = title;
    document.querySelector("#main")?.focus();
    use();
  };

  // Whose session is it now? Nothing here is a use of it.
  const look = async (otherwise = () => {}) => {
    let answer;
    try {
      answer = await fetch(here, { headers: { "HX-Request": "true", "X-By-Itself": "1" }, cache: "no-store", redirect: "manual" });
    } catch { // no network
      otherwise();
      return;
    }
    if (answer.status === 401) {
      putAway("ended");
      const link = document.querySelector("#main a");
      if (typed) Object.assign(link, { href: answer.headers.get("HX-Redirect"), target: "_blank" });
      return;
    }
    if (!answer.ok) return;
    const said = await answer.json();
    if (said.who === who) {
      if (isAway() && typed) comeBack();
    } else { // somebody else: what is here is not theirs, and what was typed neither
      kept = null;
      typed = false;
      document.body.replaceChildren();
      try { sessionStorage.clear(); } catch { /* there was none */ }
      location.replace("/");
    }
  };

  for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) addEventListener(kind, use, { capture: true, passive: true });
  document.addEventListener("input", (event) => { typed ||= !event.target.matches("[type=search]"); });
  const lookAtTheClock = () => { if (isIdle()) putAway("idle"); };
  setInterval(lookAtTheClock, LOOK_EVERY);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    lookAtTheClock();
    if (isAway() && typed) look();
  });
  // Another tab is somebody else's by now, or nobody's.
  addEventListener("storage", (event) => {
    if (event.key === "used" || read("who") === who) return;
    look(() => putAway("ended"));
  });
  // Taken from the browser's memory by "back": perhaps it is nobody's any more.
  addEventListener("pageshow", (event) => { if (event.persisted) look(() => putAway("ended")); });
  use();
})();
