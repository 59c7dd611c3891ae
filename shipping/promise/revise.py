"""Promises that want another word: of parcels that left on another day than was thought, and of those whose promised day
has passed. Run by beat; safe to run twice at once."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from orders.handling import add_business_days
from orders.lifecycle import lock_order
from shipping.models import Promise, Shipment
from shipping.models.shipment import OPEN
from shipping.promise.estimate import Estimate, Parcel, first_estimate, learned_estimate
from shipping.promise.keep import promise, today
from shipping.promise.lanes import day_of, lead_of, origin_of, region_of
from shipping.promise.learned import curve_for
from shipping.status import Direction, TrackingStatus

S = TrackingStatus
OURS = (Promise.Source.LEARNED, Promise.Source.TABLE)
_WAITS = (S.RETURNING, S.AVAILABLE_FOR_PICKUP, S.EXPIRED)  # no carrier brings these on any day
_LATELY = timedelta(days=2)


def revise(*, now: datetime, limit: int = 2_000) -> int:
    """Returns how many promises changed."""
    ids = [*_passed(now)[:limit], *_just_left(now)[:limit]]
    return sum(revise_one(pk, now=now) for pk in dict.fromkeys(ids))


def _passed(now: datetime) -> list[int]:
    rows = Shipment.objects.filter(OPEN, direction=Direction.OUTBOUND, promised_to__lte=now.date())
    rows = rows.exclude(tracking_status__in=_WAITS).order_by("promised_to")
    return [row.pk for row in rows.only("promised_to", "recipient_zone") if row.promised_to < today(row, now)]  # type: ignore[operator]


def _just_left(now: datetime) -> list[int]:
    last = Promise.objects.filter(shipment=OuterRef("pk")).order_by("-pk")
    rows = Shipment.objects.filter(
        OPEN, direction=Direction.OUTBOUND, handed_over_at__gt=now - _LATELY
    ).annotate(said_at=Subquery(last.values("made_at")[:1]), source=Subquery(last.values("source")[:1]))
    return list(rows.filter(said_at__lt=F("handed_over_at"), source__in=OURS).values_list("pk", flat=True))


@transaction.atomic
def revise_one(shipment_id: int, *, now: datetime) -> bool:
    order_id = Shipment.objects.values_list("order_id", flat=True).get(pk=shipment_id)
    order = lock_order(order_id)
    shipment = (
        Shipment.objects.filter(OPEN, pk=shipment_id).select_related("order__ship_to", "merchant").first()
    )
    if shipment is None:
        return False
    passed = shipment.promised_to is not None and shipment.promised_to < today(shipment, now)
    if passed and shipment.tracking_status not in _WAITS:
        return promise(shipment, _after(shipment, now), order=order, now=now)
    in_force = shipment.promises.last()
    left = shipment.handed_over_at
    if left is None or in_force is None or in_force.source not in OURS or in_force.made_at >= left:
        return False
    return promise(shipment, estimate_of(shipment, leaves_at=left), order=order, now=now)


def estimate_of(shipment: Shipment, *, leaves_at: datetime) -> Estimate:
    """What past parcels say of one that leaves at this moment, else what the service table says."""
    order, to = shipment.order, shipment.order.ship_to
    supplier = (
        shipment.supplier
    )  # what it sends leaves from elsewhere; the shop's own parcels teach nothing of it
    known = None if supplier else curve_for(shipment.merchant_id, parcel_of(shipment, leaves_at))
    zone = ZoneInfo(shipment.recipient_zone)
    if known:
        curve, (half, most) = known
        days = (curve.quantile(half), curve.quantile(most))
        return learned_estimate(
            leaves_at, *days, zone=zone, country=to.country, like=curve.like, carrier=shipment.carrier
        )
    return first_estimate(
        leaves_on=leaves_at.astimezone(shipment.merchant.tz).date(),
        service=shipment.service,
        origin=(supplier.country if supplier else "") or origin_of(shipment.merchant)[:2],
        destination=to.country,
        promised_on=order.promised_on,
        carrier=shipment.carrier,
    )


def parcel_of(shipment: Shipment, leaves_at: datetime) -> Parcel:
    order, to = shipment.order, shipment.order.ship_to
    return Parcel(
        carrier=shipment.carrier.lower(),
        service=shipment.service.lower(),
        origin=origin_of(shipment.merchant),
        destination=region_of(to.country, to.region, to.postal_code),
        handed_over=day_of(leaves_at),
        lead=lead_of(leaves_at, order.promised_on, shipment.recipient_zone) if order.promised_on else None,
    )


def _after(shipment: Shipment, now: datetime) -> Estimate:
    """For a parcel whose promised day has passed: by those that took as long as it already has."""
    zone, to = ZoneInfo(shipment.recipient_zone), shipment.order.ship_to
    day = shipment.promised_to
    missed = f"{day.day} {day:%b} has passed" if day else ""
    left = shipment.handed_over_at or shipment.first_scan_at
    if left is None:
        leaves = max(shipment.ship_by, now)
        again = estimate_of(shipment, leaves_at=leaves)
        if again.from_day > today(shipment, now):
            return again._replace(reason=f"{missed} and it has not left yet; {again.reason}")
    own = left is not None and shipment.supplier_id is None
    known = curve_for(shipment.merchant_id, parcel_of(shipment, left)) if own and left else None
    if known and left:
        curve, (half, most) = known
        age = day_of(now) - day_of(left)
        days = (curve.after(age, half), curve.after(age, most))
        said = learned_estimate(
            left, *days, zone=zone, country=to.country, like=curve.like, carrier=shipment.carrier
        )
        first = max(said.from_day, today(shipment, now))
        return said._replace(
            from_day=first, to_day=max(said.to_day, first), reason=f"{missed}; {said.reason}"
        )
    first = add_business_days(today(shipment, now), 1, to.country)
    return Estimate(
        first, add_business_days(first, 2, to.country), "table", f"{missed}; no news of a day yet"
    )
