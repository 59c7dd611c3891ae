"""An order as any source tells it: its shape, its cleaning, and what may be wrong with it (pure)."""

import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from phonenumber_field.phonenumber import to_python

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


_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def clean_text(value: str, *, keep_lines: bool = False) -> str:
    """Text fit to store and print: NFC, no control characters or lone surrogates, white space folded."""
    text = unicodedata.normalize("NFC", _FORBIDDEN.sub("", value))
    if keep_lines:
        return "\n".join(
            line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        ).strip()
    return " ".join(text.split())


def clean(incoming: IncomingOrder) -> IncomingOrder:
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
        lines=tuple(
            replace(line, sku=clean_text(line.sku), name=clean_text(line.name)) for line in incoming.lines
        ),
    )


def problems_of(incoming: IncomingOrder, now: datetime) -> list[Problem]:
    """Everything that is wrong with a cleaned order, apart from what only the database knows."""
    return [
        *_own_problems(incoming, now),
        *_contact_problems(incoming),
        *_address_problems(incoming.address),
        *_line_problems(incoming),
    ]


def _own_problems(incoming: IncomingOrder, now: datetime) -> list[Problem]:
    limits = {
        "source": 30,
        "external_id": 100,
        "number": 40,
        "locale": 10,
        "service": 60,
        "gift_message": 1000,
        "note": 1000,
    }
    found = [
        Problem(name, f"is longer than {limit:,} characters")
        for name, limit in limits.items()
        if len(getattr(incoming, name)) > limit
    ]
    if not incoming.external_id:
        found.append(Problem("external_id", "is missing"))
    if incoming.currency and not re.fullmatch("[A-Z]{3}", incoming.currency):
        text = f"“{incoming.currency[:20]}” is no currency code; write three letters, like EUR"
        found.append(Problem("currency", text))
    if (incoming.placed_at - now).total_seconds() > 86_400:
        found.append(Problem("placed_at", "lies in the future"))
    return found


def _contact_problems(incoming: IncomingOrder) -> list[Problem]:
    if not incoming.email and not incoming.phone:
        return [Problem("email", "is missing, and there is no phone either: the customer could not be told")]
    found = []
    if incoming.email:
        try:
            validate_email(incoming.email)
        except ValidationError:
            found.append(Problem("email", f"“{incoming.email[:60]}” is no e-mail address"))
        if len(incoming.email) > 254:
            found.append(Problem("email", "is longer than 254 characters"))
    if incoming.phone:
        phone = to_python(incoming.phone)
        if not phone or not phone.is_valid():
            text = (
                f"“{incoming.phone[:40]}” is no phone number; write it with its country, like +49 30 1234567"
            )
            found.append(Problem("phone", text))
    return found


def _address_problems(address: IncomingAddress) -> list[Problem]:
    found = [Problem(name, "is missing") for name in ("name", "line1", "city") if not getattr(address, name)]
    limits = {
        "name": 200,
        "company": 200,
        "line1": 200,
        "line2": 200,
        "city": 120,
        "region": 120,
        "postal_code": 20,
    }
    found += [
        Problem(name, f"is longer than {limit} characters")
        for name, limit in limits.items()
        if len(getattr(address, name)) > limit
    ]
    if not re.fullmatch("[A-Z]{2}", address.country):
        found.append(
            Problem("country", f"“{address.country[:20]}” is no country code; write two letters, like DE")
        )
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
