"""Keeps the late list true: opens, updates and closes cases. Run by beat; safe to run twice at once."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from shipping.lateness.rules import Alarm, Facts, judge
from shipping.models import LateCase, Shipment
from shipping.models.shipment import OPEN
from shipping.status import Direction

CHUNK = 500


def review(*, now: datetime, shipments: list[int] | None = None) -> dict[str, int]:
    """Judge every parcel that may be late and every parcel with an open case (or just `shipments`).

    Returns how many cases were opened, updated and closed.
    """
    done = {"opened": 0, "updated": 0, "closed": 0}
    cursor = 0
    while rows := _candidates(now, cursor, shipments):
        cursor = rows[-1].pk
        cases = {
            case.shipment_id: case
            for case in LateCase.objects.filter(shipment__in=[row.pk for row in rows], closed_at__isnull=True)
        }
        for row in rows:
            if outcome := _settle(row, cases.get(row.pk), judge(facts_of(row), now), now):
                done[outcome] += 1
    return done


def _candidates(now: datetime, after: int, shipments: list[int] | None) -> list[Shipment]:
    suspicious = OPEN & (
        Q(handed_over_at__isnull=True, first_scan_at__isnull=True, ship_by__lt=now)
        | Q(promised_to__lte=now.date())
        | Q(last_event_at__lt=now - timedelta(days=1))
        | Q(handed_over_at__lt=now - timedelta(days=1))
    )
    has_case = Q(pk__in=LateCase.objects.filter(closed_at__isnull=True).values("shipment"))
    rows = Shipment.objects.filter(Q(suspicious, direction=Direction.OUTBOUND) | has_case, pk__gt=after)
    if shipments is not None:
        rows = rows.filter(pk__in=shipments)
    return list(rows.select_related("merchant").order_by("pk")[:CHUNK])


def facts_of(shipment: Shipment) -> Facts:
    return Facts(
        stage=shipment.stage,
        tracking_status=shipment.tracking_status,
        ship_by=shipment.ship_by,
        handed_over_at=shipment.handed_over_at,
        first_scan_at=shipment.first_scan_at,
        last_event_at=shipment.last_event_at,
        status_at=shipment.status_at,
        promised_to=shipment.promised_to,
        recipient_zone=shipment.recipient_zone,
        silent_days=shipment.merchant.silent_days,
        country=shipment.merchant.holiday_country,
    )


def _settle(shipment: Shipment, case: LateCase | None, alarm: Alarm | None, now: datetime) -> str | None:
    if alarm is None:
        if case is None:
            return None
        LateCase.objects.filter(pk=case.pk, closed_at__isnull=True).update(closed_at=now)
        return "closed"
    said = {
        "rule": alarm.rule,
        "since": alarm.since,
        "score": alarm.score,
        "explanation": alarm.explanation[:200],
    }
    if case is not None:
        LateCase.objects.filter(pk=case.pk).update(**said)
        return "updated"
    try:
        with transaction.atomic():
            LateCase.objects.create(
                merchant_id=shipment.merchant_id, shipment=shipment, opened_at=now, **said
            )
    except IntegrityError:
        return None  # another review opened it at the same moment
    return "opened"
