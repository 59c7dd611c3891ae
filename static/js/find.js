// The command search as a dialog. Without this script its link opens the same search as a page.
const box = document.getElementById("find");
const input = document.getElementById("find-input");
const list = document.getElementById("find-list");
const said = document.getElementById("find-said");
const slash = document.getElementById("find-slash");
const icons = document.querySelector("#find use").getAttribute("href").split("#")[0];
const recent = []; // what was looked for on this page; kept nowhere else
let timer = 0;
let asking = null;
let chosen = -1;

try {
  slash.checked = localStorage.getItem("find-slash") !== "off";
} catch { /* no storage: the key works */ }
slash.addEventListener("change", () => {
  try { localStorage.setItem("find-slash", slash.checked ? "on" : "off"); } catch { /* for this page only */ }
});

const options = () => [...list.querySelectorAll("[role=option]")];

function choose(index) {
  const all = options();
  chosen = all.length ? (index + all.length) % all.length : -1;
  all.forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
  if (chosen < 0) {
    input.removeAttribute("aria-activedescendant");
    return;
  }
  input.setAttribute("aria-activedescendant", all[chosen].id);
  all[chosen].scrollIntoView({ block: "nearest" });
}

function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}

function optionOf(one, number) {
  const option = made("div", "find-option");
  option.id = `find-option-${number}`;
  option.setAttribute("role", "option");
  option.dataset.url = one.url || "";
  option.dataset.again = one.again || "";
  const words = made("span", "find-words");
  const title = made("strong", "", one.title);
  title.dir = "auto";
  words.append(title);
  if (one.note) words.append(made("small", "", one.note));
  option.append(icon(one.icon), words);
  if (one.state_name) option.append(made("span", `pill pill-${one.state}`, one.state_name));
  return option;
}

function show(groups, nothing) {
  list.replaceChildren();
  let number = 0;
  for (const group of groups) {
    const part = made("div", "find-group");
    const head = made("div", "find-head", group.title);
    head.id = `find-head-${number}`;
    part.setAttribute("role", "group");
    part.setAttribute("aria-labelledby", head.id);
    part.append(head);
    for (const one of group.found) part.append(optionOf(one, number++));
    if (group.more) part.append(optionOf({ title: `All ${group.title.toLowerCase()}`, url: group.more, icon: "list" }, number++));
    list.append(part);
  }
  input.setAttribute("aria-expanded", String(number > 0));
  said.textContent = number ? `${number} found` : nothing;
  said.classList.toggle("visually-hidden", number > 0);
  choose(number ? 0 : -1);
}

function start() {
  show(recent.length ? [{ title: "Looked for before", found: recent.map((term) => ({ title: term, again: term, icon: "clock" })) }] : [],
    "Type the beginning of a number, name, e-mail or SKU.");
}

async function ask() {
  const typed = input.value.trim();
  asking?.abort();
  if (!typed) return start();
  asking = new AbortController();
  try {
    const answer = await fetch(`${box.dataset.answers}?as=json&q=${encodeURIComponent(typed)}`, { signal: asking.signal });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const { groups } = await answer.json();
    if (input.value.trim() === typed) show(groups, `Nothing begins with “${typed}”.`);
  } catch (error) {
    if (error.name !== "AbortError") show([], "The portal did not answer. Press Enter to try as a page.");
  }
}

function remember(term) {
  if (!term) return;
  const before = recent.indexOf(term);
  if (before >= 0) recent.splice(before, 1);
  recent.unshift(term);
  recent.length = Math.min(recent.length, 5);
}

function open(option, aside) {
  if (option.dataset.again) {
    input.value = option.dataset.again;
    ask();
    return;
  }
  remember(input.value.trim());
  if (aside) window.open(option.dataset.url, "_blank", "noopener");
  else window.location.assign(option.dataset.url);
}

function show_dialog() {
  if (box.open) return;
  box.showModal();
  input.select();
  ask();
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, 150);
});
input.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen - 1);
  else if (event.key === "Enter" && chosen >= 0) open(options()[chosen], event.ctrlKey || event.metaKey);
  else return;
  event.preventDefault();
});
list.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) open(option, event.ctrlKey || event.metaKey);
});
box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
box.addEventListener("close", () => { remember(input.value.trim()); asking?.abort(); });
document.getElementById("find-open").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show_dialog();
});
document.addEventListener("keydown", (event) => {
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
  const command = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k";
  const plain = event.key === "/" && slash.checked && !writing && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!command && !plain) return;
  event.preventDefault();
  show_dialog();
});
