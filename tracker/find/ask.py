"""The command search: what a few typed letters may mean, exact meanings first.

Everything is asked by the beginning of a column that has an index for it (`orders.prefixes`), inside the person's
merchants, a few rows each; the number of queries does not depend on what is typed or found.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.db.models.functions import Upper
from django.urls import reverse

from orders.lookup import spellings
from orders.models import Customer, Merchant, Order, Product, User
from orders.prefixes import beginning
from orders.status import OrderStatus
from shipping.carriers.base import normal_number
from shipping.models import Shipment
from tracker.rooms import Door, Group

LONGEST, SHORTEST, FEW = 100, 2, 6
SHOPS = 500
_NOISE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Found:
    title: str
    note: str
    url: str
    icon: str
    state: str = ""
    state_name: str = ""
    exact: bool = False


@dataclass(frozen=True)
class Answers:
    """`more` is the list that shows all of a group; empty where everything is shown."""

    title: str
    found: tuple[Found, ...]
    more: str = ""


def cleaned(typed: str) -> str:
    """What was typed without what cannot be meant: control characters, doubled spaces, the tail of a novel."""
    return " ".join(_NOISE.sub(" ", unicodedata.normalize("NFKC", typed[: LONGEST * 2])).split())[:LONGEST]


def ask(user: User, typed: str, rooms: Iterable[Group]) -> list[Answers]:
    """Groups of answers. The first holds what was named exactly, if anything was."""
    term = cleaned(typed)
    if not term:
        return []
    pages = Answers("Pages", tuple(_pages(term, rooms))[:FEW])
    if len(term) < SHORTEST:
        return [pages] if pages.found else []
    shops = list(Merchant.objects.visible_to(user).values_list("pk", "order_prefix")[:SHOPS])

    alone = len(shops) == 1

    def mine(manager: Any) -> Any:
        """Behind the wall; the merchants by number too, so that platform staff's questions use the same indexes."""
        return manager.visible_to(user).filter(merchant__in=[pk for pk, _ in shops])

    groups = [
        _orders(mine(Order.objects), term, alone, {prefix for _, prefix in shops}),
        _parcels(mine(Shipment.objects), term, alone),
        _customers(mine(Customer.objects), term, alone),
        _products(mine(Product.objects), term, alone),
        pages,
    ]
    exact = tuple(found for group in groups for found in group.found if found.exact)
    best = [Answers("Exactly this", exact)] if exact else []
    rest = [
        Answers(group.title, tuple(found for found in group.found if not found.exact)[:FEW], group.more)
        for group in groups
    ]
    return best + [group for group in rest if group.found]


def _orders(mine: QuerySet[Order], term: str, alone: bool, prefixes: set[str]) -> Answers:
    rows = mine.select_related("ship_to")
    meant = {*spellings(term), *(f"{prefix}{term}".upper() for prefix in prefixes)}
    exact = list(rows.alias(up=Upper("number")).filter(up__in=meant).order_by("-placed_at")[:FEW])
    begun = _begun(rows, "number", term, alone)
    elsewhere = _begun(rows, "external_id", term, alone)

    def told(order: Order) -> Found:
        named = order in exact or order.external_id.upper() == term.upper()
        note = f"{order.ship_to.name}, {order.ship_to.city}"
        return Found(
            f"Order {order.number}",
            note,
            _page(order),
            "list",
            order.status,
            OrderStatus(order.status).label,
            named,
        )

    return _answers("Orders", [*exact, *begun, *elsewhere], told, "orders_order", term)  # fmt: skip


def _parcels(mine: QuerySet[Shipment], term: str, alone: bool) -> Answers:
    rows, number = mine.select_related("order"), normal_number(term)
    coded = _begun(rows, "code", term.upper(), alone)
    tracked = _begun(rows, "tracking_number", number or term, alone)

    def told(parcel: Shipment) -> Found:
        note = " ".join(
            filter(None, [f"Order {parcel.order.number}", parcel.carrier, parcel.tracking_number])
        )
        named = term.upper() == parcel.code or (
            bool(number) and number == normal_number(parcel.tracking_number)
        )
        state = parcel.tracking_status if parcel.tracking_status != "unknown" else parcel.stage
        name = parcel.get_tracking_status_display() if state != parcel.stage else parcel.get_stage_display()
        return Found(f"Parcel {parcel.code}", note, _page(parcel), "box", state, str(name), named)

    return _answers("Parcels", [*coded, *tracked], told, "shipping_shipment", term)


def _customers(mine: QuerySet[Customer], term: str, alone: bool) -> Answers:
    def told(customer: Customer) -> Found:
        exact = term.lower() == customer.email.lower()
        return Found(
            str(customer), customer.email or str(customer.phone), _page(customer), "person", exact=exact
        )

    return _answers(
        "Customers", [*_begun(mine, "email", term, alone), *_begun(mine, "name", term, alone)], told, "orders_customer", term
    )  # fmt: skip


def _products(mine: QuerySet[Product], term: str, alone: bool) -> Answers:
    def told(product: Product) -> Found:
        note = f"{product.sku} · {product.available} free" if product.track_stock else product.sku
        return Found(product.name, note, _page(product), "shop", exact=term.upper() == product.sku.upper())

    return _answers(
        "Products", [*_begun(mine, "sku", term, alone), *_begun(mine, "name", term, alone)], told, "orders_product", term
    )  # fmt: skip


def _begun(rows: QuerySet[Any], column: str, term: str, alone: bool) -> list[Any]:
    """One more than is shown, so that it is known whether there are more."""
    return list(beginning(rows, column, term, few=FEW + 1, one_merchant=alone))


def _answers(title: str, rows: list[Any], told: Callable[[Any], Found], model: str, term: str) -> Answers:
    once = list({row.pk: row for row in rows}.values())
    found = [told(row) for row in once]
    more = reverse(f"admin:{model}_changelist") + "?" + urlencode({"q": term})
    return Answers(title, tuple(found), more if len(found) > FEW else "")


def _page(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _pages(term: str, rooms: Iterable[Group]) -> Iterator[Found]:
    """Pages of which every typed word begins a word of the name (these first) or of what else they are called."""
    typed = term.lower().split()

    def begins(text: str) -> bool:
        words = re.findall(r"\w+", text.lower())
        return all(any(word.startswith(piece) for word in words) for piece in typed)

    doors: list[tuple[Group, Door]] = [(group, door) for group in rooms for door in group.doors]
    named = [pair for pair in doors if begins(pair[1].title)]
    called = [pair for pair in doors if pair not in named and begins(f"{pair[1].title} {pair[1].words}")]
    for group, door in [*named, *called]:
        yield Found(door.title, group.title, door.url, door.icon)
