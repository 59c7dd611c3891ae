"""A delay says a new day only where there is one, and the day that comes later is told once."""

import re
from datetime import timedelta

import pytest

from notifications import delivery
from notifications.models import Notice, NoticeSettings
from notifications.render import loaded, render
from orders.models import Merchant
from shipping.carriers.base import Reading
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def parcel(merchant, settings):
    settings.EMAIL_BACKEND = "notifications.channels.folder.FolderBackend"
    Merchant.objects.update(notify_sms=True)
    merchant.refresh_from_db()
    NoticeSettings.objects.create(merchant=merchant, quiet_sms=False, per_person_a_day=None)
    shipment = make_shipment(merchant, carrier="DHL", tracking_number="JD1")
    say(shipment, "in_transit", NOW - HOUR)
    Notice.objects.exclude(milestone="shipped").delete()
    Notice.objects.update(state="sent", sent_at=NOW - HOUR)
    return shipment


def say(parcel, status, at, eta=None):
    record([Reading(status, at, shipment_id=parcel.pk, eta=eta)], merchant=parcel.merchant, now=at)


def send_all(at):
    while delivery.drain(clock=lambda: at):
        pass


def texts():
    return [
        render(one).text.replace("\u00a0", " ")
        for one in loaded(
            Notice.objects.filter(milestone="delayed").order_by("pk").values_list("pk", flat=True)
        )
    ]


def rows():
    return sorted(Notice.objects.filter(milestone="delayed").values_list("subject", "channel", "state"))


def test_the_promise_of_before_is_not_called_new(parcel):
    say(parcel, "delayed", NOW)
    assert len(texts()) == 2
    for text in texts():
        assert "No new day is known yet" in text and "xpected" not in text


@pytest.mark.parametrize("days", [-1, 3])
def test_a_day_that_came_with_the_delay_is_said_and_is_no_news_later(parcel, days):
    day = parcel.promised_to + timedelta(days=days)
    say(parcel, "delayed", NOW, eta=day)
    assert all(f"Now expected {day:%a} {day.day} {day:%B}" in text for text in texts())
    send_all(NOW + MINUTE)
    say(parcel, "in_transit", NOW + HOUR, eta=parcel.promised_to + timedelta(days=5))
    assert Notice.objects.filter(milestone="delayed").count() == 2


def test_the_new_day_is_told_once_when_it_comes(parcel):
    plain = parcel.subject
    say(parcel, "delayed", NOW)
    send_all(NOW + MINUTE)
    for turn in range(1, 4):  # the carrier moves it on and on, and says "delayed" again
        at = NOW + turn * HOUR
        say(parcel, "in_transit", at, eta=parcel.promised_to + timedelta(days=turn))
        say(parcel, "delayed", at + MINUTE)
        if turn == 1:
            send_all(at + 2 * MINUTE)
    assert rows() == [
        (plain, "email", "sent"), (plain, "sms", "sent"),
        (f"{plain}:day", "email", "sent"), (f"{plain}:day", "sms", "sent"),
    ]  # fmt: skip
    first, second = (text for text in texts() if re.search("^Hello|Kiosk: Delayed", text) and "Hello" in text)
    assert "No new day is known yet" in first and "Now expected" in second and "JD1" in second


def test_a_day_that_comes_while_the_delay_waits_is_one_message(parcel):
    say(parcel, "delayed", NOW)
    say(parcel, "in_transit", NOW + timedelta(seconds=3), eta=parcel.promised_to + timedelta(days=2))
    send_all(NOW + MINUTE)
    plain = parcel.subject
    assert rows() == [
        (plain, "email", "superseded"), (plain, "sms", "superseded"),
        (f"{plain}:day", "email", "sent"), (f"{plain}:day", "sms", "sent"),
    ]  # fmt: skip
    say(parcel, "in_transit", NOW + HOUR, eta=parcel.promised_to + timedelta(days=4))
    say(parcel, "delayed", NOW + 2 * HOUR)
    assert Notice.objects.filter(state="queued").count() == 0, "it was told that it is delayed, and the day"


def test_newer_news_overtakes_the_new_day(parcel):
    say(parcel, "delayed", NOW)
    send_all(NOW + MINUTE)
    say(parcel, "in_transit", NOW + HOUR, eta=parcel.promised_to + timedelta(days=2))
    say(parcel, "out_for_delivery", NOW + HOUR + timedelta(seconds=2))
    assert set(Notice.objects.filter(subject__endswith=":day").values_list("state", flat=True)) == {
        "superseded"
    }


def test_one_query_for_all_delays_of_a_batch(merchant, django_assert_num_queries):
    for number in range(3):
        say(make_shipment(merchant, carrier="DHL", tracking_number=f"JD{number}"), "delayed", NOW)
    ids = list(Notice.objects.filter(milestone="delayed").values_list("pk", flat=True))
    with django_assert_num_queries(6):
        assert all("No new day" in render(one).text for one in loaded(ids))
