"""All that the rules want to know of many parcels, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, Min, TextField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from orders.models import Merchant
from orders.status import OrderStatus
from shipping.lateness.blame import AT_RECIPIENT, CARRIERS_OWN, Journey, Span
from shipping.lateness.facts import AT_THE_DOOR, Facts, acceptance_due, deadline
from shipping.lateness.policy import Policy
from shipping.models import CustomerReport, LatePolicy, LearnedTransit, Rating, Shipment, TrackingEvent
from shipping.promise.silence import ANY, key_of
from shipping.status import TrackingStatus

S = TrackingStatus
_WORDS_MATTER = CARRIERS_OWN | AT_THE_DOOR


class Said(NamedTuple):
    """The carrier's words of one event, by `SAID`."""

    code: str
    message: str
    fine: str = ""

    @property
    def shown(self) -> str:
        return brief((self.message or self.code).strip(), 90)

    @property
    def heard(self) -> str:
        """All of it, for `lateness.heard`."""
        return f"{self.code} {self.fine} {self.message}"


_NOTHING = Value("", output_field=TextField())
_FINE = Coalesce(KT("payload__status_detail"), KT("payload__status"), _NOTHING)
SAID: Any = ("code", "message", Case(When(status__in=sorted(_WORDS_MATTER), then=_FINE), default=_NOTHING))
"""EasyPost and DHL say in the payload what their code does not: the code that is kept is the carrier's own, or the coarse one. It is
taken out where it matters only, since most events are not about any trouble."""


class Shops:
    """Policies and learned silences, asked once for each shop."""

    def __init__(self) -> None:
        self._rows: dict[int, LatePolicy | None] = {}
        self._policies: dict[int, Policy] = {}
        self._silences: dict[int, dict[str, list[float]]] = {}

    def policy(self, merchant: Merchant) -> Policy:
        if merchant.pk not in self._policies:
            self._policies[merchant.pk] = policy_of(merchant, self._row(merchant))
        return self._policies[merchant.pk]

    def target_hours(self, merchant: Merchant) -> int:
        """Business hours in which the shop wants a case handled."""
        row = self._row(merchant)
        return LatePolicy().target_hours if row is None else row.target_hours

    def _row(self, merchant: Merchant) -> LatePolicy | None:
        if merchant.pk not in self._rows:
            self._rows[merchant.pk] = LatePolicy.objects.filter(merchant=merchant).first()
        return self._rows[merchant.pk]

    def remember(self, merchant: Merchant, silences: dict[str, list[float]]) -> None:
        """Use these learned silences instead of today's."""
        self._silences[merchant.pk] = silences

    def silence(self, merchant_id: int, carrier: str, status: str) -> float | None:
        """Hours that 19 of 20 parcels of this carrier (or of any) keep within at this stage."""
        if merchant_id not in self._silences:
            row = LearnedTransit.objects.filter(merchant=merchant_id).values_list("silences", flat=True)
            self._silences[merchant_id] = row.first() or {}
        known = self._silences[merchant_id]
        found = known.get(key_of(carrier, status)) or known.get(key_of(ANY, status))
        return found[2] if found else None


def policy_of(merchant: Merchant, row: LatePolicy | None) -> Policy:
    hours, days = merchant.acceptance_hours, merchant.silent_days
    if row is None:
        return Policy(acceptance_hours=hours, silent_days=days)
    return Policy(
        acceptance_hours=hours,
        silent_days=days,
        handover_grace_hours=row.handover_grace_hours,
        silent_times=row.silent_times,
        promise_grace_days=row.promise_grace_days,
        slipped_days=row.slipped_days,
        risk_from=row.risk_from,
        attempt_hours=row.attempt_hours,
        carrier_word_hours=row.carrier_word_hours,
        customs_days=row.customs_days,
        hold_days=row.hold_days,
        low_rating=row.low_rating,
        off=frozenset(row.off),
    )


def facts_of_all(rows: Sequence[Shipment], shops: Shops) -> dict[int, Facts]:
    """By the parcels' ids. `rows` come with merchant and manifest; four queries for all of them."""
    ids = [row.pk for row in rows]
    open_reports = CustomerReport.objects.filter(shipment__in=ids, settled_at__isnull=True)
    reports = {report.shipment_id: report for report in open_reports.order_by("created_at")}
    ratings = {rating.shipment_id: rating for rating in Rating.objects.filter(shipment__in=ids)}
    troubled = [row.pk for row in rows if row.tracking_status in _WORDS_MATTER]
    said = _last_words(troubled)
    tried = _first_tries(row.pk for row in rows if row.first_scan_at)
    return {
        row.pk: facts_of(
            row,
            shops,
            report=reports.get(row.pk),
            rating=ratings.get(row.pk),
            said=said.get((row.pk, row.tracking_status)),
            tried_at=tried.get(row.pk),
        )
        for row in rows
    }


def facts_of(
    shipment: Shipment,
    shops: Shops,
    *,
    report: CustomerReport | None = None,
    rating: Rating | None = None,
    said: Said | None = None,
    tried_at: datetime | None = None,
) -> Facts:
    merchant = shipment.merchant
    return Facts(
        stage=shipment.stage,
        tracking_status=shipment.tracking_status,
        ship_by=shipment.ship_by,
        handed_over_at=shipment.handed_over_at,
        first_scan_at=shipment.first_scan_at,
        last_event_at=shipment.last_event_at,
        status_at=shipment.status_at,
        promised_to=shipment.missed_on or shipment.promised_to,  # a new promise does not undo a broken one
        first_promised_to=shipment.first_promised_to,
        recipient_zone=shipment.recipient_zone,
        country=merchant.holiday_country,
        zone=merchant.zone,
        taker=_taker(shipment),
        report=report.kind if report else "",
        reported_at=report.created_at if report else None,
        words=said.shown if said else "",
        heard=said.heard if said else "",
        silence_hours=shops.silence(shipment.merchant_id, shipment.carrier, shipment.tracking_status),
        risk=shipment.risk,
        rating=rating.score if rating else None,
        rated_at=rating.changed_at if rating else None,
        by_supplier=shipment.by_supplier,
        tried_at=tried_at,
        shop_says_there=shipment.order.status == OrderStatus.DELIVERED,
        policy=shops.policy(merchant),
    )


def _first_tries(ids: Iterable[int]) -> dict[int, datetime]:
    """When each was first at the recipient's or at a pick-up point."""
    rows = TrackingEvent.objects.filter(shipment__in=list(ids), status__in=AT_RECIPIENT).order_by()
    return dict(rows.values_list("shipment_id").annotate(first=Min("occurred_at")))


def _last_words(ids: Sequence[int]) -> dict[tuple[int, str], Said]:
    """By parcel and status; the newest."""
    if not ids:
        return {}
    rows = TrackingEvent.objects.filter(shipment__in=ids, status__in=_WORDS_MATTER).order_by(
        "occurred_at", "pk"
    )
    return {
        (pk, status): Said(*told) for pk, status, *told in rows.values_list("shipment_id", "status", *SAID)
    }


def journeys(rows: Iterable[Shipment], facts: dict[int, Facts], now: datetime) -> dict[int, Journey]:
    """For the blame of parcels that are past their promise, or were when they came. One query."""
    late = {}
    for row in rows:
        known = facts[row.pk]
        if known.promised_to is None:
            continue
        due, end = deadline(known.promised_to, known.recipient_zone), row.delivered_at or now
        if end > due:
            late[row.pk] = (due, end)
    spans = spans_of(late, {pk: end for pk, (_due, end) in late.items()})
    return {
        pk: Journey(
            deadline=due,
            end=end,
            ship_by=facts[pk].ship_by,
            handed_over_at=facts[pk].handed_over_at,
            first_scan_at=facts[pk].first_scan_at,
            acceptance_due=acceptance_due(facts[pk]),
            spans=spans.get(pk, ()),
            by_supplier=facts[pk].by_supplier,
        )
        for pk, (due, end) in late.items()
    }


def spans_of(ids: Iterable[int], ends: dict[int, datetime]) -> dict[int, list[Span]]:
    """How long each parcel had which status, by its events in the order of time."""
    rows = TrackingEvent.objects.filter(shipment__in=list(ids)).order_by("shipment_id", "occurred_at", "pk")
    told: dict[int, list[Any]] = defaultdict(list)
    for pk, status, at, *said in rows.values_list("shipment_id", "status", "occurred_at", *SAID):
        told[pk].append((status, at, Said(*said)))
    found: dict[int, list[Span]] = {}
    for pk, events in told.items():
        ended = [event[1] for event in events[1:]] + [ends[pk]]
        found[pk] = [
            Span(
                status, at, min(max(end, at), max(ends[pk], at)), said.heard if status in CARRIERS_OWN else ""
            )
            for (status, at, said), end in zip(events, ended, strict=True)
        ]
    return found


def _taker(shipment: Shipment) -> str:
    manifest = shipment.manifest
    if manifest is None:
        return shipment.carrier
    known = [
        f"M-{manifest.number}",
        f"driver {brief(manifest.driver)}" if manifest.driver else "",
        f"dock {brief(manifest.dock)}" if manifest.dock else "",
    ]
    return f"{brief(manifest.carrier)} ({', '.join(filter(None, known))})"


def brief(text: str, most: int = 24) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
