// What this browser keeps: scans that wait to be sent, parcels to judge by without a network, and answers that the
// person must see. IndexedDB, or, where a browser refuses it, the page's own memory for as long as it is open.
const TOO_OLD = 3 * 24 * 3600_000;
const memory = { queue: new Map(), parcels: new Map(), notes: new Map() };
let next = 1;

function open() {
  return new Promise((resolve) => {
    let asked;
    try {
      asked = indexedDB.open("station", 1);
    } catch {
      return resolve(null);
    }
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("queue", { keyPath: "n", autoIncrement: true });
      asked.result.createObjectStore("parcels", { keyPath: "key" });
      asked.result.createObjectStore("notes", { keyPath: "client_id" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = asked.onblocked = () => resolve(null);
  });
}
const db = await open();
export const lasting = db !== null;

function store(name, act, mode = "readonly") {
  return new Promise((resolve, reject) => {
    const work = db.transaction(name, mode, mode === "readwrite" ? { durability: "strict" } : {});
    const request = act(work.objectStore(name));
    work.oncomplete = () => resolve(request?.result);
    work.onerror = work.onabort = () => reject(work.error);
  });
}
const all = (name) => (db ? store(name, (rows) => rows.getAll()) : [...memory[name].values()]);

// --- scans -------------------------------------------------------------------------------------------------
export async function addScan(entry) {
  if (db) return store("queue", (rows) => rows.add(entry), "readwrite");
  const n = next++;
  memory.queue.set(n, { ...entry, n });
  return n;
}
/** Does nothing once the scan is gone: it must not come back. */
export async function changeScan(entry) {
  if (!db) return void (memory.queue.has(entry.n) && memory.queue.set(entry.n, entry));
  const change = (rows) => {
    rows.get(entry.n).onsuccess = ({ target }) => target.result && rows.put(entry);
  };
  return store("queue", change, "readwrite");
}
export const dropScan = (n) => (db ? store("queue", (rows) => rows.delete(n), "readwrite") : memory.queue.delete(n));
/** In the order of the scanning. */
export const scans = async () => (await all("queue")).sort((a, b) => a.n - b.n);

// --- parcels: each person's own, since two people of one device may work for different shops -------------------
const key = (owner, code) => `${owner}:${code}`;
export async function keepParcels(owner, parcels, now = Date.now()) {
  const rows = parcels.map((parcel) => ({ key: key(owner, parcel.code), kept: now, parcel }));
  if (!db) return rows.forEach((row) => memory.parcels.set(row.key, row));
  return store("parcels", (kept) => rows.forEach((row) => kept.put(row)), "readwrite");
}
export async function keptParcel(owner, code) {
  const row = db ? await store("parcels", (rows) => rows.get(key(owner, code))) : memory.parcels.get(key(owner, code));
  return row?.parcel ?? null;
}
export async function dropOldParcels(now = Date.now()) {
  for (const row of await all("parcels")) {
    if (now - row.kept < TOO_OLD) continue;
    if (db) await store("parcels", (rows) => rows.delete(row.key), "readwrite");
    else memory.parcels.delete(row.key);
  }
}

// --- answers to acknowledge ------------------------------------------------------------------------------------
export const addNote = (note) =>
  db ? store("notes", (rows) => rows.put(note), "readwrite") : memory.notes.set(note.client_id, note);
export const dropNote = (id) => (db ? store("notes", (rows) => rows.delete(id), "readwrite") : memory.notes.delete(id));
export const notes = async (owner) => (await all("notes")).filter((note) => note.owner === owner);
