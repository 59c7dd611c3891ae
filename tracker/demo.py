"""Demo data: three shops, a few hundred orders in every state and several scripts, the same on every machine.

Everything enters by the portal's own doors (place, scan, record, change_status), at times counted back from the
moment of loading.
"""

import random
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate

from django.db import transaction

from orders.lifecycle import change_status
from orders.models import Location, Membership, Merchant, Order, Product, User
from orders.place import IncomingAddress, IncomingLine, IncomingOrder, place
from orders.roles import Role
from orders.stock import open_ledger
from shipping.lateness.cases import review
from shipping.models import CarrierAccount, Shipment
from shipping.scorecard.rollup import refresh
from shipping.status import TrackingStatus
from shipping.tracking.record import record
from shipping.tracking.simulator import DEMO, readings_of, story_of
from shipping.warehouse.scanning import HANDOVER, PACK, scan
from tracker import demo_floor, demo_suppliers, demo_voice
from tracker.demo_carriers import COURIERS, Courier, in_turn, pace_of
from tracker.demo_words import PEOPLE, SHOPS, Person, Shop, known_code, known_key

PASSWORD = "try-tracker"
LOGINS = [
    ("admin", PASSWORD, "platform staff, sees every shop"),
    ("olive", PASSWORD, "owner of Olive & Oak"),
    ("pack", PASSWORD, "warehouse of Olive & Oak"),
    ("nori", PASSWORD, "owner of 海苔 Nori Books"),
    ("sahara", PASSWORD, "owner of Sahara Spices"),
]
PER_SHOP = 110


def loaded() -> bool:
    return Merchant.objects.filter(is_demo=True).exists()


@dataclass(frozen=True)
class Fate:
    """How far an order got. `age` in days counts back from loading; `story` is the tracking status it ended in."""

    name: str
    share: int
    ages: tuple[float, float]


FATES = [
    Fate("new", 10, (0.02, 1.3)),
    Fate("approved", 9, (0.2, 2.2)),
    Fate("packed", 8, (0.3, 2.5)),
    Fate("handed over", 8, (0.5, 2)),
    Fate("moving", 20, (1.5, 7)),
    Fate("story ended", 54, (5, 42)),
    Fate("never packed", 4, (5, 9)),
    Fate("silent", 5, (10, 16)),
    Fate("cancelled", 5, (1, 20)),
]


@transaction.atomic
def load(*, now: datetime, say: Callable[[str], None] = lambda text: None) -> None:
    """Load it all or nothing."""
    people = _people()
    for shop in SHOPS:
        merchant = _merchant(shop, people)
        orders = list(_orders(shop, merchant, now))
        for number, (order, fate) in enumerate(orders):
            _live(order, fate, people[shop.packer], now, random.Random(f"{shop.slug}-life-{number}"))
        demo_floor.fill(merchant, people[shop.packer], now)
        demo_voice.fill(merchant, now)
        demo_suppliers.fill(merchant, now)
        say(f"{merchant.name}: {len(orders)} orders")
    say(f"{review(now=now)['opened']} parcels on the late list")
    refresh()


def _people() -> dict[str, User]:
    people = {}
    for username, password, _ in LOGINS:
        person = User(
            username=username,
            email=f"{username}@demo.example",
            is_staff=True,
            is_superuser=username == "admin",
        )
        person.set_password(password)
        person.save()
        people[username] = person
    return people


def _merchant(shop: Shop, people: dict[str, User]) -> Merchant:
    merchant = Merchant.objects.create(
        slug=shop.slug, name=shop.name, colour=shop.colour, zone=shop.zone, currency=shop.currency,
        order_prefix=shop.prefix, holiday_country=shop.country, support_email=f"help@{shop.slug}.example",
        support_phone=shop.phone, footer=shop.footer, handling_days=1, is_demo=True, notify_sms=shop.sms,
    )  # fmt: skip
    for kind in Location.Kind.values:
        Location.objects.create(
            merchant=merchant, kind=kind, name=shop.name, line1=shop.street, city=shop.city, postal_code=shop.postcode,
            country=shop.country,
        )  # fmt: skip
    Membership.objects.create(merchant=merchant, user=people[shop.owner], role=Role.OWNER)
    if shop.packer != shop.owner:
        Membership.objects.create(merchant=merchant, user=people[shop.packer], role=Role.WAREHOUSE)
    CarrierAccount.objects.create(
        merchant=merchant, provider="easypost", key=known_key(shop.slug, "webhook"), secret="demo-secret"
    )
    Product.objects.bulk_create(
        Product(
            merchant=merchant,
            sku=sku,
            name=name,
            weight_g=weight,
            bin=f"{'ABCD'[n % 4]}-{n // 4 + 1:02}",
            on_hand=stock,
        )
        for n, (sku, name, _, weight, stock) in enumerate(shop.goods)
    )
    for product in merchant.products.all():
        open_ledger(product)
    return merchant


def _orders(shop: Shop, merchant: Merchant, now: datetime) -> Iterator[tuple[Order, Fate]]:
    draw = random.Random(shop.slug)
    couriers: dict[tuple[str, str], Iterator[Courier]] = defaultdict(lambda: in_turn(shop.slug))
    plans = []
    for number in range(PER_SHOP):
        fate = _fate(number)
        plans.append((now - timedelta(days=draw.uniform(*fate.ages)), number, fate))
    for placed_at, number, fate in sorted(plans, key=lambda plan: plan[0]):
        who = _customer(shop, number)
        goods = draw.sample(shop.goods, k=draw.choice([1, 1, 2, 2, 3, 5]))
        incoming = IncomingOrder(
            source=DEMO,
            external_id=f"demo-{number}",
            placed_at=placed_at,
            email=f"{who.handle}@customers.example",
            phone=who.phone,
            address=IncomingAddress(
                who.name, who.street, who.city, who.country, region=who.region, postal_code=who.postcode
            ),
            lines=tuple(
                IncomingLine(sku, draw.choice([1, 1, 1, 2, 3]), name, Decimal(price))
                for sku, name, price, _, _ in goods
            ),
            service=draw.choice(["standard", "standard", "standard", "express", "express", "economy"]),
            gift_message=draw.choice(["", "", "", "", "Happy birthday! With love from all of us."]),
            shipping_price=Decimal("490" if shop.currency == "JPY" else "4.90"),
        )
        order = place(incoming, merchant=merchant, now=placed_at, actor="demo").order
        # Known keys, so that links in docs and tests stay good. Only demo shops have them.
        Order.objects.filter(pk=order.pk).update(public_key=known_key(shop.slug, number))
        code = known_code(f"{shop.slug}-{number}")
        lane = who.postcode[:2] if who.handle.startswith(shop.slug) else ""
        courier = next(couriers[fate.name, lane])
        Shipment.objects.filter(order=order).update(
            code=code, carrier=courier.name, tracking_number=courier.number(f"{shop.slug}-{number}")
        )
        yield Order.objects.select_related("ship_to", "merchant").get(pk=order.pk), fate


def _fate(number: int) -> Fate:
    """So that each has its share of a shop's orders."""
    place = (number + 0.5) / PER_SHOP * sum(fate.share for fate in FATES)
    return next(
        fate for fate, top in zip(FATES, accumulate(fate.share for fate in FATES), strict=True) if place < top
    )


def _customer(shop: Shop, number: int) -> Person:
    """Three of four orders come from near by, so that carriers meet on the same lanes; the others from all over the world."""
    if number % 4:
        which = number % len(shop.names)
        near = [person for person in PEOPLE if person.handle in shop.near]
        return replace(near[which % len(near)], handle=f"{shop.slug}-{which}", name=shop.names[which])
    return PEOPLE[(number * 7 + len(shop.slug)) % len(PEOPLE)]


def _live(order: Order, fate: Fate, packer: User, now: datetime, draw: random.Random) -> None:
    """Take the order as far as its fate says, each step at its own time before `now`."""
    at, end = order.placed_at, now - timedelta(minutes=5)

    def later(low: float, high: float) -> datetime:
        nonlocal at
        at = min(at + timedelta(hours=draw.uniform(low, high)), end)
        return at

    if fate.name == "new":
        return
    change_status(order.pk, "processing", actor="demo", now=later(0.2, 2))
    if fate.name == "cancelled":
        change_status(order.pk, "cancelled", actor="demo", now=later(1, 5))
        return
    if fate.name in ("approved", "never packed"):
        return
    shipment = order.shipments.select_related("merchant").get()
    steps = [PACK] if fate.name == "packed" else [PACK, HANDOVER]
    for mode in steps:
        scan(user=packer, code=shipment.code, mode=mode, client_id=_uuid(shipment, mode), now=later(1, 6))
    if fate.name in ("packed", "handed over"):
        return
    told = {"moving": draw.choice([1, 2, 3]), "silent": draw.choice([1, 2])}.get(
        fate.name, len(story_of(shipment.code))
    )
    courier = next(one for one in COURIERS[order.merchant.slug] if one.name == shipment.carrier)
    abroad = order.ship_to.country != order.merchant.holiday_country
    pace = pace_of(courier, shipment.service, abroad=abroad, draw=draw)
    times = [later(3 * pace, 20 * pace) for _ in range(told)]
    said = list(readings_of(shipment, order.ship_to, [when for when in times if when < end]))
    if fate.name == "silent":
        said = [
            reading
            for reading in said
            if reading.status in (TrackingStatus.PICKED_UP, TrackingStatus.IN_TRANSIT)
        ]
    for reading in said:
        record([reading], merchant=order.merchant, now=reading.occurred_at, actor=shipment.carrier)


def _uuid(shipment: Shipment, mode: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{shipment.code}-{mode}")
