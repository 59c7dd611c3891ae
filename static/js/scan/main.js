// The station: every scan is kept in this browser first, judged by the server where it can be reached, else here.
import * as bench from "./bench.js";
import { Camera } from "./camera.js";
import { judge, parcelCode } from "./judge.js";
import * as kept from "./kept.js";
import { follow } from "./papers.js";
import { Queue } from "./queue.js";
import * as screen from "./screen.js";
import { settings, wireSettings } from "./settings.js";
import { play } from "./sound.js";
import { localWords } from "./words.js";

const page = document.querySelector("main");
const { owner, name } = page.dataset;
const form = document.getElementById("scan");
const input = document.getElementById("code");
const modes = [...document.querySelectorAll("[data-mode]")];
const PATIENCE = 900; // then this browser says what it thinks, and the server has the last word
const SIDES = ["station", "pack", "handover"];
const state = { parcel: null, subject: "" };
const waiters = new Map();

const newId = () =>
  crypto.randomUUID?.() ??
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
    (+c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (+c / 4)))).toString(16),
  );
const mode = () => form.elements.mode.value;
const subjectOf = (entry) => (entry.mode === "station" ? state.subject : document.getElementById("manifest")?.value ?? "");

// --- a scan ------------------------------------------------------------------------------------------------
let turn = Promise.resolve();
function scan(code) {
  const moment = new Date().toISOString();
  const entry = { owner, name, code, mode: mode(), subject: null, client_id: newId(), scanned_at: moment, station: settings.name, local: "" };
  turn = turn.then(() => settle(entry)).catch((error) => console.error(error));
}
async function settle(entry) {
  if (entry.mode !== "station") entry.subject = subjectOf(entry);
  entry.n = await kept.addScan(entry);
  if (queue.online && navigator.onLine) {
    const answered = new Promise((resolve) => waiters.set(entry.n, resolve));
    queue.drain();
    const late = await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, PATIENCE, true))]);
    waiters.delete(entry.n);
    if (late !== true) return;
  } else queue.drain();
  await judgeHere(entry);
}
async function judgeHere(entry) {
  entry.subject ??= subjectOf(entry);
  const named = parcelCode(entry.code);
  const known = entry.mode === "station" && named ? await kept.keptParcel(owner, named) : null;
  const verdict = entry.mode === "station" ? judge(state.parcel, known, entry.code) : null;
  entry.local = verdict?.outcome ?? "noted";
  await kept.changeScan(entry);
  const said = localWords(verdict, entry.code);
  screen.show(said);
  play(said.outcome, said.tone, !settings.sound);
  if (entry.mode === "station") {
    if (verdict?.parcel) await keep(verdict.parcel, { line: verdict.line });
    else if (named && !verdict) lay(null, named); // its lines are not known here: the server will check them
    if (verdict?.outcome === "packed") lay(null);
  }
  await tell(trouble);
}

// --- the parcel on the bench -------------------------------------------------------------------------------
function lay(parcel, subject = parcel?.code ?? "", more = {}) {
  Object.assign(state, { parcel, subject });
  localStorage.setItem(`bench:${owner}`, subject);
  bench.render(parcel, more);
}
async function keep(parcel, more = {}) {
  await kept.keepParcels(owner, [parcel]);
  lay(parcel, parcel.code, more);
}

// --- the server's answers ------------------------------------------------------------------------------------
const COUNTS = { packed: [["to_pack", -1], ["to_hand_over", 1], ["done", 1]], handed_over: [["to_hand_over", -1], ["done", 1]], on_manifest: [["done", 1]] };

async function answered(entry, result, left) {
  waiters.get(entry.n)?.();
  if (!result) return;
  const seen = entry.local && (entry.local === result.outcome || result.tone === "good" || result.tone === "idle");
  if (entry.local && !seen) await kept.addNote({ ...result, owner, scanned_at: entry.scanned_at });
  screen.list(result);
  if (!result.resent) for (const [figure, by] of COUNTS[result.outcome] ?? []) screen.bump(figure, by);
  if (!seen || !left) screen.show(result);
  if (!seen) play(result.outcome, result.tone, !settings.sound);
  if (result.print) follow(result.print, settings.open);
  if (result.mode !== "station") return;
  if (result.parcel) await kept.keepParcels(owner, [result.parcel]);
  if (left) return; // more of the backlog follows
  lay(result.subject ? result.parcel : null, result.subject, { line: result.line, more: surroundings(result) });
  if (result.next) scan(result.next);
  if (result.outcome === "stale_slip") offerSlip(result.code);
}
const surroundings = (result) => (result.boxes ? { of: result.of, boxes: result.boxes, gift: result.gift, note: result.note } : {});

function offerSlip(code) {
  const button = screen.make("button", "", "Print a new slip");
  button.type = "button";
  button.addEventListener("click", () => {
    button.remove();
    lay(null, code);
    scan("=PRINT SLIPS");
  });
  document.querySelector("#result .items").replaceChildren(screen.make("li", "", button));
}

// --- what waits ------------------------------------------------------------------------------------------------
let trouble = {};
async function tell(said) {
  trouble = said;
  const [mine, theirs, notes] = await Promise.all([queue.mine(), queue.theirs(), kept.notes(owner)]);
  const why = said.why || (navigator.onLine && queue.online ? "" : "No network. Scanning goes on.");
  screen.waiting(mine, theirs, why, said.signIn);
  screen.notes(notes, async (id) => {
    await kept.dropNote(id);
    await tell(trouble);
    input.focus();
  });
  if (!mine.length && !why) lookAhead();
}
const queue = new Queue({
  owner,
  action: form.action,
  sessionUrl: page.dataset.session,
  before: async (entry) => {
    if (entry.subject !== null) return;
    entry.subject = subjectOf(entry);
    await kept.changeScan(entry);
  },
  answered: async (entry, result, left) => {
    await answered(entry, result, left);
    const [mine, theirs] = await Promise.all([queue.mine(), queue.theirs()]);
    screen.waiting(mine.filter((row) => row.n !== entry.n), theirs, "", false);
  },
  tell,
});

let lookedAt = 0;
/** Keep the parcels that come next, to judge them without a network. */
async function lookAhead() {
  if (Date.now() - lookedAt < 300_000) return;
  lookedAt = Date.now();
  try {
    const answer = await fetch(page.dataset.ahead, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(20_000) });
    if (!answer.ok || (await queue.mine()).length) return;
    const { parcels } = await answer.json();
    await kept.keepParcels(owner, parcels.filter((parcel) => parcel.code !== state.subject));
    await kept.dropOldParcels();
  } catch {
    lookedAt = 0;
  }
}

// --- hands -------------------------------------------------------------------------------------------------------
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const code = (event.submitter?.name === "do" ? event.submitter.value : input.value).trim();
  input.value = "";
  if (code) scan(code);
});
function choose(wanted) {
  form.elements.mode.value = wanted;
  for (const side of SIDES) document.body.classList.toggle(`mode-${side}`, side === wanted);
  for (const link of modes) link.toggleAttribute("aria-current", link.dataset.mode === wanted);
  for (const link of modes) if (link.dataset.mode === wanted) link.setAttribute("aria-current", "true");
}
for (const link of modes) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    choose(link.dataset.mode);
    history.replaceState(null, "", link.href);
    input.focus();
  });
}
bench.wire(scan, { putAside: () => lay(null), label: () => settings.label });
wireSettings(() => input.focus());

// A keyboard-wedge scanner types wherever the cursor is: bring it home, but not from where somebody writes.
const writing = () => document.activeElement?.matches("input:not([type=checkbox]), textarea, select");
document.addEventListener("keydown", (event) => {
  if (!writing() && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) input.focus();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("input, select, textarea, a, summary, label")) input.focus();
});
window.addEventListener("focus", () => writing() || input.focus());

// On a touch screen the keyboard would cover the page each time; it comes when asked for.
const keys = document.getElementById("keys");
if (matchMedia("(pointer: coarse)").matches) {
  input.inputMode = "none";
  keys.hidden = false;
  keys.addEventListener("click", () => {
    input.inputMode = input.inputMode === "none" ? "text" : "none";
    input.blur();
    input.focus();
  });
}

const camera = new Camera(document.querySelector("#camera video"), page.dataset, scan);
const shutter = document.getElementById("shutter");
shutter.hidden = !navigator.mediaDevices?.getUserMedia;
shutter.addEventListener("click", async () => {
  if (camera.on) camera.stop();
  else {
    try {
      await camera.start();
    } catch {
      screen.show({ tone: "warn", icon: "camera", outcome: "noted", title: "No camera", code: "", help: "Allow this page to use the camera, or use the scanner." });
    }
  }
  document.getElementById("camera").hidden = !camera.on;
  shutter.setAttribute("aria-pressed", String(camera.on));
});

window.addEventListener("online", () => {
  queue.online = true;
  queue.drain();
});
window.addEventListener("offline", () => {
  queue.online = false;
  tell({});
});

// --- begin ---------------------------------------------------------------------------------------------------------
choose(new URLSearchParams(location.search).get("mode") ?? mode());
if (!kept.lasting) screen.show({ tone: "warn", icon: "alert", outcome: "noted", title: "Kept only while open", code: "", help: "This browser does not let the page keep scans. Do not close it before all are sent." });
const subject = page.dataset.subject || localStorage.getItem(`bench:${owner}`);
if (subject) lay(await kept.keptParcel(owner, subject), subject);
navigator.serviceWorker?.register(page.dataset.worker, { scope: new URL(form.action).pathname }).catch(() => {});
navigator.storage?.persist?.();
input.focus();
await queue.hello().catch(() => (queue.online = navigator.onLine));
await tell({});
document.documentElement.dataset.ready = "yes";
queue.drain();
