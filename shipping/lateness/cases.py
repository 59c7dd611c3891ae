"""Keeps the late list true: opens, updates and closes cases. Run by beat; safe to run twice at once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, Min, Q, Sum

from orders.bulk import update_all
from orders.handling import business_hours_after
from orders.models import Order
from orders.status import OrderStatus
from shipping.lateness import gather
from shipping.lateness.blame import blame
from shipping.lateness.rules import SEVERITY, Alarm, alarms, rank, reasons
from shipping.models import (
    CaseEntry,
    CustomerReport,
    LateCase,
    LatePolicy,
    LearnedTransit,
    Rating,
    Shipment,
)
from shipping.models.shipment import IN_TROUBLE, NOT_DELIVERED, OPEN
from shipping.promise.lanes import region_of
from shipping.status import CaseEntryKind, Direction, LateOutcome, LateRule

CHUNK = 500
RATED_LATELY = ENDED_LATELY = timedelta(days=30)
BOTH_WAYS = Q(direction__in=[Direction.OUTBOUND, Direction.INBOUND])
SETTLED = frozenset(LateOutcome.values) - {LateOutcome.FALSE_ALARM}
CUSTOMERS_WORD = frozenset({LateRule.NOT_ARRIVED, LateRule.ADDRESS, LateRule.LOW_RATING})
SAID = ["rule", "since", "score", "explanation", "also", "blame", "risk", "value", "carrier", "lane", "worsened_at"]  # fmt: skip


def review(*, now: datetime, shipments: list[int] | None = None) -> dict[str, int]:
    """Judge every parcel that may be late and every parcel with an open case (or just `shipments`).

    Returns how many cases were opened, updated and closed.
    """
    done = {"opened": 0, "updated": 0, "closed": 0}
    ids, shops = _candidates(now, shipments), gather.Shops()
    for at in range(0, len(ids), CHUNK):
        _review_chunk(ids[at : at + CHUNK], shops, now, done)
    return done


def _review_chunk(ids: list[int], shops: gather.Shops, now: datetime, done: dict[str, int]) -> None:
    rows = list(
        Shipment.objects.filter(pk__in=ids)
        .select_related("merchant", "manifest", "order__ship_to")
        .order_by("pk")
    )
    cases = {
        case.shipment_id: case for case in LateCase.objects.filter(shipment__in=ids, closed_at__isnull=True)
    }
    settled = _settled(ids)
    facts = gather.facts_of_all(rows, shops)
    wrong = {
        row.pk: found for row in rows if (found := _news(alarms(facts[row.pk], now), settled.get(row.pk, ())))
    }
    alarmed = [row for row in rows if row.pk in wrong]
    ways = gather.journeys(alarmed, facts, now)
    values = _values(alarmed)
    fresh: list[LateCase] = []
    changed: list[LateCase] = []
    log: list[CaseEntry] = []
    for row in alarmed:
        case, found = cases.get(row.pk), wrong[row.pk]
        worse = case is not None and SEVERITY[found[0].rule] > SEVERITY[LateRule(case.rule)]
        case = case or _new_case(row, shops, now)
        value = values.get(row.order.customer_id or 0, Decimal(0))
        _say(case, row, found, value, blame(ways[row.pk]) if row.pk in ways else {})
        (changed if case.pk else fresh).append(case)
        if worse:
            case.worsened_at = now
            said = f"{found[0].rule.label}: {found[0].explanation}"
            log.append(CaseEntry(case=case, kind=CaseEntryKind.ALARM, text=said, at=now))
    over = [case for pk, case in cases.items() if pk not in wrong]
    with transaction.atomic():
        # Another review, or a person, may have been here since the cases were read: what they have said is not said again.
        before = _locked([*changed, *over])
        changed = [case for case in changed if case.pk in before]
        over = [case for case in over if case.pk in before]
        log = [one for one in log if before.get(one.case_id) not in (None, one.case.rule)]
        update_all(changed, SAID)
        woken = [entry.case_id for entry in log]
        LateCase.objects.filter(pk__in=woken, snoozed_until__isnull=False).update(snoozed_until=None)
        _close(over, now)
        CaseEntry.objects.bulk_create(log)
    done["opened"] += sum(_open(case) for case in fresh)
    done["updated"] += len(changed)
    done["closed"] += len(over)


def _candidates(now: datetime, shipments: list[int] | None) -> list[int]:
    """Each question by itself, so that each is answered from its own partial index."""
    watched = Shipment.objects.filter(OPEN, BOTH_WAYS)
    risky = LatePolicy.objects.aggregate(least=Min("risk_from"))["least"]
    questions = [
        watched.filter(handed_over_at__isnull=True, first_scan_at__isnull=True, ship_by__lt=now),
        watched.filter(handed_over_at__lt=now, first_scan_at__isnull=True),
        watched.filter(promised_to__lte=now.date()),
        watched.filter(missed_on__isnull=False),
        watched.filter(promised_to__gt=F("first_promised_to")),
        watched.filter(IN_TROUBLE),
        watched.filter(risk__gte=min(risky or 0.5, 0.5)),
        watched.filter(last_event_at__lt=now - _shortest_silence()),
        Shipment.objects.filter(NOT_DELIVERED, BOTH_WAYS, status_at__gt=now - ENDED_LATELY),
    ]
    found = {pk for asked in questions for pk in asked.order_by().values_list("pk", flat=True)}
    found.update(LateCase.objects.filter(closed_at__isnull=True).values_list("shipment_id", flat=True))
    found.update(CustomerReport.objects.filter(settled_at__isnull=True).values_list("shipment_id", flat=True))
    rated = Rating.objects.filter(changed_at__gt=now - RATED_LATELY, score__lte=4)
    found.update(rated.order_by().values_list("shipment_id", flat=True))
    return sorted(found if shipments is None else found & set(shipments))


def _shortest_silence() -> timedelta:
    """Nobody is silent for too long before this; half of it, since a shop may ask for half of what was learned."""
    rows = LearnedTransit.objects.values_list("silences", flat=True)
    hours = [long for known in rows for _half, _usual, long, _of in known.values()]
    return timedelta(hours=max(3.0, min([24.0, *hours]) / 2))


def _settled(ids: Sequence[int]) -> dict[int, list[tuple[str, str, datetime]]]:
    """What people have ended, by parcel: (outcome, rule, when)."""
    found: dict[int, list[tuple[str, str, datetime]]] = defaultdict(list)
    rows = LateCase.objects.filter(shipment__in=ids, closed_at__isnull=False).exclude(outcome="")
    for shipment_id, outcome, rule, at in rows.values_list("shipment_id", "outcome", "rule", "closed_at"):
        if at:
            found[shipment_id].append((outcome, rule, at))
    return found


def _done_with(alarm: Alarm, ended: Sequence[tuple[str, str, datetime]]) -> bool:
    """A person has ended it for good; or has called it a false alarm, and nothing worse has come up. What the customer has
    said since then is new, whatever was ended before."""
    if alarm.rule in CUSTOMERS_WORD and all(alarm.since > at for _outcome, _rule, at in ended):
        return False
    return any(
        outcome in SETTLED or SEVERITY[alarm.rule] <= SEVERITY[LateRule(rule)] for outcome, rule, _at in ended
    )


def _news(found: list[Alarm], ended: Sequence[tuple[str, str, datetime]]) -> list[Alarm]:
    return [alarm for alarm in found if not _done_with(alarm, ended)]


def _locked(cases: Sequence[LateCase]) -> dict[int, str]:
    """The rule of each that is still open, none of which changes until the transaction ends."""
    rows = LateCase.objects.select_for_update().filter(
        pk__in=[case.pk for case in cases], closed_at__isnull=True
    )
    return dict(rows.order_by("pk").values_list("pk", "rule"))


def _values(rows: Sequence[Shipment]) -> dict[int, Decimal]:
    """What each customer has ordered in all, but for what was cancelled; one query."""
    customers = {row.order.customer_id for row in rows}
    orders = Order.objects.filter(customer__in=customers).exclude(status=OrderStatus.CANCELLED)
    sums = orders.order_by().values_list("customer")
    return dict(sums.annotate(all=Sum("total")))


def _new_case(row: Shipment, shops: gather.Shops, now: datetime) -> LateCase:
    merchant, hours = row.merchant, shops.target_hours(row.merchant)
    due = business_hours_after(now, hours, merchant.tz, merchant.holiday_country) if hours else now
    return LateCase(merchant=merchant, shipment=row, opened_at=now, due_at=due)


def _say(case: LateCase, row: Shipment, found: list[Alarm], value: Decimal, shares: dict[str, int]) -> None:
    worst, to = found[0], row.order.ship_to
    case.rule, case.since, case.explanation = worst.rule, worst.since, worst.explanation[:200]
    case.score = rank(worst, float(value))
    case.also, case.blame, case.risk, case.value = list(reasons(found)), shares, row.risk, value
    case.carrier = row.carrier
    case.lane = region_of(to.country, to.region, to.postal_code)[:24]


def _open(case: LateCase) -> bool:
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError:
        return False  # another review opened it at the same moment
    return True


def _close(over: Sequence[LateCase], now: datetime) -> None:
    """The cause is gone; what people had said of it stays. The cases are locked."""
    LateCase.objects.filter(pk__in=[case.pk for case in over]).update(closed_at=now, snoozed_until=None)
    CaseEntry.objects.bulk_create(
        CaseEntry(case=case, kind=CaseEntryKind.CLOSED, text="Nothing is wrong any more.", at=now)
        for case in over
    )
