"""Everything the public tracking page shows, gathered once: six queries whatever the number of parcels."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils.safestring import SafeString

from orders.models import Location, Order, OrderEvent, OrderLine
from orders.status import OrderStatus
from shipping.models import LearnedTransit, Shipment, ShipmentLine, TrackingEvent
from shipping.promise.audit import key_of
from shipping.promise.silence import expected
from shipping.route.draw import svg
from shipping.route.journey import journey
from shipping.route.route import Town
from shipping.route.stops import Route
from shipping.status import FINAL, TROUBLE, Direction, Stage, TrackingStatus, Wording
from shipping.tracking.legs import legs, without_corrected
from tracker import tracking_words as words
from tracker.tracking_shapes import Day, Item, Parcel, ScanRow, TrackingPage
from tracker.tracking_words import Step

S = TrackingStatus
MAX_MAPS = 8  # an order of more parcels says the others' routes in words
MAX_SCANS = 400  # of all parcels together; nobody reads further back


def find_order(public_key: str) -> Order | None:
    if "\x00" in public_key:  # PostgreSQL refuses the question itself
        return None
    senders = Location.objects.filter(merchant=OuterRef("merchant"), kind=Location.Kind.SENDER).order_by("pk")
    town = senders.values(town=JSONObject(city="city", region="region", country="country"))
    rows = Order.objects.select_related("merchant__learned_transit", "ship_to").annotate(
        sent_from=Subquery(town[:1])
    )
    return rows.defer("merchant__learned_transit__data").filter(public_key=public_key).first()


def build(order: Order, *, now: datetime) -> TrackingPage:
    facts = _Facts(order, now)
    sent = [facts.parcel(row) for row in facts.outbound]
    back = [facts.parcel(row) for row in facts.returning]
    says = _headline(order, facts, sent)
    when, late = _when(order, facts, sent)
    arrived = sum(parcel.status == S.DELIVERED for parcel in sent)
    all_there = bool(sent) and arrived == len(sent)
    if all_there and len(sent) > 1 and says.headline == "Delivered":
        says = says._replace(headline=f"All {len(sent)} parcels delivered", meaning="Everything has arrived.")
    ended = order.status in (OrderStatus.CANCELLED, OrderStatus.RETURNED)
    return TrackingPage(
        merchant=order.merchant,
        number=order.number,
        placed=words.day_words(order.placed_at.astimezone(facts.zone).date(), facts.today),
        going_to=", ".join(part for part in (order.ship_to.city, order.ship_to.country) if part),
        says=says,
        when=when,
        late=late,
        summary=f"{arrived} of {len(sent)} parcels arrived" if len(sent) > 1 and not all_there else "",
        steps=_order_steps(order, sent),
        parcels=tuple(sent),
        returns=tuple(back),
        unsent=facts.unsent() if not ended or not sent else (),
        record=_record(order, facts.outbound) if when.startswith(("Expected", "Now expected")) else "",
        final=ended or (bool(sent) and all(parcel.status in FINAL for parcel in sent + back)),
    )


class _Facts:
    """The rows of one order, read once."""

    def __init__(self, order: Order, now: datetime) -> None:
        self.order = order
        parcels = list(
            Shipment.objects.filter(order=order)
            .exclude(direction=Direction.INBOUND)
            .order_by("direction", "position")
        )
        self.returning = [
            row for row in parcels if row.direction == Direction.RETURN and row.stage != Stage.VOID
        ]
        outbound = [row for row in parcels if row.direction == Direction.OUTBOUND]
        self.outbound = [row for row in outbound if row.stage != Stage.VOID]
        self.zone: ZoneInfo = words.zone(outbound[0].recipient_zone if outbound else order.merchant.zone)
        self.now, self.today = now, now.astimezone(self.zone).date()
        self.lines: list[OrderLine] = list(order.lines.all())
        self.held: dict[int, list[ShipmentLine]] = defaultdict(list)
        for line in ShipmentLine.objects.filter(shipment__order=order).order_by("order_line__position"):
            self.held[line.shipment_id].append(line)
        self.events: dict[int, list[TrackingEvent]] = defaultdict(list)
        newest = TrackingEvent.objects.filter(shipment__order=order).defer("payload")
        for event in newest.order_by("-occurred_at", "-pk")[:MAX_SCANS]:
            self.events[event.shipment_id].append(event)
        self.learned = _learned(order)
        moves = OrderEvent.objects.filter(order=order, kind=OrderEvent.Kind.STATUS).order_by(
            "occurred_at", "pk"
        )
        self.moved_at = {event.new: event.occurred_at for event in moves}
        address = order.ship_to
        self.secrets = [
            order.email,
            str(order.phone),
            address.name,
            address.company,
            address.line1,
            address.line2,
        ]
        self.secrets += sorted(
            (part for part in address.name.split() if len(part) > 3), key=len, reverse=True
        )

    def parcel(self, row: Shipment) -> Parcel:
        zone = words.zone(row.recipient_zone)
        status = _status(row)
        when, late = _parcel_when(row, status, zone, self.now)
        of = self.outbound if row.direction == Direction.OUTBOUND else self.returning
        route = self._route(row)
        kind = "Parcel" if row.direction == Direction.OUTBOUND else "Return"
        return Parcel(
            key=f"p{row.pk}",
            title=f"{kind} {of.index(row) + 1} of {len(of)}" if len(of) > 1 else f"Your {kind.lower()}",
            status=status,
            says=_says(row, status, zone, self.now),
            when=when,
            late=late,
            steps=words.steps(
                status,
                moved=row.first_scan_at is not None,
                cancelled=self.order.status == OrderStatus.CANCELLED,
            ),
            carrier=row.carrier,
            number=row.tracking_number,
            items=self._items(row),
            days=self._days(row, zone),
            route=route,
            map=svg(route, f"map-p{row.pk}") if of.index(row) < MAX_MAPS else SafeString(""),
        )

    def unsent(self) -> tuple[Item, ...]:
        """What lies in no parcel yet."""
        packed: dict[int, int] = defaultdict(int)
        for row in self.outbound:
            for line in self.held[row.pk]:
                packed[line.order_line_id] += line.quantity
        left = [(line.name, line.quantity - packed[line.pk]) for line in self.lines]
        return tuple(Item(name, quantity) for name, quantity in left if quantity > 0)

    def _route(self, row: Shipment) -> Route:
        """Of an order from `find_order`, which knows the sender's town."""
        oldest_first = self.events[row.pk][::-1]
        sender = Town(**self.order.sent_from) if self.order.sent_from else None  # type: ignore[attr-defined]
        next_scan = expected(
            self.learned.silences if self.learned else {},
            carrier=row.carrier, status=row.tracking_status, last=row.last_event_at, now=self.now,
        )  # fmt: skip
        return journey(row, oldest_first, sender=sender, recipient=self.order.ship_to, next_scan=next_scan)

    def _items(self, row: Shipment) -> tuple[Item, ...]:
        names = {line.pk: line.name for line in self.lines}
        return tuple(Item(names[line.order_line_id], line.quantity) for line in self.held[row.pk])

    def _days(self, row: Shipment, zone: ZoneInfo) -> tuple[Day, ...]:
        events = without_corrected(self.events[row.pk])
        told = [self._scan(event, zone) for event in events]
        for leg in legs(events[::-1])[1:]:
            if leg.kind == "out" and leg.carrier:
                told.append(_own(leg.events[0].occurred_at, f"Handed over to {leg.carrier}", zone))
        if row.direction == Direction.OUTBOUND:
            own = [(self.order.placed_at, "Order placed"), (row.packed_at, "Packed by the shop")]
            told += [_own(moment, title, zone) for moment, title in own if moment]
        told.sort(key=lambda pair: pair[0], reverse=True)
        return tuple(
            Day(words.day_words(day, self.today), tuple(scan for _, scan in scans))
            for day, scans in groupby(told, key=lambda pair: pair[0].date())
        )

    def _scan(self, event: TrackingEvent, zone: ZoneInfo) -> tuple[datetime, ScanRow]:
        moment, row = _own(event.occurred_at, _title(event), zone)
        message = words.masked(event.message, self.secrets)
        return moment, replace(row, message=message, place=event.place, tone=words.wording(event.status).tone)


def _own(moment: datetime, title: str, zone: ZoneInfo) -> tuple[datetime, ScanRow]:
    local = moment.astimezone(zone)
    return local, ScanRow(
        f"{local:%H:%M}", words.zone_label(local), local.isoformat(timespec="minutes"), title, "", "", "calm"
    )


def _title(event: TrackingEvent) -> str:
    if event.status == S.UNKNOWN:
        return "News from the carrier"
    return S(event.status).label


def _says(row: Shipment, status: str, zone: ZoneInfo, now: datetime) -> Wording:
    since = row.status_at.astimezone(zone).date() if row.status_at else None
    return words.dated_wording(status, since, now.astimezone(zone).date())


def _status(row: Shipment) -> str:
    """What is true of a parcel before its carrier speaks is what the warehouse did with it."""
    if row.tracking_status == S.UNKNOWN and row.stage in (Stage.PACKED, Stage.HANDED_OVER):
        return S.PRE_TRANSIT
    return row.tracking_status


def _headline(order: Order, facts: _Facts, sent: list[Parcel]) -> Wording:
    status = OrderStatus(order.status)
    if status in (OrderStatus.CANCELLED, OrderStatus.RETURNED):
        return _ended(order, facts, sent)
    statuses = {parcel.status for parcel in sent}
    early = statuses <= {S.UNKNOWN, S.PRE_TRANSIT}
    by_hand = status == OrderStatus.DELIVERED and statuses != {S.DELIVERED} and not statuses & TROUBLE
    if by_hand or (status == OrderStatus.SHIPPED and early):
        return words.BY_ORDER[status]
    if not sent:
        return words.wording(S.UNKNOWN)
    worst = words.most_urgent(statuses)
    return next(parcel.says for parcel in sent if parcel.status == worst)


def _ended(order: Order, facts: _Facts, sent: list[Parcel]) -> Wording:
    says = words.BY_ORDER[OrderStatus(order.status)]
    if order.status == OrderStatus.CANCELLED and any(parcel.status not in FINAL for parcel in sent):
        return says._replace(
            meaning="The shop has called this order off, but something had left already; see below."
        )
    return says


def _when(order: Order, facts: _Facts, sent: list[Parcel]) -> tuple[str, bool]:
    if order.status in (OrderStatus.CANCELLED, OrderStatus.RETURNED):
        moment = facts.moved_at.get(order.status)
        return (_moment_words(OrderStatus(order.status).label, moment, facts) if moment else ""), False
    if order.status == OrderStatus.DELIVERED and order.delivered_at and not _going_back(sent):
        return _moment_words("Delivered", order.delivered_at, facts), False
    open_rows = [row for row in facts.outbound if not row.delivered_at]
    if len(facts.outbound) == 1:
        return (sent[0].when, sent[0].late)
    dated = [row for row in open_rows if row.promised_to and _status(row) not in words.NOTHING_DUE]
    if not dated or len(sent) == 0:
        return next(((parcel.when, parcel.late) for parcel in sent if parcel.when), ("", False))
    worst = words.most_urgent(_status(row) for row in dated)
    first = min(row.promised_from for row in dated if row.promised_from)
    last = max(row.promised_to for row in dated if row.promised_to)
    missed = min((row.missed_on for row in dated if row.missed_on), default=None)
    return words.promise_words(worst, first, last, facts.today, missed)


def _learned(order: Order) -> LearnedTransit | None:
    return getattr(order.merchant, "learned_transit", None)


def _record(order: Order, parcels: Iterable[Shipment]) -> str:
    """The shop's own record on this route, where there is one; of the first parcel that has a carrier."""
    learned = _learned(order)
    carrier = next((row.carrier for row in parcels if row.carrier and not row.delivered_at), "")
    kept = learned.kept.get(key_of(carrier, order.ship_to.country)) if learned and carrier else None
    return f"Such dates were kept for {kept[0]} of the last {kept[1]} parcels on this route." if kept else ""


def _going_back(sent: Iterable[Parcel]) -> bool:
    return any(parcel.status in TROUBLE for parcel in sent)


def _moment_words(verb: str, moment: datetime, facts: _Facts) -> str:
    local = moment.astimezone(facts.zone)
    return f"{verb} {words.day_words(local.date(), facts.today)}, {local:%H:%M}"


def _parcel_when(row: Shipment, status: str, zone: ZoneInfo, now: datetime) -> tuple[str, bool]:
    today = now.astimezone(zone).date()
    if status == S.DELIVERED and row.delivered_at:
        local = row.delivered_at.astimezone(zone)
        return f"Delivered {words.day_words(local.date(), today)}, {local:%H:%M}", False
    return words.promise_words(status, row.promised_from, row.promised_to, today, row.missed_on)


def _order_steps(order: Order, sent: list[Parcel]) -> tuple[Step, ...]:
    """One bar heads the page when there is one parcel (or none); several have their own."""
    if len(sent) > 1:
        return ()
    status, cancelled = OrderStatus(order.status), order.status == OrderStatus.CANCELLED
    early = not sent or sent[0].status in (S.UNKNOWN, S.PRE_TRANSIT)
    if early and status == OrderStatus.SHIPPED:
        return words.steps(S.IN_TRANSIT, moved=True)
    if early and status == OrderStatus.DELIVERED:
        return words.steps(S.DELIVERED, moved=True)
    if early and status == OrderStatus.RETURNED:
        return words.steps(S.RETURNED, moved=True)
    return sent[0].steps if sent else words.steps(S.UNKNOWN, moved=False, cancelled=cancelled)
