// The parcel on the bench: its lines with what is in, and the buttons. Each button is a scan like any other.
import { icon, make } from "./screen.js";

const box = document.getElementById("bench");
const lines = box.querySelector(".lines");
const weight = document.getElementById("weight");
const boxes = document.getElementById("box");
let shown = null;

/** `scan(code)` is what a pull of the trigger does. */
export function wire(scan, { putAside, label }) {
  lines.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-code]");
    if (button) scan(button.dataset.code);
  });
  box.querySelector(".actions").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    if (button.value === "aside") return putAside();
    if (button.value.startsWith("=DONE")) return done(scan, label);
    return scan(button.value);
  });
  weight.addEventListener("change", () => weigh(scan));
  weight.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    weigh(scan);
    document.getElementById("code").focus();
  });
  boxes.addEventListener("change", () => scan(`=BOX ${boxes.value || 0}`));
}
function weigh(scan) {
  const grams = Number(weight.value.replace(",", "."));
  if (!grams || weight.dataset.sent === weight.value) return false;
  weight.dataset.sent = weight.value;
  scan(`=WEIGHT ${Math.round(grams)} g`);
  return true;
}
function done(scan, label) {
  if (weigh(scan)) return; // its answer may be a warning; a second press closes the parcel
  scan(label() ? "=DONE LABELS" : "=DONE");
}

export function render(parcel, { line = null, more = {} } = {}) {
  const fresh = parcel?.code !== shown?.code;
  box.hidden = !parcel;
  document.body.classList.toggle("packing", Boolean(parcel));
  if (!parcel) return void (shown = null);
  shown = { ...(fresh ? {} : shown), ...more, code: parcel.code };
  const of = shown.of > 1 ? ` of ${shown.of}` : "";
  box.querySelector("h2").textContent = `Order ${parcel.order} · parcel ${parcel.position}${of}`;
  box.querySelector(".left").textContent = parcel.missing ? `${parcel.missing} to go` : "All in";
  box.classList.toggle("whole", !parcel.missing);
  box.querySelector(".note").textContent = [shown.note, shown.gift && `Gift: ${shown.gift}`].filter(Boolean).join(" · ");
  lines.replaceChildren(...parcel.lines.map((row) => lineOf(row, row.id === line, parcel.typed)));
  lines.querySelector(".now")?.scrollIntoView({ block: "nearest" });
  if (fresh) Object.assign(weight, { value: "" }), delete weight.dataset.sent;
  weight.placeholder = parcel.expected_g ? `about ${parcel.expected_g}` : "";
  if (more.boxes || fresh) offerBoxes(shown.boxes ?? []);
  boxes.value = parcel.box ?? "";
}
function lineOf(row, now, typed) {
  const full = row.packed >= row.quantity;
  const item = make("li", [full && "full", now && "now"].filter(Boolean).join(" "));
  const count = make("span", "count", make("b", "", String(row.packed)), ` / ${row.quantity}`);
  const name = Object.assign(make("span", "name", row.name), { dir: "auto" });
  item.append(count, make("div", "", name, make("bdi", "sku", row.sku)));
  if (row.packed) item.append(button("minus", `Take back one ${row.name}`, `=UNDO ${row.id}`));
  if (typed && !full) item.append(button("plus", `One ${row.name} is in`, `1*${row.sku}`));
  if (full) item.append(icon("check"));
  return item;
}
function button(name, label, code) {
  const made = make("button", "", icon(name));
  Object.assign(made, { type: "button" }).dataset.code = code;
  made.setAttribute("aria-label", label);
  return made;
}
function offerBoxes(rows) {
  boxes.closest("label").hidden = !rows.length;
  boxes.replaceChildren(new Option("No box", ""), ...rows.map((row) => new Option(row.name, row.id)));
}
