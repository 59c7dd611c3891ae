"""The page's weight, its place on a home screen, and the form in a shop's own pages."""

import io
import re
from datetime import timedelta
from pathlib import Path

import brotli
import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from PIL import Image

from orders.access import Tier, pass_for
from shipping.carriers.base import Reading
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment
from tests.states import Maker
from tracker.tests.test_brand import photograph

pytestmark = pytest.mark.django_db


def packed(text):
    return len(brotli.compress(text if isinstance(text, bytes) else text.encode(), quality=5))


MAP = re.compile(r'<svg class="route-map".*?</svg>', re.DOTALL)


@pytest.mark.parametrize("language", ["en", "de", "ar", "ja"])
def test_page_styles_and_script_are_under_forty_kilobytes(client, language):
    """Compressed, in the biggest state: three parcels of forty scans each, address, proofs, rating and forms shown to who has
    proved everything. The maps are not counted."""
    with time_machine.travel(NOW, tick=False):
        maker = Maker(language, NOW)
        order = maker.several()
        for parcel in order.shipments.all():
            record(
                [Reading("in_transit", NOW - timedelta(hours=90 - at), shipment_id=parcel.pk, code=f"X{at}", city=maker.spec.towns[at % 3],
                         country=maker.spec.country, message=f"{maker.spec.point} {at}") for at in range(40)],
                merchant=maker.shop, now=NOW,
            )  # fmt: skip
        place = f"/t/{order.public_key}/"
        client.cookies["tracking"] = pass_for(order, Tier.CODE)
        html = client.get(place).content.decode()
    assert html.count("<time datetime=") > 120 and len(MAP.findall(html)) == 3 and "M. Nachbar" in html
    files = ["css/portal.css", "css/route.css", "css/visitor.css", "js/tracking.js", "img/icons.svg"]
    weight = packed(MAP.sub("", html)) + sum(packed(Path(finders.find(name)).read_bytes()) for name in files)
    maker.shop.logo.save("l.jpg", ContentFile(photograph()))
    weight += packed(client.get(f"/brand/{maker.shop.slug}.css").content)
    assert weight < 40_000, weight


def test_the_home_screen(client, merchant):
    shipment = make_shipment(merchant)
    place = f"/t/{shipment.order.public_key}/"
    page = client.get(place).content.decode()
    assert f'<link rel="manifest" href="{place}app.webmanifest?lang=en">' in page
    said = client.get(f"{place}app.webmanifest").json()
    assert (said["scope"], said["display"], said["short_name"]) == (
        place,
        "standalone",
        shipment.order.number,
    )
    assert said["start_url"].startswith(place)
    assert {icon["sizes"] for icon in said["icons"]} >= {"192x192", "512x512"}
    for found in said["icons"]:
        with Image.open(io.BytesIO(client.get(found["src"]).content)) as image:
            assert f"{image.width}x{image.height}" == found["sizes"] and found["type"] == "image/png"
    assert client.get("/t/nothing/app.webmanifest").status_code == 404


def test_the_form_in_a_shops_page_opens_the_lookup_with_the_number(client):
    page = client.get("/track/?number=KIO-1001&lang=de").content.decode()
    assert 'value="KIO-1001"' in page and "<iframe" not in page
    assert "&lt;b&gt;" in client.get("/track/", {"number": "<b>"}).content.decode()
    script = Path(finders.find("embed/track.js")).read_text("utf-8")
    assert not any(
        word in script for word in ('createElement("iframe', "fetch(", "document.cookie", "innerHTML")
    )


def test_the_icon_is_the_shops_own(client, merchant):
    merchant.colour = "#ffe600"
    merchant.save()
    plain = client.get("/brand/kiosk.192.png")
    with Image.open(io.BytesIO(plain.content)) as image:
        assert image.getpixel((2, 2)) == (0xFF, 0xE6, 0x00) and (0, 0, 0) in {
            image.getpixel((96, y)) for y in range(192)
        }
    assert client.get("/brand/kiosk.192.png", headers={"If-None-Match": plain["ETag"]}).status_code == 304
    out = io.BytesIO()
    Image.new("RGB", (1200, 300), "red").save(out, "PNG")
    merchant.logo.save("l.png", ContentFile(out.getvalue()))
    with Image.open(io.BytesIO(client.get("/brand/kiosk.512.png").content)) as image:
        assert image.getpixel((256, 256)) == (255, 0, 0) and image.getpixel((60, 256)) == (255, 255, 255)
    merchant.logo.save("broken.png", ContentFile(b"no image"))
    assert client.get("/brand/kiosk.192.png").content == plain.content
    assert (
        client.get("/brand/nobody.192.png").status_code == 404
        and client.get("/brand/kiosk.4096.png").status_code == 404
    )
