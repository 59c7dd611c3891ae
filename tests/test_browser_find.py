"""The command search in a real browser: its keys, its list, and what it does not take from who is writing."""

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from tests.factories import make_merchant, make_order, make_user
from tests.test_browser_pages import DESK, PHONE, _sync_playwright_runs_a_loop, browser, visit

__all__ = ["_sync_playwright_runs_a_loop", "browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def owner(db):
    shop = make_merchant()
    for number in range(3):
        make_order(shop, now=timezone.now(), address={"name": f"Поліна Довге-Ім’я {number}"})
    return make_user("olga", shop)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_slash_arrows_and_enter(visit, owner, scheme):
    visitor = visit(viewport=DESK, color_scheme=scheme).sign_in(owner)
    page = visitor.open("/admin/")
    page.keyboard.press("/")
    page.wait_for_selector("#find[open]")
    assert (
        page.evaluate("document.activeElement.id") == "find-input" and page.input_value("#find-input") == ""
    )
    page.keyboard.type("KIO-100")
    page.wait_for_selector("[role=option]")
    assert page.locator("[role=option]").count() == 3
    first = page.get_attribute("#find-input", "aria-activedescendant")
    assert page.get_attribute(f"#{first}", "aria-selected") == "true"
    visitor.check()
    page.keyboard.press("ArrowDown")
    second = page.get_attribute("#find-input", "aria-activedescendant")
    assert second != first
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # round to the last
    title = page.inner_text("[role=option][aria-selected=true] strong").removeprefix("Order ")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/orders/order/*/change/")
    assert title in page.inner_text("#content")


def test_control_k_opens_it_escape_closes_it_and_slash_is_a_letter_where_one_writes(visit, owner):
    visitor = visit(viewport=DESK).sign_in(owner)
    page = visitor.open("/admin/orders/order/")
    page.click("#searchbar")
    page.keyboard.type("a/b")
    assert page.input_value("#searchbar") == "a/b" and not page.locator("#find[open]").count()
    page.keyboard.press("Control+k")
    page.wait_for_selector("#find[open]")
    page.keyboard.type("late")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#find", state="hidden")
    page.keyboard.press("Control+k")
    page.fill("#find-input", "")
    page.wait_for_selector("text=Looked for before")
    page.uncheck("#find-slash")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("/")
    assert not page.locator("#find[open]").count()  # switched off, and remembered
    page.reload()
    page.keyboard.press("/")
    assert not page.locator("#find[open]").count()


def test_typing_asks_once_for_a_burst(visit, owner):
    visitor = visit(viewport=DESK).sign_in(owner)
    page = visitor.open("/admin/")
    asked = []
    page.on("request", lambda request: "as=json" in request.url and asked.append(request.url))
    page.keyboard.press("/")
    page.keyboard.type("KIO-1001", delay=20)
    page.wait_for_selector("[role=option]")
    assert len(asked) <= 2, asked


def test_nothing_found_says_so_and_a_phone_has_a_button(visit, owner):
    visitor = visit(viewport=PHONE).sign_in(owner)
    page = visitor.open("/admin/")
    page.click("#find-open")
    page.fill("#find-input", "zzz")
    page.wait_for_selector("text=Nothing begins with")
    visitor.check()


def test_the_link_is_a_page_without_javascript(visit, owner):
    visitor = visit(viewport=PHONE, java_script_enabled=False).sign_in(owner)
    page = visitor.open("/admin/")
    page.click("#find-open")
    page.fill("#find-q", "KIO-1001")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/find/?q=KIO-1001")
    assert "Exactly this" in page.inner_text("#content")
    page.click(".menu")  # the rooms open without a script too
    assert page.is_visible("#rooms >> text=Print runs")


def test_the_first_page_and_the_rooms_on_a_phone(visit, owner):
    assert get_user_model().objects.count() == 1
    for scheme in ("light", "dark"):
        visitor = visit(viewport=PHONE, color_scheme=scheme).sign_in(owner)
        page = visitor.open("/admin/")
        page.click(".menu")
        page.wait_for_selector("#rooms:popover-open")
        visitor.check()
