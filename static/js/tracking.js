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

  function swap(html) {
    const before = headline();
    const parts = [...live.querySelectorAll("details[id]")].map((part) => [part.id, part.open]);
    live.replaceChildren(document.createRange().createContextualFragment(html));
    for (const [id, open] of parts) document.getElementById(id)?.toggleAttribute("open", open);
    if (headline() !== before) {
      news.textContent = headline();
      document.title = document.title.replace(before, headline());
    }
  }

  async function look() {
    if (document.hidden) return;
    const answer = await fetch(live.dataset.url, { headers: { "If-None-Match": etag }, cache: "no-store" });
    const writing = live.contains(document.activeElement) && document.activeElement.matches("textarea, input");
    if (answer.status === 200 && !writing) {
      etag = answer.headers.get("ETag") ?? etag;
      swap(await answer.text());
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
