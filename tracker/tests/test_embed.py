"""The page's weight, its place on a home screen, and the form in a shop's own pages."""

from pathlib import Path

import brotli
import pytest
from django.contrib.staticfiles import finders

from tests.factories import NOW, make_merchant, make_shipment

pytestmark = pytest.mark.django_db


def packed(text):
    return len(brotli.compress(text if isinstance(text, bytes) else text.encode(), quality=5))


def test_page_styles_and_script_are_under_forty_kilobytes(client):
    """Compressed, with 40 scans; the map is not counted."""
    from datetime import timedelta

    from shipping.carriers.base import Reading
    from shipping.tracking.record import record

    shipment = make_shipment(make_merchant("weight"), carrier="DHL", tracking_number="JD1")
    record(
        [Reading("in_transit", NOW + timedelta(hours=at), shipment_id=shipment.pk, city=f"Town {at}", country="DE", message=f"Scan {at}")
         for at in range(40)],
        merchant=shipment.merchant, now=NOW + timedelta(days=3),
    )  # fmt: skip
    html = client.get(f"/t/{shipment.order.public_key}/").content.decode()
    start, end = html.find('<svg class="route-map"'), html.find("</svg>", html.find('<svg class="route-map"'))
    without_map = html[:start] + html[end:] if start >= 0 else html
    files = ["css/portal.css", "css/route.css", "css/visitor.css", "js/tracking.js", "img/icons.svg"]
    weight = packed(without_map) + sum(packed(Path(finders.find(name)).read_bytes()) for name in files)
    weight += packed(client.get("/brand/weight.css").content)
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
    assert client.get("/t/nothing/app.webmanifest").status_code == 404


def test_the_form_in_a_shops_page_opens_the_lookup_with_the_number(client):
    page = client.get("/track/?number=KIO-1001&lang=de").content.decode()
    assert 'value="KIO-1001"' in page and "<iframe" not in page
    assert "&lt;b&gt;" in client.get("/track/", {"number": "<b>"}).content.decode()
    script = Path(finders.find("embed/track.js")).read_text("utf-8")
    assert not any(
        word in script for word in ('createElement("iframe', "fetch(", "document.cookie", "innerHTML")
    )
