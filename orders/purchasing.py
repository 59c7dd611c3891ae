"""The shop's own orders: `buy` is the one way a purchase comes in, `receive` the one way its goods come into stock."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from orders import stock
from orders.incoming import MAX_LINES, MAX_PRICE, MAX_QUANTITY, Problem, Refused
from orders.ledger import record_event
from orders.lifecycle import advance_status, lock_order
from orders.models import (
    Location,
    Merchant,
    Order,
    OrderEvent,
    Product,
    Purchase,
    PurchaseLine,
    ShippingAddress,
    Supplier,
)
from orders.status import OrderKind, OrderStatus

CLOSED = (OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED)


class PurchaseError(Exception):
    """It cannot be done; the message is for the person who asked."""


class MoreThanOrdered(PurchaseError):
    """The pieces are more than are still owed. Ask, then say `over=True`."""


@dataclass(frozen=True)
class Wanted:
    sku: str
    quantity: int
    unit_cost: Decimal = Decimal(0)
    supplier_sku: str = ""


@dataclass(frozen=True)
class Received:
    line: PurchaseLine
    repeated: bool = False


def buy(
    *,
    merchant: Merchant,
    supplier: Supplier,
    lines: Sequence[Wanted],
    expected_on: date,
    key: str,
    now: datetime,
    actor: str,
    reference: str = "",
) -> Purchase:
    """Write down what was ordered from a supplier. The same `key` again is the same purchase. Raises Refused."""
    with transaction.atomic():
        Merchant.objects.select_for_update().get(pk=merchant.pk)
        known = Purchase.objects.filter(
            order__merchant=merchant, order__source="purchase", order__external_id=key
        )
        if found := known.first():
            return found
        products = {
            p.sku: p for p in Product.objects.filter(merchant=merchant, sku__in={w.sku for w in lines})
        }
        if problems := _problems(merchant, supplier, lines, products, expected_on, now):
            raise Refused(problems)
        order = _order(merchant, supplier, lines, key, now)
        purchase = Purchase.objects.create(
            order=order, supplier=supplier, expected_on=expected_on, reference=reference[:60]
        )
        PurchaseLine.objects.bulk_create(
            PurchaseLine(
                purchase=purchase,
                position=position,
                product=products[want.sku],
                sku=want.sku,
                supplier_sku=want.supplier_sku[:80],
                name=products[want.sku].name,
                quantity=want.quantity,
                unit_cost=want.unit_cost,
            )
            for position, want in enumerate(lines, 1)
        )
        record_event(
            order,
            OrderEvent.Kind.PLACED,
            new=order.status,
            occurred_at=now,
            now=now,
            actor=actor,
            key="placed",
        )
        return purchase


def _problems(
    merchant: Merchant,
    supplier: Supplier,
    lines: Sequence[Wanted],
    products: dict[str, Product],
    expected_on: date,
    now: datetime,
) -> list[Problem]:
    found = []
    if supplier.merchant_id != merchant.pk:
        found.append(Problem("supplier", "is not a supplier of this shop"))
    if not lines:
        found.append(Problem("lines", "Say what was ordered: at least one line."))
    if len(lines) > MAX_LINES:
        found.append(Problem("lines", f"There are {len(lines)} lines; {MAX_LINES} is the most."))
    if expected_on < now.astimezone(merchant.tz).date():
        found.append(Problem("expected_on", "The expected day has passed; choose today or later."))
    seen: set[str] = set()
    for index, want in enumerate(lines):
        if want.sku not in products:
            text = f"“{want.sku[:80]}” is no SKU of this shop; add the product under Stock first."
            found.append(Problem("sku", text, index))
        if want.sku in seen:
            found.append(Problem("sku", f"{want.sku} is there twice; put its pieces in one line.", index))
        seen.add(want.sku)
        if not 1 <= want.quantity <= MAX_QUANTITY:
            found.append(Problem("quantity", f"The pieces must be from 1 to {MAX_QUANTITY:,}.", index))
        if not 0 <= want.unit_cost <= MAX_PRICE:
            found.append(Problem("unit_cost", f"The cost must be from 0 to {MAX_PRICE:,}.", index))
    return found


def _order(merchant: Merchant, supplier: Supplier, lines: Sequence[Wanted], key: str, now: datetime) -> Order:
    """The merchant's row is locked: two purchases never get the same number."""
    taken = Order.every.filter(merchant=merchant)
    count = 1001 + taken.filter(kind=OrderKind.PURCHASE).count()
    while taken.filter(number=f"PO-{count}").exists():
        count += 1
    order = Order.every.create(
        merchant=merchant,
        kind=OrderKind.PURCHASE,
        number=f"PO-{count}",
        source="purchase",
        external_id=key,
        locale=supplier.language,
        currency=merchant.currency,
        total=sum((want.unit_cost * want.quantity for want in lines), Decimal(0)),
        placed_at=now,
        ship_by=now,
        digest=hashlib.sha256(key.encode()).hexdigest(),
    )
    ShippingAddress.objects.create(order=order, **_own_place(merchant))
    return order


def _own_place(merchant: Merchant) -> dict[str, str]:
    place = Location.objects.filter(merchant=merchant, kind=Location.Kind.SENDER).first()
    if place is None:
        return {
            "name": merchant.name,
            "line1": "–",
            "city": "–",
            "country": merchant.holiday_country or "DE",
        }
    names = ("name", "company", "line1", "line2", "city", "region", "postal_code", "country")
    return {name: getattr(place, name) for name in names}


@transaction.atomic
def receive(
    order_id: int,
    code: str,
    quantity: int,
    *,
    client_id: UUID,
    actor: str,
    now: datetime,
    damaged: bool = False,
    over: bool = False,
) -> Received:
    """Pieces of a purchase came in: into stock, or counted as damaged. The same `client_id` again does nothing.

    Raises PurchaseError, MoreThanOrdered (say `over` when they were counted again) and stock.StockError.
    """
    order = lock_order(order_id)
    line = _line(order, code)
    key = f"receive:{client_id}"
    if OrderEvent.objects.filter(order=order, key=key).exists():
        return Received(line, repeated=True)
    if order.status in CLOSED:
        raise PurchaseError(f"{order.number} is closed; nothing more comes in for it.")
    if not 1 <= quantity <= MAX_QUANTITY:
        raise PurchaseError(f"Say how many pieces came in: 1 to {MAX_QUANTITY:,}.")
    # Good pieces in the place of damaged ones are still owed; damaged ones cannot be more than have not come at all.
    expected = max(0, line.missing - line.damaged) if damaged else line.missing
    extra = max(0, quantity - expected)
    if extra and not over:
        raise MoreThanOrdered(
            f"{line.sku}: {expected} still expected, {quantity} scanned. Count again; if they are there, tick “more came”."
        )
    if damaged:
        line.damaged += quantity
    else:
        line.received += quantity
        stock.receive(
            line.product_id,
            quantity,
            actor=actor,
            now=now,
            reference=order.number,
            key=f"purchase:{client_id}",
        )
    line.save(update_fields=["received", "damaged"])
    record_event(
        order,
        OrderEvent.Kind.RECEIVED,
        old=", ".join(filter(None, ["damaged" if damaged else "", f"{extra} over" if extra else ""])),
        new=f"{quantity} × {line.sku}"[:40],
        subject=f"purchase-line:{line.pk}",
        occurred_at=now,
        now=now,
        actor=actor,
        key=key,
    )
    if not PurchaseLine.objects.filter(purchase=line.purchase_id, received__lt=F("quantity")).exists():
        advance_status(order, OrderStatus.DELIVERED, actor=actor, now=now, occurred_at=now)
    return Received(line)


@transaction.atomic
def finish(order_id: int, *, actor: str, now: datetime) -> None:
    """What is missing does not come any more: the purchase is closed as it is. Raises PurchaseError."""
    order = lock_order(order_id)
    if order.kind != OrderKind.PURCHASE or order.status in CLOSED:
        raise PurchaseError(f"{order.number} is closed already.")
    advance_status(order, OrderStatus.DELIVERED, actor=actor, now=now, occurred_at=now)


def arrived(order: Order, at: datetime) -> None:
    """The last of its parcels has come; what is in them is still to be counted. The caller has locked the order."""
    Purchase.objects.filter(order=order, arrived_at__isnull=True).update(arrived_at=at)


def _line(order: Order, code: str) -> PurchaseLine:
    code = code.strip()
    found = PurchaseLine.objects.filter(purchase__order=order).select_related("product")
    same = Q(sku__iexact=code) | ~Q(supplier_sku="") & Q(supplier_sku__iexact=code)
    if code.isdecimal() and 8 <= len(code) <= 14:
        same |= Q(product__gtin__in={code, code.lstrip("0"), code.zfill(13), code.zfill(14)} - {""})
    lines = list(found.filter(same)[:2])
    if order.kind != OrderKind.PURCHASE or not lines:
        raise PurchaseError(f"“{code[:80]}” is not on {order.number}. Scan a product of this purchase.")
    if len(lines) > 1:
        raise PurchaseError(f"“{code[:80]}” is the code of two lines; type the SKU.")
    return lines[0]
