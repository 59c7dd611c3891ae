"""The shop on its own pages: its logo, and how it is reached."""

import io
import re

import pytest
from django.core.files.base import ContentFile
from PIL import Image, ImageFilter

from orders.models import Merchant
from tracker.tests.test_tracking_page import _wednesday, say, shipment, url, words

__all__ = ["_wednesday", "shipment"]
pytestmark = pytest.mark.django_db


def photograph():
    """Such as a shop's own picture: 12 kB of JPEG that no drawing's format makes small."""
    blurred = [Image.effect_noise((600, 200), 90).filter(ImageFilter.GaussianBlur(3)) for _ in range(3)]
    out = io.BytesIO()
    Image.merge("RGB", blurred).save(out, "JPEG", quality=85)
    return out.getvalue()


def test_the_logo_is_a_small_picture_of_its_own(client, merchant):
    bare = len(client.get("/brand/kiosk.css").content)
    merchant.logo.save("l.jpg", ContentFile(photograph()))
    sheet = client.get("/brand/kiosk.css").content.decode()
    there = re.search(r'url\("(/brand/kiosk\.logo\.\w+\.webp)"\)', sheet)[1]
    assert len(sheet) < bare + 100 and "data:" not in sheet
    picture = client.get(there)
    assert picture["Content-Type"] == "image/webp" and "immutable" in picture["Cache-Control"]
    assert len(picture.content) < 15_000
    with Image.open(io.BytesIO(picture.content)) as image:
        assert image.size == (336, 112)
    merchant.logo.save("red.png", ContentFile(_png(Image.new("RGB", (1200, 400), "red"))))
    assert there not in client.get("/brand/kiosk.css").content.decode(), "another picture, another address"
    old = client.get(there)
    assert old.status_code == 200 and "immutable" not in old["Cache-Control"] and len(old.content) < 500


def test_a_logo_that_cannot_be_read_is_left_out(client, merchant):
    merchant.logo.save("broken.png", ContentFile(b"no image"))
    sheet = client.get("/brand/kiosk.css")
    assert sheet.status_code == 200 and ".brand-logo" not in sheet.content.decode()
    assert client.get("/brand/kiosk.logo.x.webp").status_code == 404


def _png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_a_shop_that_names_no_way_to_reach_it(client, shipment, alice):
    other = "Answer the mail in which the shop confirmed your order."
    assert other not in words(client.get(url(shipment.order)))
    Merchant.objects.update(support_email="", support_phone="", support_url="")
    say(shipment, "exception")
    page = client.get(url(shipment.order))
    assert 'href="#contact"' in page.content.decode() and other in words(page)


def test_the_shops_owner_is_warned_of_it(client, merchant, alice):
    client.force_login(alice)
    there = f"/admin/orders/merchant/{merchant.pk}/change/"
    form = client.get(there).context["adminform"].form
    kept = {name: value for name in form.fields if (value := form[name].value()) not in (None, False)} | {
        "logo": ""
    }
    for address, warned in (("", True), ("help@kiosk.example", False)):
        page = client.post(there, kept | {"support_email": address, "_continue": "1"}, follow=True)
        assert ("No support e-mail, phone or page" in words(page)) == warned
