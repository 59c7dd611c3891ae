"""The brand's preview on the shop's form: what one types is what one sees, and what the server will say."""

import io

import pytest
from PIL import Image

from orders.brand import explained
from tests.factories import make_merchant, make_user
from tests.test_browser_pages import DESK, NAMES, PHONE, _sync_playwright_runs_a_loop, browser, visit

__all__ = ["_sync_playwright_runs_a_loop", "browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAINT = "getComputedStyle(document.querySelector('.brand-dark .brand-{}')).{}"


@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_the_preview_follows_the_fields(visit, viewport, scheme):
    shop = make_merchant(name=NAMES[0], footer=NAMES[2], colour="#7a1f8c")
    visitor = visit(viewport=viewport, color_scheme=scheme).sign_in(make_user("alice", shop, "owner"))
    page = visitor.open(f"/admin/orders/merchant/{shop.pk}/change/")
    visitor.check()
    for colour in ("#ff8800", "#777777", "#00ff7f", "#0b0b0b", "#FFFFFF", "#c2410c"):
        page.fill("#id_colour", colour)
        assert page.locator(".brand-said li").all_text_contents() == explained(colour), colour
    assert page.evaluate(PAINT.format("head", "backgroundColor")) == "rgb(194, 65, 12)"
    page.fill("#id_colour", "orange")
    assert "six hex digits" in page.text_content(".brand-said")
    page.fill("#id_colour", "#ffe600")
    assert page.evaluate(PAINT.format("button", "color")) == "rgb(0, 0, 0)"
    page.fill("#id_name", "<b>Rømer & Søn</b>")
    page.fill("#id_footer", "")
    assert page.locator(".brand-head strong").all_text_contents() == ["<b>Rømer & Søn</b>"] * 2
    assert page.locator(".brand-footer:visible").count() == 0
    out = io.BytesIO()
    Image.new("RGB", (600, 200), "red").save(out, "PNG")
    page.set_input_files("#id_logo", {"name": "l.png", "mimeType": "image/png", "buffer": out.getvalue()})
    page.wait_for_selector(".brand-light .brand-head img[src^='data:image/png']:visible")
    visitor.check()
    page.click("input[name=_continue]")
    page.wait_for_selector(".messagelist .warning:has-text('The page will use black text')")
    assert page.locator(".brand-said li").all_text_contents() == explained("#ffe600")
    visitor.check()


def test_without_javascript_the_saved_brand_is_shown(visit):
    shop = make_merchant(colour="#ffe600")
    visitor = visit(viewport=DESK, java_script_enabled=False).sign_in(make_user("alice", shop, "owner"))
    page = visitor.open(f"/admin/orders/merchant/{shop.pk}/change/")
    assert page.locator(".brand-said li").all_text_contents() == explained("#ffe600")
    page.fill("#id_colour", "#123456")
    page.click("input[name=_continue]")
    page.wait_for_selector(".messagelist :has-text('The page will use white text')")
