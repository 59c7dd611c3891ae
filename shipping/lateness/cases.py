"""Keeps the late list true: opens, updates and closes cases. Run by beat; safe to run twice at once."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from shipping.lateness.rules import Alarm, Facts, judge
from shipping.models import CustomerReport, LateCase, Shipment
from shipping.models.shipment import OPEN
from shipping.status import Direction

CHUNK = 500


def review(*, now: datetime, shipments: list[int] | None = None) -> dict[str, int]:
    """Judge every parcel that may be late and every parcel with an open case (or just `shipments`).

    Returns how many cases were opened, updated and closed.
    """
    done = {"opened": 0, "updated": 0, "closed": 0}
    ids = _candidates(now, shipments)
    for at in range(0, len(ids), CHUNK):
        chunk = ids[at : at + CHUNK]
        rows = Shipment.objects.filter(pk__in=chunk).select_related("merchant", "manifest").order_by("pk")
        open_cases = LateCase.objects.filter(shipment__in=chunk, closed_at__isnull=True)
        cases = {case.shipment_id: case for case in open_cases}
        reports = CustomerReport.objects.filter(shipment__in=chunk, settled_at__isnull=True).order_by(
            "created_at"
        )
        told = {report.shipment_id: report for report in reports}
        for row in rows:
            if outcome := _settle(row, cases.get(row.pk), judge(facts_of(row, told.get(row.pk)), now), now):
                done[outcome] += 1
    return done


def _candidates(now: datetime, shipments: list[int] | None) -> list[int]:
    """Each question by itself, so that each is answered from its own partial index."""
    outbound = Shipment.objects.filter(OPEN, direction=Direction.OUTBOUND)
    questions = [
        outbound.filter(handed_over_at__isnull=True, first_scan_at__isnull=True, ship_by__lt=now),
        outbound.filter(handed_over_at__lt=now, first_scan_at__isnull=True),
        outbound.filter(promised_to__lte=now.date()),
        outbound.filter(missed_on__isnull=False),
        outbound.filter(last_event_at__lt=now - timedelta(days=1)),
    ]
    found = {pk for asked in questions for pk in asked.order_by().values_list("pk", flat=True)}
    found.update(LateCase.objects.filter(closed_at__isnull=True).values_list("shipment_id", flat=True))
    found.update(CustomerReport.objects.filter(settled_at__isnull=True).values_list("shipment_id", flat=True))
    return sorted(found if shipments is None else found & set(shipments))


def facts_of(shipment: Shipment, report: CustomerReport | None = None) -> Facts:
    return Facts(
        stage=shipment.stage,
        tracking_status=shipment.tracking_status,
        ship_by=shipment.ship_by,
        handed_over_at=shipment.handed_over_at,
        first_scan_at=shipment.first_scan_at,
        last_event_at=shipment.last_event_at,
        status_at=shipment.status_at,
        promised_to=shipment.missed_on or shipment.promised_to,  # a new promise does not undo a broken one
        recipient_zone=shipment.recipient_zone,
        silent_days=shipment.merchant.silent_days,
        country=shipment.merchant.holiday_country,
        acceptance_hours=shipment.merchant.acceptance_hours,
        zone=shipment.merchant.zone,
        taker=_taker(shipment),
        report=report.kind if report else "",
        reported_at=report.created_at if report else None,
    )


def _taker(shipment: Shipment) -> str:
    manifest = shipment.manifest
    if manifest is None:
        return shipment.carrier
    known = [
        f"M-{manifest.number}",
        f"driver {_brief(manifest.driver)}" if manifest.driver else "",
        f"dock {_brief(manifest.dock)}" if manifest.dock else "",
    ]
    return f"{_brief(manifest.carrier)} ({', '.join(filter(None, known))})"


def _brief(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"


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
