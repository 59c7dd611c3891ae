"""News comes into the page by itself, and takes nobody's words or place away."""

import pytest
from django.utils import timezone

from shipping.models import Shipment
from shipping.status import TrackingStatus
from tests.states import Maker
from tests.test_browser_pages import _sync_playwright_runs_a_loop, browser, visit

__all__ = ["_sync_playwright_runs_a_loop", "browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def order(db):
    """Not done with, and with a form: the driver did not find anybody."""
    return Maker("en", timezone.now()).status(TrackingStatus.ATTEMPT_FAILED)


@pytest.fixture
def page(visit, order):
    return visit().open(f"/t/{order.public_key}/")


def news(page, number):
    """Something changes, and the page asks, as it does when somebody comes back to it."""
    Shipment.objects.update(tracking_number=number)
    with page.expect_response("**/live/**") as asked:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert asked.value.status == 200
    page.wait_for_timeout(150)
    return page.inner_text(".carrier .code") == number


def test_words_that_are_not_sent_yet_stay_though_the_reader_looks_elsewhere(page):
    page.fill("textarea[name=text]", "Nobody rang")
    page.evaluate("document.activeElement.blur()")
    assert not news(page, "JD1")
    assert page.input_value("textarea[name=text]") == "Nobody rang"
    page.fill("textarea[name=text]", "")
    assert not news(page, "JD2"), "who stands in a form is using it"
    page.evaluate("document.activeElement.blur()")
    assert news(page, "JD3")
    assert page.is_visible("textarea[name=text]"), "what was unfolded stays so"


@pytest.mark.parametrize("where", [".scans summary", ".way summary", ".carrier a", "#next a"])
def test_the_keyboard_stays_where_it_is(page, where):
    page.focus(where)
    assert news(page, "JD00011122299")
    assert page.evaluate(f"document.activeElement === document.querySelector({where!r})")


def test_where_its_place_is_gone_the_headline_has_it(page):
    page.evaluate("document.querySelector('.scans').id = 'of-yesterday'")
    page.focus(".scans summary")
    assert news(page, "JD00011122299")
    assert page.evaluate("document.activeElement.id") == "headline"
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('live').contains(document.activeElement)")


def test_our_own_asking_is_no_look(page, order):
    for number in ("JD1", "JD2"):
        assert news(page, number)
    assert order.page_views.get().views == 1
