// The same reading of codes as shipping/warehouse/gs1.py, as far as the station needs it without a network.
const GS = "\x1d";
const SEPARATORS = /\^\]|<GS>|\{GS\}|[|\x1d\x1e\x04\u241d]/g;
const GS1_SYMBOLS = new Set(["]C1", "]d2", "]Q3", "]e0", "]J1"]);
const PREDEFINED = { "00": 20, "01": 16, "02": 16, "03": 16, "04": 18, 20: 4, 41: 16 };
for (let ai = 11; ai < 20; ai++) PREDEFINED[ai] = 8;
for (let ai = 31; ai < 37; ai++) PREDEFINED[ai] = 10;
const VALUES = {
  "00": /^\d{18}$/, "01": /^\d{14}$/, "02": /^\d{14}$/, 10: /^[!-z]{1,20}$/, 17: /^\d{6}$/, 21: /^[!-z]{1,20}$/, 37: /^\d{1,8}$/,
};
const CHECKED = ["00", "01", "02"];

export function checkDigitOk(digits) {
  if (!/^\d{2,}$/.test(digits) || !/[1-9]/.test(digits)) return false;
  let total = 0;
  for (let at = digits.length - 2, weight = 3; at >= 0; at--, weight = 4 - weight) total += +digits[at] * weight;
  return (10 - (total % 10)) % 10 === +digits.at(-1);
}

export function read(code) {
  const trimmed = code.trim();
  const symbol = /^\][A-Za-z][0-9A-Za-z]/.exec(trimmed)?.[0] ?? "";
  const typed = trimmed.slice(symbol.length);
  const text = typed.replace(SEPARATORS, GS).replace(/^[\x1d\s]+|[\x1d\s]+$/g, "");
  if (text.startsWith("(")) {
    const found = bracketed(text);
    if (found) return made(text, found);
  }
  const explicit = GS1_SYMBOLS.has(symbol);
  if (explicit || text.includes(GS) || looksRaw(text)) {
    const found = raw(text);
    if (found) return made(text, found);
    if (explicit || typed.includes(GS)) return { text, gtin: "", pieces: 1, misread: true };
  }
  const plain = typed.trim().replaceAll(" ", "");
  const gtin = [8, 12, 13, 14].includes(plain.length) && checkDigitOk(plain) ? plain.padStart(14, "0") : "";
  return { text: typed.trim(), gtin, serial: "", pieces: 1, misread: false };
}

function looksRaw(text) {
  const length = PREDEFINED[text.slice(0, 2)];
  return CHECKED.includes(text.slice(0, 2)) && text.length >= length && checkDigitOk(text.slice(2, length));
}

function bracketed(text) {
  const marks = [...text.matchAll(/\((\d{2,4})\)/g)];
  if (!marks.length || marks[0].index) return null;
  const starts = marks.filter((mark, n) => n === 0 || mark[1] in VALUES || mark[1].length > 2);
  const found = {};
  starts.forEach((mark, n) => {
    const end = starts[n + 1]?.index ?? text.length;
    found[mark[1]] ??= text.slice(mark.index + mark[0].length, end).replace(/^[\x1d ]+|[\x1d ]+$/g, "");
  });
  return Object.keys(found).some((ai) => ai in VALUES) ? found : null;
}

function raw(text) {
  const found = {};
  let rest = text.replace(/^\x1d+/, "");
  while (rest) {
    const ai = rest.slice(0, 2);
    let end = PREDEFINED[ai];
    if (!/^\d\d$/.test(ai) || (end && rest.length < end)) return null;
    end ??= rest.includes(GS) ? rest.indexOf(GS) : rest.length;
    found[ai] ??= rest.slice(2, end);
    rest = rest.slice(end).replace(/^\x1d+/, "");
  }
  return Object.keys(found).some((ai) => ai in VALUES) ? found : null;
}

function made(text, found) {
  const known = Object.entries(found).filter(([ai]) => ai in VALUES);
  const bad = known.some(([ai, value]) => !VALUES[ai].test(value) || (CHECKED.includes(ai) && !checkDigitOk(value)));
  if (bad) return { text, gtin: "", serial: "", pieces: 1, misread: true };
  const pieces = "02" in found ? +(found["37"] ?? 1) : 1;
  return { text: text.replaceAll(GS, " "), gtin: found["01"] ?? found["02"] ?? "", serial: found["21"] ?? "", pieces, misread: false };
}
