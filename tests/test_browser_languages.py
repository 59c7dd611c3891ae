"""Right to left, other scripts and long words in a real browser; pictures of every state are taken by hand from it."""

import pytest
from django.utils import timezone

from shipping.carriers.base import Reading
from shipping.models import Shipment
from shipping.tracking.record import record
from tests.factories import make_shipment
from tests.test_browser_pages import (  # noqa: F401  (fixtures)
    DESK,
    PHONE,
    _sync_playwright_runs_a_loop,
    browser,
    shop,
    visit,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shipment(shop):  # noqa: F811
    now = timezone.now()
    shipment = make_shipment(shop, carrier="DHL", tracking_number="JD00012345678901234567890", now=now)
    scans = [("picked_up", "Berlin"), ("in_transit", "Leipzig")]
    for hours, (status, city) in zip((40, 20), scans, strict=True):
        at = now - timezone.timedelta(hours=hours)
        reading = Reading(status, at, shipment_id=shipment.pk, carrier="DHL", city=city, country="DE")
        record([reading], merchant=shop, now=now)
    return shipment


@pytest.mark.parametrize("language", ["ar", "ja", "de"])
def test_pages_fit_and_can_be_read(visit, shipment, language):  # noqa: F811
    now = timezone.now()
    narrow = {"viewport": PHONE, "color_scheme": "dark"}
    wide = {"viewport": DESK, "color_scheme": "light"}
    for visitor, statuses in (
        (visit(**narrow), ["attempt_failed", "delivered"]),
        (visit(**wide), ["delayed"]),
    ):
        for status in statuses:
            Shipment.objects.update(
                tracking_status=status, status_at=now, promised_from=now.date(), promised_to=now.date(),
                delivered_at=now if status == "delivered" else None,
            )  # fmt: skip
            page = visitor.open(f"/t/{shipment.order.public_key}/?lang={language}")
            visitor.check()
            labels = page.locator(".steps .step-label").all()
            boxes = [label.bounding_box() for label in labels]
            across = [box["x"] for box in boxes]
            assert across == sorted(across, reverse=language == "ar"), (
                "the steps run in the reader's direction"
            )
        page = visitor.open(f"/?lang={language}")
        page.click("details.languages summary")
        visitor.check()


def test_the_language_is_chosen_without_a_script(visit, shipment):  # noqa: F811
    visitor = visit(java_script_enabled=False)
    page = visitor.open(f"/t/{shipment.order.public_key}/")
    assert page.get_attribute("html", "dir") == "ltr"
    page.click("details.languages summary")
    page.click("a[hreflang=ar]")
    assert (page.get_attribute("html", "lang"), page.get_attribute("html", "dir")) == ("ar", "rtl")
    badge, words = page.locator(".hero .badge").bounding_box(), page.locator("#headline").bounding_box()
    assert badge["x"] > words["x"] and not visitor.context.cookies()


def test_on_paper(visit, shipment):  # noqa: F811
    page = visit(viewport=DESK, color_scheme="dark").open(f"/t/{shipment.order.public_key}/?lang=de")
    page.click("details.scans summary")
    page.emulate_media(media="print", color_scheme="dark")
    told = page.evaluate(
        "() => ['.card', 'h1'].map((one) => getComputedStyle(document.querySelector(one)))"
        ".map((style) => [style.backgroundColor, style.color])"
    )
    assert told[0] == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"] and told[1][1] == "rgb(0, 0, 0)"
    assert (
        not page.is_visible(".languages")
        and not page.is_visible("#more")
        and not page.is_visible(".button >> nth=0")
    )
    assert page.locator(".scans li").first.bounding_box()["height"] > 0, "the scans are told though folded up"
    assert page.locator(".route-map").first.bounding_box()["width"] < 380
