// What a scan means while the network is away, from the parcels that this browser keeps. Pure: it returns the parcel
// as it is then, and leaves the last word to the server. Null where only the server can tell.
import { read } from "./gs1.js";

const LOOK_ALIKES = { O: "0", I: "1", L: "1" };

/** The parcel's code in what was scanned, or "". A slip's code has four letters more. */
export function parcelCode(text) {
  const plain = text.replace(/[\s-]/g, "").toUpperCase();
  const tidy = plain.slice(0, 1) + plain.slice(1).replace(/[OIL]/g, (letter) => LOOK_ALIKES[letter]);
  return /^(P[0-9A-HJKMNP-TV-Z]{11})(?:[0-9A-HJKMNP-TV-Z]{4})?$/.exec(tidy)?.[1] ?? "";
}

/** { outcome, parcel, line, pieces } for the code scanned while `bench` (a kept parcel, or null) is being packed;
 *  `known` is the kept parcel that the code names, if it names one. */
export function judge(bench, known, code) {
  if (known) return opened(bench, known);
  const upper = code.toUpperCase();
  if (upper.startsWith("=") || /^\d+([.,]\d+)?\s*K?G$/.test(upper)) return bench ? asked(bench, upper) : said("no_parcel");
  if (!bench) return parcelCode(code) ? null : said("no_parcel");
  return thing(bench, code);
}

function opened(bench, known) {
  const same = bench?.code === known.code;
  if (bench && !same && bench.stage === "open" && bench.lines.some((line) => line.packed)) return said("wrong_parcel", bench);
  if (known.stage !== "open") return said("repeated", bench);
  if (same && !missing(known)) return said("packed", { ...known, stage: "packed" });
  return said("opened", known);
}

function thing(bench, code) {
  if (bench.stage !== "open") return said("repeated", bench);
  let item = read(code);
  let fits = fitting(bench.lines, item);
  let pieces = item.pieces;
  const many = /^(\d{1,4})\s*[*×]\s*(\S.*)$/.exec(code);
  if (!fits.length && many && +many[1]) {
    item = read(many[2]);
    fits = fitting(bench.lines, item);
    pieces = item.pieces * +many[1];
    if (fits.length && !bench.typed) return said("too_many", bench);
  }
  if (item.misread) return said("unknown", bench);
  if (!fits.length) return parcelCode(code) ? null : said("wrong_item", bench);
  const room = fits.reduce((sum, line) => sum + line.quantity - line.packed, 0);
  if (pieces > room) return said("too_many", bench, { line: fits[0].id });
  const took = {};
  let left = pieces;
  for (const line of fits) {
    const here = Math.min(left, line.quantity - line.packed);
    if (here) took[line.id] = here;
    left -= here;
  }
  return said("right_item", counted(bench, took, 1), { line: +Object.keys(took)[0], pieces, took });
}

function fitting(lines, item) {
  const exact = lines.filter((line) => line.sku === item.text);
  if (exact.length) return exact;
  const byGtin = item.gtin ? lines.filter((line) => line.gtin === item.gtin) : [];
  return byGtin.length ? byGtin : lines.filter((line) => line.sku.toLowerCase() === item.text.toLowerCase());
}

function asked(bench, code) {
  const [, verb, word] = /^=(\w+)(?:\s+(\S+))?/.exec(code) ?? [, "WEIGHT", ""];
  if (bench.stage !== "open") return said("repeated", bench);
  if (verb === "UNDO") {
    const done = bench.done ?? [];
    const at = word ? done.findLastIndex((took) => word in took) : done.length - 1;
    if (at < 0) return null;
    const after = counted(bench, done[at], -1);
    return said("undone", { ...after, done: done.filter((_, n) => n !== at) }, { line: +Object.keys(done[at])[0] });
  }
  if (verb === "DONE") return missing(bench) ? said("not_packed", bench) : said("packed", { ...bench, stage: "packed" });
  return null;
}

function counted(bench, took, sign) {
  const lines = bench.lines.map((line) => ({ ...line, packed: line.packed + sign * (took[line.id] ?? 0) }));
  const done = sign > 0 ? [...(bench.done ?? []), took] : bench.done;
  return { ...bench, lines, done, missing: missing({ lines }) };
}

const missing = (parcel) => parcel.lines.reduce((sum, line) => sum + line.quantity - line.packed, 0);
const said = (outcome, parcel = null, more = {}) => ({ outcome, parcel, ...more });
