"""The demo's purchases: ordered, on its way, brought but not counted, partly received, late and asked about, received; and what
a supplier sends straight to customers."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from orders.models import Merchant, Order, Product, Purchase, Supplier
from orders.place import IncomingAddress, IncomingLine, IncomingOrder
from orders.place import place as place_order
from orders.purchasing import Wanted, buy, receive
from orders.suppliers import answered, asked
from shipping.carriers.base import Reading
from shipping.models import Shipment
from shipping.status import TrackingStatus
from shipping.tracking.record import record
from shipping.warehouse.coming import dropped, sent, supplier_told
from tracker.demo_words import PEOPLE, known_code, known_key

SUPPLIERS = {
    "olive-oak": [("Weberei Sonnleitner", "Frau Huber", "AT"), ("Cerâmica do Vale", "João Pires", "PT")],
    "nori": [("紙の博物館 Paper Mill", "鈴木 一郎", "JP"), ("Inkwell & Sons", "Ms Carter", "GB")],
    "sahara": [("تعاونية أطلس للتوابل", "ليلى", "MA"), ("Spice Coast Trading", "Mr Nair", "IN")],
}
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Story:
    """Days before (-) and after the moment of loading; `got` is the share of the pieces that was counted."""

    ordered: int
    expected: int
    sent: int | None = None
    brought: int | None = None
    got: float = 0
    asked: int | None = None
    answer: str = ""


STORIES = (
    Story(-2, 12),
    Story(-9, 4, sent=-3),
    Story(-11, -1, sent=-5, brought=-1),
    Story(-16, 2, sent=-8, brought=-4, got=0.5),
    Story(-20, -4, asked=-2),
    Story(-25, -9, sent=-14, brought=-10, got=1),
    Story(-18, -6, asked=-5, answer="The kiln was out of order for a week. It leaves on Monday."),
)


def fill(merchant: Merchant, now: datetime) -> None:
    suppliers = [
        Supplier.objects.create(
            merchant=merchant, name=name, contact=contact, email=f"orders-{place}@{merchant.slug}-supplier.example",
            country=country, lead_days=10,
        )
        for place, (name, contact, country) in enumerate(SUPPLIERS[merchant.slug], 1)
    ]  # fmt: skip
    products = list(merchant.products.order_by("pk"))
    _straight(merchant, suppliers[1], products[0], now)
    for place, story in enumerate(STORIES):
        mine = [products[(place * 2 + step) % len(products)] for step in range(2)]
        _live(merchant, suppliers[place % len(suppliers)], mine, story, place, now)


def _straight(merchant: Merchant, supplier: Supplier, own: Product, now: datetime) -> None:
    """Two orders with a thing that the supplier sends straight to the customer: one on its way, one to be asked for."""
    made = Product.objects.create(
        merchant=merchant, sku="DIRECT-1", name="Made to order, sent by the maker", weight_g=6000, track_stock=False,
        dropship_supplier=supplier,
    )  # fmt: skip
    for place, days in enumerate((3, 0)):
        who, at = PEOPLE[place], now - timedelta(days=days, hours=2)
        incoming = IncomingOrder(
            source="demo", external_id=f"demo-direct-{place}", placed_at=at, email=f"{who.handle}@customers.example",
            address=IncomingAddress(
                who.name, who.street, who.city, who.country, region=who.region, postal_code=who.postcode
            ),
            lines=(
                IncomingLine(own.sku, 1, own.name, Decimal("19.00")),
                IncomingLine(made.sku, 1, made.name, Decimal("240.00")),
            ),
            service="standard",
        )  # fmt: skip
        order = place_order(incoming, merchant=merchant, now=at, actor="demo").order
        _known(order, f"direct-{place}")
        theirs = order.shipments.get(supplier=supplier)
        if days:
            left = at + timedelta(hours=30)
            supplier_told(theirs.pk, now=at + timedelta(hours=1))
            dropped(
                theirs.pk,
                carrier="DPD",
                number=f"SUP{merchant.pk:03}9{place:05}",
                at=left,
                actor="demo",
                now=left,
            )


def _known(order: Order, name: str) -> None:
    """The same keys on every machine, so that pictures and tests stay good."""
    slug = order.merchant.slug
    Order.every.filter(pk=order.pk).update(public_key=known_key(slug, name))
    for parcel in order.shipments.all():
        code = known_code(f"{slug}-{name}-{parcel.position}")
        Shipment.objects.filter(pk=parcel.pk).update(code=code)


def _live(
    merchant: Merchant, supplier: Supplier, products: list[Product], story: Story, place: int, now: datetime
) -> None:
    ordered, who = now + story.ordered * _DAY, "demo"
    lines = [Wanted(product.sku, 20 + 5 * place, Decimal("3.50")) for product in products]
    purchase = buy(
        merchant=merchant, supplier=supplier, lines=lines, expected_on=(now + story.expected * _DAY).date(),
        key=f"demo-{place}", now=ordered, actor=who, reference=f"{supplier.country}-{7100 + place}",
    )  # fmt: skip
    _known(purchase.order, f"purchase-{place}")
    if story.asked is not None:
        text = (
            f"Dear {supplier.contact},\n\nhas our order {purchase} left? Please send us its tracking number."
        )
        asked(purchase, text, author=who, now=now + story.asked * _DAY)
    if story.answer:
        day = (now + 3 * _DAY).date()
        answered(purchase.pk, story.answer, author=who, now=now + (story.asked or 0) * _DAY, expected_on=day)
    if story.sent is not None:
        _carried(merchant, purchase, story, place, now)
    for product in products if story.got else []:
        count = max(1, round((20 + 5 * place) * story.got))
        receive(
            purchase.order_id, product.sku, count, client_id=uuid.uuid5(uuid.NAMESPACE_URL, f"{purchase.pk}-{product.sku}"),
            actor=who, now=now - _DAY,
        )  # fmt: skip


def _carried(merchant: Merchant, purchase: Purchase, story: Story, place: int, now: datetime) -> None:
    left = now + (story.sent or 0) * _DAY
    number = f"SUP{merchant.pk:03}{place:06}"
    sent(purchase.order_id, carrier="DPD", number=number, at=left, actor="demo", now=left)
    said = [(left + timedelta(hours=7), TrackingStatus.IN_TRANSIT, "On its way")]
    if story.brought is not None:
        said.append((now + story.brought * _DAY, TrackingStatus.DELIVERED, "Delivered to the dock"))
    for at, status, message in said:
        reading = Reading(status, at, carrier="DPD", tracking_number=number, message=message, source="csv")
        record([reading], merchant=merchant, now=at, actor="DPD")
