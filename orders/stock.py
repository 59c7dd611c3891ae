"""Pieces on the shelf: reserved when an order comes in, consumed when its parcel leaves, released when it is
called off. Products are always locked in the order of their ids."""

from collections.abc import Iterable

from orders.models import Order, OrderLine, Product


def lock_products(ids: Iterable[int]) -> dict[int, Product]:
    rows = Product.objects.select_for_update().filter(pk__in=set(ids)).order_by("pk")
    return {product.pk: product for product in rows}


def reserve(lines: list[OrderLine], products: dict[int, Product]) -> int:
    """Reserve what is there for unsaved lines; sets `line.reserved`. Returns the pieces that are missing."""
    missing, touched = 0, {}
    for line in lines:
        product = products[line.product_id]
        if not product.track_stock:
            continue
        line.reserved = min(line.quantity, product.available)
        missing += line.quantity - line.reserved
        if line.reserved:
            product.reserved += line.reserved
            touched[product.pk] = product
    for product in touched.values():
        product.save(update_fields=["reserved"])
    return missing


def release(order: Order) -> None:
    """Give back what an order still holds."""
    lines = list(order.lines.filter(reserved__gt=0))
    products = lock_products(line.product_id for line in lines)
    for line in lines:
        products[line.product_id].reserved -= line.reserved
        line.reserved = 0
    Product.objects.bulk_update(products.values(), ["reserved"], batch_size=200)
    OrderLine.objects.bulk_update(lines, ["reserved"], batch_size=200)


def consume(quantities: list[tuple[OrderLine, int]]) -> None:
    """Pieces left the building: off the shelf and off the reservation. Counts as shipped on the line.

    Never takes more than is reserved or on hand: what was sent beyond the books is the stock count's matter.
    """
    products = lock_products(line.product_id for line, _ in quantities)
    for line, quantity in quantities:
        product, held = products[line.product_id], min(quantity, line.reserved)
        product.reserved -= held
        product.on_hand -= held
        line.reserved -= held
        line.shipped = min(line.shipped + quantity, line.quantity - line.reserved)
    Product.objects.bulk_update(products.values(), ["reserved", "on_hand"], batch_size=200)
    OrderLine.objects.bulk_update([line for line, _ in quantities], ["reserved", "shipped"], batch_size=200)
