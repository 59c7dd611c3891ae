"""What goes on paper, as plain data: all that the templates show, so no price can slip in."""

import base64
import hashlib
import io
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils import translation
from django.utils.dateformat import format as format_date
from django.utils.formats import get_format
from PIL import Image

from orders.models import Location, Merchant, Order, OrderLine
from orders.secrets import CROCKFORD
from shipping.documents.addresses import address_lines, language_of
from shipping.documents.measure import printable
from shipping.documents.words import say
from shipping.models import CarrierLabel, Shipment, ShipmentLine
from shipping.status import Direction, Stage

log = logging.getLogger(__name__)

HASH_LENGTH = 4  # of 32 letters: one change in a million goes unseen


@dataclass(frozen=True)
class Brand:
    name: str
    colour: str
    logo: str  # a data: address, or ""
    contact: str
    footer: str


@dataclass(frozen=True)
class Item:
    sku: str
    name: str
    quantity: int
    bin: str = ""
    price: str = ""


@dataclass(frozen=True)
class OtherParcel:
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Recipient:
    """`name` is one of `lines`; which one depends on the country."""

    name: str
    lines: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class SlipContext:
    brand: Brand
    order: str
    date: str
    to: Recipient
    sender: tuple[str, ...]
    service: str
    items: tuple[Item, ...]
    gift_message: str
    parcel: int
    parcels: int
    others: tuple[OtherParcel, ...]
    backordered: tuple[Item, ...]
    link: str
    code: str
    hash: str = ""
    locale: str = "en"
    total: str = ""  # "" unless the merchant shows prices
    back_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class CarrierPaper:
    """A label the carrier issued: `kind` is pdf, png or zpl; `name` is its file in the storage."""

    kind: str
    name: str
    sha256: str


@dataclass(frozen=True)
class LabelContext:
    brand: Brand
    order: str
    to: Recipient
    sender: tuple[str, ...]
    carrier: str
    service: str
    weight: str
    parcel: int
    parcels: int
    tracking_number: str
    code: str
    issued: CarrierPaper | None = None


@dataclass(frozen=True)
class Papers:
    shipment_id: int
    order_id: int
    slip: SlipContext
    label: LabelContext


def contexts_for(merchant: Merchant, shipment_ids: Sequence[int]) -> list[Papers]:
    """The papers of the merchant's parcels, in the order asked for; five queries however many. Parcels
    that are gone, called off or another merchant's are left out."""
    found = (
        Shipment.objects.for_merchant(merchant)
        .exclude(stage=Stage.VOID)
        .select_related("order__ship_to", "carrier_label")
        .in_bulk(list(shipment_ids))
    )
    wanted = [found[pk] for pk in dict.fromkeys(shipment_ids) if pk in found]
    shelf = _Shelf(merchant, {shipment.order_id for shipment in wanted})
    house = House.of(merchant)
    return [_papers(shipment, house, shelf) for shipment in wanted]


@dataclass(frozen=True)
class House:
    """What all papers of a merchant share."""

    merchant: Merchant
    brand: Brand
    origin: tuple[str, ...]
    back_to: tuple[str, ...]

    @classmethod
    def of(cls, merchant: Merchant) -> "House":
        places = {place.kind: place for place in Location.objects.for_merchant(merchant)}
        sender = places.get(Location.Kind.SENDER)
        returns = places.get(Location.Kind.RETURNS, sender)
        return cls(
            merchant,
            brand_of(merchant),
            address_lines(sender) if sender else (merchant.name,),
            address_lines(returns) if returns else (merchant.name,),
        )


class _Shelf:
    """The parcels of these orders, and what of each is not there to be packed."""

    def __init__(self, merchant: Merchant, order_ids: set[int]) -> None:
        self.prices = merchant.slip_prices
        siblings = (
            Shipment.objects.for_merchant(merchant)
            .filter(order_id__in=order_ids)
            .exclude(stage=Stage.VOID)
            .order_by("order_id", "position")
        )
        self.parcels: dict[int, list[Shipment]] = defaultdict(list)
        for shipment in siblings:
            self.parcels[shipment.order_id].append(shipment)
        self.lines: dict[int, list[ShipmentLine]] = defaultdict(list)
        rows = (
            ShipmentLine.objects.for_merchant(merchant)
            .filter(shipment__order_id__in=order_ids)
            .select_related("order_line__product")
            .order_by("order_line__position")
        )
        for row in rows:
            self.lines[row.shipment_id].append(row)
        self.short: dict[int, list[OrderLine]] = defaultdict(list)
        lines = OrderLine.objects.for_merchant(merchant).filter(
            order_id__in=order_ids, product__track_stock=True
        )
        for line in lines.order_by("position"):
            if missing_of(line):
                self.short[line.order_id].append(line)

    def items_by_parcel(self, order_id: int, direction: str) -> list[tuple[Shipment, tuple[Item, ...]]]:
        """What is really in each parcel: missing pieces are taken off the last ones not yet on their way."""
        missing = {line.pk: missing_of(line) for line in self.short[order_id]}
        parcels = [parcel for parcel in self.parcels[order_id] if parcel.direction == direction]
        contents: list[tuple[Shipment, tuple[Item, ...]]] = []
        for parcel in reversed(parcels):
            items = []
            for row in self.lines[parcel.pk]:
                unsent = direction == Direction.OUTBOUND and parcel.stage != Stage.HANDED_OVER
                absent = min(row.quantity, missing.get(row.order_line_id, 0)) if unsent else 0
                if absent:
                    missing[row.order_line_id] -= absent
                if row.quantity > absent:
                    line = row.order_line
                    items.append(self.item(line, row.quantity - absent, line.product.bin))
            contents.insert(0, (parcel, tuple(items)))
        return contents

    def item(self, line: OrderLine, quantity: int, place: str = "") -> Item:
        return Item(line.sku, line.name, quantity, place, f"{line.unit_price:,.2f}" if self.prices else "")


def missing_of(line: OrderLine) -> int:
    """Pieces of a counted product that are neither sent nor lying ready."""
    return max(0, line.quantity - line.reserved - line.shipped)


def _papers(shipment: Shipment, house: House, shelf: _Shelf) -> Papers:
    order: Order = shipment.order
    parcels = shelf.items_by_parcel(order.pk, shipment.direction)
    place = next(index for index, (parcel, _) in enumerate(parcels, 1) if parcel.pk == shipment.pk)
    address, service, items = order.ship_to, shipment.service or order.service, parcels[place - 1][1]
    to = Recipient(printable(address.name), address_lines(address), language_of(address.country))
    slip = SlipContext(
        brand=house.brand,
        order=order.number,
        date=date_text(order.placed_at.astimezone(house.merchant.tz).date(), order.locale),
        to=to,
        sender=house.origin,
        service=service,
        items=items,
        gift_message=order.gift_message,
        parcel=place,
        parcels=len(parcels),
        others=tuple(
            OtherParcel(say("other", order.locale, x=index, y=len(parcels)), others)
            for index, (_, others) in enumerate(parcels, 1)
            if index != place and others
        ),
        backordered=tuple(shelf.item(line, missing_of(line)) for line in shelf.short[order.pk]),
        link=f"{settings.BASE_URL}/t/{order.public_key}/",
        code=shipment.code,
        hash=content_hash(order, service, items),
        locale=order.locale,
        total=f"{order.total:,.2f} {order.currency}" if house.merchant.slip_prices else "",
        back_to=house.back_to,
    )
    label = LabelContext(
        brand=house.brand,
        order=order.number,
        to=to,
        sender=house.origin,
        carrier=shipment.carrier,
        service=service,
        weight=weight_text(shipment.weight_g),
        parcel=place,
        parcels=len(parcels),
        tracking_number=shipment.tracking_number,
        code=shipment.code,
        issued=_issued(shipment),
    )
    return Papers(shipment.pk, order.pk, slip, label)


def _issued(shipment: Shipment) -> CarrierPaper | None:
    try:
        label = shipment.carrier_label
    except CarrierLabel.DoesNotExist:
        return None
    return CarrierPaper(label.kind, label.file.name or "", label.sha256)


def date_text(day: date, locale: str) -> str:
    """As the language writes it, with the month as a word."""
    with translation.override(locale if translation.check_for_language(locale) else "en"):
        pattern = "j F Y" if locale.startswith("en") else get_format("DATE_FORMAT", lang=locale)
        return format_date(day, pattern)


def content_hash(order: Order, service: str, items: tuple[Item, ...]) -> str:
    """Of what matters to the person who packs and to the one who receives: what is in this parcel, where it
    goes and what the card says. What is in the order's other parcels does not matter."""
    to = order.ship_to
    address = (to.name, to.company, to.line1, to.line2, to.city, to.region, to.postal_code, to.country)
    packed = sorted((item.sku, item.quantity) for item in items)
    digest = hashlib.sha256(repr((address, order.gift_message, service, packed)).encode()).digest()
    return "".join(CROCKFORD[byte % 32] for byte in digest[:HASH_LENGTH])


def weight_text(grams: int) -> str:
    if not grams:
        return ""
    return f"{grams} g" if grams < 1000 else f"{grams / 1000:.2f}".rstrip("0").rstrip(".") + " kg"


def brand_of(merchant: Merchant) -> Brand:
    support: Iterable[str] = (merchant.support_email, merchant.support_phone, merchant.support_url)
    return Brand(
        name=merchant.name,
        colour=merchant.colour if re.fullmatch("#[0-9a-fA-F]{6}", merchant.colour) else "#1f4e8c",
        logo=_logo(merchant),
        contact="  ·  ".join(filter(None, support)),
        footer=merchant.footer,
    )


def _logo(merchant: Merchant) -> str:
    """The logo inlined, for paper fetches nothing. Without a sound file the name is printed."""
    if not merchant.logo:
        return ""
    try:
        with merchant.logo.open("rb") as file:
            data = file.read(1_000_000)
        with Image.open(io.BytesIO(data)) as image:
            kind = (image.format or "").lower()
            image.verify()
    except Exception as error:  # Pillow raises whatever it likes at a broken file
        log.warning("the logo of %s cannot be printed: %s", merchant.slug, error)
        return ""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}" if kind in ("png", "jpeg") else ""
