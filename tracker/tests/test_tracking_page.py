import re
from datetime import date, datetime, timedelta
from html import unescape

import pytest
import time_machine

from orders.brand import contrast
from orders.lifecycle import change_status
from orders.models import Order
from shipping.carriers.base import Reading
from shipping.models import Shipment, ShipmentLine
from shipping.status import PUBLIC, TrackingStatus
from shipping.tracking.record import record
from tests.factories import NOW, make_order, make_shipment
from tracker import brand_css
from tracker.days import range_words, zone_label
from tracker.tracking_words import promise_words

pytestmark = pytest.mark.django_db
S = TrackingStatus


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def shipment(merchant):
    return make_shipment(merchant, carrier="DHL", tracking_number="JD0001")


def url(order):
    return f"/t/{order.public_key}/"


def proven(client, order):
    """The page as somebody sees it who knows the postcode."""
    client.post(url(order) + "prove/", {"proof": order.ship_to.postal_code})
    return client.get(url(order))


def words(response):
    text = re.sub(r"<title>.*?</title>|<[^>]+>", " ", response.content.decode())
    return unescape(re.sub(r"\s+", " ", text))


def headline(response):
    return unescape(re.search(r'<h1 id="headline">(.*?)</h1>', response.content.decode())[1])


def say(shipment, status, at=NOW, **fields):
    reading = Reading(status, at, shipment_id=shipment.pk, carrier="DHL", tracking_number="JD0001", **fields)
    record([reading], merchant=shipment.merchant, now=NOW)


def another(shipment, position, lines=True):
    twin = Shipment.objects.get(pk=shipment.pk)
    twin.pk, twin.position, twin.code = None, position, f"P0000000000{position}"
    twin.save(force_insert=True)
    for line in shipment.lines.all() if lines else []:
        ShipmentLine.objects.create(shipment=twin, order_line=line.order_line, quantity=1)
    return twin


@pytest.mark.parametrize("status", TrackingStatus.values)
def test_each_status_has_its_own_words(client, shipment, status):
    Shipment.objects.update(
        tracking_status=status, status_at=NOW, delivered_at=NOW if status == "delivered" else None
    )
    page = client.get(url(shipment.order))
    assert headline(page) == PUBLIC[status].headline
    assert str(PUBLIC[status].meaning) in words(page) and str(PUBLIC[status].next_step) in words(page)
    assert "pending" not in words(page).lower() and "unknown" not in words(page).lower()
    assert len({wording.headline for wording in PUBLIC.values()}) == 15


def test_trouble_stands_in_the_step_bar(client, shipment):
    say(shipment, "picked_up", NOW - timedelta(hours=2))
    say(shipment, "exception")
    page = client.get(url(shipment.order))
    assert '<li class="trouble" aria-current="step">' in page.content.decode()
    assert "Shipped (Problem)" in words(page)


def test_the_promise_and_what_became_of_it(client, shipment):
    Shipment.objects.update(promised_from=date(2026, 3, 5), promised_to=date(2026, 3, 7))
    assert "Expected Thu 5 – Sat 7 March" in words(client.get(url(shipment.order)))
    Shipment.objects.update(promised_from=date(2026, 3, 2), promised_to=date(2026, 3, 3))
    late = words(client.get(url(shipment.order)))
    assert "Was expected Mon 2 – Tue 3 March" in late and "later than promised" in late
    delivered = datetime.fromisoformat("2026-03-05T14:02+01:00")
    Shipment.objects.update(tracking_status="delivered", delivered_at=delivered)
    assert "Delivered Thu 5 March, 14:02" in words(client.get(url(shipment.order)))


def test_a_parcel_that_went_out_yesterday_is_not_out_today(client, shipment):
    say(shipment, "out_for_delivery", NOW - timedelta(days=1))
    page = client.get(url(shipment.order))
    assert headline(page) == "Out for delivery" and "Tue 3 March" in words(page)


@pytest.mark.parametrize(
    ("status", "first", "last", "said"),
    [
        ("in_transit", date(2026, 3, 4), date(2026, 3, 4), ("Expected today, Wed 4 March", False)),
        ("in_transit", date(2026, 3, 2), date(2026, 3, 5), ("Expected Wed 4 – Thu 5 March", False)),
        ("delayed", date(2026, 3, 6), date(2026, 3, 6), ("Now expected Fri 6 March", False)),
        ("exception", date(2026, 3, 6), date(2026, 3, 6), ("", False)),
        ("exception", date(2026, 3, 3), date(2026, 3, 3), ("Was expected Tue 3 March", True)),
        ("returned", date(2026, 3, 3), date(2026, 3, 3), ("", False)),
        ("unknown", None, None, ("", False)),
    ],
)
def test_promises_in_words(status, first, last, said):
    words, late, _ = promise_words(status, first, last, date(2026, 3, 4))
    assert (words.replace("\u00a0", " "), late) == said


def test_a_delay_without_a_new_day_says_so(client, shipment):
    """The day of before the delay is nothing that is "now expected"."""
    Shipment.objects.update(promised_from=date(2026, 3, 9), promised_to=date(2026, 3, 11))
    Shipment.objects.update(first_promised_to=date(2026, 3, 11), tracking_status="delayed")
    text = words(client.get(url(shipment.order)))
    assert "No new day is known yet" in text and "Now expected" not in text
    Shipment.objects.update(promised_from=date(2026, 3, 16), promised_to=date(2026, 3, 17))
    text = words(client.get(url(shipment.order)))
    assert "Now expected Mon 16 – Tue 17 March" in text and "No new day" not in text


def test_ranges_over_months_and_years():
    over_a_month = range_words(date(2026, 2, 28), date(2026, 3, 3), date(2026, 3, 1))
    assert over_a_month == "Sat\u00a028\u00a0February – Tue\u00a03\u00a0March"
    over_new_year = range_words(date(2026, 12, 31), date(2027, 1, 2), date(2026, 12, 1))
    assert over_new_year.replace("\u00a0", " ") == "Thu 31 December – Sat 2 January 2027"


def test_scans_by_day_in_the_recipients_zone(client, merchant):
    shipment = make_shipment(merchant, address={"country": "US", "region": "CA", "city": "Los Angeles"})
    say(
        shipment, "in_transit", datetime.fromisoformat("2026-03-04T07:30+00:00"), city="Leipzig", country="DE"
    )
    text = words(client.get(url(shipment.order)))
    assert "Tue 3 March 23:30 PST In transit Leipzig, DE" in text
    nameless = datetime.fromisoformat("2026-03-04T07:30-03:00")
    assert zone_label(nameless.astimezone(__import__("zoneinfo").ZoneInfo("America/Sao_Paulo"))) == "UTC−3"


def test_several_parcels(client, shipment):
    twin, third = another(shipment, 2), another(shipment, 3)
    Shipment.objects.filter(pk__in=[shipment.pk, twin.pk]).update(
        tracking_status="delivered", delivered_at=NOW
    )
    Shipment.objects.filter(pk=third.pk).update(tracking_status="on_hold")
    page = client.get(url(shipment.order))
    assert "2 of 3 parcels arrived" in words(page) and headline(page) == "On hold"
    assert "Parcel 3 of 3" in words(page) and words(proven(client, shipment.order)).count("Blue mug") == 3
    Shipment.objects.update(tracking_status="delivered", delivered_at=NOW)
    page = client.get(url(shipment.order))
    assert headline(page) == "All 3 parcels delivered" and b"data-final" in page.content


def test_returns_and_what_comes_from_suppliers(client, shipment):
    for position, direction in [(2, "return"), (3, "inbound")]:
        row = another(shipment, position)
        Shipment.objects.filter(pk=row.pk).update(direction=direction, tracking_number=f"{direction}-no")
    text = words(client.get(url(shipment.order)))
    assert "Your return" in text and "return-no" in text and "inbound-no" not in text


def test_cancelled_and_returned_orders(client, merchant):
    order = make_order(merchant)
    change_status(order.pk, "cancelled", actor="x", now=NOW)
    page = client.get(url(order))
    assert headline(page) == "Order cancelled" and "Cancelled Wed 4 March, 11:00" in words(page)
    assert b"data-final" in page.content and "Expected" not in words(page)
    assert "Blue mug" not in words(page) and "Blue mug" in words(proven(client, order))

    other = make_shipment(merchant).order
    for status in ("shipped", "returned"):
        change_status(other.pk, status, actor="x", now=NOW)
    assert headline(client.get(url(other))) == "Order returned"


def test_what_the_shop_says_counts_while_the_carrier_is_silent(client, shipment):
    change_status(shipment.order_id, "shipped", actor="x", now=NOW)
    assert headline(client.get(url(shipment.order))) == "Shipped"
    change_status(shipment.order_id, "delivered", actor="x", now=NOW)
    assert headline(client.get(url(shipment.order))) == "Delivered"
    say(shipment, "exception")
    assert headline(client.get(url(shipment.order))) == PUBLIC["exception"].headline


def test_packed_is_said_before_the_carrier_speaks(client, shipment):
    Shipment.objects.update(stage="packed", packed_at=NOW)
    page = client.get(url(shipment.order))
    assert headline(page) == PUBLIC["pre_transit"].headline and "Packed by the shop" in words(page)


def test_who_and_where_stays_private(client, merchant):
    shipment = make_shipment(merchant, tracking_number="JD0001", gift_message="My dearest", note="ring twice")
    say(
        shipment,
        "in_transit",
        city="München",
        message="SIGNED BY LOVELACE, Hauptstr. 5, ada@example.com, +49 89 1234567",
    )
    body = client.get(url(shipment.order)).content.decode()
    for secret in ("Lovelace", "LOVELACE", "ada@", "1234567", "Hauptstr", "80331", "dearest", "ring twice"):
        assert secret not in body
    assert "SIGNED BY" in body and "München" in body


def test_naughty_names_are_text(client, merchant):
    evil = '"><script>alert(1)</script>'
    merchant.name, merchant.footer, merchant.support_phone = evil, evil, evil
    merchant.save()
    from orders.place import IncomingLine

    shipment = make_shipment(merchant, tracking_number=evil[:20], lines=(IncomingLine("S", 1, evil),))
    say(shipment, "in_transit", message=evil, city=evil)
    body = client.get(url(shipment.order)).content.decode()
    assert "<script>alert" not in body and body.count("<script") == 1


@pytest.mark.parametrize("parcels", [1, 5])
def test_six_queries_whatever_the_number_of_parcels(client, shipment, parcels, django_assert_max_num_queries):
    for position in range(2, parcels + 1):
        say(another(shipment, position), "in_transit", code=str(position))
    say(shipment, "in_transit")
    proofs = ["", shipment.order.ship_to.postal_code]
    for proof in proofs:
        client.post(url(shipment.order) + "prove/", {"proof": proof})
        for path in (url(shipment.order), url(shipment.order) + "live/"):
            with django_assert_max_num_queries(6):
                assert client.get(path).status_code == 200


def test_polling_costs_nothing_until_there_is_news(client, shipment):
    page, live = client.get(url(shipment.order)), url(shipment.order) + "live/"
    assert page["Cache-Control"] == "no-store" and "noindex" in page["X-Robots-Tag"]
    same = client.get(live, headers={"If-None-Match": page["ETag"]})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", page["ETag"])
    say(shipment, "in_transit")
    news = client.get(live, headers={"If-None-Match": page["ETag"]})
    assert news.status_code == 200 and "On its way" in words(news) and news["ETag"] != page["ETag"]


def test_the_page_says_what_it_is_about(client, shipment):
    page, door = client.get(url(shipment.order)), client.get("/")
    for answer, said in ((page, headline(page)), (door, "Enter your order number")):
        described = re.search(r'<meta name="description" content="([^"]+)">', answer.content.decode())
        assert described and said in unescape(described[1])


def test_an_unknown_link_is_told_kindly(client, db):
    for key in ("nope", "x" * 22, "%00", "..%2f", "é"):
        for end in ("", "live/"):
            answer = client.get(f"/t/{key}/{end}")
            assert answer.status_code == 404 and b"Nothing here" in answer.content
    assert client.post("/t/nope/").status_code == 405


def test_a_link_can_be_taken_back(client, shipment):
    old = url(shipment.order)
    Order.objects.update(public_key="another-key-altogether")
    assert client.get(old).status_code == 404


def test_the_brand_sheet(client, merchant):
    merchant.colour = "#ffe600"
    merchant.save()
    sheet = client.get("/brand/kiosk.css")
    assert sheet["Content-Type"].startswith("text/css") and "max-age" in sheet["Cache-Control"]
    assert "--brand: #ffe600" in sheet.content.decode() and "--on-brand: #000000" in sheet.content.decode()
    assert client.get("/brand/kiosk.css", headers={"If-None-Match": sheet["ETag"]}).status_code == 304
    assert client.get("/brand/nobody.css").status_code == 404


@pytest.mark.parametrize("colour", ["#ffffff", "#000000", "#ffe600", "#777777", "#1f4e8c", "#ff00ff"])
def test_brand_words_can_be_read(colour):
    for surface in (brand_css.LIGHT, brand_css.DARK):
        assert contrast(brand_css.readable(colour, surface), surface) >= 4.5


def test_an_order_without_parcels_has_the_days_of_its_address(client, merchant):
    order = make_order(merchant, address={"country": "US", "region": "CA", "city": "Los Angeles"})
    Shipment.objects.all().delete()
    change_status(order.pk, "cancelled", actor="x", now=NOW)
    assert "Cancelled Wed 4 March, 02:00" in words(client.get(url(order))).replace("\u00a0", " ")
