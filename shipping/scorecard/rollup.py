"""Makes figures from the raw rows, whole days at a time. Doing a day twice changes nothing."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from orders.handling import business_hours_after
from orders.models import Merchant
from shipping.lateness.blame import AT_RECIPIENT, Journey, Span, blame
from shipping.lateness.gather import spans_of
from shipping.lateness.rules import deadline
from shipping.models import DailyFigure, ParcelOutcome, Promise, Rating, Shipment, StaleDay
from shipping.promise.lanes import region_of
from shipping.scorecard.figures import COUNTS, MOST_HOURS, Sums
from shipping.status import Direction, Stage, TrackingStatus
from shipping.tracking.stale import ended_on, mark

CHUNK = 1_000
SOON = timedelta(minutes=10)  # the promise is renewed this long after the hand-over at the latest
BAD = frozenset(
    {TrackingStatus.DELAYED, TrackingStatus.ON_HOLD, TrackingStatus.EXCEPTION, TrackingStatus.RETURNING}
)


def refresh(*, limit: int = 400) -> int:
    """Make the figures of days that have changed. Returns how many days were made."""
    done = 0
    for pk in StaleDay.objects.order_by("pk").values_list("pk", flat=True)[:limit]:
        with transaction.atomic():
            row = StaleDay.objects.select_for_update().select_related("merchant").filter(pk=pk).first()
            if row is None:
                continue
            row.delete()  # first: what changes from here on marks the day again
            _make(row.merchant, row.day)
            done += 1
    return done


def rebuild(
    merchant: Merchant, first: date, last: date, *, told: Callable[[date], None] | None = None
) -> int:
    """Make all days from `first` to `last` again. Returns how many."""
    day, done = first, 0
    while day <= last:
        mark(merchant, [day])
        with transaction.atomic():
            list(StaleDay.objects.select_for_update().filter(merchant=merchant, day=day))
            StaleDay.objects.filter(merchant=merchant, day=day).delete()
            _make(merchant, day)
        if told:
            told(day)
        day, done = day + timedelta(days=1), done + 1
    return done


def _make(merchant: Merchant, day: date) -> None:
    ids = _ended(merchant, day)
    ParcelOutcome.objects.filter(merchant=merchant, day=day).delete()
    DailyFigure.objects.filter(merchant=merchant, day=day).delete()
    sums: dict[tuple[str, str, str, str], Sums] = defaultdict(Sums)
    for at in range(0, len(ids), CHUNK):
        rows = list(
            Shipment.objects.filter(pk__in=ids[at : at + CHUNK]).select_related("order__ship_to", "merchant")
        )
        outcomes = outcomes_of(rows, merchant)
        ParcelOutcome.objects.filter(shipment__in=[one.shipment_id for one in outcomes]).delete()
        ParcelOutcome.objects.bulk_create(outcomes, batch_size=500)
        _add(outcomes, sums)
    DailyFigure.objects.bulk_create(
        [_figure(merchant, day, key, one) for key, one in sorted(sums.items())], batch_size=500
    )


def _ended(merchant: Merchant, day: date) -> list[int]:
    start = datetime.combine(day, time(0), tzinfo=merchant.tz)
    end = datetime.combine(day + timedelta(days=1), time(0), tzinfo=merchant.tz)
    returned = Q(tracking_status=TrackingStatus.RETURNED)
    then = Q(delivered_at__gte=start, delivered_at__lt=end) & ~returned
    then |= returned & Q(status_at__gte=start, status_at__lt=end)
    rows = Shipment.objects.for_merchant(merchant).filter(then, direction=Direction.OUTBOUND)
    return list(rows.exclude(stage=Stage.VOID).order_by("pk").values_list("pk", flat=True))


def outcomes_of(rows: Sequence[Shipment], merchant: Merchant) -> list[ParcelOutcome]:
    """Three queries, whatever their number."""
    ends = {row.pk: end for row in rows if (end := _end(row))}
    spans = spans_of(ends, ends)
    promises: dict[int, list[tuple[datetime, date]]] = defaultdict(list)
    told = Promise.objects.filter(shipment__in=ends).order_by("shipment", "pk")
    for pk, made, last in told.values_list("shipment_id", "made_at", "to_day"):
        promises[pk].append((made, last))
    return [
        _outcome(row, merchant, ends[row.pk], spans.get(row.pk, []), promises[row.pk])
        for row in rows
        if row.pk in ends
    ]


def _end(row: Shipment) -> datetime | None:
    return row.status_at if row.tracking_status == TrackingStatus.RETURNED else row.delivered_at


def _outcome(
    row: Shipment,
    merchant: Merchant,
    end: datetime,
    spans: list[Span],
    promises: list[tuple[datetime, date]],
) -> ParcelOutcome:
    returned = row.tracking_status == TrackingStatus.RETURNED
    tried = min((span.start for span in spans if span.status in AT_RECIPIENT), default=end)
    there = min(tried, end).astimezone(ZoneInfo(row.recipient_zone)).date()
    left = row.handed_over_at or row.first_scan_at
    first = promises[0][1] if promises else None
    held = [day for made, day in promises if left and made <= left + SOON]
    due = deadline(first, row.recipient_zone) if first else None
    handed = row.handed_over_at
    journey = Journey(
        deadline=None if returned else due,
        end=end,
        ship_by=row.ship_by,
        handed_over_at=handed,
        first_scan_at=row.first_scan_at,
        acceptance_due=business_hours_after(
            handed, merchant.acceptance_hours, merchant.tz, merchant.holiday_country
        )
        if handed
        else None,
        spans=spans,
        by_supplier=row.by_supplier,
    )
    shares = {part: seconds for part, seconds in blame(journey).items() if seconds}
    to = row.order.ship_to
    statuses = {span.status for span in spans}
    return ParcelOutcome(
        merchant=merchant,
        shipment=row,
        day=ended_on(row, merchant) or end.date(),
        carrier=row.carrier,
        service=row.service,
        lane=region_of(to.country, to.region, to.postal_code)[:24],
        delivered=not returned,
        judged=first is not None,
        on_time=first is not None and not returned and there <= first,
        kept=first is not None and not returned and there <= (held[-1] if held else first),
        first_attempt=not returned and TrackingStatus.ATTEMPT_FAILED not in statuses,
        exception=bool(statuses & BAD),
        returned=returned,
        transit=None if returned or left is None else max(0, int((end - left).total_seconds())),
        late=sum(shares.values()),
        blame=shares,
    )


def _add(outcomes: Sequence[ParcelOutcome], sums: dict[tuple[str, str, str, str], Sums]) -> None:
    ids = [one.shipment_id for one in outcomes]
    scores = dict(Rating.objects.filter(shipment__in=ids).values_list("shipment_id", "score"))
    skus: dict[int, set[str]] = defaultdict(set)
    lines = Shipment.objects.filter(pk__in=ids, lines__isnull=False)
    for pk, sku in lines.values_list("pk", "lines__order_line__sku"):
        skus[pk].add(sku)
    for one in outcomes:
        counts = {"parcels": 1, "late": one.late}
        counts |= {name: int(getattr(one, name)) for name in COUNTS if name not in counts}
        hours = {} if one.transit is None else {str(min(one.transit // 3600, MOST_HOURS)): 1}
        rated = {str(scores[one.shipment_id]): 1} if one.shipment_id in scores else {}
        for sku in ("", *sorted(skus[one.shipment_id])):
            late = rated if one.judged and not one.on_time else {}
            sums[sku, one.carrier, one.service, one.lane].add(counts, one.blame, hours, rated, late)


def _figure(merchant: Merchant, day: date, key: tuple[str, str, str, str], one: Sums) -> DailyFigure:
    sku, carrier, service, lane = key
    return DailyFigure(
        merchant=merchant,
        day=day,
        sku=sku,
        carrier=carrier,
        service=service,
        lane=lane,
        **{name: one.counts[name] for name in COUNTS},
        blame=dict(one.blame),
        hours={str(hour): count for hour, count in one.hours.items()},
        ratings={str(score): count for score, count in one.ratings.items()},
        late_ratings={str(score): count for score, count in one.late_ratings.items()},
    )
