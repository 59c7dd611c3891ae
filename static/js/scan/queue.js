// Scans leave this browser one by one, in their order, once each: the server knows a scan by its id and answers a
// second sending as it did the first. Only the person who scanned sends; the server checks that too.
import { dropScan, scans } from "./kept.js";

const RETRY = 4000;
const PATIENCE = 15_000;

export class Queue {
  #sending = false;
  #again = false;
  #timer = 0;
  #token = "";

  /** `tell` hears { why, signIn, other }: what keeps scans here. `answered(entry, result)` comes before the next one
   *  is sent; `before(entry)` may still change an entry. */
  constructor({ owner, action, sessionUrl, before, answered, tell }) {
    Object.assign(this, { owner, action, sessionUrl, before, answered, tell, online: navigator.onLine });
  }

  mine = async () => (await scans()).filter((entry) => entry.owner === this.owner);
  theirs = async () => (await scans()).filter((entry) => entry.owner !== this.owner);

  /** Send what waits. One page of a browser at a time. */
  async drain() {
    if (this.#sending) return void (this.#again = true);
    this.#sending = true;
    clearTimeout(this.#timer);
    let trouble = {};
    try {
      const work = async () => (trouble = await this.#work());
      await (navigator.locks ? navigator.locks.request("station-queue", work) : work());
    } finally {
      this.#sending = false;
    }
    this.tell(trouble);
    if (this.#again) {
      this.#again = false;
      return this.drain();
    }
    if ((await this.mine()).length && !trouble.signIn) this.#timer = setTimeout(() => this.drain(), RETRY);
  }

  async #work() {
    for (let [entry] = await this.mine(); entry; [entry] = await this.mine()) {
      await this.before(entry);
      let answer;
      try {
        if (!this.#token && !(await this.hello())) return { why: "This device is signed in as someone else.", signIn: true };
        answer = await this.#send(entry);
        if (answer.status === 403 && (await this.hello())) answer = await this.#send(entry); // the token had changed
      } catch (error) {
        if (error instanceof SignedOut) return { why: "You are signed out. Nothing is lost.", signIn: true };
        this.online = false;
        return { why: "No network. Scanning goes on." };
      }
      this.online = true;
      if (answer.status === 401) return { why: "You are signed out. Nothing is lost.", signIn: true };
      if (answer.status === 409) return { why: "This device is signed in as someone else.", signIn: true };
      if (answer.status === 403) return { why: "You may not scan here. Ask the shop’s owner.", signIn: true };
      if (!answer.ok) return { why: "The server is in trouble. Trying again." };
      const { result } = await answer.json();
      await this.answered(entry, result, (await this.mine()).length - 1);
      await dropScan(entry.n);
    }
    return {};
  }

  /** Ask who is signed in; false when that is somebody else. Throws without a network. */
  async hello() {
    const answer = await this.#fetch(this.sessionUrl, {});
    if (answer.status === 401) throw new SignedOut();
    if (!answer.ok) return false;
    const session = await answer.json();
    this.online = true;
    this.#token = session.user === this.owner ? session.token : "";
    return session.user === this.owner;
  }

  #send(entry) {
    const body = new FormData();
    for (const name of ["code", "mode", "subject", "client_id", "scanned_at", "station", "owner"]) body.set(name, entry[name] ?? "");
    return this.#fetch(this.action, { method: "POST", body, headers: { "X-CSRFToken": this.#token } });
  }

  #fetch(url, options) {
    const headers = { Accept: "application/json", ...options.headers };
    return fetch(url, { ...options, headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  }
}

export class SignedOut extends Error {}
