"""Claims at carriers: the evidence of a case as a PDF. The row is the request; a worker makes the paper. It goes to the carrier, so
it says nothing of our own alarms, nor whose late days they are."""

import logging
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from shipping.documents.claim import ClaimContext, Table, claim_pages
from shipping.documents.contexts import brand_of
from shipping.lateness.proof import proof_of
from shipping.models import Claim, LateCase, Shipment

log = logging.getLogger(__name__)
MOST = 20


def ask_claim(case: LateCase, *, amount: Decimal, words: str, author: str, now: datetime) -> Claim:
    return Claim.objects.create(
        case=case, amount=amount, words=words.strip(), filed_by=author, created_at=now
    )


def worth(shipment: Shipment) -> Decimal:
    """What was in the parcel, by the order's prices."""
    rows = shipment.lines.values_list("quantity", "order_line__unit_price")
    return sum((quantity * price for quantity, price in rows), Decimal(0))


def make_waiting(*, limit: int = MOST) -> int:
    """Make the papers that are asked for, oldest first. One that cannot be made says so and does not stop the others."""
    waiting = Claim.objects.filter(pdf__isnull=True, error="").order_by("pk")
    made = 0
    for claim in waiting.select_related(
        "case__merchant",
        "case__shipment__order__ship_to",
        "case__shipment__merchant",
        "case__shipment__manifest",
    )[:limit]:
        try:
            changes: dict[str, Any] = {"pdf": pdf_of(claim)}
        except Exception as error:
            log.exception("claim %s could not be made", claim.pk)
            changes = {"error": f"The paper could not be made: {error}"[:200]}
        made += Claim.objects.filter(pk=claim.pk, pdf__isnull=True).update(**changes)
    return made


def pdf_of(claim: Claim) -> bytes:
    from shipping.documents.engine import render_pdf

    context = context_of(claim)
    return render_pdf(claim_pages(context, claim.case.merchant.paper), title=context.title).data


def context_of(claim: Claim) -> ClaimContext:
    case, shipment = claim.case, claim.case.shipment
    order, zone = shipment.order, case.merchant.tz
    facts = [
        *facts_of(shipment),
        ("What is wrong", f"{case.get_rule_display()}: {case.explanation}"),
        ("Amount claimed", f"{claim.amount} {order.currency}"),
    ]
    return ClaimContext(
        brand=brand_of(case.merchant),
        title=f"Claim {shipment.tracking_number or shipment.code}",
        subtitle=f"Claim {claim.pk} of {_at(claim.created_at, zone)}",
        facts=facts,
        words=claim.words,
        tables=[
            _contents(shipment, order.currency),
            _proof(shipment),
            _events(shipment),
            _promises(shipment, zone),
        ],
    )


def facts_of(shipment: Shipment) -> list[tuple[str, str]]:
    """What a carrier needs to look for a parcel; moments in the shop's zone. Nothing of our own judgement of it."""
    order, zone, manifest = shipment.order, shipment.merchant.tz, shipment.manifest
    to = order.ship_to
    place = ", ".join(
        filter(None, (to.line1, to.line2, f"{to.postal_code} {to.city}", to.region, to.country))
    )
    taken = ""
    if manifest is not None:
        driver = f", driver {manifest.driver}" if manifest.driver else ""
        dock = f", dock {manifest.dock}" if manifest.dock else ""
        taken = f", manifest M-{manifest.number}{driver}{dock}"
    known = [
        ("Carrier", f"{shipment.carrier or '–'} {shipment.service}".strip()),
        ("Tracking number", shipment.tracking_number),
        ("Sender", shipment.merchant.name),
        ("Order", f"{order.number}, placed {_at(order.placed_at, zone)}"),
        ("Recipient", f"{to.name}, {place}"),
        ("Weight", f"{shipment.weight_g} g" if shipment.weight_g else ""),
        ("Handed over", f"{_at(shipment.handed_over_at, zone)}{taken}" if shipment.handed_over_at else ""),
        ("First carrier scan", _at(shipment.first_scan_at, zone)),
        ("Status", f"{shipment.get_tracking_status_display()} since {_at(shipment.status_at, zone)}"),
        ("Promised", _days(shipment)),
    ]
    return [(name, value) for name, value in known if value]


def _days(shipment: Shipment) -> str:
    last = shipment.first_promised_to or shipment.promised_to
    return f"by {last.isoformat()}" if last else ""


def contents_of(shipment: Shipment) -> list[str]:
    """Each line of the parcel, and what all of it is worth."""
    lines = [f"{row.quantity} × {row.order_line.name} ({row.order_line.sku})" for row in shipment.lines.all()]
    total = sum((row.quantity * row.order_line.unit_price for row in shipment.lines.all()), Decimal(0))
    return [*lines, f"Value: {total} {shipment.order.currency}"] if lines else []


def _contents(shipment: Shipment, currency: str) -> Table:
    rows = shipment.lines.select_related("order_line")
    return Table(
        "Contents",
        ("Pieces", "Item", "SKU", f"Price, {currency}"),
        (0.1, 0.5, 0.22, 0.18),
        [
            (str(row.quantity), row.order_line.name, row.order_line.sku, str(row.order_line.unit_price))
            for row in rows
        ],
    )


def _proof(shipment: Shipment) -> Table:
    rows = [(one.what, _at(one.at, one.zone), one.by, one.words) for one in proof_of(shipment)]
    none = "Nothing: nobody has scanned it out, and no carrier says that it was delivered."
    return Table("Proof", ("What", "Time", "By", "Words"), (0.22, 0.22, 0.18, 0.38), rows, none=none)


def _events(shipment: Shipment) -> Table:
    told = shipment.events.order_by("occurred_at", "pk")
    return Table(
        "What the carrier said (times as told, with their zone)",
        ("Time", "Status", "Words", "Code", "Place"),
        (0.2, 0.16, 0.34, 0.12, 0.18),
        [
            (
                _at(event.occurred_at, ZoneInfo(event.zone)),
                str(event.get_status_display()),
                event.message,
                event.code,
                event.place,
            )
            for event in told
        ],
        none="Nothing: the carrier has no scan of this parcel.",
    )


def _promises(shipment: Shipment, zone: ZoneInfo) -> Table:
    rows = [
        (_at(one.made_at, zone), f"{one.from_day} – {one.to_day}", one.get_source_display(), one.reason)
        for one in shipment.promises.order_by("pk")
    ]
    return Table("What was promised", ("Said", "Days", "By", "Why"), (0.22, 0.24, 0.16, 0.38), rows)


def _at(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}" if moment else "–"
