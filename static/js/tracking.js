// Asks every 25 seconds whether the page would read differently, and swaps the region when it would.
"use strict";
(() => {
  const live = document.getElementById("live");
  const news = document.getElementById("news");
  const EVERY = 25_000;
  let etag = live.dataset.etag;
  let failures = 0;

  const headline = () => live.querySelector("#headline")?.textContent ?? "";
  const ended = () => Boolean(live.querySelector("[data-final]"));

  // What somebody is writing, or a form they are in, is theirs; the news can wait.
  const FIELDS = "textarea, input:not([type=hidden])";
  const changed = (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  function inUse() {
    const focused = live.contains(document.activeElement) ? document.activeElement : null;
    return Boolean(focused?.closest(`form, ${FIELDS}`)) || [...live.querySelectorAll(FIELDS)].some(changed);
  }

  // Where the keyboard is: an id, or the place among what can be focused in the nearest part that has one.
  const STOPS = "a[href], button, summary";
  function whereFocusIs() {
    const focused = document.activeElement;
    if (focused === live || !live.contains(focused)) return () => {};
    const part = focused.closest("[id]");
    const at = [...part.querySelectorAll(STOPS)].indexOf(focused);
    return () => {
      const there = document.getElementById(part.id);
      const same = part === focused ? there : there?.querySelectorAll(STOPS)[at];
      const to = same ?? document.getElementById("headline");
      if (to?.id === "headline") to.tabIndex = -1;
      to?.focus({ preventScroll: true });
    };
  }

  function swap(html) {
    const before = headline();
    const focusAgain = whereFocusIs();
    const parts = [...live.querySelectorAll("details[id]")].map((part) => [part.id, part.open]);
    live.replaceChildren(document.createRange().createContextualFragment(html));
    for (const [id, open] of parts) document.getElementById(id)?.toggleAttribute("open", open);
    focusAgain();
    if (headline() !== before) {
      news.textContent = headline();
      document.title = document.title.replace(before, headline());
    }
  }

  async function look() {
    if (document.hidden) return;
    const answer = await fetch(live.dataset.url, { headers: { "If-None-Match": etag }, cache: "no-store" });
    if (answer.status === 200 && !inUse()) {
      const html = await answer.text();
      if (inUse()) return; // while it came
      etag = answer.headers.get("ETag") ?? etag;
      swap(html);
    }
    failures = answer.ok || answer.status === 304 ? 0 : failures + 1;
  }

  function again() {
    if (ended()) return;
    // A server in trouble is asked less and less often.
    setTimeout(() => look().catch(() => (failures += 1)).finally(again), EVERY * 2 ** Math.min(failures, 4));
  }

  // What was said once is not said again on the next reload.
  if (location.search.includes("said=")) {
    const here = new URL(location.href);
    here.searchParams.delete("said");
    history.replaceState(null, "", here);
  }
  // A link to something folded up unfolds it.
  document.addEventListener("click", (event) => {
    const to = event.target.closest?.("a[href^='#']")?.hash.slice(1);
    document.getElementById(to)?.closest("details")?.setAttribute("open", "");
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !ended()) look().catch(() => {});
  });
  again();
})();
