"""The morning's mail."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from notifications import delivery, digest, letters
from notifications.models import Letter, Notice
from orders.roles import Role
from shipping.lateness import handle
from shipping.lateness.cases import review
from shipping.models import LateCase, LatePolicy, Shipment
from tests.factories import NOW, make_shipment, make_user

DAY = timedelta(days=1)
MORNING = datetime(2026, 3, 24, 6, 5, tzinfo=UTC)  # a Tuesday, 07:05 in Berlin


@pytest.fixture
def late(merchant, alice, bob):
    for _ in range(3):
        make_shipment(merchant)
    review(now=MORNING - timedelta(hours=2))
    Notice.objects.all().delete()
    return list(LateCase.objects.order_by("pk"))


def sent(now):
    digest.send_due(now=now)
    while delivery.drain(clock=lambda: now):
        pass
    return mail.outbox


def test_each_morning_once_by_the_shops_clock(merchant, late):
    assert not sent(MORNING - timedelta(minutes=10))
    (one,) = sent(MORNING)
    assert one.to == ["alice@example.com"] and one.subject == "Kiosk: 3 parcels to look at, 3 new"
    assert len(sent(MORNING + timedelta(hours=3))) == 1
    assert len(sent(MORNING + DAY)) == 2
    assert mail.outbox[1].subject == "Kiosk: 3 parcels to look at"


def test_two_workers_at_once_write_one(merchant, late):
    policy, _ = LatePolicy.objects.get_or_create(merchant=merchant)
    policy.refresh_from_db()
    for _ in range(2):
        digest.send(merchant, policy, since=NOW, now=MORNING)
    assert Letter.objects.count() == 1


def test_a_worker_that_fails_loses_no_mail_and_holds_up_no_other_shop(
    merchant, other, charlie, late, monkeypatch
):
    make_shipment(other)
    review(now=MORNING - timedelta(hours=1))
    Notice.objects.all().delete()
    post = letters.post

    def broken(**said):
        if said["merchant"] == merchant:
            raise ConnectionError("the database went away")
        return post(**said)

    with monkeypatch.context() as patched:
        patched.setattr(letters, "post", broken)
        (one,) = sent(MORNING)
    assert one.to == ["charlie@example.com"]
    assert [one.to for one in sent(MORNING + timedelta(minutes=5))[1:]] == [["alice@example.com"]]


def test_nothing_when_nothing_is_late_or_an_all_clear_on_mondays(merchant, alice, bob):
    assert not sent(MORNING)
    LatePolicy.objects.update(all_clear="weekly")
    assert not sent(MORNING + DAY)
    (one,) = sent(MORNING + 6 * DAY)
    assert one.subject == "Kiosk: nothing is late" and one.to == ["alice@example.com"]


def test_the_all_clear_is_for_those_who_run_the_shop(merchant, alice, bob):
    LatePolicy.objects.create(merchant=merchant, all_clear="weekly")
    assert [one.to for one in sent(MORNING + 6 * DAY)] == [["alice@example.com"]]


def test_the_hour_is_the_shops_in_summer_too(merchant, late):
    """Seven in Berlin is six in UTC until 29 March 2026, five from then on."""
    sunday = datetime(2026, 3, 29, tzinfo=UTC)
    assert not sent(sunday - DAY + timedelta(hours=5, minutes=55))
    assert len(sent(sunday - DAY + timedelta(hours=6, minutes=5))) == 1
    assert len(sent(sunday + timedelta(hours=4, minutes=55))) == 1
    assert len(sent(sunday + timedelta(hours=5, minutes=5))) == 2


def test_what_changed_and_links_that_open_the_filtered_queue(client, merchant, alice, late):
    handle.settle(late[0].pk, "arrived", author="alice", now=MORNING - timedelta(hours=1))
    (one,) = sent(MORNING)
    assert "Since the last mail: 2 new, 0 worse, 1 closed." in one.body
    assert one.body.count("  NEW ") == 2 and one.alternatives[0][0].count(">new<") == 2
    LateCase.objects.filter(pk=late[1].pk).update(worsened_at=MORNING + timedelta(hours=5))
    next_day = sent(MORNING + DAY)[-1]
    assert "  WORSE " in next_day.body and "  NEW " not in next_day.body
    client.force_login(alice)
    html = one.alternatives[0][0].replace("&amp;", "&")
    links = {
        link.partition("/admin/")[2]
        for link in re.findall(r'href="([^"]+/admin/shipping/latecase/\?[^"]+)"', html)
    }
    assert len(links) == 2
    for link in links:
        assert client.get(f"/admin/{link}").context["cl"].result_count == 2
    assert f"/admin/shipping/latecase/{late[1].pk}/change/" in html


def test_owners_get_theirs(merchant, bob, late):
    handle.own(late[1].pk, bob, author="alice", now=NOW)
    alices, bobs = sorted(sent(MORNING), key=lambda one: one.to)
    assert alices.subject.startswith("Kiosk: 3 parcels") and bobs.subject.startswith("Kiosk: 1 parcel to")
    assert late[1].shipment.order.number in bobs.body and late[0].shipment.order.number not in bobs.body
    assert "state=mine" in bobs.body


def test_snoozed_ones_and_those_who_left_are_left_out(merchant, alice, late):
    handle.snooze(late[0].pk, MORNING + DAY, author="alice", now=NOW)
    alice.is_active = False
    alice.save()
    make_user("max", merchant, Role.MANAGER)
    make_user("vera", merchant, Role.VIEWER)
    (one,) = sent(MORNING)
    assert one.to == ["max@example.com"] and "2 parcels" in one.subject


def test_switched_off(merchant, late):
    LatePolicy.objects.create(merchant=merchant, digest=False)
    assert not sent(MORNING)


def test_a_long_list_says_how_many_more(merchant, late, monkeypatch):
    monkeypatch.setattr(digest, "SHOWN", 2)
    (one,) = sent(MORNING)
    assert "And 1 more." in one.body


def test_names_are_text_not_markup(merchant, late):
    Shipment.objects.first().order.ship_to.__class__.objects.update(name="<script>x</script>")
    (one,) = sent(MORNING)
    assert "<script>" not in one.alternatives[0][0]


def test_as_many_queries_for_many_cases(merchant, late, django_assert_max_num_queries):
    for _ in range(10):
        make_shipment(merchant)
    review(now=MORNING - timedelta(hours=1))
    policy, _ = LatePolicy.objects.get_or_create(merchant=merchant)
    policy.refresh_from_db()
    with django_assert_max_num_queries(28):
        digest.send(merchant, policy, since=NOW, now=MORNING)
