"""The one way an order comes in, whatever its source.

`place` is idempotent per (merchant, source, external id): the same order told twice is one order.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from orders import stock
from orders.handling import ship_by
from orders.incoming import IncomingAddress, IncomingLine, IncomingOrder, Problem, Refused, clean, problems_of
from orders.ledger import record_event
from orders.models import Customer, Merchant, Order, OrderEvent, OrderLine, Product, ShippingAddress

__all__ = ["IncomingAddress", "IncomingLine", "IncomingOrder", "Placed", "Problem", "Refused", "place"]


@dataclass(frozen=True)
class Placed:
    """What `place` did. `changed` says that an order known already came in again with other content;
    it was left as it is."""

    order: Order
    created: bool
    changed: bool = False
    customer_created: bool = False
    products_created: int = 0
    backordered: int = 0


def place(incoming: IncomingOrder, *, merchant: Merchant, now: datetime, actor: str = "") -> Placed:
    """Bring an order in. Raises Refused with every problem found; then nothing is stored."""
    incoming = clean(incoming)
    problems = problems_of(incoming, now)
    if _number_taken(incoming, merchant):
        problems.append(Problem("number", f"{incoming.number} is taken by another order"))
    if problems:
        raise Refused(problems)
    digest = _digest(incoming)
    try:
        with transaction.atomic():
            return _existing(incoming, merchant, digest) or _create(incoming, merchant, digest, now, actor)
    except IntegrityError:
        # Someone placed the same order, customer or SKU between our look and our write. Look once more.
        with transaction.atomic():
            return _existing(incoming, merchant, digest) or _create(incoming, merchant, digest, now, actor)


def _number_taken(incoming: IncomingOrder, merchant: Merchant) -> bool:
    if not incoming.number:
        return False
    others = Order.every.filter(merchant=merchant, number=incoming.number)
    return others.exclude(source=incoming.source, external_id=incoming.external_id).exists()


def _existing(incoming: IncomingOrder, merchant: Merchant, digest: str) -> Placed | None:
    order = Order.objects.filter(
        merchant=merchant, source=incoming.source, external_id=incoming.external_id
    ).first()
    return Placed(order, created=False, changed=order.digest != digest) if order else None


def _create(incoming: IncomingOrder, merchant: Merchant, digest: str, now: datetime, actor: str) -> Placed:
    customer, customer_created = _link_customer(incoming, merchant)
    products, products_created = _link_products(incoming, merchant)
    order = Order.objects.create(
        merchant=merchant,
        number=incoming.number or _next_number(merchant),
        source=incoming.source,
        external_id=incoming.external_id,
        customer=customer,
        email=incoming.email,
        phone=incoming.phone,
        locale=incoming.locale or merchant.locale,
        currency=incoming.currency or merchant.currency,
        total=sum((line.unit_price * line.quantity for line in incoming.lines), incoming.shipping_price),
        service=incoming.service,
        gift_message=incoming.gift_message,
        note=incoming.note,
        placed_at=incoming.placed_at,
        ship_by=ship_by(merchant, incoming.placed_at),
        promised_on=incoming.promised_on,
        digest=digest,
    )
    order.ship_to = ShippingAddress.objects.create(order=order, **asdict(incoming.address))
    lines = [
        OrderLine(
            order=order,
            position=position,
            product=products[line.sku],
            sku=line.sku,
            name=line.name or products[line.sku].name,
            quantity=line.quantity,
            unit_price=line.unit_price,
            supplier_id=products[line.sku].dropship_supplier_id,
        )
        for position, line in enumerate(incoming.lines, 1)
    ]
    counted = [product.pk for product in products.values() if product.track_stock]
    missing = (
        stock.reserve(lines, {p.pk: p for p in products.values()} | stock.lock_products(counted))
        if counted
        else 0
    )
    OrderLine.objects.bulk_create(lines)
    record_event(
        order,
        OrderEvent.Kind.PLACED,
        new=order.status,
        occurred_at=order.placed_at,
        now=now,
        actor=actor,
        key="placed",
    )
    return Placed(
        order,
        created=True,
        customer_created=customer_created,
        products_created=products_created,
        backordered=missing,
    )


def _link_customer(incoming: IncomingOrder, merchant: Merchant) -> tuple[Customer, bool]:
    who = Customer.objects.filter(merchant=merchant)
    if incoming.email:
        found = who.filter(email__iexact=incoming.email).first()
    else:
        found = who.filter(phone=incoming.phone, email="").first() if incoming.phone else None
    if found:
        return found, False
    created = who.create(
        merchant=merchant,
        name=incoming.address.name,
        email=incoming.email,
        phone=incoming.phone,
        locale=incoming.locale or merchant.locale,
    )
    return created, True


def _link_products(incoming: IncomingOrder, merchant: Merchant) -> tuple[dict[str, Product], int]:
    skus = {line.sku for line in incoming.lines}
    known = {p.sku: p for p in Product.objects.filter(merchant=merchant, sku__in=skus)}
    fresh = {
        line.sku: Product(
            merchant=merchant,
            sku=line.sku,
            name=line.name or line.sku,
            weight_g=line.weight_g,
            track_stock=False,
        )
        for line in incoming.lines
        if line.sku not in known
    }
    Product.objects.bulk_create(fresh.values())
    return known | fresh, len(fresh)


def _next_number(merchant: Merchant) -> str:
    row = Merchant.objects.select_for_update().only("next_number", "order_prefix").get(pk=merchant.pk)
    while Order.every.filter(merchant=merchant, number=f"{row.order_prefix}{row.next_number}").exists():
        row.next_number += 1  # a shop's own number may lie in our way
    number = f"{row.order_prefix}{row.next_number}"
    row.next_number += 1
    row.save(update_fields=["next_number"])
    return number


def _digest(incoming: IncomingOrder) -> str:
    text = json.dumps(asdict(incoming), default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
