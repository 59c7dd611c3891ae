"""The pages that turn somebody away, and the door itself with no script at all."""

import pytest
from django.test import override_settings
from django.utils import timezone

from orders.roles import Role
from tests.factories import make_merchant, make_order, make_user
from tests.test_browser_pages import DESK, PHONE, _sync_playwright_runs_a_loop, browser, visit
from tracker.views import lookup

__all__ = ["_sync_playwright_runs_a_loop", "browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = pytest.mark.parametrize(
    ("viewport", "scheme"),
    [(PHONE, "light"), (PHONE, "dark"), (DESK, "light")],
    ids=["phone", "dark", "desk"],
)


def look(visitor, words):
    """Chromium notes the refusal itself in its console."""
    assert visitor.page.is_visible(f"h1:has-text('{words}')")
    visitor.trouble.clear()
    visitor.check()


@LOOKS
@pytest.mark.parametrize("language", ["en", "ar"])
def test_too_many_tries(visit, monkeypatch, viewport, scheme, language):
    monkeypatch.setattr(lookup, "PER_ADDRESS", 0)
    visitor = visit(viewport=viewport, color_scheme=scheme)
    page = visitor.open(f"/?lang={language}")
    page.fill("#number", "KIO-1001")
    page.press("#number", "Enter")
    page.wait_for_selector(".plain h1")
    look(visitor, "Too many tries" if language == "en" else page.inner_text("h1"))
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")


@LOOKS
def test_not_for_you(visit, viewport, scheme):
    viewer = make_user("vera", make_merchant(), Role.VIEWER)
    visitor = visit(viewport=viewport, color_scheme=scheme).sign_in(viewer)
    visitor.open("/scan/")
    look(visitor, "Not for you")


@LOOKS
def test_something_broke(visit, monkeypatch, viewport, scheme):
    order = make_order(make_merchant(), now=timezone.now())

    def broken(*args, **kwargs):
        raise RuntimeError("as if the database were gone")

    monkeypatch.setattr("tracker.views.tracking.build", broken)
    visitor = visit(viewport=viewport, color_scheme=scheme)
    with override_settings(DEBUG=False):
        visitor.open(f"/t/{order.public_key}/")
    look(visitor, "Something broke on our side")


def test_the_door_without_a_script(visit):
    order = make_order(make_merchant(), now=timezone.now())
    page = visit(java_script_enabled=False).open("/")
    page.fill("#number", order.number)
    page.fill("#proof", "99999")
    page.press("#proof", "Enter")
    page.wait_for_selector("#miss")
    page.fill("#number", order.number.lower().replace("-", " "))
    page.fill("#proof", order.ship_to.postal_code)
    page.click("text=Show my order")
    page.wait_for_url(f"**/t/{order.public_key}/")
    assert page.is_visible("text=Blue mug"), "who proved it at the door need not prove it again"
