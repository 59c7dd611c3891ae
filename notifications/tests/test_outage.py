"""While a mail server is away: one message of a parcel's newest news when it is back, and none taken back that may have arrived."""

import socket
from datetime import timedelta

import pytest

from notifications import delivery
from notifications.models import Notice
from notifications.tests.mail_server import MailServer
from notifications.tests.sms_kit import deliver, notice_to
from shipping.carriers.base import Reading
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment

MINUTE = timedelta(minutes=1)


@pytest.fixture
def server(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 0.5
    with MailServer() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.hostname, server.port
        yield server


@pytest.fixture
def parcel(merchant):
    shipment = make_shipment(merchant, carrier="DHL", tracking_number="JD1")
    Notice.objects.all().delete()
    return shipment


def say(parcel, status, at):
    record([Reading(status, at, shipment_id=parcel.pk)], merchant=parcel.merchant, now=at)
    drain(at + MINUTE)


def drain(at):
    while delivery.drain(clock=lambda: at):
        pass


def states():
    return dict(Notice.objects.order_by("pk").values_list("milestone", "state"))


def away(settings):
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.EMAIL_PORT = free.getsockname()[1]


def test_half_an_hour_without_a_server_is_one_mail_of_the_newest_news(parcel, server, settings):
    port = settings.EMAIL_PORT
    away(settings)
    for step, status in enumerate(["in_transit", "out_for_delivery", "delivered"]):
        say(parcel, status, NOW + step * 10 * MINUTE)
    assert states() == {"shipped": "superseded", "out_for_delivery": "superseded", "delivered": "retry"}
    settings.EMAIL_PORT = port
    drain(NOW + timedelta(hours=2))
    (mail,) = server.texts()
    assert mail["Subject"].startswith("Delivered")


@pytest.mark.parametrize(
    ("answer", "state"),
    [("RCPT 451 later", "superseded"), ("DATA 451 later", "superseded"), (1.0, "retry"), ("cut", "retry")],
)
def test_only_what_the_server_cannot_have_is_taken_back(parcel, server, answer, state):
    server.answers = [answer, "RCPT 451 later"]
    say(parcel, "in_transit", NOW)
    assert states() == {"shipped": "retry"}
    say(parcel, "delivered", NOW + 10 * MINUTE)
    assert states()["shipped"] == state


def test_what_a_dead_worker_held_is_not_taken_back(parcel, server):
    server.answers = ["RCPT 451 later"]
    record([Reading("in_transit", NOW, shipment_id=parcel.pk)], merchant=parcel.merchant, now=NOW)
    Notice.objects.update(state="sending", claimed_at=NOW, tries=1)
    delivery.sweep(now=NOW + timedelta(hours=1))
    drain(NOW + timedelta(hours=1))  # refused, and that says nothing of the first try
    say(parcel, "delivered", NOW + timedelta(hours=2))
    assert states()["shipped"] == "retry"


@pytest.mark.parametrize(
    ("answer", "unsure"), [((503, ""), False), ((502, ""), True), ("hang up", True), (None, False)]
)
def test_a_gateway_that_may_have_passed_it_on(merchant, gateway, settings, answer, unsure):
    notice = notice_to(merchant)
    gateway.answers = [answer]
    if answer is None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            settings.SMS_HTTP_URL = f"http://127.0.0.1:{free.getsockname()[1]}/"
    deliver(notice)
    assert (notice.state, notice.unsure) == ("retry", unsure), notice.error


def test_a_mail_service_that_cannot_be_reached_cannot_have_it(parcel, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_SERVICE = "anymail.backends.postmark.EmailBackend", "postmark"
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t", "POSTMARK_API_URL": url}
    say(parcel, "in_transit", NOW)
    row = Notice.objects.get()
    assert (row.state, row.unsure) == ("retry", False), row.error


def test_a_worker_that_begins_meanwhile_keeps_its_message(parcel, server, monkeypatch):
    from notifications import outbox

    server.answers = ["RCPT 451 later", "accept"]
    say(parcel, "in_transit", NOW)
    later, overtake = NOW + 10 * MINUTE, outbox._overtake

    def in_between(*args):
        assert delivery._claim(later, 1, tries__gt=0)
        overtake(*args)

    monkeypatch.setattr(outbox, "_overtake", in_between)
    record([Reading("delivered", later, shipment_id=parcel.pk)], merchant=parcel.merchant, now=later)
    assert states() == {"shipped": "sending", "delivered": "queued"}
