"""What the page shows to whom, and what a visitor can do there."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail, signing

from orders.access import LIVES, MOST_CODES, MOST_TRIES, Tier, digits, network_of, pass_for, tier_of
from orders.models import AccessCode, Merchant, Order, PageView
from shipping.carriers.base import Reading
from shipping.models import CustomerReport, LateCase, Promise, Rating, Shipment
from shipping.tracking.record import record
from tests.factories import NOW, make_order, make_shipment
from tracker.tasks import send_access_code
from tracker.tests.test_tracking_page import url, words
from tracker.views import visitor

pytestmark = pytest.mark.django_db
STREET, NAME, ITEM = "Marienplatz 1", "Ada Lovelace", "Blue mug"


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def shipment(merchant):
    row = make_shipment(merchant, carrier="DHL", tracking_number="JD00011122233")
    order = row.order
    type(order.ship_to).objects.filter(order=order).update(name=NAME, line1=STREET)
    order.lines.update(name=ITEM)
    return row


@pytest.fixture
def delivered(shipment):
    payload = {"tracker": {"carrier_detail": {"signed_by": "A. Neighbour"}}}
    record(
        [Reading("delivered", NOW - timedelta(hours=3), shipment_id=shipment.pk, carrier="DHL", message=f"Left with {NAME}",
                 city="München", country="DE", payload=payload)],
        merchant=shipment.merchant, now=NOW,
    )  # fmt: skip
    return Shipment.objects.get(pk=shipment.pk)


def post(client, order, what, **data):
    return client.post(f"{url(order)}{what}/", data)


def prove(client, order):
    return post(client, order, "prove", proof=order.ship_to.postal_code)


def open_fully(client, order, channel="email"):
    prove(client, order)
    post(client, order, "code", channel=channel)
    return post(client, order, "code/enter", code=digits(AccessCode.objects.first()))


def shown(client, order):
    text = words(client.get(url(order)))
    return [what for what in (ITEM, STREET, NAME, "A. Neighbour") if what in text]


class TestTiers:
    def test_each_proof_shows_more(self, client, delivered):
        order = delivered.order
        assert shown(client, order) == []
        assert prove(client, order)["Location"].startswith(f"{url(order)}?said=shown")
        assert shown(client, order) == [ITEM]
        assert open_fully(client, order)["Location"].startswith(f"{url(order)}?said=opened")
        assert shown(client, order) == [ITEM, STREET, NAME, "A. Neighbour"]
        assert f"Left with {NAME}" in words(client.get(url(order)))

    def test_each_proof_is_good_for_a_while_and_for_one_link(self, client, shipment, merchant, _wednesday):
        order, other = shipment.order, make_order(merchant)
        passed = {tier: pass_for(order, tier) for tier in (Tier.PROVEN, Tier.CODE)}
        assert {tier: tier_of(passed[tier], order) for tier in passed} == {
            Tier.PROVEN: Tier.PROVEN,
            Tier.CODE: Tier.CODE,
        }
        assert all(tier_of(given, other) == Tier.LINK for given in passed.values())
        _wednesday.shift(LIVES[Tier.CODE] + timedelta(seconds=2))
        assert tier_of(passed[Tier.CODE], order) == Tier.PROVEN
        _wednesday.shift(LIVES[Tier.PROVEN])
        assert tier_of(passed[Tier.PROVEN], order) == tier_of(passed[Tier.CODE], order) == Tier.LINK

    def test_a_forged_pass_opens_nothing(self, shipment):
        forged = signing.dumps(["x", 3]), signing.dumps(3, salt="tracking page")
        for given in ("", "x", "a:b:c", *forged):
            assert tier_of(given, shipment.order) == Tier.LINK, given

    def test_no_cookie_before_one_is_needed_and_then_for_this_page_only(self, client, shipment):
        order = shipment.order
        client.get(url(order))
        post(client, order, "prove", proof="99999")
        assert not client.cookies
        prove(client, order)
        (cookie,) = client.cookies.values()
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (url(order), True, "Lax")

    def test_the_lookup_is_a_proof(self, client, shipment):
        order = shipment.order
        client.post("/", {"number": order.number, "proof": order.ship_to.postal_code})
        assert shown(client, order) == [ITEM]

    def test_the_choice_of_messages_is_for_who_reads_the_customers_own_mail(self, client, shipment):
        order = shipment.order
        Merchant.objects.update(notify_sms=False)
        for _ in range(2):
            page = client.get(url(order)).content.decode()
            assert "/n/" not in page, "the choices' own path holds the address"
            prove(client, order)
        open_fully(client, order)
        paths = re.findall(r'href="(/n/[^"]+)"', client.get(url(order)).content.decode())
        assert len(paths) == 1, "not by SMS: the shop sends none"
        assert order.email in words(client.get(paths[0]))
        Merchant.objects.update(notify_sms=True)
        paths = re.findall(r'href="(/n/[^"]+)"', client.get(url(order)).content.decode())
        assert [client.get(path).status_code for path in paths] == [200, 200]

    def test_the_live_region_keeps_to_the_tier(self, client, shipment):
        order = shipment.order
        assert ITEM not in client.get(url(order) + "live/").content.decode()
        prove(client, order)
        assert ITEM in client.get(url(order) + "live/").content.decode()

    def test_a_tracking_number_alone_shows_the_status_alone(self, client, delivered):
        page = client.post("/", {"number": "jd 0001 1122 233", "proof": ""})
        text = words(page)
        assert page.status_code == 200 and "Delivered" in text
        order = delivered.order
        for secret in (
            ITEM,
            STREET,
            NAME,
            order.number,
            order.merchant.name,
            "München",
            order.public_key,
            "A. Neighbour",
        ):
            assert secret not in page.content.decode()
        assert client.post("/", {"number": "JD00011122233", "proof": "99999"}).status_code == 404
        assert client.post("/", {"number": "JD00011", "proof": ""}).status_code == 404


class TestCodes:
    def test_the_code_comes_by_the_customers_own_mail(
        self, client, shipment, django_capture_on_commit_callbacks
    ):
        order = shipment.order
        prove(client, order)
        post(client, order, "code", channel="email")
        for _ in range(2):  # the second of a doubled message finds it sent
            send_access_code(AccessCode.objects.get().pk)
        (letter,) = mail.outbox
        assert letter.to == [order.email]
        code = re.search(r"^\d{6}$", letter.body, re.MULTILINE)[0]
        assert code in letter.subject and code == digits(AccessCode.objects.get())
        assert AccessCode.objects.get().sent_at == NOW
        assert post(client, order, "code/enter", code=f"{code[:3]} {code[3:]}")["Location"].startswith(
            f"{url(order)}?said=opened"
        )

    @pytest.mark.parametrize("ten", ["٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９"])
    def test_the_digits_of_any_keyboard(self, client, shipment, ten):
        post(client, shipment.order, "code", channel="email")
        code = digits(AccessCode.objects.get()).translate(str.maketrans("0123456789", ten))
        assert "said=opened" in post(client, shipment.order, "code/enter", code=code)["Location"]

    def test_a_code_is_good_once(self, client, shipment):
        order = shipment.order
        open_fully(client, order)
        again = post(client, order, "code/enter", code=digits(AccessCode.objects.get()))
        assert "said=nocode" in again["Location"]

    def test_a_code_is_good_for_a_quarter_of_an_hour(self, client, shipment, _wednesday):
        post(client, shipment.order, "code", channel="email")
        _wednesday.shift(timedelta(minutes=15))
        given = post(client, shipment.order, "code/enter", code=digits(AccessCode.objects.get()))
        assert "said=nocode" in given["Location"]

    def test_five_tries(self, client, shipment):
        order = shipment.order
        post(client, order, "code", channel="email")
        right = digits(AccessCode.objects.get())
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        for _ in range(MOST_TRIES):
            assert "said=nocode" in post(client, order, "code/enter", code=wrong)["Location"]
        assert "said=nocode" in post(client, order, "code/enter", code=right)["Location"]

    def test_three_codes_an_hour_and_only_the_last_counts(self, client, shipment, _wednesday):
        order = shipment.order
        for _ in range(MOST_CODES):
            assert "said=code" in post(client, order, "code", channel="email")["Location"]
        assert "said=often" in post(client, order, "code", channel="email")["Location"]
        codes = list(AccessCode.objects.order_by("pk"))
        assert len(codes) == MOST_CODES
        assert "said=nocode" in post(client, order, "code/enter", code=digits(codes[0]))["Location"]
        assert "said=opened" in post(client, order, "code/enter", code=digits(codes[-1]))["Location"]

    @pytest.mark.parametrize("channel", ["", "fax", "sms"])
    def test_only_ways_that_reach_the_customer(self, client, merchant, channel):
        order = make_order(merchant, phone="")
        assert "said=notnow" in post(client, order, "code", channel=channel)["Location"]
        assert not AccessCode.objects.exists()

    def test_the_masked_address_is_for_who_has_proved_something(self, client, shipment):
        order = shipment.order
        assert "•••" not in words(client.get(url(order)))
        prove(client, order)
        text = words(client.get(url(order)))
        assert f"{order.email[0]}•••@" in text and order.email not in text and str(order.phone) not in text


class TestLimits:
    def test_so_many_proofs(self, client, shipment, monkeypatch):
        monkeypatch.setattr(visitor, "PER_ORDER", 3)
        order = shipment.order
        for _ in range(3):
            assert "said=proof" in post(client, order, "prove", proof="1")["Location"]
        assert "said=often" in prove(client, order)["Location"]
        assert shown(client, order) == []

    def test_so_many_posts_from_an_address(self, client, shipment, monkeypatch):
        monkeypatch.setattr(visitor, "PER_ADDRESS", 2)
        order = shipment.order
        for _ in range(2):
            post(client, order, "prove", proof="1")
        assert "said=often" in prove(client, order)["Location"]

    @pytest.mark.parametrize("what", ["prove", "code", "code/enter", "renew", "rate", "tell"])
    def test_nothing_happens_on_a_get_or_without_the_link(self, client, shipment, what):
        assert client.get(f"{url(shipment.order)}{what}/").status_code == 405
        assert client.post(f"/t/nothing/{what}/").status_code == 404


class TestViews:
    def test_every_view_is_logged_and_shown_to_the_customer(self, client, shipment, _wednesday):
        order = shipment.order
        phone = {
            "headers": {"User-Agent": "Mozilla/5.0 (iPhone) AppleWebKit Safari"},
            "REMOTE_ADDR": "203.0.113.9",
        }
        client.get(url(order), **phone)
        _wednesday.shift(60)
        client.get(url(order), **phone)
        assert client.get(url(order) + "views/").status_code == 404, (
            "the link alone does not show who has looked"
        )
        prove(client, order)
        client.get(url(order), **phone)
        row = PageView.objects.get(network="203.0.x.x")
        assert (row.views, row.tier, row.agent) == (3, 2, "Safari, iPhone")
        text = words(client.get(url(order) + "views/"))
        assert (
            "Safari, iPhone" in text
            and "3 views" in text
            and "with the items" in text
            and "203.0.113.9" not in text
        )

    def test_asking_for_news_is_no_view(self, client, shipment):
        client.head(url(shipment.order))
        assert not PageView.objects.exists()
        mark = client.get(url(shipment.order))["ETag"]
        for status in (304, 200):
            asked = client.get(url(shipment.order) + "live/", headers={"If-None-Match": f"W/{mark}"})
            assert asked.status_code == status and PageView.objects.get().views == 1
            Shipment.objects.update(tracking_status="on_hold", status_at=NOW)

    @pytest.mark.parametrize("mark", ["", '"x"', '"' + "0" * 48 + '"', "*"])
    def test_asking_for_news_without_our_mark_is_a_view(self, client, shipment, merchant, mark):
        order = shipment.order
        other = client.get(url(make_order(merchant)))["ETag"]
        PageView.objects.all().delete()
        for given in (mark, other):
            assert client.get(url(order) + "live/", headers={"If-None-Match": given}).status_code == 200
        assert PageView.objects.get().views == 2
        assert [client.head(url(order) + end).get("ETag") for end in ("", "live/")] == [None, None]

    def test_a_look_by_tracking_number_alone_is_logged(self, client, shipment):
        client.post("/", {"number": shipment.tracking_number, "proof": ""})
        row = PageView.objects.get()
        assert (row.order_id, row.tier, row.views) == (shipment.order_id, Tier.NUMBER, 1)
        client.cookies["tracking"] = pass_for(shipment.order, Tier.PROVEN)
        assert "the status alone, by tracking number" in words(client.get(url(shipment.order) + "views/"))

    def test_the_times_are_the_recipients_and_say_so(self, client, merchant):
        Merchant.objects.update(zone="Asia/Tokyo")
        order = make_order(merchant)
        client.get(url(order))
        client.cookies["tracking"] = pass_for(order, Tier.PROVEN)
        page = client.get(url(order) + "views/").content.decode()
        assert '<time datetime="2026-03-04T11:00+01:00">Wed' in page and "11:00 <abbr>CET</abbr>" in page

    @pytest.mark.parametrize(
        ("address", "kept"),
        [("203.0.113.9", "203.0.x.x"), ("2001:db8:1:2::3", "2001:db8:1::"), ("", ""), ("unix", "")],
    )
    def test_of_an_address_little_is_kept(self, address, kept):
        assert network_of(address) == kept

    def test_a_new_link_makes_the_old_one_worthless(self, client, shipment):
        order = shipment.order
        old = url(order)
        assert "said=proof" in post(client, order, "renew")["Location"], (
            "the link alone cannot take the link away"
        )
        prove(client, order)
        answer = post(client, order, "renew")
        order = Order.objects.get(pk=order.pk)
        assert answer["Location"].startswith(url(order)) and url(order) != old
        assert client.get(old).status_code == 404
        assert shown(client, order) == [ITEM], "who made the new link need not prove again"


class TestRating:
    def test_one_tap_and_a_comment_tied_to_carrier_and_lane(self, client, delivered):
        order, key = delivered.order, f"p{delivered.pk}"
        assert "How was the delivery?" in words(client.get(url(order)))
        post(client, order, "rate", parcel=key, score="2")
        post(client, order, "rate", parcel=key, comment=" Box was wet ")
        row = Rating.objects.get()
        assert (row.score, row.comment, row.carrier, row.origin, row.destination) == (
            2,
            "Box was wet",
            "DHL",
            "DE",
            "DE",
        )
        assert "Box was wet" in client.get(url(order)).content.decode()
        post(client, order, "rate", parcel=key, score="5")
        assert (Rating.objects.get().score, Rating.objects.get().comment) == (5, "Box was wet")

    def test_late_is_by_the_first_promise(self, client, delivered):
        day = (NOW - timedelta(days=1)).date()
        Promise.objects.filter(shipment=delivered).update(from_day=day, to_day=day)
        Promise.objects.create(
            shipment=delivered, from_day=NOW.date(), to_day=NOW.date(), source="table", made_at=NOW
        )
        post(client, delivered.order, "rate", parcel=f"p{delivered.pk}", score="3")
        assert Rating.objects.get().late

    @pytest.mark.parametrize("score", ["0", "6", "-1", "", "x", "99999999999999999999", "٣x"])
    def test_no_other_score(self, client, delivered, score):
        answer = post(client, delivered.order, "rate", parcel=f"p{delivered.pk}", score=score)
        assert "said=notnow" in answer["Location"] and not Rating.objects.exists()

    def test_only_what_has_arrived_and_only_this_orders(self, client, shipment, merchant, other):
        post(client, shipment.order, "rate", parcel=f"p{shipment.pk}", score="5")
        foreign = make_shipment(other)
        Shipment.objects.filter(pk=foreign.pk).update(tracking_status="delivered", delivered_at=NOW)
        for parcel in (f"p{foreign.pk}", "p", "", "p" + "9" * 30):
            assert "said=notnow" in post(client, shipment.order, "rate", parcel=parcel, score="5")["Location"]
        assert not Rating.objects.exists()


class TestReports:
    def test_it_has_not_arrived_opens_a_case(self, client, delivered, alice):
        order, key = delivered.order, f"p{delivered.pk}"
        post(client, order, "tell", parcel=key, kind="not_arrived", text="Nobody rang")
        post(client, order, "tell", parcel=key, kind="not_arrived", text="Nor today")
        row, case = CustomerReport.objects.get(), LateCase.objects.get()
        assert row.text == "Nobody rang\nNor today" and row.tier == 1
        assert (case.rule, case.closed_at) == ("not_arrived", None) and "4 Mar" in case.explanation
        text = words(client.get(url(order)))
        assert "You have told the shop" in text and "Tell the shop" not in text

    def test_the_case_closes_when_the_shop_has_settled_it(self, client, delivered, alice):
        post(client, delivered.order, "tell", parcel=f"p{delivered.pk}", kind="not_arrived")
        client.force_login(alice)
        client.post(
            "/admin/shipping/customerreport/",
            {"action": "mark_settled", "_selected_action": [CustomerReport.objects.get().pk]},
        )
        assert CustomerReport.objects.get().settled_by == "alice"
        assert LateCase.objects.get().closed_at is not None

    @pytest.mark.parametrize("status", ["attempt_failed", "on_hold", "exception"])
    def test_the_address_is_asked_for_and_not_shown_to_the_link(self, client, shipment, status):
        Shipment.objects.update(tracking_status=status, status_at=NOW)
        page = client.get(url(shipment.order))
        assert "Is your address right?" in words(page) and STREET not in words(page)
        post(client, shipment.order, "tell", parcel=f"p{shipment.pk}", kind="address_wrong", text="4th floor")
        case = LateCase.objects.get()
        assert "address" in [case.rule, *(one["rule"] for one in case.also)]
        assert CustomerReport.objects.get().text == "4th floor"

    @pytest.mark.parametrize("kind", ["not_arrived", "address_wrong", "nonsense", ""])
    def test_what_does_not_fit_is_refused(self, client, shipment, kind):
        answer = post(client, shipment.order, "tell", parcel=f"p{shipment.pk}", kind=kind)
        assert "said=notnow" in answer["Location"] and not CustomerReport.objects.exists()

    def test_where_it_waits(self, client, shipment):
        said = Reading("available_for_pickup", NOW, shipment_id=shipment.pk, carrier="DHL", city="München", country="DE",
                       message="Kiosk am Markt, Mo-Sa 8-20 h")  # fmt: skip
        record([said], merchant=shipment.merchant, now=NOW)
        assert "Where it waits Kiosk am Markt, Mo-Sa 8-20 h, München, DE" in words(
            client.get(url(shipment.order))
        )

    def test_the_carriers_own_page(self, client, shipment):
        assert b'rel="noreferrer">The carrier' in client.get(url(shipment.order)).content
