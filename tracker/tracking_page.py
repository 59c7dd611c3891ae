"""Everything the public tracking page shows, gathered once: six queries whatever the number of parcels."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orders.access import Tier
from orders.models import Order
from orders.status import OrderStatus
from shipping.models import LearnedTransit, Shipment, TrackingEvent
from shipping.promise.audit import key_of
from shipping.promise.silence import expected
from shipping.promise.zones import zone_of as zone_of_place
from shipping.route.draw import svg
from shipping.route.journey import journey
from shipping.route.route import Town
from shipping.route.stops import Route
from shipping.status import FINAL, TROUBLE, Direction, Stage, TrackingStatus, Wording
from tracker import tracking_answers as answers
from tracker import tracking_more as more
from tracker import tracking_words as words
from tracker.days import day_words, zone
from tracker.masking import Mask
from tracker.tracking_days import days_of
from tracker.tracking_rows import lines_of, moves_of, order_of, parcels_of, scans_and_payloads_of, scans_of
from tracker.tracking_shapes import Item, Parcel, TrackingPage
from tracker.tracking_words import Step, When

S = TrackingStatus
MAX_MAPS = 8  # an order of more parcels says the others' routes in words


def find_order(public_key: str) -> Order | None:
    if "\x00" in public_key:  # PostgreSQL refuses the question itself
        return None
    return next(iter(order_of(public_key)), None)


def build(order: Order, *, now: datetime, tier: Tier = Tier.LINK) -> TrackingPage:
    facts = _Facts(order, now, tier)
    sent = [facts.parcel(row) for row in facts.outbound]
    back = [facts.parcel(row) for row in facts.returning]
    says = _headline(order, facts, sent)
    lead = answers.heading(sent)
    when = _when(order, facts, sent, lead)
    arrived = sum(parcel.status == S.DELIVERED for parcel in sent)
    all_there = bool(sent) and arrived == len(sent)
    ended = order.status in (OrderStatus.CANCELLED, OrderStatus.RETURNED)
    if all_there and len(sent) > 1 and not ended:
        says = says._replace(headline=words.all_delivered(len(sent)), meaning=_("Everything has arrived."))
    if not ended:
        says = answers.next_step(says, lead, late=when.late)
    return TrackingPage(
        merchant=order.merchant,
        number=order.number,
        placed=day_words(order.placed_at.astimezone(facts.zone).date(), facts.today),
        going_to=", ".join(part for part in (order.ship_to.city, order.ship_to.country) if part),
        says=says,
        when=when.words or answers.no_day_of(order, lead, facts.today),
        late=when.late,
        where=lead.where if lead else answers.where(order, (), facts.home, by_hand=True),
        acts=answers.acts(sent, lead, says),
        about=lead.title if lead and len(sent) > 1 and not all_there else "",
        pickup=lead.pickup if lead else "",
        summary=words.arrived(arrived, len(sent)) if len(sent) > 1 and not all_there else "",
        steps=_order_steps(order, sent),
        parcels=tuple(sent),
        returns=tuple(back),
        unsent=facts.unsent() if not ended or not sent else (),
        tier=int(tier),
        address=more.address_of(order) if tier >= Tier.CODE else (),
        ways=more.ways_of(order, tier),
        choices=more.choices_of(order, tier),
        scores=more.scores(),
        record=_record(order, facts.outbound) if when.coming else "",
        final=ended or (bool(sent) and all(parcel.status in FINAL for parcel in sent + back)),
    )


class _Facts:
    """The rows of one order, read once."""

    def __init__(self, order: Order, now: datetime, tier: Tier) -> None:
        self.order, self.tier = order, tier
        parcels = list(parcels_of(order.pk))
        self.returning = [
            row for row in parcels if row.direction == Direction.RETURN and row.stage != Stage.VOID
        ]
        outbound = [row for row in parcels if row.direction == Direction.OUTBOUND]
        self.outbound = [row for row in outbound if row.stage != Stage.VOID]
        self.zone = zone_of_recipient(order, outbound)
        self.now, self.today = now, now.astimezone(self.zone).date()
        self.lines: dict[int, Item] = {}
        self.held: dict[int, list[tuple[int, int]]] = defaultdict(list)
        if tier >= Tier.PROVEN:
            self._items_of(order)
        self.mask = Mask(order, tier)
        self.events: dict[int, list[TrackingEvent]] = defaultdict(list)
        for event in scans_and_payloads_of(order.pk) if tier >= Tier.CODE else scans_of(order.pk):
            self.mask.hide_place(event)
            self.events[event.shipment_id].append(event)
        self.by_hand = not self.events  # what is known of it is the shop's own word
        self.learned = _learned(order)
        self.moved_at = dict(moves_of(order.pk))
        town = order.sent_from or {}  # type: ignore[attr-defined]
        self.home = ", ".join(part for part in (town.get("city"), town.get("country")) if part)

    def _items_of(self, order: Order) -> None:
        """The lines, and which parcel holds how many: one query."""
        for pk, name, quantity, parcel, pieces in lines_of(order.pk):
            self.lines[pk] = Item(name, quantity)
            if parcel:
                self.held[parcel].append((pk, pieces))

    def parcel(self, row: Shipment) -> Parcel:
        local = zone(row.recipient_zone)
        status = status_shown(row)
        when = _parcel_when(row, status, local, self.now)
        of = self.outbound if row.direction == Direction.OUTBOUND else self.returning
        route, events = self._route(row), self.events[row.pk]
        days = days_of(self.order, row, events, local, today=self.today, mask=self.mask, tier=self.tier)
        since = row.status_at.astimezone(local).date() if row.status_at else None
        return Parcel(
            key=f"p{row.pk}",
            title=words.parcel_title(row.direction, of.index(row) + 1, len(of)),
            status=status,
            says=words.dated_wording(status, since, self.now.astimezone(local).date()),
            since=since,
            where=answers.where(
                self.order, days, "" if row.supplier_id else self.home, status, by_hand=self.by_hand
            ),
            when=when.words,
            late=when.late,
            coming=when.coming,
            steps=words.steps(
                status,
                moved=row.first_scan_at is not None,
                cancelled=self.order.status == OrderStatus.CANCELLED,
            ),
            carrier=row.carrier,
            number=row.tracking_number,
            items=self._items(row),
            days=days,
            route=route,
            map=svg(route, f"map-p{row.pk}") if of.index(row) < MAX_MAPS else SafeString(""),
            carrier_link=more.carrier_link(row),
            pickup=more.pickup_of(row, events, self.mask),
            proof=more.proof_of(row, events, local, self.today) if self.tier >= Tier.CODE else None,
            **more.said_of(self.order, row, self.now),
        )

    def unsent(self) -> tuple[Item, ...]:
        """What lies in no parcel yet."""
        packed: dict[int, int] = defaultdict(int)
        for row in self.outbound:
            for line, pieces in self.held[row.pk]:
                packed[line] += pieces
        left = [(line.name, line.quantity - packed[pk]) for pk, line in self.lines.items()]
        return tuple(Item(name, quantity) for name, quantity in left if quantity > 0)

    def _route(self, row: Shipment) -> Route:
        """Of an order from `find_order`, which knows the sender's town."""
        oldest_first = self.events[row.pk][::-1]
        town = None if row.supplier_id else self.order.sent_from  # type: ignore[attr-defined]
        sender = Town(**town) if town else None
        next_scan = expected(
            self.learned.silences if self.learned else {},
            carrier=row.carrier, status=row.tracking_status, last=row.last_event_at, now=self.now,
        )  # fmt: skip
        return journey(row, oldest_first, sender=sender, recipient=self.order.ship_to, next_scan=next_scan)

    def _items(self, row: Shipment) -> tuple[Item, ...]:
        return tuple(Item(self.lines[line].name, pieces) for line, pieces in self.held[row.pk])


def zone_of_recipient(order: Order, parcels: Iterable[Shipment]) -> ZoneInfo:
    """Where the order goes; as notices know it, so that page and mail name the same day."""
    going = next((row.recipient_zone for row in parcels if row.direction == Direction.OUTBOUND), "")
    return zone(going or zone_of_place(order.ship_to.country, order.ship_to.region))


def status_shown(row: Shipment) -> str:
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
            meaning=_("The shop has called this order off, but something had left already; see below.")
        )
    return says


def _when(order: Order, facts: _Facts, sent: list[Parcel], lead: Parcel | None) -> When:
    if order.status in (OrderStatus.CANCELLED, OrderStatus.RETURNED):
        moment = facts.moved_at.get(order.status)
        said = (
            _("Cancelled %(moment)s") if order.status == OrderStatus.CANCELLED else _("Returned %(moment)s")
        )
        return When(said % {"moment": _moment_words(moment, facts)} if moment else "", False)
    if order.status == OrderStatus.DELIVERED and order.delivered_at and not _going_back(sent):
        return When(_("Delivered %(moment)s") % {"moment": _moment_words(order.delivered_at, facts)}, False)
    open_rows = [row for row in facts.outbound if not row.delivered_at]
    dated = [row for row in open_rows if row.promised_to and status_shown(row) not in words.NOTHING_DUE]
    if lead is None or len(sent) == 1 or not dated or lead.status in words.NOTHING_DUE:
        return _of_parcel(lead) if lead else When("", False)
    worst = words.most_urgent(status_shown(row) for row in dated)
    first = min(row.promised_from for row in dated if row.promised_from)
    last = max(row.promised_to for row in dated if row.promised_to)
    missed = min((row.missed_on for row in dated if row.missed_on), default=None)
    moved = any(_moved(row) for row in dated if status_shown(row) == worst)
    return words.promise_words(worst, first, last, facts.today, missed, moved=moved)


def _moved(row: Shipment) -> bool:
    return row.promised_to != row.first_promised_to


def _of_parcel(parcel: Parcel) -> When:
    return When(parcel.when, parcel.late, parcel.coming)


def _learned(order: Order) -> LearnedTransit | None:
    return getattr(order.merchant, "learned_transit", None)


def _record(order: Order, parcels: Iterable[Shipment]) -> str:
    """The shop's own record on this route, where there is one; of the first parcel that has a carrier."""
    learned = _learned(order)
    carrier = next((row.carrier for row in parcels if row.carrier and not row.delivered_at), "")
    kept = learned.kept.get(key_of(carrier, order.ship_to.country)) if learned and carrier else None
    return words.record(*kept) if kept else ""


def _going_back(sent: Iterable[Parcel]) -> bool:
    return any(parcel.status in TROUBLE for parcel in sent)


def _moment_words(moment: datetime, facts: _Facts) -> str:
    return words.moment_words(moment.astimezone(facts.zone), facts.today)


def _parcel_when(row: Shipment, status: str, zone: ZoneInfo, now: datetime) -> When:
    today = now.astimezone(zone).date()
    if status == S.DELIVERED and row.delivered_at:
        moment = words.moment_words(row.delivered_at.astimezone(zone), today)
        return When(_("Delivered %(moment)s") % {"moment": moment}, False)
    return words.promise_words(
        status, row.promised_from, row.promised_to, today, row.missed_on, moved=_moved(row)
    )


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
