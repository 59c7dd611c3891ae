"""The carrier's truth about a parcel in 15 words, and the warehouse's stages.

Vendors' own words are mapped to these in `shipping/carriers/`, one table per carrier.
"""

from typing import NamedTuple

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class TrackingStatus(models.TextChoices):
    UNKNOWN = "unknown", _("Unknown")
    PRE_TRANSIT = "pre_transit", _("Label made")
    PICKED_UP = "picked_up", _("Picked up")
    IN_TRANSIT = "in_transit", _("In transit")
    OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
    AVAILABLE_FOR_PICKUP = "available_for_pickup", _("Ready for pick-up")
    ATTEMPT_FAILED = "attempt_failed", _("Delivery attempt failed")
    DELAYED = "delayed", _("Delayed")
    ON_HOLD = "on_hold", _("On hold")
    EXCEPTION = "exception", _("Problem")
    DELIVERED = "delivered", _("Delivered")
    RETURNING = "returning", _("Returning to sender")
    RETURNED = "returned", _("Returned to sender")
    CANCELLED = "cancelled", _("Label cancelled")
    EXPIRED = "expired", _("Tracking ended")


class Wording(NamedTuple):
    """What the public reads: a headline, what it means, what to do, an icon name and a tone. `ask_shop`: the next step is with
    the shop, whose address the page then points to."""

    headline: str | Promise
    meaning: str | Promise
    next_step: str | Promise
    icon: str
    tone: str  # calm, good, warn, bad
    ask_shop: bool = False


S = TrackingStatus
PUBLIC: dict[str, Wording] = {
    S.UNKNOWN: Wording(
        _("Being prepared"),
        _("The shop is getting your parcel ready."),
        _("Nothing to do yet."),
        "box",
        "calm",
    ),
    S.PRE_TRANSIT: Wording(
        _("Packed and waiting for the carrier"),
        _("The label is made; the carrier has not scanned the parcel yet."),
        _("Nothing to do yet."),
        "label",
        "calm",
    ),
    S.PICKED_UP: Wording(
        _("With the carrier"), _("The carrier has the parcel."), _("Nothing to do."), "truck", "calm"
    ),
    S.IN_TRANSIT: Wording(
        _("On its way"), _("The parcel is moving through the network."), _("Nothing to do."), "truck", "calm"
    ),
    S.OUT_FOR_DELIVERY: Wording(
        _("Out for delivery today"),
        _("The driver has your parcel."),
        _("Be ready to take it in."),
        "van",
        "good",
    ),
    S.AVAILABLE_FOR_PICKUP: Wording(
        _("Ready for you to pick up"),
        _("The parcel waits at a pick-up point."),
        _("Bring an ID and collect it; it goes back if nobody comes."),
        "shop",
        "warn",
    ),
    S.ATTEMPT_FAILED: Wording(
        _("Delivery was tried and failed"),
        _("The driver could not hand the parcel over."),
        _("Check that your address is right, and be in for the next try."),
        "door",
        "warn",
        True,
    ),
    S.DELAYED: Wording(
        _("Delayed"),
        _("The carrier says it will be later than planned."),
        _("Nothing to do; the tracking page always shows the newest day."),
        "clock",
        "warn",
    ),
    S.ON_HOLD: Wording(
        _("On hold"),
        _("The carrier or customs has stopped the parcel."),
        _("Contact the shop; papers or a payment may be needed."),
        "pause",
        "warn",
        True,
    ),
    S.EXCEPTION: Wording(
        _("There is a problem with this parcel"),
        _("It may be lost or damaged."),
        _("Contact the shop; they can send another or refund you."),
        "alert",
        "bad",
        True,
    ),
    S.DELIVERED: Wording(
        _("Delivered"),
        _("The parcel has arrived."),
        _("Enjoy. Not there? Contact the shop."),
        "check",
        "good",
        True,
    ),
    S.RETURNING: Wording(
        _("Going back to the shop"),
        _("The carrier is returning the parcel."),
        _("Contact the shop to have it sent again."),
        "back",
        "bad",
        True,
    ),
    S.RETURNED: Wording(
        _("Back at the shop"),
        _("The parcel was returned."),
        _("Contact the shop for a refund or a new try."),
        "back",
        "bad",
        True,
    ),
    S.CANCELLED: Wording(
        _("This label was cancelled"),
        _("The parcel will not travel on it."),
        _("Contact the shop if you expected it."),
        "alert",
        "warn",
        True,
    ),
    S.EXPIRED: Wording(
        _("The carrier has stopped reporting"),
        _("There has been no news for a long time."),
        _("Contact the shop; they will ask the carrier."),
        "alert",
        "bad",
        True,
    ),
}

MOVING = frozenset(
    {
        S.PICKED_UP,
        S.IN_TRANSIT,
        S.OUT_FOR_DELIVERY,
        S.AVAILABLE_FOR_PICKUP,
        S.ATTEMPT_FAILED,
        S.DELAYED,
        S.ON_HOLD,
        S.EXCEPTION,
        S.RETURNING,
    }
)
"""The carrier has the parcel. DELIVERED and RETURNED mean that it had."""

POSSESSED = MOVING | {S.DELIVERED, S.RETURNED}
FINAL = frozenset({S.DELIVERED, S.RETURNED, S.CANCELLED})
TROUBLE = frozenset({S.ATTEMPT_FAILED, S.DELAYED, S.ON_HOLD, S.EXCEPTION, S.RETURNING, S.RETURNED, S.EXPIRED})


class Stage(models.TextChoices):
    """What the warehouse has done with the parcel."""

    OPEN = "open", "To pack"
    PACKED = "packed", "Packed"
    HANDED_OVER = "handed_over", "Handed over"
    VOID = "void", "Cancelled"


class Direction(models.TextChoices):
    OUTBOUND = "outbound", "To the customer"
    INBOUND = "inbound", "From a supplier"
    RETURN = "return", "Back from the customer"


class ScanOutcome(models.TextChoices):
    PACKED = "packed", "Packed"
    HANDED_OVER = "handed_over", "Handed over"
    REPEATED = "repeated", "Already scanned"
    NOT_PACKED = "not_packed", "Not packed yet"
    CANCELLED = "cancelled", "Order cancelled"
    NOT_A_PARCEL = "wrong", "Not a parcel code"
    UNKNOWN = "unknown", "Unknown code"
    OPENED = "opened", "Pack this parcel"
    RIGHT_ITEM = "right_item", "Right item"
    WRONG_ITEM = "wrong_item", "Wrong item"
    TOO_MANY = "too_many", "Too many of this"
    WRONG_PARCEL = "wrong_parcel", "Belongs to another parcel"
    STALE_SLIP = "stale_slip", "Stale slip, reprint"
    NO_PARCEL = "no_parcel", "Scan a slip first"
    UNDONE = "undone", "Taken back"
    PICKED = "picked", "Picked"
    PICKED_ALL = "picked_all", "All of these picked already"
    NOT_ON_LIST = "not_on_list", "Not on this list"
    SHORT = "short", "Short"
    ON_MANIFEST = "on_manifest", "On the manifest"
    OTHER_MANIFEST = "other_manifest", "On another manifest"
    OTHER_CARRIER = "other_carrier", "Another carrier’s parcel"
    CLOSED = "closed", "The manifest is closed"
    CONFLICT = "conflict", "Someone else was faster"


class LateRule(models.TextChoices):
    """What can be wrong with a parcel; the worst first."""

    LOST = "lost", "Lost"
    DAMAGED = "damaged", "Damaged"
    NOT_ARRIVED = "not_arrived", "Delivered, but the customer says it has not arrived"
    RETURNING = "returning", "Going back to the sender"
    PAST_PROMISE = "past_promise", "Past its promise"
    EXCEPTION = "exception", "The carrier reports a problem"
    ADDRESS = "address", "The customer has written about the address"
    ATTEMPT_FAILED = "attempt_failed", "Delivery attempt failed"
    CUSTOMS = "customs", "Stuck in customs"
    ON_HOLD = "on_hold", "On hold"
    NOT_HANDED_OVER = "not_handed_over", "Not handed over in time"
    HANDOVER_GAP = "handover_gap", "Handed over, not accepted by the carrier"
    SILENT = "silent", "No scan for too long"
    LOW_RATING = "low_rating", "The customer is not happy with the delivery"
    SLIPPED = "slipped", "The promise has slipped"
    AT_RISK = "at_risk", "Will probably be late"

    @property
    def brief(self) -> str:
        """For a pill or a column, where the explanation stands beside it."""
        return _BRIEF.get(self, str(self.label))


_BRIEF = {
    LateRule.NOT_ARRIVED: "Customer says not arrived",
    LateRule.EXCEPTION: "Carrier reports a problem",
    LateRule.ADDRESS: "Word about the address",
    LateRule.HANDOVER_GAP: "Not accepted by the carrier",
    LateRule.LOW_RATING: "Low rating",
}


class LateOutcome(models.TextChoices):
    """How a person ended a case; empty while it is open or when it closed by itself."""

    ARRIVED = "arrived", "Arrived"
    RESHIPPED = "reshipped", "Sent again"
    REFUNDED = "refunded", "Refunded"
    CLAIMED = "claimed", "Claim filed"
    FALSE_ALARM = "false_alarm", "False alarm"


class CaseEntryKind(models.TextChoices):
    NOTE = "note", "Note"
    OWNER = "owner", "Owner"
    SNOOZE = "snooze", "Snoozed"
    OUTCOME = "outcome", "Outcome"
    LETTER = "letter", "Letter"
    RESHIP = "reship", "Sent again"
    CLAIM = "claim", "Claim"
    ALARM = "alarm", "Alarm"
    CLOSED = "closed", "Closed by itself"


class ReportKind(models.TextChoices):
    """What a customer tells the shop about a parcel."""

    NOT_ARRIVED = "not_arrived", "It has not arrived"
    ADDRESS_RIGHT = "address_right", "The address is right"
    ADDRESS_WRONG = "address_wrong", "The address is wrong"


class DocumentKind(models.TextChoices):
    SLIPS = "slips", "Packing slips"
    LABELS = "labels", "Labels"
    BOTH = "both", "Slip and label of each parcel"
    PICKS = "picks", "Pick list"
    RETURNS = "returns", "Return slips"
    MANIFEST = "manifest", "Hand-over manifest"


class SortBy(models.TextChoices):
    """In which order a run prints its parcels."""

    CHOSEN = "chosen", "As chosen"
    BIN = "bin", "By bin"
    SKU = "sku", "By SKU"
    CARRIER = "carrier", "By carrier"
    TIME = "time", "Oldest order first"
