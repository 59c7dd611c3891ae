"""Pictures of the tracking page in every state: python docs/states.py [folder, default var/states] [part of a name ...]

Phone and desktop, light and dark, in German, Arabic and Japanese: 156 pictures named language-state-window-scheme.png.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from playwright.sync_api import sync_playwright  # noqa: E402
from screenshots import launch  # noqa: E402

from tests.portal import running  # noqa: E402

WINDOWS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 860}}
SCHEMES = ("light", "dark")
MAKE = """
from datetime import timedelta
from django.utils import timezone
from orders.lifecycle import change_status
from orders.models import Order
from orders.place import IncomingLine
from orders.status import OrderStatus
from shipping.carriers.base import Reading
from shipping.models import Shipment, ShipmentLine
from shipping.tracking.record import record
from tests.factories import make_merchant, make_shipment

NOW, H = timezone.now(), timedelta(hours=1)
SHOPS = {
    "de": ("Donaudampfschifffahrts-Feinkost", "#7a1f3d", "Europe/Berlin", "DE", ["Hamburg", "Kassel", "München"],
           dict(name="Änne Müller-Lüdenscheidt", line1="Hauptstr. 5", city="München", postal_code="80331", country="DE"),
           ["Fußmatte „Willkommen“", "Übergroße Schöpfkelle aus Olivenholz"]),
    "ar": ("متجر توابل الصحراء", "#f2b705", "Africa/Cairo", "EG", ["Aswan", "Alexandria", "Cairo"],
           dict(name="فاطمة الزهراء", line1="شارع التحرير ٥", city="القاهرة", postal_code="11511", country="EG"),
           ["زعفران ٥ غرام", "كمون مطحون"]),
    "ja": ("海苔と本の店", "#0b6e4f", "Asia/Tokyo", "JP", ["Osaka", "Nagoya", "Tokyo"],
           dict(name="山田太郎", line1="銀座4-5-6", city="東京都中央区", postal_code="104-0061", country="JP"),
           ["味付け海苔 十枚入り", "源氏物語 文庫版"]),
}
LASTS = ["pre_transit", "in_transit", "out_for_delivery", "available_for_pickup", "attempt_failed", "exception", "on_hold",
         "delayed", "delivered", "returned"]

def parcel_of(shop, language, address, items):
    lines = tuple(IncomingLine(f"S-{n}", n, name) for n, name in enumerate(items, 1))
    return make_shipment(shop, now=NOW - 60 * H, placed_at=NOW - 60 * H, locale=language, carrier="DHL",
                         tracking_number=f"JD{Order.objects.count():010}", address=address, lines=lines)

def tell(parcel, towns, country, last, hours=0):
    words = ["picked_up", "in_transit", "in_transit"][: 0 if last == "pre_transit" else 3] + [last]
    readings = [
        Reading(status, NOW - (9 * (len(words) - at) - 8 + hours) * H, shipment_id=parcel.pk, carrier="DHL",
                tracking_number=parcel.tracking_number, code=f"{status}{at}", city=towns[min(at, 2)], country=country,
                zone=parcel.recipient_zone)
        for at, status in enumerate(words)
    ]
    record(readings, merchant=parcel.merchant, now=NOW)

for language, (name, colour, zone, country, towns, address, items) in SHOPS.items():
    shop = make_merchant(f"shop-{language}", name=name, colour=colour, zone=zone, locale=language, holiday_country=country,
                         support_phone="+49 40 5550123", footer=name)
    shop.locations.update(city=towns[0], country=country)
    made = {"pending": parcel_of(shop, language, address, items)}
    for last in LASTS:
        made[last] = parcel_of(shop, language, address, items)
        tell(made[last], towns, country, last)
    made["cancelled"] = parcel_of(shop, language, address, items)
    change_status(made["cancelled"].order_id, OrderStatus.CANCELLED, actor="shop", now=NOW)
    made["several"] = parcel_of(shop, language, address, items)
    for position, last in ((2, "delivered"), (3, "delayed")):
        twin = Shipment.objects.get(pk=made["several"].pk)
        twin.pk, twin.position, twin.code = None, position, f"P{made['several'].pk:010}{position}"
        twin.save(force_insert=True)
        tell(twin, towns, country, last, 2)
    tell(made["several"], towns, country, "in_transit")
    for state, parcel in made.items():
        print(language, state, parcel.order.public_key)
"""


def main(folder: Path, wanted: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    with (
        tempfile.TemporaryDirectory() as var,
        running(Path(var), demo=False) as portal,
        sync_playwright() as play,
    ):
        pages = [line.split() for line in portal.manage("shell", "-v0", "-c", MAKE).splitlines()]
        browser = launch(play)
        for window, viewport in WINDOWS.items():
            for scheme in SCHEMES:
                context = browser.new_context(base_url=portal.url, viewport=viewport, color_scheme=scheme)
                page = context.new_page()
                for language, state, key in pages:
                    name = f"{language}-{state}-{window}-{scheme}.png"
                    if wanted and not any(part in name for part in wanted):
                        continue
                    page.goto(f"/t/{key}/?lang={language}")
                    wide = page.evaluate(
                        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                    )
                    assert wide <= 0, f"{name} is {wide} px too wide"
                    page.screenshot(path=folder / name, full_page=True)
                    taken += 1
        browser.close()
    print(f"{taken} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "states", sys.argv[2:])
