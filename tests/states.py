"""Every state in which a customer can find the tracking page, made through the doors by which it comes to be."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from orders.lifecycle import change_status
from orders.models import Merchant, Order, Purchase, Supplier
from orders.place import IncomingLine
from orders.purchasing import Wanted, buy
from orders.status import OrderStatus
from shipping.carriers.base import Reading
from shipping.models import CustomerReport, Rating, Shipment
from shipping.status import TrackingStatus
from shipping.tracking.record import record
from tests.factories import make_merchant, make_order, make_product, make_shipment

H = timedelta(hours=1)
S = TrackingStatus


class Shop(NamedTuple):
    name: str
    colour: str
    zone: str
    country: str
    towns: tuple[str, str, str]
    address: dict[str, str]
    items: tuple[str, str]
    point: str
    """What a carrier says of a pick-up point."""


SHOPS = {
    "en": Shop("Olive & Oak", "#2f5d50", "Europe/London", "GB", ("Leeds", "Coventry", "Bristol"),
               {"name": "Ada Lovelace", "line1": "5 High Street", "city": "Bristol", "postal_code": "BS1 4DJ", "country": "GB"},
               ("Chopping board, oak, large", "Olive wood spoons, set of three"), "Corner Shop, 12 Park Row, Mon-Sat 8-20, Sun 9-14"),
    "de": Shop("Donaudampfschifffahrts-Feinkost", "#7a1f3d", "Europe/Berlin", "DE", ("Hamburg", "Kassel", "München"),
               {"name": "Änne Müller-Lüdenscheidt", "line1": "Hauptstr. 5", "city": "München", "postal_code": "80331",
                "country": "DE"},
               ("Fußmatte „Willkommen“", "Übergroße Schöpfkelle aus Olivenholz"),
               "Kiosk am Viktualienmarkt, Frauenstr. 12, Mo-Fr 8-20 Uhr, Sa 9-16 Uhr"),
    "ar": Shop("متجر توابل الصحراء", "#f2b705", "Africa/Cairo", "EG", ("Aswan", "Alexandria", "Cairo"),
               {"name": "فاطمة الزهراء", "line1": "شارع التحرير ٥", "city": "القاهرة", "postal_code": "11511", "country": "EG"},
               ("زعفران ٥ غرام", "كمون مطحون"), "مكتب البريد، شارع طلعت حرب ١٢، من ٨ إلى ٢٠"),
    "ja": Shop("海苔と本の店", "#0b6e4f", "Asia/Tokyo", "JP", ("Osaka", "Nagoya", "Tokyo"),
               {"name": "山田太郎", "line1": "銀座4-5-6", "city": "東京都中央区", "postal_code": "104-0061", "country": "JP"},
               ("味付け海苔 十枚入り", "源氏物語 文庫版"), "コンビニ銀座四丁目店 24時間営業"),
}  # fmt: skip
UNMOVED = frozenset({S.UNKNOWN, S.PRE_TRANSIT, S.CANCELLED})


class Maker:
    """Makes states for one shop, at one moment."""

    def __init__(self, language: str, now: datetime) -> None:
        self.spec, self.language, self.now = SHOPS[language], language, now
        spec = self.spec
        self.shop: Merchant = make_merchant(
            f"shop-{language}", name=spec.name, colour=spec.colour, zone=spec.zone, locale=language,
            holiday_country=spec.country, support_phone="+49 40 5550123", footer=spec.name, notify_sms=True,
        )  # fmt: skip
        self.shop.locations.update(city=spec.towns[0], country=spec.country)
        self.made = 0

    def parcel(self, **changes: object) -> Shipment:
        self.made += 1
        lines = tuple(IncomingLine(f"S-{at}", at, name) for at, name in enumerate(self.spec.items, 1))
        placed = self.now - 60 * H
        given = {"address": self.spec.address, "lines": lines} | changes
        return make_shipment(
            self.shop, now=placed, placed_at=placed, locale=self.language, carrier="DHL",
            tracking_number=f"JD{self.shop.pk:04}{self.made:06}", **given,
        )  # fmt: skip

    def tell(self, parcel: Shipment, last: str, *, ago: int = 1, eta_in: int | None = None) -> Shipment:
        """The carrier's story up to its last word, that many hours ago."""
        words = [last] if last in UNMOVED else [S.PICKED_UP, S.IN_TRANSIT, S.IN_TRANSIT, last]
        words = words[:1] if last == S.PICKED_UP else words
        eta = (self.now + timedelta(days=eta_in)).date() if eta_in is not None else None
        readings = [
            Reading(
                status, self.now - ((len(words) - 1 - at) * 9 + ago) * H, shipment_id=parcel.pk, carrier="DHL",
                tracking_number=parcel.tracking_number, code=f"{status}{at}", city=self.spec.towns[min(at, 2)],
                country=self.spec.country, zone=parcel.recipient_zone, eta=eta if at == len(words) - 1 else None,
                message=self.spec.point if status == S.AVAILABLE_FOR_PICKUP else "",
                payload={"signed_by": "M. Nachbar"} if status == S.DELIVERED else {},
            )
            for at, status in enumerate(words)
        ]  # fmt: skip
        record(readings, merchant=self.shop, now=self.now)
        parcel.refresh_from_db()
        return parcel

    def twin(self, parcel: Shipment, position: int, direction: str = "outbound") -> Shipment:
        row = Shipment.objects.get(pk=parcel.pk)
        row.pk, row.position, row.code, row.direction = (
            None,
            position,
            f"P{parcel.pk:09}{position:02}",
            direction,
        )
        row.tracking_number = f"{parcel.tracking_number}{position}"
        row.save(force_insert=True)
        for line in parcel.lines.all():
            line.pk, line.shipment = None, row
            line.save(force_insert=True)
        return row

    def status(self, status: str) -> Order:
        parcel = self.parcel()
        if status != S.UNKNOWN:
            self.tell(parcel, status, eta_in=5 if status == S.DELAYED else None)
        return parcel.order

    def packed(self) -> Order:
        parcel = self.parcel()
        Shipment.objects.filter(pk=parcel.pk).update(stage="packed", packed_at=self.now - 3 * H)
        return parcel.order

    def bare(self) -> Order:
        """Placed, and no parcel has been made of it."""
        parcel = self.parcel()
        Shipment.objects.filter(pk=parcel.pk).update(stage="void")
        return parcel.order

    def order(self, *words: str) -> Order:
        order = self.parcel().order
        for word in words:
            change_status(order.pk, word, actor="shop", now=self.now)
        return order

    def late(self) -> Order:
        parcel = self.tell(self.parcel(), S.IN_TRANSIT, ago=20)
        day = (self.now - timedelta(days=1)).date()
        Shipment.objects.filter(pk=parcel.pk).update(promised_from=day, promised_to=day)
        return parcel.order

    def several(self) -> Order:
        first = self.parcel()
        for position in (2, 3):
            self.tell(self.twin(first, position), S.DELIVERED, ago=position * 5)
        return self.tell(first, S.ON_HOLD).order

    def all_arrived(self) -> Order:
        first = self.parcel()
        self.tell(self.twin(first, 2), S.DELIVERED, ago=30)
        return self.tell(first, S.DELIVERED).order

    def going_back(self) -> Order:
        parcel = self.tell(self.parcel(), S.DELIVERED, ago=30)
        self.tell(self.twin(parcel, 2, "return"), S.IN_TRANSIT)
        return parcel.order

    def dropship(self) -> Order:
        supplier = Supplier.objects.create(merchant=self.shop, name="Cerâmica do Vale", country="PT")
        make_product(self.shop, sku="D-1", track_stock=False, dropship_supplier=supplier)
        lines = (IncomingLine("S-1", 1, self.spec.items[0]), IncomingLine("D-1", 1, self.spec.items[1]))
        placed = self.now - 60 * H
        order = make_order(
            self.shop,
            now=placed,
            placed_at=placed,
            locale=self.language,
            lines=lines,
            address=self.spec.address,
        )
        own = order.shipments.get(supplier=None)
        self.tell(own, S.IN_TRANSIT)
        return order

    def rated(self) -> Order:
        parcel = self.tell(self.parcel(), S.DELIVERED)
        Rating.objects.create(
            merchant=self.shop, shipment=parcel, score=4, comment=self.spec.point, carrier="DHL", origin="DE",
            destination="DE", created_at=self.now, changed_at=self.now,
        )  # fmt: skip
        CustomerReport.objects.create(
            merchant=self.shop, shipment=parcel, kind="not_arrived", tier=1, created_at=self.now
        )
        return parcel.order

    def purchase(self) -> Purchase:
        make_product(self.shop, sku="BUY-1")
        supplier = Supplier.objects.create(merchant=self.shop, name="Töpferei", country="DE")
        return buy(
            merchant=self.shop, supplier=supplier, lines=[Wanted("BUY-1", 10)], key="k", actor="shop",
            expected_on=(self.now + timedelta(days=14)).date(), now=self.now,
        )  # fmt: skip


def states(maker: Maker) -> dict[str, Callable[[], Order]]:
    """The order-only states first, then the carrier's fifteen, then orders of several parcels."""
    by_status = {status: (lambda status=status: maker.status(status)) for status in TrackingStatus.values}
    return {
        "bare": maker.bare,
        "packed": maker.packed,
        "sent-by-hand": lambda: maker.order(OrderStatus.SHIPPED),
        "there-by-hand": lambda: maker.order(OrderStatus.SHIPPED, OrderStatus.DELIVERED),
        "called-off": lambda: maker.order(OrderStatus.CANCELLED),
        "sent-back": lambda: maker.order(OrderStatus.SHIPPED, OrderStatus.RETURNED),
        **by_status,
        "late": maker.late,
        "several": maker.several,
        "all-arrived": maker.all_arrived,
        "going-back": maker.going_back,
        "dropship": maker.dropship,
        "rated": maker.rated,
    }


def all_of(language: str, now: datetime) -> dict[str, Order]:
    return {name: make() for name, make in states(Maker(language, now)).items()}
