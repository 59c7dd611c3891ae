"""Letters about late parcels: to their customers, and to their carriers with all that is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation

from notifications import letters
from notifications.models import Notice
from notifications.own import filled
from orders.days import range_words
from orders.languages import spoken
from orders.models import Merchant
from shipping.lateness import claims
from shipping.lateness.handle import note
from shipping.models import Claim, LateCase
from shipping.status import CaseEntryKind

CUSTOMER = (
    "Your order {order}",
    "Hello {name},\n\nyour parcel from order {order} is taking longer than it should. We have seen it and are asking {carrier}"
    " about it.\n\nYou need not do anything. If you would rather have it sent again or your money back, answer this mail.\n\n"
    "{shop}",
)
CARRIER = (
    "Parcel {number}: please look into it",
    "Dear {carrier} team,\n\nplease look into this parcel and tell us where it is and when it will be delivered.\n\n{facts}\n\n"
    "Events:\n{events}\n\nThank you\n{shop}",
)
MOST_EVENTS = 20


@dataclass(frozen=True)
class Draft:
    """One letter as it would go out. `to` is "" where there is nobody to write to. `others` are late parcels of the same order,
    of which the customer hears in the same letter."""

    case: LateCase
    to: str
    subject: str
    text: str
    others: tuple[LateCase, ...] = ()


def drafts(
    cases: Sequence[LateCase], kind: str, subject: str, body: str, *, addresses: dict[str, str] | None = None
) -> list[Draft]:
    """`addresses` are the carriers' by their names in lower case."""
    found = []
    for case, *others in together(cases, kind):
        order, carrier = case.shipment.order, case.carrier.lower()
        to = order.email if kind == "customer" else (addresses or {}).get(carrier, "")
        values = values_of(case, kind, others)
        found.append(Draft(case, to, filled(subject, values), filled(body, values), tuple(others)))
    return found


def together(cases: Sequence[LateCase], kind: str) -> list[list[LateCase]]:
    """A customer gets one letter an order, a carrier one a parcel, for it looks for each by itself."""
    if kind != "customer":
        return [[case] for case in cases]
    orders: dict[int, list[LateCase]] = {}
    for case in cases:
        orders.setdefault(case.shipment.order_id, []).append(case)
    return list(orders.values())


def values_of(case: LateCase, kind: str, others: Sequence[LateCase] = ()) -> dict[str, str]:
    shipment, order, merchant = case.shipment, case.shipment.order, case.merchant
    with translation.override(spoken(order.locale, merchant.locale) if kind == "customer" else "en"):
        values = {
            "name": order.ship_to.name,
            "order": order.number,
            "shop": merchant.name,
            "carrier": shipment.carrier or "the carrier",
            "number": ", ".join(one.shipment.tracking_number or one.shipment.code for one in (case, *others)),
            "link": f"{settings.BASE_URL}/t/{order.public_key}/",
            "when": _when(case),
        }
    if kind == "carrier":
        values |= {"facts": _facts(case), "events": _events(case)}
    return values


def _when(case: LateCase) -> str:
    first, last = case.shipment.promised_from, case.shipment.promised_to
    return range_words(first, last, first) if first and last else ""


def _facts(case: LateCase) -> str:
    facts = [f"{name}: {value}" for name, value in claims.facts_of(case.shipment)]
    contents = claims.contents_of(case.shipment)
    return "\n".join([*facts, *(["", "Contents:", *contents] if contents else [])])


def _events(case: LateCase) -> str:
    told = sorted(case.shipment.events.all(), key=lambda one: (one.occurred_at, one.pk), reverse=True)
    lines = [
        f"{event.occurred_at.astimezone(ZoneInfo(event.zone)):%Y-%m-%d %H:%M %Z}  {event.get_status_display()}"
        f"  {event.message} {event.place}".rstrip()
        for event in told[:MOST_EVENTS]
    ]
    return "\n".join(lines) or "none"


def addresses_of(merchant: Merchant, carriers: Sequence[str]) -> dict[str, str]:
    """Where each carrier was written to last, by its name in lower case."""
    found = {}
    for carrier in carriers:
        last = Notice.objects.for_merchant(merchant).filter(letter__key__startswith=_key(carrier))
        found[carrier.lower()] = last.order_by("-pk").values_list("recipient", flat=True).first() or ""
    return found


def send(
    drafted: Sequence[Draft], kind: str, *, form: str, author: str, now: datetime, claim: Claim | None = None
) -> int:
    """Through the outbox; the same `form` twice is one letter each. Returns how many were written."""
    sent = 0
    for draft in drafted:
        if not draft.to:
            continue
        case, order = draft.case, draft.case.shipment.order
        head = _key(case.carrier) if kind == "carrier" else "case:"
        files = []
        if claim is not None and claim.case_id == case.pk and claim.pdf:
            files = [(f"claim-{claim.pk}.pdf", "application/pdf", bytes(claim.pdf))]
        letter = letters.post(
            merchant=case.merchant,
            to=draft.to,
            subject=draft.subject,
            text=draft.text,
            about=f"case:{case.pk}",
            key=f"{head}{case.pk}:{form}"[:100],
            now=now,
            order=order if kind == "customer" else None,
            language=order.locale if kind == "customer" else "en",
            author=author,
            attachments=files,
        )
        if letter.created_at == now:
            words = f"To {draft.to}: {draft.subject}\n\n{draft.text}"
            for one in (case, *draft.others):
                note(one.pk, words, author=author, now=now, kind=CaseEntryKind.LETTER)
            sent += 1
    return sent


def _key(carrier: str) -> str:
    return f"carrier:{carrier.lower()[:30]}:"
