"""What passes between the shop and a supplier about a purchase."""

from datetime import date, datetime

from django.db import transaction

from orders.ledger import record_event
from orders.lifecycle import lock_order
from orders.models import OrderEvent, Purchase, SupplierWord
from orders.purchasing import CLOSED, PurchaseError


@transaction.atomic
def asked(purchase: Purchase, text: str, *, author: str, now: datetime) -> SupplierWord:
    return SupplierWord.objects.create(
        purchase=purchase, kind=SupplierWord.Kind.ASKED, text=text[:8_000], author=author, at=now
    )


@transaction.atomic
def answered(
    purchase_id: int, text: str, *, author: str, now: datetime, expected_on: date | None = None
) -> SupplierWord:
    """Keep what the supplier said. A day that it names is the expected day from then on, and is announced as a fact of the
    purchase, so that its parcels are promised anew. Raises PurchaseError."""
    order = lock_order(Purchase.objects.values_list("order_id", flat=True).get(pk=purchase_id))
    purchase = Purchase.objects.get(pk=purchase_id)
    if not text.strip():
        raise PurchaseError("Write down what the supplier said.")
    if expected_on and order.status in CLOSED:
        raise PurchaseError(f"{order.number} is closed; no new day can be set.")
    if expected_on and expected_on < now.astimezone(order.merchant.tz).date():
        raise PurchaseError("The expected day has passed; choose today or later.")
    said = SupplierWord.objects.create(
        purchase=purchase,
        kind=SupplierWord.Kind.ANSWERED,
        text=text.strip()[:8_000],
        expected_on=expected_on,
        author=author,
        at=now,
    )
    if expected_on and expected_on != purchase.expected_on:
        old, purchase.expected_on = purchase.expected_on, expected_on
        purchase.save(update_fields=["expected_on"])
        record_event(
            order,
            OrderEvent.Kind.PROMISE,
            old=old.isoformat(),
            new=expected_on.isoformat(),
            subject=f"purchase:{purchase.pk}",
            occurred_at=now,
            now=now,
            actor=author,
        )
    return said
