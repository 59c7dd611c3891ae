"""What a visitor does on the tracking page, in a real browser, with JavaScript and without."""

import pytest
from django.utils import timezone

from orders.access import digits
from orders.models import AccessCode, Order
from shipping.carriers.base import Reading
from shipping.models import CustomerReport, Rating, Shipment
from shipping.tracking.record import record
from tests.factories import make_merchant, make_shipment
from tests.test_browser_pages import NAMES, _sync_playwright_runs_a_loop, browser, visit

__all__ = ["_sync_playwright_runs_a_loop", "browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


@pytest.fixture
def delivered(db):
    shop = make_merchant()
    shipment = make_shipment(
        shop, carrier="DHL", tracking_number="JD00011122233", now=timezone.now(), address={"name": NAMES[0]}
    )
    record([Reading("delivered", timezone.now(), shipment_id=shipment.pk, carrier="DHL", city="Berlin", country="DE")],
           merchant=shop, now=timezone.now())  # fmt: skip
    shipment.order.lines.update(name=NAMES[2])
    return Shipment.objects.get(pk=shipment.pk)


@SCRIPTS
def test_from_the_link_to_the_address(visit, delivered, script):
    order = delivered.order
    visitor = visit(java_script_enabled=script, color_scheme="dark" if script else "light")
    page = visitor.open(f"/t/{order.public_key}/")
    if script:
        visitor.check()
    page.fill("#proof", "nothing of mine")
    page.press("#proof", "Enter")
    page.wait_for_selector("#said.bad")
    page.fill("#proof", order.ship_to.postal_code)
    page.press("#proof", "Enter")
    page.wait_for_selector("text=In this parcel")
    if script:
        visitor.check()
    page.click("button[value=email]")
    page.wait_for_selector("text=A code is on its way")
    page.fill("#code", digits(AccessCode.objects.get()))
    page.press("#code", "Enter")
    page.wait_for_selector("h2:has-text('Delivery address')")
    assert page.text_content(".address").startswith(NAMES[0])
    if script:
        page.click("#privacy summary")
        visitor.check()
    else:
        page.click("#privacy summary")
    page.click("text=See who has looked")
    page.wait_for_selector("h1:has-text('Who has looked')")
    if script:
        visitor.check()
    page.click("text=Back to the page")
    page.click("#privacy summary")
    page.click("text=Make a new address")
    page.wait_for_selector("text=This is the new address")
    assert Order.objects.get().public_key in page.url and order.public_key not in page.url


@SCRIPTS
def test_a_rating_with_one_tap_and_a_comment(visit, delivered, script):
    visitor = visit(java_script_enabled=script)
    page = visitor.open(f"/t/{delivered.order.public_key}/")
    page.click("button[name=score][value='2']")
    page.wait_for_selector("text=Thank you for your rating")
    page.fill("textarea[name=comment]", NAMES[1])
    page.click(".comment button")
    page.wait_for_selector("text=Thank you for your rating")
    assert (Rating.objects.get().score, Rating.objects.get().comment) == (2, NAMES[1])
    if script:
        assert "said=" not in page.url, "what was said once is not said again on the next reload"
        visitor.check()


@SCRIPTS
def test_it_has_not_arrived(visit, delivered, script):
    visitor = visit(java_script_enabled=script)
    page = visitor.open(f"/t/{delivered.order.public_key}/")
    page.click("text=It has not arrived")
    page.fill("textarea[name=text]", "Nobody rang")
    page.click("button:has-text('Tell the shop')")
    page.wait_for_selector("text=You have told the shop")
    assert CustomerReport.objects.get().text == "Nobody rang"


@SCRIPTS
def test_the_address_is_asked_for(visit, delivered, script):
    Shipment.objects.update(tracking_status="attempt_failed", delivered_at=None)
    visitor = visit(color_scheme="dark", java_script_enabled=script)
    page = visitor.open(f"/t/{delivered.order.public_key}/")
    if script:
        visitor.check()
    page.click("button:has-text('It is right')")
    page.wait_for_selector("text=You have written to the shop")
    assert CustomerReport.objects.get().kind == "address_right"


@SCRIPTS
def test_a_tracking_number_alone(visit, delivered, script):
    visitor = visit(java_script_enabled=script)
    page = visitor.open("/")
    page.fill("#number", "JD 0001 1122 233")
    page.press("#number", "Enter")
    page.wait_for_selector("h1:has-text('Delivered')")
    if script:
        visitor.check()
