"""What the station's page says to each outcome: a tone, an icon, a title, and what to do next. Pure: the scan and
what is known about it go in, words come out. The page's colours and sounds go by the outcome's own name."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.utils.formats import date_format

from shipping.status import ScanOutcome, Stage

O = ScanOutcome  # noqa: E741


@dataclass(frozen=True)
class Word:
    tone: str  # idle, good, warn, bad
    icon: str
    title: str
    help: str = ""


WORDS: dict[str, Word] = {
    O.PACKED: Word("good", "check", "Packed", "Put it with the parcels for the carrier."),
    O.HANDED_OVER: Word("good", "truck", "Handed over", "It may leave."),
    O.REPEATED: Word("warn", "clock", "Already scanned"),
    O.NOT_PACKED: Word("bad", "box", "Not packed yet", "Scan it under “Pack” first."),
    O.CANCELLED: Word(
        "bad", "cancel", "Cancelled: keep it here", "The order was called off. Do not send it; put it aside."
    ),
    O.NOT_A_PARCEL: Word(
        "warn",
        "label",
        "Not a parcel code",
        "Scan the long bar code on the label or slip, it begins with P.",
    ),
    O.UNKNOWN: Word("bad", "question", "Unknown code", "No parcel of your shop has this code."),
    O.OPENED: Word("idle", "open", "Pack this parcel"),
    O.RIGHT_ITEM: Word("good", "check", "Right item"),
    O.WRONG_ITEM: Word("bad", "cancel", "Wrong item"),
    O.TOO_MANY: Word("bad", "plus", "Too many"),
    O.WRONG_PARCEL: Word("bad", "swap", "Wrong parcel", "Finish the one on the bench first."),
    O.STALE_SLIP: Word(
        "bad",
        "print",
        "Stale slip: print it again",
        "The order has changed since this slip was printed. Print a new one and scan that.",
    ),
    O.NO_PARCEL: Word("warn", "label", "Scan a slip first", "No parcel is on the bench."),
    O.UNDONE: Word("idle", "back", "Taken back", "Take it out of the box."),
    O.PICKED: Word("good", "check", "Picked"),
    O.PICKED_ALL: Word("warn", "plus", "All of these are picked", "Put this one back."),
    O.NOT_ON_LIST: Word("bad", "cancel", "Not on this list", "Put it back."),
    O.SHORT: Word("warn", "alert", "Short", "Noted. The merchant is told."),
    O.ON_MANIFEST: Word("good", "truck", "On the manifest"),
    O.OTHER_MANIFEST: Word("bad", "swap", "On another manifest"),
    O.OTHER_CARRIER: Word("bad", "swap", "Another carrier’s parcel", "Keep it here."),
    O.CLOSED: Word("bad", "lock", "This manifest is closed", "Choose one that is being loaded."),
    O.CONFLICT: Word("bad", "alert", "Someone else was faster"),
}
DID: dict[tuple[str, str], Word] = {
    (O.OPENED, "split"): Word("idle", "split", "Split", "The new slips are being printed."),
    (O.OPENED, "aside"): Word("warn", "split", "Pack what is here"),
    (O.OPENED, "nostock"): Word(
        "warn",
        "alert",
        "Not in stock",
        "By the books none of it is here. Pack what there is, split off the rest.",
    ),
    (O.OPENED, "box"): Word("idle", "box", "Box chosen"),
    (O.OPENED, "weight"): Word("good", "scale", "Weight noted"),
    (O.OPENED, "print"): Word("idle", "print", "Printing"),
    (O.NOT_PACKED, "incomplete"): Word("bad", "box", "Not all in yet"),
    (O.NOT_PACKED, "nothing"): Word("warn", "back", "Nothing to take back", "You have put nothing in here."),
    (O.NOT_PACKED, "empty"): Word(
        "warn", "split", "Nothing is in the box", "Scan what goes in first, then split."
    ),
    (O.NOT_PACKED, "whole"): Word("warn", "split", "All is in", "There is nothing left to split off."),
    (O.NOT_PACKED, "no_weight"): Word("warn", "scale", "No weight", "Type the grams, such as 1250."),
    (O.TOO_MANY, "typed"): Word(
        "bad", "plus", "One at a time", "Your shop does not take typed quantities: scan each piece."
    ),
    (O.REPEATED, "serial"): Word(
        "warn", "clock", "This very piece is in", "Its serial number was scanned before. Nothing has changed."
    ),
    (O.UNKNOWN, "misread"): Word(
        "warn", "question", "Read wrongly", "The code’s check digit is wrong. Scan it once more."
    ),
    (O.UNKNOWN, "thing"): Word(
        "bad", "question", "Unknown code", "No product or parcel of the shop has this code."
    ),
}


@dataclass(frozen=True)
class Facts:
    """What the words are made of."""

    outcome: str
    mode: str
    details: dict[str, Any]
    shown: dict[str, Any]
    stage: str = ""
    by: str = ""
    at: datetime | None = None
    zone: tzinfo | None = None


def word_of(outcome: str, details: dict[str, Any]) -> Word:
    return DID.get((outcome, details.get("did", "")), WORDS[outcome])


def say(facts: Facts) -> Word:
    word, helper = word_of(facts.outcome, facts.details), _HELPERS.get(O(facts.outcome))
    if facts.outcome == O.RIGHT_ITEM and facts.details.get("expired"):
        word = Word("warn", "clock", "Right item, but expired")
    elif facts.details.get("warning"):
        word = Word("warn", "scale", "Check the weight")
    elif facts.outcome == O.REPEATED and facts.stage and not facts.details.get("did"):
        word = Word("warn", "clock", "Already packed" if facts.stage == Stage.PACKED else "Already scanned")
    help_ = helper(facts) if helper else ""
    return Word(word.tone, word.icon, word.title, help_ or word.help)


def _repeated(facts: Facts) -> str:
    if facts.details.get("did"):
        return ""
    done = {Stage.HANDED_OVER: "Handed over", Stage.OPEN: "Scanned"}.get(
        Stage(facts.stage or "open"), "Packed"
    )
    if facts.shown.get("manifest"):
        done = f"Put onto {facts.shown['manifest']}"
    end = "Check what is in your box." if facts.outcome == O.CONFLICT else "Nothing has changed."
    if facts.at is None:
        return f"{done} before. {end}"
    when = date_format(facts.at.astimezone(facts.zone), "j M H:i")
    return f"{done} {when}{f' by {facts.by}' if facts.by else ''}. {end}"


def _opened(facts: Facts) -> str:
    parcel, colleague = facts.shown.get("parcel") or {}, facts.shown.get("colleague")
    did = facts.details.get("did")
    if did in ("box", "weight"):
        return facts.details.get("warning") or facts.details.get("name") or _done_next(parcel)
    if did == "aside":
        return "What is not in stock is put aside in a parcel of its own. A new slip is being printed."
    if did:
        return ""
    said = [f"{parcel.get('missing', 0)} to go." if parcel.get("missing") else _done_next(parcel)]
    if colleague:
        ago = f"{colleague['minutes']} min ago" if colleague["minutes"] else "just now"
        where = f" at {colleague['station']}" if colleague["station"] else ""
        said.append(f"{colleague['name']} put something into this box {ago}{where}.")
    return " ".join(said)


def _done_next(parcel: dict[str, Any]) -> str:
    missing = parcel.get("missing")
    return f"{missing} to go." if missing else "All is in. Weigh it and press Done, or scan its slip again."


def _right(facts: Facts) -> str:
    parcel, pieces = facts.shown.get("parcel") or {}, facts.shown.get("pieces", 1)
    what = f"{pieces} × {facts.shown['item']}. " if facts.shown.get("item") else ""
    if facts.details.get("expired"):
        return f"{what}Its date was {facts.details.get('expiry', '')}. Take it back if it must not be sent."
    return what + _done_next(parcel)


def _wrong_item(facts: Facts) -> str:
    return f"{facts.shown.get('item') or 'This'} does not belong in this parcel. Put it back."


def _too_many(facts: Facts) -> str:
    if facts.details.get("did"):
        return ""
    other = facts.shown.get("other")
    if other:
        return f"Parcel {other['position']} of this order ({other['code']}) still wants it."
    room = facts.shown.get("room")
    wants = f"wants {room} more, not so many. None was counted." if room else "wants no more. Put it back."
    return f"{facts.shown.get('item') or 'This'}: this parcel {wants}"


def _wrong_parcel(facts: Facts) -> str:
    other, parcel = facts.shown.get("other"), facts.shown.get("parcel") or {}
    if not other:
        return ""
    if other["order"] == parcel.get("order") and not facts.shown.get("slip"):
        return f"This belongs in parcel {other['position']} of the same order ({other['code']})."
    missing = parcel.get("missing")
    return f"That is parcel {other['position']} of order {other['order']}. " + (
        f"Finish this one first ({missing} to go), split it or put it aside."
        if missing
        else "Press Done first."
    )


def _not_packed(facts: Facts) -> str:
    if facts.details.get("did") != "incomplete":
        return ""
    return f"{facts.details['missing']} still missing: scan them, or split the parcel."


def _packed(facts: Facts) -> str:
    if facts.shown.get("next"):
        return "The rest of the order comes next, in a box of its own."
    return ""


def _undone(facts: Facts) -> str:
    return f"{facts.shown['item']}: take it out of the box." if facts.shown.get("item") else ""


def _manifest(facts: Facts) -> str:
    if facts.shown.get("other"):
        return f"It is on {facts.shown['other']}."
    if facts.shown.get("carrier"):
        return f"It goes with {facts.shown['carrier']}. Keep it here."
    parcels = facts.shown.get("parcels")
    return f"{parcels} on {facts.shown.get('manifest', 'it')} now." if parcels else ""


_HELPERS = {
    O.REPEATED: _repeated,
    O.CONFLICT: _repeated,
    O.OPENED: _opened,
    O.RIGHT_ITEM: _right,
    O.WRONG_ITEM: _wrong_item,
    O.TOO_MANY: _too_many,
    O.WRONG_PARCEL: _wrong_parcel,
    O.NOT_PACKED: _not_packed,
    O.PACKED: _packed,
    O.UNDONE: _undone,
    O.ON_MANIFEST: _manifest,
    O.OTHER_MANIFEST: _manifest,
    O.OTHER_CARRIER: _manifest,
}
