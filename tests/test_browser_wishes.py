"""A customer chooses, stops and takes up messages again, in a real browser, with JavaScript and without."""

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Consent, Preference, Suppression
from notifications.status import Channel
from notifications.wishes import preferences_link, sign
from tests.factories import make_merchant, make_order
from tests.test_browser_pages import DESK, NAMES, PHONE, _sync_playwright_runs_a_loop, browser, visit

__all__ = ["_sync_playwright_runs_a_loop", "browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WINDOWS = pytest.mark.parametrize(
    ("viewport", "scheme", "script"),
    [(PHONE, "light", True), (DESK, "dark", True), (PHONE, "light", False)],
    ids=["phone", "desk", "no script"],
)
LONG_ADDRESS = f"{'a-very-long-name.' * 3}x@{'long' * 8}.example"


@pytest.fixture
def order(db):
    return make_order(make_merchant(name=NAMES[2][:110]), now=timezone.now(), email=LONG_ADDRESS)


def path(order):
    return "/n/" + preferences_link(order, Channel.EMAIL, order.email).partition("/n/")[2]


@WINDOWS
def test_choose_stop_and_come_back(visit, order, viewport, scheme, script):
    visitor = visit(viewport=viewport, color_scheme=scheme, java_script_enabled=script)

    def check():
        if script:  # axe is a script itself
            visitor.check()

    page = visitor.open(path(order))
    check()
    page.uncheck("input[value=shipped]")
    page.press("input[value=shipped]", "Enter")
    page.wait_for_selector("#said:has-text('Your choice is saved')")
    assert not page.is_checked("input[value=shipped]") and page.is_checked("input[value=delivered]")
    assert [row.milestone for row in Preference.objects.filter(wanted=False)] == ["shipped"]
    check()

    page.click("a:has-text('Stop all messages')")
    page.wait_for_selector("h1:has-text('Stop all messages to this address?')")
    assert not Suppression.objects.exists(), "to open the page stops nothing"
    check()
    page.click("button:has-text('Stop all messages')")
    page.wait_for_selector("text=This address gets no messages")
    assert Suppression.objects.get(lifted_at=None).reason == Suppression.Reason.UNSUBSCRIBED
    check()

    page.check("input[value=delivered]")
    page.click("button:has-text('Save')")
    page.wait_for_selector("#said:has-text('Your choice is saved')")
    assert not Suppression.objects.filter(lifted_at=None).exists() and page.is_checked(
        "input[value=delivered]"
    )
    assert Consent.objects.count() == 3, "each choice is proved"
    check()


@pytest.mark.parametrize("language", ["ar", "ja"])
def test_in_other_scripts(visit, order, language):
    visitor = visit(color_scheme="dark")
    page = visitor.open(f"{path(order)}?lang={language}")
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    assert "Which messages" not in page.content()
    visitor.check()
    page.click(".wishes-off a")
    page.wait_for_selector("form .button")
    visitor.check()


def test_one_click_by_the_mail_program_and_what_the_customer_sees_then(visit, order):
    there = f"/n/{sign(order, Channel.EMAIL, order.email)}/off/"
    scanner = Client()
    for _ in range(3):
        assert {
            scanner.get(there).status_code,
            scanner.head(there).status_code,
            scanner.get(path(order)).status_code,
        } == {200}
    assert not Suppression.objects.exists() and not Consent.objects.exists(), "a scanner's look stops nothing"
    assert scanner.post(there, {"List-Unsubscribe": "One-Click"}).status_code == 200
    visitor = visit()
    page = visitor.open(path(order))
    assert "gets no messages" in page.text_content(".notice")
    visitor.check()


@WINDOWS
def test_the_language_of_what_comes_next(visit, order, viewport, scheme, script):
    type(order).objects.update(placed_at=timezone.now())
    visitor = visit(viewport=viewport, color_scheme=scheme, java_script_enabled=script)
    page = visitor.open(path(order))
    page.select_option("#locale", "ar")
    page.click(".speaks button")
    page.wait_for_selector("html[dir=rtl] #said")
    order.refresh_from_db()
    assert order.locale == "ar" and page.input_value("#locale") == "ar"
    if script:
        visitor.check()
    page = visitor.open(f"/t/{order.public_key}/")
    assert page.get_attribute("html", "lang") == "ar"
