/* The brand's preview beside its fields, and what orders/brand.py will say of the colour on save. */
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const preview = document.querySelector(".brand-preview");
  const field = (name) => document.getElementById("id_" + name);
  if (!preview || !field("colour")) return;
  const LIGHT = "#f4f5f7", DARK = "#22262d", AA = 4.5, AIM = 4.6;
  const said = document.querySelector(".brand-said");

  const parts = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const luminance = (colour) => {
    const [red, green, blue] = parts(colour).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const textOn = (colour) => (contrast("#ffffff", colour) >= contrast("#000000", colour) ? "#ffffff" : "#000000");
  // As Python rounds: a half goes to the even number.
  const round = (number) => {
    const low = Math.floor(number);
    if (number - low !== 0.5) return Math.round(number);
    return low % 2 ? low + 1 : low;
  };
  const mix = (colour, other, share) => {
    const to = parts(other);
    return "#" + parts(colour).map((part, at) => round(part + (to[at] - part) * share).toString(16).padStart(2, "0")).join("");
  };
  const readable = (colour, surface) => {
    const towards = textOn(surface);
    for (let step = 0; step <= 20; step++) {
      const moved = mix(colour, towards, step / 20);
      if (contrast(moved, surface) >= AIM) return moved;
    }
    return towards;
  };
  const ratio = (number) => (Math.trunc(number * 10) / 10).toFixed(1) + ":1";
  const explained = (colour) => {
    const word = textOn(colour) === "#ffffff" ? "white" : "black";
    const lines = [
      `White text on this colour has ${ratio(contrast("#ffffff", colour))}, black text ${ratio(contrast("#000000", colour))}; ` +
        `WCAG AA wants ${AA}:1. The page will use ${word} text on it.`,
    ];
    for (const [name, surface] of [["light", LIGHT], ["dark", DARK]]) {
      const moved = readable(colour, surface);
      if (moved !== colour) {
        lines.push(`As words on the ${name} page it has ${ratio(contrast(colour, surface))}; the page will use ${moved} there.`);
      }
    }
    return lines;
  };

  const tell = (lines) => {
    said.replaceChildren(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
  };
  const paint = () => {
    const colour = field("colour").value.trim().toLowerCase();
    if (!/^#[0-9a-f]{6}$/.test(colour)) {
      tell(["Write the colour as # and six hex digits, like #1f6feb."]);
      return;
    }
    preview.style.setProperty("--brand", colour);
    preview.style.setProperty("--on-brand", textOn(colour));
    preview.style.setProperty("--brand-words-light", readable(colour, LIGHT));
    preview.style.setProperty("--brand-words-dark", readable(colour, DARK));
    tell(explained(colour));
  };
  const write = (name, part) => {
    const text = field(name) ? field(name).value.trim() : "";
    for (const place of preview.querySelectorAll(`[data-shows="${part}"]`)) {
      place.textContent = text;
      place.hidden = !text;
    }
  };
  const words = () => {
    write("name", "name");
    write("footer", "footer");
    for (const name of ["support_email", "support_phone", "support_url"]) write(name, name);
    const first = (field("name") ? field("name").value.trim() : "").slice(0, 1).toUpperCase();
    for (const place of preview.querySelectorAll(".brand-monogram")) place.textContent = first;
  };
  const showLogo = (source) => {
    for (const head of preview.querySelectorAll(".brand-head")) {
      const image = head.querySelector("img");
      if (source) image.src = source;
      image.hidden = !source;
      head.querySelector(".brand-saved-logo")?.toggleAttribute("hidden", Boolean(source));
      head.querySelector(".brand-monogram")?.toggleAttribute("hidden", Boolean(source));
    }
  };

  field("colour").form.addEventListener("input", () => { paint(); words(); });
  field("logo")?.addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (!file) { showLogo(""); return; }
    const reader = new FileReader();
    reader.addEventListener("load", () => showLogo(reader.result));
    reader.readAsDataURL(file);
  });
  paint();
  words();
});
