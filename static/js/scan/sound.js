// Each outcome has a tune of its own: [pitch in Hz, seconds, wave]. Good ones rise, mistakes are low and rough.
const SINE = "sine", SQUARE = "square", SAW = "sawtooth", SOFT = "triangle";
const TUNES = {
  right_item: [[880, 0.09, SINE]],
  packed: [[659, 0.1, SINE], [880, 0.1, SINE], [1319, 0.18, SINE]],
  handed_over: [[880, 0.1, SINE], [1175, 0.18, SINE]],
  on_manifest: [[880, 0.1, SINE], [1175, 0.18, SINE]],
  picked: [[880, 0.09, SINE]],
  opened: [[523, 0.1, SOFT], [659, 0.1, SOFT]],
  undone: [[659, 0.1, SOFT], [523, 0.1, SOFT]],
  wrong_item: [[220, 0.4, SQUARE], [180, 0.4, SQUARE]],
  too_many: [[300, 0.12, SQUARE], [300, 0.12, SQUARE], [300, 0.12, SQUARE]],
  wrong_parcel: [[420, 0.2, SAW], [210, 0.45, SAW]],
  repeated: [[520, 0.12, SINE], [520, 0.12, SINE]],
  picked_all: [[520, 0.12, SINE], [520, 0.12, SINE]],
  cancelled: [[160, 0.9, SAW]],
  stale_slip: [[392, 0.15, SQUARE], [330, 0.15, SQUARE], [262, 0.3, SQUARE]],
  unknown: [[250, 0.18, SQUARE], [330, 0.18, SQUARE]],
  no_parcel: [[440, 0.25, SOFT], [330, 0.25, SOFT]],
  not_packed: [[330, 0.15, SOFT], [262, 0.3, SOFT]],
  conflict: [[200, 0.2, SAW], [400, 0.2, SAW], [200, 0.2, SAW]],
  noted: [[600, 0.05, SOFT]],
};
const OTHERS = { good: TUNES.right_item, warn: TUNES.repeated, bad: TUNES.wrong_item, idle: TUNES.opened };
let audio;

export function play(outcome, tone, silent) {
  try {
    navigator.vibrate?.(tone === "good" ? 40 : tone === "idle" ? 20 : [120, 60, 120]);
    if (silent) return;
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume();
    let at = audio.currentTime;
    for (const [frequency, length, type] of TUNES[outcome] ?? OTHERS[tone] ?? []) {
      const sound = new OscillatorNode(audio, { frequency, type });
      const volume = new GainNode(audio, { gain: type === SINE || type === SOFT ? 0.2 : 0.1 });
      sound.connect(volume).connect(audio.destination);
      sound.start(at);
      sound.stop(at + length);
      at += length + 0.05;
    }
  } catch {
    // No sound here; colour, icon and words say the same.
  }
}
