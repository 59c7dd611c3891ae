// What one sees: the result, the lists of last, waiting and questionable scans. Text goes in as text only.
const panel = document.getElementById("result");
const recent = document.getElementById("recent");
const ICONS = panel.dataset.icons;
const MOST = 12;

export function icon(name) {
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${ICONS}#${name}`);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}
export function make(tag, className, ...inside) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...inside);
  return element;
}
const bdi = (text) => make("bdi", "", text);
const clock = (moment) => new Date(moment).toTimeString().slice(0, 5);

export function show(said) {
  panel.className = `result tone-${said.tone} o-${said.outcome}`;
  panel.querySelector("svg").replaceWith(icon(said.icon));
  panel.querySelector(".title").textContent = said.title;
  const what = panel.querySelector(".what");
  const code = said.code.startsWith("=") ? "" : said.code;
  what.replaceChildren(...(said.order ? ["Order ", bdi(said.order), code && " · "] : []), bdi(code));
  what.hidden = !said.order && !code;
  panel.querySelector(".help").textContent = said.help;
  panel.querySelector(".items").replaceChildren(
    ...(said.items ?? []).map((text) => Object.assign(make("li", "", text), { dir: "auto" })),
  );
}

export function list(said) {
  const code = make("span", "row-code", bdi(said.order || said.code));
  recent.prepend(make("li", `tone-${said.tone}`, icon(said.icon), make("span", "row-title", said.title), code, make("time", "", clock(Date.now()))));
  while (recent.children.length > MOST) recent.lastElementChild.remove();
}

/** Scans that wait here; `theirs` are another person's, who scanned on this device before. */
export function waiting(mine, theirs, why, login) {
  const box = document.getElementById("waiting");
  box.hidden = !mine.length && !theirs.length && !why;
  if (box.hidden) return;
  const words = [];
  if (mine.length) words.push(`${mine.length} waiting to be sent.`);
  if (why) words.push(why);
  for (const [name, count] of Object.entries(Object.groupBy ? Object.groupBy(theirs, (entry) => entry.name) : {})) {
    words.push(`${count.length} of ${name} wait here until ${name} signs in on this device.`);
  }
  box.querySelector(".why").textContent = words.join(" ");
  box.querySelector(".login").hidden = !login;
  const rows = mine.map((entry) => make("li", "", bdi(entry.code), make("time", "", clock(entry.scanned_at))));
  box.querySelector("ol").replaceChildren(...rows);
  box.querySelector("details").hidden = !mine.length;
}

/** Answers that came too late to be seen at the time: each stays until somebody has said that it was seen. */
export function notes(rows, seen) {
  const box = document.getElementById("notes");
  box.hidden = !rows.length;
  box.querySelector("ul").replaceChildren(
    ...rows.map((note) => {
      const button = make("button", "seen", "Seen");
      button.type = "button";
      button.addEventListener("click", () => seen(note.client_id));
      const words = make("div", "", make("strong", "", note.title), make("span", "", note.order ? `Order ${note.order} · ` : "", bdi(note.code)), make("span", "", note.help), make("time", "", `scanned ${clock(note.scanned_at)}`));
      return make("li", `tone-${note.tone}`, icon(note.icon), words, button);
    }),
  );
}

export function bump(name, by) {
  const figure = document.querySelector(`[data-count="${name}"]`);
  const now = Number(figure.textContent);
  if (Number.isFinite(now)) figure.textContent = Math.max(0, now + by);
}
