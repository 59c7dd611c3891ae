"""A merchant's text message: what the tests of SMS share besides the fixtures in conftest.py."""

from notifications import delivery
from orders.lifecycle import change_status
from tests.factories import NOW, make_order

PHONE = "+49 89 1234567"
E164 = "+49891234567"
TOKEN = "token-of-the-tests"
CREATED = (201, {"sid": "SM1", "status": "queued"})


def notice_to(merchant, phone=PHONE):
    merchant.notify_email, merchant.notify_sms = False, True
    merchant.save()
    order = make_order(merchant, phone=phone)
    for status in ("processing", "shipped"):
        change_status(order.pk, status, actor="alice", now=NOW)
    return order.notices.get(channel="sms")


def deliver(notice, at=None):
    notice.refresh_from_db()
    went = delivery.deliver(notice.pk, clock=lambda: at or notice.due_at)
    notice.refresh_from_db()
    return went
