"""Before a shop's settings change: what the change would have done to last month's facts."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from notifications.decide import Fact, Preferences, Quiet
from notifications.models import Notice, NoticeSettings, Preference
from notifications.rehearsal import Told, outcome, rehearse
from notifications.status import Channel, Milestone
from shipping.carriers.base import Reading
from shipping.tracking.record import record
from tests.factories import NOW, make_order, make_shipment

ALL = Preferences(True, True, "a@b.example", "+4930", quiet=Quiet(NOW.time(), NOW.time(), "UTC", frozenset()))
pairs = st.lists(st.sampled_from([[m.value, c.value] for m in Milestone for c in Channel]), unique_by=tuple)
facts = st.lists(
    st.builds(
        lambda order, new, minutes, parcel: Told(
            order, Fact("shipment", new, NOW + minutes, NOW + minutes, "", f"shipment:{parcel}"), ALL
        ),
        st.integers(1, 3),
        st.sampled_from(["in_transit", "out_for_delivery", "delivered", "attempt_failed", "expired"]),
        st.integers(0, 5000).map(lambda n: timedelta(minutes=n)),
        st.integers(1, 3),
    ),
    max_size=30,
).map(lambda rows: sorted(rows, key=lambda one: one.fact.recorded_at))  # fmt: skip


@given(facts, pairs, st.integers(1, 20))
def test_limits_and_offs_only_take_away(told, off, limit):
    free = outcome(told, NoticeSettings(off=[], per_person_a_day=None, quiet_sms=False))
    tight = outcome(told, NoticeSettings(off=off, per_person_a_day=limit, per_hour=limit, quiet_sms=False))
    assert set(tight) <= set(free)
    assert all([key.milestone, key.channel] not in off for key in tight)
    assert all(tight[key] >= free[key] for key in tight), (
        "what a limit holds back may be told of a later fact"
    )


@given(facts)
def test_the_same_settings_do_the_same(told):
    assert outcome(told, NoticeSettings()) == outcome(told, NoticeSettings())


@pytest.fixture
def month(merchant):
    now = timezone.now() - timedelta(days=3)
    parcels = [
        make_shipment(merchant, now=now, placed_at=now, carrier="DHL", tracking_number=f"JD{n}")
        for n in range(3)
    ]
    for parcel in parcels:
        for hours, status in ((1, "in_transit"), (5, "delivered")):
            at = now + timedelta(hours=hours)
            record([Reading(status, at, shipment_id=parcel.pk)], merchant=merchant, now=at)
    return merchant


def test_it_says_what_was_sent(month):
    told = rehearse(month, NoticeSettings(), NoticeSettings(), now=timezone.now())
    said = {(line.milestone, line.channel): line.before for line in told.lines}
    kept = Notice.objects.exclude(state="held")
    assert not told.changes and said["shipped", "email"] == kept.filter(milestone="shipped").count() == 3
    assert said["delivered", "email"] >= 3 and said["confirmed", "email"] == 3


def test_a_customers_no_counts(month):
    Preference.objects.create(
        merchant=month,
        channel="email",
        address="ada@example.com",
        milestone="shipped",
        wanted=False,
        changed_at=NOW,
    )
    told = rehearse(month, NoticeSettings(), NoticeSettings(), now=timezone.now())
    assert "shipped" not in {line.milestone for line in told.lines}


def test_another_shops_facts_are_not_ours(month, other):
    assert rehearse(other, NoticeSettings(), NoticeSettings(), now=timezone.now()).facts == 0


def test_as_many_queries_for_many_facts(month, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        rehearse(month, NoticeSettings(), NoticeSettings(off=[]), now=timezone.now())


def test_staff_see_it_before_it_is_kept(client, alice, month):
    client.force_login(alice)
    url = reverse("admin:notifications_noticesettings_add")
    form = {
        "merchant": month.pk, "email": ["confirmed", "delivered", "rating_request"], "sms": [], "quiet_from": "21:00",
        "quiet_to": "08:00", "quiet_sms": "on", "per_person_a_day": "12",
    }  # fmt: skip
    page = client.post(url, form)
    assert page.status_code == 200 and not NoticeSettings.objects.exists()
    lines = {(one.milestone, one.channel): one for one in page.context["told"].lines}
    assert (lines["shipped", "email"].dropped, lines["rating_request", "email"].added) == (3, 3)
    assert client.post(url, form | {"_sure": "1"}).status_code == 302
    row = NoticeSettings.objects.get()
    assert ["shipped", "email"] in row.off
    again = client.post(reverse("admin:notifications_noticesettings_change", args=[row.pk]), form)
    assert again.status_code == 302, "the same once more changes nothing"


def test_a_stranger_learns_nothing(client, charlie, month):
    row = NoticeSettings.objects.create(merchant=month)
    client.force_login(charlie)
    answer = client.post(
        reverse("admin:notifications_noticesettings_change", args=[row.pk]), {"merchant": month.pk}
    )
    assert answer.status_code in (302, 403, 404) and "told" not in (answer.context or {})


def test_a_wrong_form_says_what_is_wrong(client, alice, merchant):
    make_order(merchant)
    client.force_login(alice)
    page = client.post(
        reverse("admin:notifications_noticesettings_add"), {"merchant": merchant.pk, "quiet_from": "x"}
    )
    assert page.status_code == 200 and b"Enter a valid time" in page.content


@pytest.fixture
def texting(merchant, settings):
    merchant.notify_sms = True
    merchant.save()
    at = timezone.now() - timedelta(days=3)
    for n in range(3):
        parcel = make_shipment(merchant, now=at, placed_at=at, carrier="DHL", tracking_number=f"JD{n}")
        record([Reading("in_transit", at, shipment_id=parcel.pk)], merchant=merchant, now=at)
    return merchant


def test_a_limit_of_sms_parts_counts_what_the_shops_texts_cost(texting):
    Notice.objects.filter(channel="sms").update(segments=2)
    for limit, told in ((1, 0), (3, 1), (4, 2), (None, 3)):
        said = rehearse(texting, NoticeSettings(), NoticeSettings(sms_a_day=limit), now=timezone.now())
        (line,) = (one for one in said.lines if one.channel == Channel.SMS)
        assert (line.before, line.after) == (3, told), limit


def test_it_says_how_far_back_it_went(month, monkeypatch, client, alice):
    whole = rehearse(month, NoticeSettings(), NoticeSettings(), now=timezone.now())
    assert not whole.cut and timezone.now() - whole.since > timedelta(days=29)
    monkeypatch.setattr("notifications.rehearsal.MOST", 3)
    part = rehearse(month, NoticeSettings(), NoticeSettings(), now=timezone.now())
    assert part.cut and timezone.now() - part.since < timedelta(days=4) and part.facts <= 3
    client.force_login(alice)
    form = {"merchant": month.pk, "email": [], "sms": [], "quiet_from": "21:00", "quiet_to": "08:00"}
    page = client.post(reverse("admin:notifications_noticesettings_add"), form).content.decode()
    assert "there are more, and this goes back to" in page


def test_a_new_day_is_told_as_the_outbox_tells_it():
    def told(kind, new, hours, old=""):
        at = NOW + timedelta(hours=hours)
        return Told(1, Fact(kind, new, at, at, old, "shipment:1"), ALL)

    days = [
        told("shipment", "delayed", 0),
        told("promise", "2026-03-12", 1, "2026-03-11"),
        told("promise", "2026-03-13", 2, "2026-03-12"),
        told("shipment", "delayed", 3),
    ]
    free = NoticeSettings(off=[], quiet_sms=False)
    assert sorted(key.subject for key in outcome(days, free) if key.channel == "email") == [
        "shipment:1", "shipment:1:day",
    ]  # fmt: skip


class TestAWholeChannel:
    def form(self, page):
        """What the browser would send of the merchant's form as it stands."""
        from django.forms.models import model_to_dict

        form = page.context["adminform"].form
        values = model_to_dict(form.instance, fields=list(form.fields))
        values = {name: form.initial.get(name, value) for name, value in values.items()}
        return {
            name: value for name, value in values.items() if value not in (None, False, "") and name != "logo"
        }

    def test_switching_it_says_what_it_would_have_done(self, texting, client, alice):
        client.force_login(alice)
        url = reverse("admin:orders_merchant_change", args=[texting.pk])
        form = self.form(client.get(url))
        assert client.post(url, form).status_code == 302, "nothing changed"
        off = {name: value for name, value in form.items() if name != "notify_sms"}
        page = client.post(url, off)
        assert page.status_code == 200, page
        lines = {(one.milestone, one.channel): one for one in page.context["told"].lines}
        assert lines["shipped", "sms"].dropped == 3 and lines["shipped", "email"].dropped == 0
        texting.refresh_from_db()
        assert texting.notify_sms
        assert client.post(url, off | {"_sure": "1"}).status_code == 302
        texting.refresh_from_db()
        assert not texting.notify_sms
        again = client.post(url, form)
        lines = {(one.milestone, one.channel): one for one in again.context["told"].lines}
        assert lines["shipped", "sms"].added == 3

    def test_a_stranger_learns_nothing(self, texting, client, charlie):
        client.force_login(charlie)
        page = client.post(reverse("admin:orders_merchant_change", args=[texting.pk]), {"name": "x"})
        assert page.status_code in (302, 403, 404) and "told" not in (page.context or {})
