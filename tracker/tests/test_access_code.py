"""A code that a customer waits for is sent once, whatever becomes of worker, broker and server."""

from datetime import timedelta

import pytest
import time_machine

from notifications.channels.base import ChannelError
from notifications.channels.sms import FileSms
from orders.access import ask_code, check_code, digits
from orders.models import AccessCode
from tests.factories import NOW, make_order
from tracker import access_code, tasks
from tracker.access_code import AGAIN, LEASE, send, waiting

SECOND = timedelta(seconds=1)


@pytest.fixture
def code(merchant):
    return ask_code(make_order(merchant).pk, "sms", now=NOW)


def sent(settings):
    file = settings.MAIL_DIR / "sms.jsonl"
    return file.read_text().splitlines() if file.exists() else []


def test_a_worker_that_died_loses_no_code(code, settings):
    AccessCode.objects.update(claimed_at=NOW)  # and then it was killed
    assert not send(code.pk, now=NOW + LEASE) and sent(settings) == []
    later = NOW + LEASE + SECOND
    assert list(waiting(later)) == [code]
    assert send(code.pk, now=later) and not send(code.pk, now=later + LEASE + SECOND)
    assert len(sent(settings)) == 1 and digits(code) in sent(settings)[0]


def test_what_the_broker_lost_is_swept(code, settings, monkeypatch):
    monkeypatch.setattr(tasks.send_access_code, "delay", tasks.send_access_code)
    with time_machine.travel(NOW + SECOND, tick=False):
        tasks.sweep_access_codes()
        tasks.sweep_access_codes()
    assert len(sent(settings)) == 1
    assert AccessCode.objects.get().sent_at == NOW + SECOND


@pytest.mark.parametrize(("permanent", "again"), [(False, True), (True, False)])
def test_a_refused_code_is_tried_again_unless_that_cannot_help(code, monkeypatch, permanent, again):
    def refuse(self, to, message, *, key):
        raise ChannelError("no", permanent=permanent)

    monkeypatch.setattr(FileSms, "send", refuse)
    assert not send(code.pk, now=NOW)
    assert not waiting(NOW + SECOND).exists() and waiting(NOW + AGAIN + SECOND).exists() is again
    assert AccessCode.objects.get().sent_at is None


def test_one_who_died_halfway_does_not_mark_anothers(code, settings, monkeypatch):
    """The first was slow: another has claimed and sent it meanwhile."""

    def slow(self, to, message, *, key):
        AccessCode.objects.update(claimed_at=NOW + 2 * LEASE)
        raise ChannelError("too late", permanent=True)

    monkeypatch.setattr(FileSms, "send", slow)
    send(code.pk, now=NOW)
    assert AccessCode.objects.get().tries == 0
    assert check_code(code.order_id, digits(code), now=NOW)


@pytest.mark.parametrize("how", ["old", "used", "newer one"])
def test_a_code_that_is_good_no_more_is_not_sent(code, settings, how):
    if how == "used":
        AccessCode.objects.update(used_at=NOW)
    elif how == "newer one":
        ask_code(code.order_id, "sms", now=NOW)
    at = code.expires_at if how == "old" else NOW
    assert not send(code.pk, now=at) and code not in waiting(at) and sent(settings) == []


def test_two_workers_send_one(code, settings, monkeypatch):
    first = access_code.message

    def meanwhile(code):
        assert not send(code.pk, now=NOW + SECOND)
        return first(code)

    monkeypatch.setattr(access_code, "message", meanwhile)
    assert send(code.pk, now=NOW) and len(sent(settings)) == 1
