"""What a shop's limits hold back."""

import pytest

from notifications.models import Notice, NoticeSettings
from orders.lifecycle import change_status
from orders.models import Merchant
from tests.factories import NOW, make_order, make_shipment

LONG = "أ" * 40


@pytest.fixture
def texting(merchant):
    Merchant.objects.update(notify_sms=True, notify_email=False, name=LONG)
    merchant.refresh_from_db()
    return merchant


def ship(order):
    change_status(order.pk, "shipped", actor="alice", now=NOW)
    return order.notices.get(milestone="shipped", channel="sms")


def test_a_long_text_does_not_slip_under_the_limit_of_a_day(texting):
    limits = NoticeSettings.objects.create(merchant=texting, sms_a_day=1)
    first = ship(make_order(texting, locale="ar"))
    assert first.segments > 1 and first.state == "held" and "1 SMS parts" in first.error
    limits.sms_a_day = 2 * first.segments
    limits.save()
    second, third, fourth = (
        ship(make_order(Merchant.objects.get(), locale="ar", phone=f"+49 89 12345{n}")) for n in (61, 62, 63)
    )
    assert [second.state, third.state, fourth.state] == ["queued", "queued", "held"]


@pytest.mark.parametrize("other", ["Ada@example.com", "ADA@EXAMPLE.COM", "ada@Example.com"])
def test_one_person_is_one_however_the_address_is_written(merchant, other):
    NoticeSettings.objects.create(merchant=merchant, per_person_a_day=1)
    make_order(merchant, email="ada@example.com")
    second = make_order(merchant, email=other)
    assert second.notices.get().state == "held"
    assert make_order(merchant, email="bob@example.com").notices.get().state == "queued"


def test_a_phone_that_a_person_wrote_counts_for_the_orders(texting):
    NoticeSettings.objects.create(merchant=texting, per_person_a_day=1)
    first = ship(make_order(texting))
    Notice.objects.filter(pk=first.pk).update(recipient="+49891234567")
    assert ship(make_order(texting)).state == "held"


def test_what_one_limit_holds_back_uses_up_no_other(texting):
    NoticeSettings.objects.create(merchant=texting, per_person_a_day=1, per_hour=2)
    order = make_order(texting)
    ship(order)
    ship(make_order(texting))  # held: the person's
    assert ship(make_order(texting, phone="+49 89 7654321")).state == "queued"


def test_no_query_for_limits_that_are_off(merchant, django_assert_num_queries):
    from notifications import limits

    shipment = make_shipment(merchant)
    rows = [Notice(merchant=merchant, order=shipment.order, channel="email", recipient="a@b.example")]
    with django_assert_num_queries(0):
        limits.hold(rows, NoticeSettings(merchant=merchant, per_person_a_day=None), now=NOW)
