// Keeps an open page up to date. Without this script a page is as old as its last reload.
// It asks for the same page again and puts in place what has changed; a page that can no longer
// ask says so, because old news must not look fresh.
"use strict";

(() => {
  const SECONDS = 5;
  const PATIENCE = 60;
  const TIMEOUT = 10;
  const lost = document.getElementById("lost");
  const news = document.getElementById("news");
  let failures = 0;
  let timer = 0;

  const parts = (page) => [...page.querySelectorAll("[data-part]")];
  const sayings = (page) =>
    new Map([...page.querySelectorAll("[data-say]")].map((one) => [one.dataset.key, one.dataset.say]));

  function put(old, fresh) {
    const open = [...old.querySelectorAll("details[open][id]")].map((one) => one.id);
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    const at = focus ? focus.id || focus.getAttribute("href") : "";
    old.replaceWith(fresh);
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    if (at) {
      const again = [...fresh.querySelectorAll("a, summary, button, [tabindex]")];
      again.find((one) => one.id === at || one.getAttribute("href") === at)?.focus();
    }
  }

  function take(page) {
    const before = sayings(document);
    const known = new Map(parts(document).map((one) => [one.dataset.part, one]));
    const fresh = parts(page);
    if (fresh.length !== known.size || fresh.some((one) => !known.has(one.dataset.part))) {
      put(document.querySelector("main"), document.adoptNode(page.querySelector("main")));
    } else for (const one of fresh) {
      const old = known.get(one.dataset.part);
      if (old.outerHTML !== one.outerHTML) put(old, document.adoptNode(one));
    }
    const told = [...sayings(document)].filter(([key, text]) => before.has(key) && before.get(key) !== text);
    if (told.length) news.textContent = told.slice(0, 3).map(([, text]) => text).join(". ");
    document.title = page.title;
  }

  async function look() {
    clearTimeout(timer);
    try {
      const answer = await fetch(location.href, {
        headers: { Accept: "text/html" },
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT * 1000),
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.querySelector("main[data-page]")) throw new Error("another page");
      take(page);
      failures = 0;
      lost.hidden = true;
      delete document.body.dataset.lost;
    } catch {
      failures += 1;
      if (failures > 1) {
        lost.hidden = false;
        document.body.dataset.lost = "";
      }
    }
    const pause = Math.min(SECONDS * Math.max(failures, 1), PATIENCE);
    if (!document.hidden) timer = setTimeout(look, pause * 1000);
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
  timer = setTimeout(look, SECONDS * 1000);
})();
