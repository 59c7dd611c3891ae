"""What becomes of a brand's colour, and that the owner is told."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.brand import AA, DARK, LIGHT, contrast, explained, poor, readable, text_on
from orders.models import Merchant

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(COLOURS)
def test_whatever_the_colour_its_words_can_be_read(colour):
    assert contrast(text_on(colour), colour) >= AA
    for surface in (LIGHT, DARK):
        assert contrast(readable(colour, surface), surface) >= AA


@given(COLOURS)
def test_what_is_said_is_what_happens(colour):
    said = explained(colour)
    assert f"will use {'white' if text_on(colour) == '#ffffff' else 'black'} text" in said[0]
    moved = {readable(colour, surface) for surface in (LIGHT, DARK)} - {colour}
    assert {line.split("will use ")[1].split()[0] for line in said[1:]} == moved
    assert len(said) > 1 or not poor(colour)


def test_in_words():
    assert explained("#ff8800") == [
        "White text on this colour has 2.3:1, black text 8.7:1; WCAG AA wants 4.5:1. The page will use black text on it.",
        "As words on the light page it has 2.1:1; the page will use #a65800 there.",
    ]
    assert explained("#767676")[0].startswith("White text on this colour has 4.5:1, black text 4.6:1")
    assert "black" in explained("#FFFFFF")[0] and "white" in explained("#000000")[0]


def _change(client, merchant, **changes):
    page = client.get(f"/admin/orders/merchant/{merchant.pk}/change/").content.decode()
    fields = dict(
        re.findall(r'<input type="(?:text|number|email|url)" name="([a-z_]+)" value="([^"]*)"', page)
    )
    chosen = re.findall(r'<select name="([a-z_]+)".*?<option value="([^"]*)" selected', page, re.S)
    data = {name: unescape(value) for name, value in fields.items()} | dict(chosen) | changes
    return client.post(f"/admin/orders/merchant/{merchant.pk}/change/", data, follow=True)


@pytest.mark.django_db
class TestAdmin:
    def test_the_form_shows_the_brand_and_says_what_happens(self, client, alice, merchant):
        Merchant.objects.filter(pk=merchant.pk).update(colour="#ff8800", footer="<b>Made in Kyoto</b>")
        client.force_login(alice)
        page = client.get(f"/admin/orders/merchant/{merchant.pk}/change/").content.decode()
        assert "The page will use black text on it." in page and "/brand/kiosk.css" in page
        assert page.count("&lt;b&gt;Made in Kyoto&lt;/b&gt;</p>") == 2, "light and dark, as text"
        assert "js/brand.js" in page and "style=" not in page

    def test_saving_says_it(self, client, alice, merchant):
        client.force_login(alice)
        page = _change(client, merchant, colour="#ffe600").content.decode()
        merchant.refresh_from_db()
        assert merchant.colour == "#ffe600"
        warned = re.findall(r'<li class="warning">(.*?)</li>', page)
        assert warned and "White text on this colour has 1.2:1" in warned[0], page[:2000]
        page = _change(client, merchant, colour="#ffe600").content.decode()
        assert "White text" not in "".join(re.findall(r'<li class="warning">(.*?)</li>', page)), "not again"

    def test_what_is_no_colour_is_refused(self, client, alice, merchant):
        client.force_login(alice)
        page = _change(client, merchant, colour="orange").content.decode()
        assert "Write the colour as # and six hex digits" in page
        assert Merchant.objects.get().colour == merchant.colour
