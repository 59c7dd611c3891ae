"""From a carrier's word to what the customer is told, through the public doors."""

import email
from datetime import timedelta
from email import policy

import pytest
from django.urls import reverse

from notifications import delivery, outbox
from notifications.models import Attempt, Notice, NoticeSettings
from orders.lifecycle import change_status
from orders.models import Merchant
from shipping.carriers.base import Reading
from shipping.models import Shipment, ShipmentLine
from shipping.tracking.record import record
from tests.factories import NOW, make_order, make_shipment

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _folder(settings):
    settings.EMAIL_BACKEND = "notifications.channels.folder.FolderBackend"


@pytest.fixture
def parcel(merchant):
    shipment = make_shipment(merchant, carrier="DHL", tracking_number="JD1")
    Notice.objects.all().delete()
    return shipment


def say(parcel, *statuses, at=NOW, eta=None):
    for number, status in enumerate(statuses):
        when = at + timedelta(seconds=number)
        record([Reading(status, when, shipment_id=parcel.pk, eta=eta)], merchant=parcel.merchant, now=when)


def states(**of):
    rows = Notice.objects.filter(**of).order_by("pk").values_list("milestone", "state")
    return dict(rows)


def mails(settings):
    files = sorted(settings.MAIL_DIR.glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def send_all(at=NOW + MINUTE):
    while delivery.drain(clock=lambda: at):
        pass


class TestMilestones:
    def test_a_burst_of_scans_is_one_message(self, parcel, settings):
        say(parcel, "picked_up", "in_transit", "out_for_delivery", "delivered")
        assert states() == {
            "shipped": "superseded", "out_for_delivery": "superseded", "delivered": "queued",
        }  # fmt: skip
        send_all()
        (mail,) = mails(settings)
        assert mail["Subject"] == f"Delivered · Order {parcel.order.number}"

    def test_scans_with_time_between_them_are_told_each_once(self, parcel, settings):
        for step, status in enumerate(
            ["in_transit", "out_for_delivery", "attempt_failed", "in_transit", "out_for_delivery"]
        ):
            at = NOW + step * timedelta(hours=3)
            say(parcel, status, at=at)
            send_all(at + MINUTE)
        heard = [mail["Subject"].split(" · ")[0] for mail in mails(settings)]
        assert heard == ["On its way", "Out for delivery today", "Delivery was tried and failed"]
        assert "be in for the next try" in mails(settings)[2].get_body(["plain"]).get_content()

    def test_the_right_number_and_the_right_items_for_each_parcel(self, parcel, settings):
        order = parcel.order
        second = Shipment.objects.create(
            merchant=parcel.merchant, order=order, position=2, ship_by=NOW, created_at=NOW, carrier="UPS",
            tracking_number="1Z999",
        )  # fmt: skip
        ShipmentLine.objects.filter(shipment=parcel).update(quantity=1)
        ShipmentLine.objects.create(shipment=second, order_line=order.lines.first(), quantity=3)
        say(second, "in_transit")
        send_all()
        text = mails(settings)[0].get_body(["plain"]).get_content()
        assert "1Z999" in text and "JD1" not in text and "Parcel 2 of 2" in text and "3 x Blue mug" in text
        say(parcel, "in_transit", at=NOW + MINUTE)
        assert Notice.objects.filter(milestone="shipped").count() == 2
        send_all(NOW + 2 * MINUTE)
        assert "JD1" in mails(settings)[1].get_body(["plain"]).get_content()

    def test_an_order_told_as_shipped_by_hand_is_not_told_again_by_its_parcel(self, parcel):
        change_status(parcel.order_id, "processing", actor="alice", now=NOW)
        change_status(parcel.order_id, "shipped", actor="alice", now=NOW)
        say(parcel, "in_transit", at=NOW + MINUTE)
        assert list(Notice.objects.filter(milestone="shipped").values_list("subject", flat=True)) == ["order"]

    def test_a_later_day_is_told_with_the_new_day(self, parcel, settings):
        say(parcel, "in_transit")
        send_all()
        day = parcel.promised_to + timedelta(days=4)
        say(parcel, "in_transit", at=NOW + timedelta(hours=5), eta=day)
        assert states()["delayed"] == "queued"
        send_all(NOW + timedelta(hours=6))
        text = mails(settings)[1].get_body(["plain"]).get_content().replace("\u00a0", " ")
        assert f"Now expected {day:%a} {day.day} {day:%B}" in text

    def test_a_return_of_the_customers_is_not_told_as_a_delivery(self, parcel):
        Shipment.objects.filter(pk=parcel.pk).update(direction="return")
        say(parcel, "in_transit", "delivered")
        assert not Notice.objects.exists()

    def test_a_rating_is_asked_for_where_the_shop_wants_it_and_not_of_what_comes_back(self, parcel, settings):
        NoticeSettings.objects.create(merchant=parcel.merchant, off=[])
        say(parcel, "delivered")
        assert states() == {"delivered": "queued", "rating_request": "queued"}
        send_all()
        assert len(mails(settings)) == 1, "not yet"
        say(parcel, "returning", at=NOW + timedelta(hours=2))
        assert states()["rating_request"] == "superseded"

    def test_what_was_overtaken_may_be_told_when_it_happens_again(self, parcel):
        say(parcel, "attempt_failed", "out_for_delivery")
        assert states()["attempt_failed"] == "superseded"
        send_all()
        say(parcel, "attempt_failed", at=NOW + timedelta(hours=3))
        row = Notice.objects.get(milestone="attempt_failed")
        assert (row.state, row.error, row.created_at) == ("queued", "", NOW + timedelta(hours=3))

    def test_german_customers_read_german_in_mail_and_sms(self, parcel, settings):
        Merchant.objects.update(notify_sms=True)
        parcel.order.locale = "de-AT"
        parcel.order.save()
        say(parcel, "out_for_delivery")
        send_all()
        (mail,) = mails(settings)
        html = mail.get_body(["html"]).get_content()
        assert "Heute in Zustellung" in mail["Subject"] or "Heute" in mail["Subject"]
        assert '<html lang="de">' in html and "Guten Tag" in html and "Hello" not in html
        assert "Heute" in (settings.MAIL_DIR / "sms.jsonl").read_text()

    def test_arabic_is_written_from_right_to_left(self, parcel, settings):
        parcel.order.locale = "ar"
        parcel.order.save()
        say(parcel, "delivered")
        send_all()
        assert 'dir="rtl"' in mails(settings)[0].get_body(["html"]).get_content()


class TestLimits:
    def test_a_person_gets_so_many_a_day_and_the_rest_is_held_back(self, merchant, alice, client):
        NoticeSettings.objects.create(merchant=merchant, per_person_a_day=2)
        for hour in range(4):
            make_order(merchant, now=NOW + hour * timedelta(minutes=5))
        assert list(Notice.objects.order_by("pk").values_list("state", flat=True)) == [
            "queued",
            "queued",
            "held",
            "held",
        ]
        assert "2 messages within a day" in Notice.objects.first().error
        make_order(merchant, now=NOW + timedelta(days=1, hours=1))
        assert Notice.objects.order_by("-pk").first().state == "queued"

    def test_a_shop_writes_so_many_an_hour(self, merchant):
        NoticeSettings.objects.create(merchant=merchant, per_hour=1)
        make_order(merchant)
        make_order(merchant, email="b@example.com", now=NOW + MINUTE)
        assert list(Notice.objects.values_list("state", flat=True)) == ["held", "queued"]

    def test_sms_are_counted_in_parts_before_they_are_kept(self, parcel):
        Merchant.objects.update(notify_sms=True)
        NoticeSettings.objects.create(merchant=parcel.merchant, sms_a_day=1)
        say(parcel, "in_transit")
        first = Notice.objects.get(channel="sms")
        assert (first.state, first.segments) == ("queued", 1)
        other = make_shipment(parcel.merchant, carrier="DHL", tracking_number="JD2")
        say(other, "in_transit")
        held = Notice.objects.filter(channel="sms").first()
        assert held.state == "held" and "1 SMS parts" in held.error
        assert Notice.objects.get(channel="email", milestone="shipped", order=other.order).state == "queued"

    def test_held_and_dead_ones_are_driven_again_by_hand_but_not_when_stale(self, merchant, alice, client):
        order = make_order(merchant)
        Notice.objects.update(state="held", expires_at="2999-01-01T00:00Z")
        stale = Notice.objects.get()
        stale.pk, stale.milestone, stale.state, stale.expires_at = None, "shipped", "dead", NOW
        stale.save(force_insert=True)
        client.force_login(alice)
        listing = reverse("admin:notifications_notice_changelist")
        ids = list(Notice.objects.values_list("pk", flat=True))
        answer = client.post(listing, {"action": "again", "_selected_action": ids}, follow=True)
        assert "1 will be sent again. 1 are older" in answer.content.decode()
        assert states(order=order) == {"confirmed": "queued", "shipped": "dead"}

    def test_night_is_kept_for_sms_by_the_recipients_clock(self, parcel):
        Merchant.objects.update(notify_sms=True)
        Shipment.objects.update(recipient_zone="Asia/Tokyo")
        late = NOW.replace(hour=14)  # 23:00 there
        say(parcel, "delivered", at=late)
        assert Notice.objects.get(channel="sms").due_at == NOW.replace(hour=23)
        assert Notice.objects.get(channel="email", milestone="delivered").due_at == late + timedelta(
            seconds=10
        )


class TestDeath:
    def test_what_kills_its_worker_is_given_up_and_costs_the_others_one_try(self, merchant):
        for number in range(3):
            make_order(merchant, email=f"{number}@example.com", now=NOW + number * MINUTE)
        at = NOW + timedelta(hours=1)
        assert len(delivery._claim(at, 20, tries=0)) == 3  # and the worker dies
        poison = Notice.objects.order_by("due_at").first().pk
        for _ in range(delivery.MAX_TRIES + 1):
            at += delivery.LEASE + MINUTE
            if not delivery.sweep(now=at):
                break
            for notice in Notice.objects.filter(state="retry").order_by("due_at"):
                claimed = delivery._claim(at, 1, pk=notice.pk)
                if notice.pk != poison:
                    delivery._send_all(claimed, lambda at=at: at)
        assert states(pk=poison) == {"confirmed": "dead"}
        assert "went away, 8 times" in Notice.objects.get(pk=poison).error
        assert set(Notice.objects.exclude(pk=poison).values_list("state", "tries")) == {("sent", 2)}

    def test_a_refused_batch_mate_stops_nobody(self, merchant, settings):
        for number in range(3):
            make_order(merchant, email=f"{number}@example.com", now=NOW + number * MINUTE)
        from notifications import wishes

        wishes.suppress(merchant, "email", "1@example.com", "bounce", now=NOW)
        assert delivery.drain(clock=lambda: NOW + timedelta(hours=1)) == 3
        assert sorted(Notice.objects.values_list("recipient", "state")) == [
            ("0@example.com", "sent"), ("1@example.com", "skipped"), ("2@example.com", "sent"),
        ]  # fmt: skip
        assert Attempt.objects.count() == 3


class TestWhy:
    def test_each_fact_and_what_came_of_it(self, parcel, client, alice):
        say(parcel, "in_transit", "out_for_delivery")
        send_all()
        client.force_login(alice)
        url = reverse("admin:notifications_notice_why") + f"?order={parcel.order_id}"
        page = client.get(url).content.decode()
        for words in (
            "Overtaken by newer news",
            "at try 1",
            "SMS is switched off for this shop",
            "Not written",
        ):
            assert words in page
        assert (
            url in client.get(reverse("admin:orders_order_change", args=[parcel.order_id])).content.decode()
        )

    @pytest.mark.parametrize("wanted", ["", "x", "-1", "99999999", "٣"])
    def test_an_order_that_is_not_there(self, client, alice, wanted):
        client.force_login(alice)
        assert client.get(reverse("admin:notifications_notice_why"), {"order": wanted}).status_code == 404

    def test_another_shops_order_is_not_there(self, parcel, client, charlie):
        client.force_login(charlie)
        assert (
            client.get(reverse("admin:notifications_notice_why"), {"order": parcel.order_id}).status_code
            == 404
        )

    def test_as_many_queries_for_many_facts(self, parcel, client, alice, django_assert_max_num_queries):
        client.force_login(alice)
        url = reverse("admin:notifications_notice_why") + f"?order={parcel.order_id}"
        say(parcel, "in_transit")
        client.get(url)
        say(parcel, "out_for_delivery", "attempt_failed", "out_for_delivery", "delivered", at=NOW + MINUTE)
        with django_assert_max_num_queries(22):
            client.get(url)


def test_one_batch_costs_the_same_queries_to_load_however_many(merchant, django_assert_num_queries):
    from notifications.render import loaded, render

    for number in range(5):
        make_order(merchant, email=f"{number}@example.com", now=NOW + number * MINUTE)
    ids = list(Notice.objects.values_list("pk", flat=True))
    with django_assert_num_queries(5):
        assert [bool(render(notice).html) for notice in loaded(ids)] == [True] * 5


def test_put_asks_the_database_a_fixed_number_of_times(parcel, django_assert_max_num_queries):
    say(parcel, "in_transit")
    event = parcel.order.events.filter(kind="shipment").last()
    with django_assert_max_num_queries(6):
        from notifications.receivers import on_event

        event.order.merchant  # noqa: B018
        on_event(event)
    assert outbox.zone_of(event) == parcel.recipient_zone
