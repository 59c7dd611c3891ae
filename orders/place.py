"""The one way an order comes in, whatever its source.

`place` is idempotent per (merchant, source, external id): the same order told twice is one order.
"""

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from phonenumber_field.phonenumber import to_python

from orders import stock
from orders.handling import ship_by
from orders.ledger import record_event
from orders.models import Customer, Merchant, Order, OrderEvent, OrderLine, Product, ShippingAddress

MAX_LINES = 1000
MAX_QUANTITY = 100_000
MAX_PRICE = Decimal("10000000")


@dataclass(frozen=True)
class IncomingAddress:
    name: str
    line1: str
    city: str
    country: str
    company: str = ""
    line2: str = ""
    region: str = ""
    postal_code: str = ""


@dataclass(frozen=True)
class IncomingLine:
    sku: str
    quantity: int
    name: str = ""
    unit_price: Decimal = Decimal(0)
    weight_g: int = 0


@dataclass(frozen=True)
class IncomingOrder:
    """An order as any source tells it. `placed_at` is aware; `currency`/`locale` default to the merchant's."""

    source: str
    external_id: str
    placed_at: datetime
    address: IncomingAddress
    lines: tuple[IncomingLine, ...]
    email: str = ""
    phone: str = ""
    number: str = ""
    currency: str = ""
    locale: str = ""
    service: str = ""
    promised_on: date | None = None
    gift_message: str = ""
    note: str = ""
    shipping_price: Decimal = Decimal(0)


@dataclass(frozen=True)
class Problem:
    """What is wrong with an incoming order. `line` counts its lines from 0; None is the order itself."""

    field: str
    message: str
    line: int | None = None


class Refused(Exception):
    """The order cannot come in; `problems` lists every reason at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.message for problem in problems))


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
    notes: tuple[str, ...] = field(default=())


def place(incoming: IncomingOrder, *, merchant: Merchant, now: datetime, actor: str = "") -> Placed:
    """Bring an order in. Raises Refused with every problem found; then nothing is stored."""
    incoming = _clean(incoming)
    problems = _problems(incoming, merchant, now)
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


def _existing(incoming: IncomingOrder, merchant: Merchant, digest: str) -> Placed | None:
    order = Order.objects.filter(
        merchant=merchant, source=incoming.source, external_id=incoming.external_id
    ).first()
    return order and Placed(order, created=False, changed=order.digest != digest)


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
        )
        for position, line in enumerate(incoming.lines, 1)
    ]
    counted = [product.pk for product in products.values() if product.track_stock]
    missing = stock.reserve(lines, {p.pk: p for p in products.values()} | stock.lock_products(counted)) if counted else 0
    OrderLine.objects.bulk_create(lines)
    record_event(
        order, OrderEvent.Kind.PLACED, new=order.status, occurred_at=order.placed_at, now=now, actor=actor, key="placed"
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
            merchant=merchant, sku=line.sku, name=line.name or line.sku, weight_g=line.weight_g, track_stock=False
        )
        for line in incoming.lines
        if line.sku not in known
    }
    Product.objects.bulk_create(fresh.values())
    return known | fresh, len(fresh)


def _next_number(merchant: Merchant) -> str:
    row = Merchant.objects.select_for_update().only("next_number", "order_prefix").get(pk=merchant.pk)
    while Order.objects.filter(merchant=merchant, number=f"{row.order_prefix}{row.next_number}").exists():
        row.next_number += 1  # a shop's own number may lie in our way
    number = f"{row.order_prefix}{row.next_number}"
    row.next_number += 1
    row.save(update_fields=["next_number"])
    return number


def _digest(incoming: IncomingOrder) -> str:
    text = json.dumps(asdict(incoming), default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


# --- cleaning and checking ----------------------------------------------------------------------------

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def clean_text(value: str, *, keep_lines: bool = False) -> str:
    """Text fit to store and print: NFC, no control characters or lone surrogates, white space folded."""
    text = unicodedata.normalize("NFC", _FORBIDDEN.sub("", value))
    if keep_lines:
        return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()
    return " ".join(text.split())


def _clean(incoming: IncomingOrder) -> IncomingOrder:
    address = replace(
        incoming.address,
        **{key: clean_text(value) for key, value in asdict(incoming.address).items() if key != "country"},
        country=clean_text(incoming.address.country).upper(),
    )
    phone = to_python(clean_text(incoming.phone), region=address.country) if incoming.phone.strip() else None
    return replace(
        incoming,
        source=clean_text(incoming.source),
        external_id=clean_text(incoming.external_id),
        number=clean_text(incoming.number),
        email=clean_text(incoming.email),
        phone=str(phone) if phone and phone.is_valid() else clean_text(incoming.phone),
        currency=clean_text(incoming.currency).upper(),
        locale=clean_text(incoming.locale),
        service=clean_text(incoming.service),
        gift_message=clean_text(incoming.gift_message, keep_lines=True),
        note=clean_text(incoming.note, keep_lines=True),
        address=address,
        lines=tuple(replace(line, sku=clean_text(line.sku), name=clean_text(line.name)) for line in incoming.lines),
    )


def _problems(incoming: IncomingOrder, merchant: Merchant, now: datetime) -> list[Problem]:
    found: list[Problem] = []
    say = lambda name, text, line=None: found.append(Problem(name, text, line))  # noqa: E731
    limits = {"source": 30, "external_id": 100, "number": 40, "locale": 10, "service": 60}
    for name, limit in limits.items():
        if len(getattr(incoming, name)) > limit:
            say(name, f"is longer than {limit} characters")
    for name in ("gift_message", "note"):
        if len(getattr(incoming, name)) > 1000:
            say(name, "is longer than 1,000 characters")
    if not incoming.external_id:
        say("external_id", "is missing")
    if incoming.currency and not re.fullmatch("[A-Z]{3}", incoming.currency):
        say("currency", f"“{incoming.currency[:20]}” is no currency code; write three letters, like EUR")
    if incoming.email:
        try:
            validate_email(incoming.email)
        except ValidationError:
            say("email", f"“{incoming.email[:60]}” is no e-mail address")
        if len(incoming.email) > 254:
            say("email", "is longer than 254 characters")
    if incoming.phone:
        phone = to_python(incoming.phone)
        if not phone or not phone.is_valid():
            say("phone", f"“{incoming.phone[:40]}” is no phone number; write it with its country, like +49 30 1234567")
    if not incoming.email and not incoming.phone:
        say("email", "is missing, and there is no phone either: the customer could not be told")
    if (incoming.placed_at - now).total_seconds() > 86_400:
        say("placed_at", "lies in the future")
    found += _address_problems(incoming.address)
    found += _line_problems(incoming)
    if incoming.number and Order.objects.filter(merchant=merchant, number=incoming.number).exclude(
        source=incoming.source, external_id=incoming.external_id
    ).exists():
        say("number", f"{incoming.number} is taken by another order")
    return found


def _address_problems(address: IncomingAddress) -> list[Problem]:
    found = [Problem(name, "is missing") for name in ("name", "line1", "city") if not getattr(address, name)]
    limits = {"name": 200, "company": 200, "line1": 200, "line2": 200, "city": 120, "region": 120, "postal_code": 20}
    found += [
        Problem(name, f"is longer than {limit} characters")
        for name, limit in limits.items()
        if len(getattr(address, name)) > limit
    ]
    if not re.fullmatch("[A-Z]{2}", address.country):
        found.append(Problem("country", f"“{address.country[:20]}” is no country code; write two letters, like DE"))
    return found


def _line_problems(incoming: IncomingOrder) -> list[Problem]:
    if not incoming.lines:
        return [Problem("lines", "the order has no lines: there is nothing to send")]
    if len(incoming.lines) > MAX_LINES:
        return [Problem("lines", f"the order has {len(incoming.lines)} lines; {MAX_LINES} is the most")]
    found = []
    for index, line in enumerate(incoming.lines):
        if not line.sku or len(line.sku) > 80:
            found.append(Problem("sku", "is longer than 80 characters" if line.sku else "is missing", index))
        if len(line.name) > 300:
            found.append(Problem("product_name", "is longer than 300 characters", index))
        if not 1 <= line.quantity <= MAX_QUANTITY:
            found.append(Problem("quantity", f"must be a whole number from 1 to {MAX_QUANTITY:,}", index))
        if not 0 <= line.unit_price <= MAX_PRICE:
            found.append(Problem("unit_price", f"must lie between 0 and {MAX_PRICE:,}", index))
    return found
