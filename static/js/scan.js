// The scanning page with a script: scans go into a queue kept in this browser and leave it once the server has
// answered, so a dead spot in the hall loses nothing. The server answers a resent scan as it did the first time.
"use strict";
(() => {
  const form = document.getElementById("scan");
  const input = document.getElementById("code");
  const panel = document.getElementById("result");
  const waiting = document.getElementById("waiting");
  const recent = document.getElementById("recent");
  const KEY = `scans:${document.querySelector(".who").textContent}`;
  const RETRY = 4000;
  let sending = false;
  let timer = 0;
  let memory = [];

  function load() {
    try {
      return JSON.parse(localStorage.getItem(KEY) ?? "[]");
    } catch {
      return memory;
    }
  }
  function store(queue) {
    memory = queue;
    try {
      localStorage.setItem(KEY, JSON.stringify(queue));
    } catch {
      // Kept for as long as the page is open.
    }
  }
  const newId = () =>
    crypto.randomUUID?.() ??
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
      (+c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (+c / 4)))).toString(16),
    );

  // --- what one sees and hears ---------------------------------------------------------------------------
  const TUNES = { good: [[880, 0.09]], warn: [[520, 0.12], [520, 0.12]], bad: [[220, 0.35], [180, 0.35]] };
  let audio;
  function beep(tone) {
    try {
      audio ??= new AudioContext();
      let at = audio.currentTime;
      for (const [pitch, length] of TUNES[tone] ?? []) {
        const sound = new OscillatorNode(audio, { frequency: pitch, type: tone === "bad" ? "square" : "sine" });
        const volume = new GainNode(audio, { gain: 0.15 });
        sound.connect(volume).connect(audio.destination);
        sound.start(at);
        sound.stop(at + length);
        at += length + 0.06;
      }
      navigator.vibrate?.(tone === "good" ? 40 : [120, 60, 120]);
    } catch {
      // No sound here; colour, icon and words say the same.
    }
  }
  function icon(name) {
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${panel.dataset.icons}#${name}`);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    svg.append(use);
    return svg;
  }
  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.textContent = text;
    return element;
  }
  function show(said) {
    panel.className = `result tone-${said.tone}`;
    panel.querySelector("svg").replaceWith(icon(said.icon));
    panel.querySelector(".title").textContent = said.title;
    panel.querySelector(".what").textContent = [said.order && `Order ${said.order}`, said.code].filter(Boolean).join(" · ");
    panel.querySelector(".help").textContent = said.help;
    panel.querySelector(".items").replaceChildren(
      ...said.items.map((text) => Object.assign(make("li", "", text), { dir: "auto" })),
    );
  }
  function list(said) {
    const row = make("li", `tone-${said.tone}`, "");
    const time = make("time", "", new Date().toTimeString().slice(0, 5));
    row.append(icon(said.icon), make("span", "row-title", said.title), make("span", "row-code", said.order || said.code), time);
    recent.prepend(row);
    while (recent.children.length > 12) recent.lastElementChild.remove();
  }
  function tellWaiting(count, why = "") {
    waiting.hidden = count === 0 && !why;
    waiting.textContent = [count ? `${count} waiting to be sent.` : "", why].filter(Boolean).join(" ");
  }

  // --- the queue -----------------------------------------------------------------------------------------
  async function send(entry) {
    const body = new FormData(form);
    for (const [name, value] of Object.entries(entry)) body.set(name, value);
    const options = { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15_000) };
    return fetch(form.action, options);
  }
  async function drain() {
    if (sending) return;
    sending = true;
    clearTimeout(timer);
    let why = "";
    try {
      for (let queue = load(); queue.length; queue = load()) {
        const answer = await send(queue[0]);
        if (!answer.ok) {
          why = [401, 403].includes(answer.status)
            ? "You are signed out: reload this page and sign in. Nothing is lost."
            : "The server is in trouble; trying again.";
          break;
        }
        const said = await answer.json();
        store(load().filter((entry) => entry.client_id !== queue[0].client_id));
        show(said.result);
        list(said.result);
        beep(said.result.tone);
        for (const [name, value] of Object.entries(said.counts)) {
          document.querySelector(`[data-count="${name}"]`).textContent = value;
        }
        tellWaiting(load().length);
      }
    } catch {
      why = "No connection; scanning goes on.";
    } finally {
      sending = false;
    }
    const left = load().length;
    tellWaiting(left, why);
    if (left) timer = setTimeout(drain, RETRY);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = input.value.trim();
    input.value = "";
    if (!code) return;
    store([...load(), { code, mode: form.elements.mode.value, client_id: newId() }]);
    if (sending || !navigator.onLine) {
      show({ tone: "idle", icon: "clock", title: "Noted", order: "", code, help: "Will be sent shortly.", items: [] });
    }
    tellWaiting(load().length);
    drain();
  });
  for (const link of document.querySelectorAll("[data-mode]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      form.elements.mode.value = link.dataset.mode;
      history.replaceState(null, "", link.href);
      for (const other of document.querySelectorAll("[data-mode]")) other.removeAttribute("aria-current");
      link.setAttribute("aria-current", "true");
      document.title = `Scan · ${link.textContent}`;
      input.focus();
    });
  }
  // A keyboard-wedge scanner types wherever the cursor is; bring it home, but never away from another control in use.
  document.addEventListener("keydown", (event) => {
    const free = document.activeElement === document.body;
    if (free && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) input.focus();
  });
  window.addEventListener("focus", () => input.focus());
  window.addEventListener("online", drain);
  input.focus();
  tellWaiting(load().length);
  drain();
})();
