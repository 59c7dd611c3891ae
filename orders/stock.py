"""Pieces on the shelf. The one writer of a product's `on_hand` and `reserved`, and of its ledger of moves.

A piece is reserved when an order comes in, consumed when its parcel leaves, released when the order is called off.
What comes in is reserved for the orders that wait, oldest first; what turns out to be missing is taken from the
newest. A line's `reserved` is guarded by its product's lock: every function here locks products, in the order of
their ids, before it reads lines.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from orders.models import Order, OrderLine, Product, StockMove
from orders.status import OrderStatus

Kind = StockMove.Kind
MOST = 1_000_000_000


class StockError(Exception):
    """A change that cannot be; the message is for the person who asked for it."""


def lock_products(ids: Iterable[int]) -> dict[int, Product]:
    rows = Product.objects.select_for_update().filter(pk__in=set(ids)).order_by("pk")
    return {product.pk: product for product in rows}


# --- what orders do ---------------------------------------------------------------------------------------


def reserve(lines: list[OrderLine], products: dict[int, Product]) -> int:
    """Reserve what is there for unsaved lines; sets `line.reserved`. Returns the pieces that are missing."""
    missing, touched = 0, {}
    for line in lines:
        product = products[line.product_id]
        if not product.track_stock:
            continue
        line.reserved = (
            line.quantity if product.allow_negative else _at_most(line.quantity, product.available)
        )
        missing += line.quantity - line.reserved
        if line.reserved:
            product.reserved += line.reserved
            touched[product.pk] = product
    for product in touched.values():
        product.save(update_fields=["reserved"])
    return missing


def release(order: Order) -> None:
    """Give back what an order still holds; it goes to the orders that wait."""
    held = list(order.lines.filter(reserved__gt=0).values_list("product_id", flat=True))
    products = lock_products(held)
    lines = list(order.lines.filter(reserved__gt=0, product_id__in=products))
    for line in lines:
        products[line.product_id].reserved -= line.reserved
        line.reserved = 0
    OrderLine.objects.bulk_update(lines, ["reserved"], batch_size=200)
    Product.objects.bulk_update(products.values(), ["reserved"], batch_size=200)
    for product in products.values():
        _fill(product)


def consume(
    quantities: Sequence[tuple[OrderLine, int]],
    *,
    reference: str = "",
    actor: str = "",
    now: datetime | None = None,
) -> None:
    """Pieces left the building: off the shelf and off the reservation. Counts as shipped on the line.

    Never takes more than is reserved: what was sent beyond the books is the stock count's matter.
    """
    moved: list[tuple[Product, int]] = []
    products = lock_products(line.product_id for line, _ in quantities)
    lines = OrderLine.objects.in_bulk([line.pk for line, _ in quantities])
    for given, quantity in quantities:
        line, product = lines[given.pk], products[given.product_id]
        held = min(quantity, line.reserved)
        product.reserved -= held
        line.reserved -= held
        line.shipped = min(line.shipped + quantity, line.quantity - line.reserved)
        if held:
            moved.append((product, -held))
        given.reserved, given.shipped = line.reserved, line.shipped
    OrderLine.objects.bulk_update(lines.values(), ["reserved", "shipped"], batch_size=200)
    _write(moved, Kind.SHIPPED, reference=reference, actor=actor, now=now)


def put_back(
    quantities: Sequence[tuple[OrderLine, int]],
    *,
    reference: str,
    actor: str = "",
    now: datetime | None = None,
) -> None:
    """A parcel did not leave after all: its pieces lie on the shelf again, reserved for the same lines.

    Never puts back more than was taken off the shelf under the same `reference`: what was sent beyond the books
    comes back beyond them.
    """
    moved: list[tuple[Product, int]] = []
    products = lock_products(line.product_id for line, _ in quantities)
    lines = OrderLine.objects.in_bulk([line.pk for line, _ in quantities])
    taken = _taken(products, reference)
    for given, quantity in quantities:
        line, product = lines[given.pk], products[given.product_id]
        off = min(quantity, line.shipped)
        back = _at_most(off, taken.get(product.pk, 0))
        line.shipped -= off
        if product.track_stock and back:
            taken[product.pk] -= back
            line.reserved += back
            product.reserved += back
            moved.append((product, back))
        given.reserved, given.shipped = line.reserved, line.shipped
    OrderLine.objects.bulk_update(lines.values(), ["reserved", "shipped"], batch_size=200)
    _write(moved, Kind.RETURNED, reference=reference, actor=actor, now=now)


def _taken(products: Iterable[int], reference: str) -> dict[int, int]:
    """Pieces of each product that left under this reference and have not come back."""
    moves = StockMove.objects.filter(
        product__in=products, reference=reference[:60], kind__in=[Kind.SHIPPED, Kind.RETURNED]
    )
    sums = moves.order_by().values_list("product").annotate(net=Sum("quantity"))
    return {product_id: -net for product_id, net in sums}


# --- what people do ---------------------------------------------------------------------------------------


@transaction.atomic
def open_ledger(product: Product, *, actor: str = "", now: datetime | None = None) -> None:
    """The first move of a product that was made with pieces on hand. Does nothing if it has one."""
    locked = lock_products([product.pk])[product.pk]
    if locked.on_hand and not locked.moves.exists():
        _keep(locked, Kind.OPENING, locked.on_hand, actor=actor, key="opening", now=now)


def receive(
    product_id: int, quantity: int, *, actor: str, now: datetime, reference: str = "", key: str | None = None
) -> Product:
    """Pieces came in. `key` makes a repeat do nothing. Raises StockError."""
    if not 0 < quantity <= MOST:
        raise StockError("Say how many pieces came in: at least one.")
    return _change(product_id, Kind.RECEIVED, quantity, actor=actor, now=now, reference=reference, key=key)


def adjust(
    product_id: int, by: int, reason: str, *, actor: str, now: datetime, key: str | None = None
) -> Product:
    """More or fewer pieces than the books say, and why. Raises StockError."""
    if not reason.strip():
        raise StockError("Say why the number changes.")
    if not by or abs(by) > MOST:
        raise StockError("Say by how many pieces the number changes.")
    return _change(product_id, Kind.ADJUSTED, by, actor=actor, now=now, reason=reason, key=key)


@transaction.atomic
def count(product_id: int, counted: int, *, actor: str, now: datetime, reason: str = "") -> Product:
    """So many pieces lie there. Raises StockError for a number below zero."""
    if not 0 <= counted <= MOST:
        raise StockError("A count is zero or more.")
    product = _locked(product_id)
    if counted != product.on_hand:
        _apply(product, Kind.COUNTED, counted - product.on_hand, actor=actor, now=now, reason=reason)
    return product


@transaction.atomic
def lose(line: OrderLine, quantity: int, *, reason: str, reference: str, actor: str, now: datetime) -> int:
    """A picker did not find pieces that were reserved for this line: they are off the books, and the line waits
    for others. Returns how many were reserved."""
    product = _locked(line.product_id)
    fresh = OrderLine.objects.get(pk=line.pk)
    gone = min(quantity, fresh.reserved)
    if gone:
        fresh.reserved -= gone
        fresh.save(update_fields=["reserved"])
        product.reserved -= gone
        off = gone if product.allow_negative else min(gone, product.on_hand)
        _keep(product, Kind.SHORT, -off, reason=reason, reference=reference, actor=actor, now=now)
        product.on_hand -= off
        product.save(update_fields=["on_hand", "reserved"])
    line.reserved = fresh.reserved
    return gone


@transaction.atomic
def share_out(product_id: int) -> Product:
    """Reserve what is free of a product for the orders that wait."""
    product = _locked(product_id)
    _fill(product)
    return product


# --- below ------------------------------------------------------------------------------------------------


@transaction.atomic
def _change(
    product_id: int,
    kind: str,
    by: int,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    reference: str = "",
    key: str | None = None,
) -> Product:
    product = _locked(product_id)
    if key and product.moves.filter(key=key).exists():
        return product
    _apply(product, kind, by, actor=actor, now=now, reason=reason, reference=reference, key=key)
    return product


def _locked(product_id: int) -> Product:
    try:
        return lock_products([product_id])[product_id]
    except KeyError:
        raise StockError("This product is gone.") from None


def _apply(
    product: Product,
    kind: str,
    by: int,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    reference: str = "",
    key: str | None = None,
) -> None:
    after = product.on_hand + by
    if after < 0 and not product.allow_negative:
        raise StockError(f"There are only {product.on_hand} of {product.sku}; {-by} cannot be taken away.")
    if abs(after) > MOST:
        raise StockError("That is more than a shelf can hold.")
    _keep(product, kind, by, actor=actor, now=now, reason=reason, reference=reference, key=key)
    product.on_hand = after
    if by < 0:
        _take_back(product)
    product.save(update_fields=["on_hand", "reserved"])
    if by > 0:
        _fill(product)


def _write(
    moved: Sequence[tuple[Product, int]], kind: str, *, reference: str, actor: str, now: datetime | None
) -> None:
    products = {product.pk: product for product, _ in moved}
    rows = []
    for product, by in moved:
        product.on_hand += by
        rows.append(_row(product, kind, by, product.on_hand, "", reference, actor, None, now))
    StockMove.objects.bulk_create(rows)
    Product.objects.bulk_update(products.values(), ["reserved", "on_hand"], batch_size=200)


def _keep(
    product: Product,
    kind: str,
    by: int,
    *,
    actor: str = "",
    now: datetime | None = None,
    reason: str = "",
    reference: str = "",
    key: str | None = None,
) -> None:
    if by:
        before = 0 if kind == Kind.OPENING else product.on_hand
        _row(product, kind, by, before + by, reason, reference, actor, key, now).save(force_insert=True)


def _row(
    product: Product,
    kind: str,
    by: int,
    balance: int,
    reason: str,
    reference: str,
    actor: str,
    key: str | None,
    now: datetime | None,
) -> StockMove:
    return StockMove(
        product=product,
        kind=kind,
        quantity=by,
        balance=balance,
        reason=reason.strip()[:200],
        reference=reference[:60],
        actor=actor[:150],
        key=key,
        at=now or timezone.now(),
    )


def _fill(product: Product) -> None:
    """Reserve what is free for the lines that wait, oldest order first. The product is locked."""
    free = product.available
    if free <= 0 or not product.track_stock:
        return
    waiting = (
        OrderLine.objects.filter(product=product, quantity__gt=F("reserved") + F("shipped"))
        .exclude(order__status__in=[OrderStatus.CANCELLED, OrderStatus.DELIVERED])
        .order_by("order__placed_at", "pk")
    )
    for line in list(waiting[: min(free, 10_000)]):  # each takes one at least
        taken = _at_most(line.quantity - line.reserved - line.shipped, free)
        line.reserved += taken
        line.save(update_fields=["reserved"])
        free -= taken
        product.reserved += taken
        if not free:
            break
    product.save(update_fields=["reserved"])


def _take_back(product: Product) -> None:
    """Reservations for pieces that are not there go, newest order first. The product is locked; the caller saves it."""
    over = product.reserved - product.on_hand
    if over <= 0 or product.allow_negative:
        return
    for line in product.lines.filter(reserved__gt=0).order_by("-order__placed_at", "-pk"):
        taken = _at_most(line.reserved, over)
        line.reserved -= taken
        line.save(update_fields=["reserved"])
        product.reserved -= taken
        over -= taken
        if not over:
            return


def _at_most(wanted: int, there: int) -> int:
    return max(0, min(wanted, there))
