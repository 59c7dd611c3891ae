// What the page says to a scan that only this browser has judged. Titles, tones and icons are the server's own.
const WORDS = JSON.parse(document.getElementById("words").textContent);

const left = (parcel) => parcel?.lines.reduce((sum, line) => sum + line.quantity - line.packed, 0) ?? 0;
const goOn = (parcel) => (left(parcel) ? `${left(parcel)} to go.` : "All is in. Weigh it and press Done, or scan its slip again.");
const HELP = {
  opened: ({ parcel }) => goOn(parcel),
  right_item: ({ parcel, line, pieces }) => `${pieces} × ${parcel.lines.find((row) => row.id === line)?.name}. ${goOn(parcel)}`,
  wrong_item: () => "This does not belong in this parcel. Put it back.",
  too_many: () => "This parcel does not want so many of it. Put it back.",
  wrong_parcel: ({ parcel }) => `That is another parcel. Finish this one first (${left(parcel)} to go).`,
  not_packed: ({ parcel }) => `${left(parcel)} still missing: scan them, or split the parcel.`,
  repeated: () => "Nothing has changed.",
};

export function localWords(verdict, code) {
  if (!verdict) {
    return { outcome: "noted", tone: "idle", icon: "clock", title: "Noted", help: "Will be checked when the network is back.", code, items: [] };
  }
  const word = WORDS[verdict.outcome];
  const help = HELP[verdict.outcome]?.(verdict) ?? word.help;
  return { ...word, help: `${help} Not sent yet.`, outcome: verdict.outcome, code, order: verdict.parcel?.order ?? "", items: [] };
}
