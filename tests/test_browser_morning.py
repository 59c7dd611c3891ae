"""A merchant's morning in a real browser: the mail's link, the queue, ten letters at once, one sent again, one claimed, one
snoozed; the keys, and both kinds of light, on a desk and on a phone."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from django.utils import timezone

from notifications import delivery, digest
from notifications.models import Letter, Notice
from orders.models import User
from shipping.carriers.base import Reading
from shipping.lateness.cases import review
from shipping.models import Claim, LateCase, Shipment
from shipping.tasks import make_claims
from shipping.tracking.record import record
from tests.factories import make_merchant, make_shipment, make_user
from tests.test_browser_pages import DESK, NAMES, PHONE, _sync_playwright_runs_a_loop, browser, visit

__all__ = ["_sync_playwright_runs_a_loop", "browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def late(db):
    """Twelve parcels that left three weeks ago and never came, of people with long names in many scripts."""
    now = timezone.now()
    shop = make_merchant()
    make_user("alice", shop)
    for number in range(12):
        shipment = make_shipment(
            shop, now=now - timedelta(days=21), placed_at=now - timedelta(days=21), carrier="DHL", tracking_number=f"T{number}",
            email=f"c{number}@example.com", address={"name": NAMES[number % len(NAMES)]},
        )  # fmt: skip
        left = now - timedelta(days=20)
        Shipment.objects.filter(pk=shipment.pk).update(stage="handed_over", handed_over_at=left)
        record([Reading("in_transit", left, shipment_id=shipment.pk)], merchant=shop, now=left)
    review(now=now)
    Notice.objects.all().delete()
    return shop


def enter(visit, **options):
    visitor = visit(**options)
    return visitor.sign_in(User.objects.get(username="alice"))


def check(visitor):
    """No serious or critical violation, nothing refused by the policy, nothing wider than the window."""
    page = visitor.page
    assert (
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    ), page.url
    assert not visitor.trouble, (page.url, visitor.trouble)
    found = Axe().run(page).response["violations"]
    told = [
        (one["id"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not told, (page.url, told)
    visitor.trouble.clear()


def test_a_merchants_morning(visit, late, live_server, settings):
    settings.BASE_URL = live_server.url
    now = timezone.now()
    digest.send(late, _policy(late), since=now - timedelta(days=1), now=now)
    delivery.drain(clock=timezone.now)
    (morning,) = mail.outbox
    link = re.search(r"The queue: (\S+)", morning.body)[1]

    visitor = enter(visit, viewport=DESK, color_scheme="light")
    page = visitor.page
    page.goto(link)
    assert page.locator("#result_list tbody tr").count() == 12
    check(visitor)

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.locator("#result_list tbody tr.at").count() == 1
    assert page.locator("#result_list tbody tr").first.get_attribute("class") == "at"
    for _ in range(10):
        page.keyboard.press("x")
        page.keyboard.press("j")
    assert page.locator("input.action-select:checked").count() == 10
    page.keyboard.press("w")
    page.wait_for_selector("h1:has-text('Write to customers')")
    page.fill("#subject", "Order {order}: we are on it")
    page.click("button:has-text('Preview')")
    check(visitor)
    page.click("button:has-text('Send 10 letters')")
    page.wait_for_selector("text=10 letters on the way")
    assert Letter.objects.filter(about__startswith="case:").count() == 10

    first, second, third = LateCase.objects.order_by("-score", "pk")[:3]
    visitor.open("/admin/shipping/latecase/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/latecase/{first.pk}/change/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("button:has-text('Copy the explanation')")
    page.wait_for_selector("text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"parcel {first.shipment.code}" in copied and "Past its promise" in copied
    check(visitor)
    page.click("summary:has-text('Send it again')")
    page.click("button:has-text('Make the new parcel')")
    page.wait_for_selector("text=is to be packed")
    assert Shipment.objects.get(replaces=first.shipment).stage == "open"

    visitor.open(f"/admin/shipping/latecase/{second.pk}/change/")
    page.click("summary:has-text('File a claim')")
    page.fill("#amount", "23,00")
    page.click("button:has-text('Make the paper')")
    page.wait_for_selector("text=its paper is being made")
    make_claims()
    page.reload()
    page.wait_for_selector("a:has-text('its paper (PDF)')")
    assert Claim.objects.get().pdf

    visitor.open(f"/admin/shipping/latecase/{third.pk}/change/")
    page.click("button:text-is('Snooze')")
    page.wait_for_selector("text=Snoozed until")
    visitor.open("/admin/shipping/latecase/")
    assert page.locator("#result_list tbody tr").count() == 10, "one was sent again, one sleeps"
    page.click("summary:has-text('Save this view')")
    page.fill("#view-name", "My morning")
    page.click(".saved-views details button")
    page.wait_for_selector(".saved-views a:has-text('My morning')")
    check(visitor)


def _policy(shop):
    from shipping.models import LatePolicy

    policy = LatePolicy.objects.create(merchant=shop)
    policy.refresh_from_db()
    return policy


@pytest.mark.parametrize(
    ("viewport", "scheme"),
    [(PHONE, "dark"), (PHONE, "light"), (DESK, "dark")],
    ids=["phone dark", "phone", "desk dark"],
)
def test_the_pages_of_the_queue(visit, late, live_server, viewport, scheme):
    visitor = enter(visit, viewport=viewport, color_scheme=scheme)
    case = LateCase.objects.order_by("-score").first()
    for path in (
        "/admin/shipping/latecase/",
        f"/admin/shipping/latecase/{case.pk}/change/",
        f"/admin/notifications/letter/write/?to=carrier&cases={case.pk}",
        "/admin/shipping/whatif/ask/",
        "/admin/shipping/latepolicy/add/",
    ):
        visitor.open(path)
        check(visitor)
