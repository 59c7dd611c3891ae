// Keeps the station's page and files, so that it opens without a network. Scans are the page's own business.
"use strict";
const CACHE = `station-${ {{ version|safe }} }`;
const FILES = {{ files|safe }};
const PAGE = {{ page|safe }};
const STATIC = {{ static|safe }};
const PATIENCE = 4000;

self.addEventListener("install", (event) => {
  const fresh = FILES.map((url) => new Request(url, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      await self.clients.claim();
      if (!(await keepPage())) return; // the page kept before needs the files kept with it
      for (const name of await caches.keys()) {
        if (name.startsWith("station-") && name !== CACHE) await caches.delete(name);
      }
    })(),
  );
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && url.pathname === PAGE) event.respondWith(page(request));
  else if (url.pathname.startsWith(STATIC)) event.respondWith(file(request, url));
});

async function file(request, url) {
  return (await caches.match(url.pathname)) ?? fetch(request);
}
async function keepPage() {
  try {
    const answer = await fetch(PAGE, { credentials: "same-origin", redirect: "manual" });
    if (answer.ok) await (await caches.open(CACHE)).put(PAGE, answer);
    return answer.ok;
  } catch {
    return false; // the next opening with a network keeps it
  }
}
/** The server's page where it answers in time: it knows who is signed in. Else the page as it was last. */
async function page(request) {
  const kept = await caches.match(PAGE);
  const asked = fetch(request);
  try {
    const late = new Promise((_, give) => setTimeout(give, PATIENCE));
    const answer = await (kept ? Promise.race([asked, late]) : asked);
    if (answer.ok && answer.type === "basic" && !answer.redirected) {
      await (await caches.open(CACHE)).put(PAGE, answer.clone());
    }
    return answer.status >= 500 && kept ? kept : answer;
  } catch {
    return kept ?? Response.error();
  }
}
