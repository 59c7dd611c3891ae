"""In which language a customer is spoken to: theirs to choose, whatever the shop's system said when they ordered."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from orders.models import Customer, Merchant, Order

LATELY = timedelta(days=180)
"""An older order has nothing left to say, and so no look through all that a shop has ever sold."""


def orders_of(merchant: Merchant, who: dict[str, Any], now: datetime) -> QuerySet[Order]:
    """`who` is the address as a filter: `{"phone": …}` or `{"email__iexact": …}`."""
    return Order.objects.filter(merchant=merchant, placed_at__gt=now - LATELY, **who)


def language_of(merchant: Merchant, who: dict[str, Any], now: datetime) -> str:
    """The locale of the customer's newest order; "" where there is none."""
    newest = orders_of(merchant, who, now).order_by("-placed_at").values_list("locale", flat=True)
    return newest.first() or ""


@transaction.atomic
def speak(merchant: Merchant, who: dict[str, Any], locale: str, *, now: datetime) -> int:
    """From now on mails, messages and pages of the customer's orders at this shop are in this language. Returns how many."""
    mine = orders_of(merchant, who, now)
    Customer.objects.filter(pk__in=list(mine.values_list("customer", flat=True))).update(locale=locale)
    return mine.update(locale=locale)
