"""Which fact is told, by which way and when (pure)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.decide import (
    CLOSED,
    HOLD,
    MILESTONE_OF,
    RATING_AFTER,
    UNWANTED,
    WORTH,
    Fact,
    Preferences,
    Quiet,
    after_quiet,
    decide,
    milestones,
    why_not,
)
from notifications.status import Channel, Milestone
from notifications.words import words
from orders.models import OrderEvent
from shipping.status import TrackingStatus
from tests.factories import NOW

ALL = Preferences(True, True, "ada@example.com", "+49301234567", off=frozenset())
ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe"]  # fmt: skip


def fact(kind="shipment", new="in_transit", at=NOW, **more):
    return Fact(kind, new, at, more.pop("recorded_at", at), **{"subject": "shipment:7"} | more)


@pytest.mark.parametrize("milestone", Milestone)
def test_every_milestone_has_a_worth_words_and_a_fact(milestone):
    assert WORTH[milestone] > HOLD
    made_of = [key for key, value in MILESTONE_OF.items() if value == milestone] or [
        ("shipment", "delivered")
    ]
    for kind, new in made_of:
        said = words(milestone, kind, new)
        assert said.headline and said.meaning


def test_what_a_customer_must_act_on_says_what_to_do():
    for status in ("available_for_pickup", "attempt_failed", "exception", "on_hold", "returning", "returned"):
        assert words(MILESTONE_OF["shipment", status], "shipment", status).next_step


@pytest.mark.parametrize(
    ("kind", "old", "new", "told"),
    [
        ("shipment", "", "in_transit", ["shipped"]),
        ("shipment", "", "delivered", ["delivered", "rating_request"]),
        ("shipment", "", "expired", []),
        ("shipment", "", "pre_transit", []),
        ("promise", "", "2026-03-07", []),
        ("promise", "2026-03-06", "2026-03-07", ["delayed"]),
        ("promise", "2026-03-07", "2026-03-06", []),
        ("handed_over", "", "", []),
        ("report", "", "not_arrived", []),
    ],
)
def test_facts_and_what_they_are_to_a_customer(kind, old, new, told):
    assert milestones(fact(kind, new, old=old)) == told


def test_a_parcels_word_waits_a_moment_and_an_orders_does_not():
    assert {plan.due_at for plan in decide(fact(), ALL)} == {NOW + HOLD}
    placed = fact("placed", "pending", subject="")
    assert [(plan.due_at, plan.subject, plan.channel) for plan in decide(placed, ALL)] == [
        (NOW, "order", "email"),
        (NOW, "order", "sms"),
    ]


def test_a_rating_is_asked_for_later():
    plans = [plan for plan in decide(fact(new="delivered"), ALL) if plan.milestone == "rating_request"]
    assert [(plan.channel, plan.due_at) for plan in plans] == [
        ("email", NOW + RATING_AFTER), ("sms", NOW + RATING_AFTER),
    ]  # fmt: skip
    late = fact(new="delivered", recorded_at=NOW + timedelta(days=5))
    plan = next(plan for plan in decide(late, ALL) if plan.milestone == "rating_request")
    assert plan.due_at == NOW + timedelta(days=5) + HOLD


def test_the_customers_own_no_is_kept_as_a_reason():
    unwanted, closed = frozenset({("shipped", "sms")}), frozenset({"a@b.example"})
    plans = decide(fact(), Preferences(True, True, "a@b.example", "+1", frozenset(), unwanted, closed))
    assert {plan.channel: plan.reason for plan in plans} == {"email": CLOSED, "sms": UNWANTED}


def test_each_reason_has_its_words():
    one = fact()
    for wishes, channel, word in (
        (Preferences(False, True, "a@b.example", "+1"), Channel.EMAIL, "switched off for this shop"),
        (Preferences(True, True, "", "+1"), Channel.EMAIL, "no e-mail"),
        (Preferences(True, True, "a@b.example", ""), Channel.SMS, "no phone"),
        (Preferences(True, True, "a@b.example", "+1", frozenset({("shipped", "email")})), Channel.EMAIL, "notice settings"),
        (ALL, Channel.EMAIL, ""),
    ):  # fmt: skip
        assert word in why_not(one, Milestone.SHIPPED, channel, wishes)
    old = fact(recorded_at=NOW + timedelta(days=30))
    assert "no longer worth" in why_not(old, Milestone.SHIPPED, Channel.EMAIL, ALL) and decide(old, ALL) == []
    assert why_not(one, Milestone.CONFIRMED, Channel.SMS, ALL) == "", "any milestone can be told by SMS"


facts = st.builds(
    Fact,
    st.sampled_from(OrderEvent.Kind.values),
    st.sampled_from(["", "pending", "shipped", "cancelled", "2026-03-09", *TrackingStatus.values]),
    st.just(NOW),
    st.timedeltas(timedelta(0), timedelta(days=30)).map(lambda late: NOW + late),
    st.sampled_from(["", "2026-03-05"]),
    st.sampled_from(["", "shipment:7"]),
)
hours = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
quiet = st.builds(Quiet, hours, hours, st.sampled_from(ZONES), st.frozensets(st.sampled_from(Channel.values)))
pairs = st.frozensets(st.tuples(st.sampled_from(Milestone.values), st.sampled_from(Channel.values)))
everyone = st.builds(
    Preferences, st.booleans(), st.booleans(), st.sampled_from(["", "a@b.example"]), st.sampled_from(["", "+49301"]),
    pairs, pairs, st.frozensets(st.sampled_from(["a@b.example", "+49301"])), st.none() | quiet,
)  # fmt: skip


@given(facts, everyone)
def test_nobody_is_told_what_is_off_unwanted_closed_unreachable_stale_or_asleep(one, wishes):
    planned = decide(one, wishes)
    assert len({(plan.milestone, plan.channel) for plan in planned}) == len(planned)
    for plan in planned:
        key = (plan.milestone, plan.channel)
        assert plan.recipient and plan.expires_at > one.recorded_at and key not in wishes.off
        assert wishes.email_on if plan.channel == "email" else wishes.sms_on
        if not plan.reason:
            assert key not in wishes.unwanted and plan.recipient not in wishes.suppressed
            assert one.recorded_at <= plan.due_at < plan.expires_at
            assert after_quiet(plan.due_at, plan.channel, wishes.quiet) == plan.due_at
            assert why_not(one, plan.milestone, plan.channel, wishes) == ""


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(moments, quiet)
def test_nobody_is_woken_and_nobody_waits_longer_than_the_night(due, night):
    out = after_quiet(due, Channel.SMS, night)
    assert due <= out <= due + timedelta(hours=25)
    if Channel.SMS not in night.channels or night.start == night.end:
        assert out == due
        return
    clock = out.astimezone(ZoneInfo(night.zone)).time()
    asleep = (
        night.start <= clock < night.end
        if night.start < night.end
        else clock >= night.start or clock < night.end
    )
    assert not asleep
    assert after_quiet(out, Channel.SMS, night) == out


def test_a_night_with_a_clock_change_ends_by_the_clock():
    night = Quiet(time(21), time(8), "Europe/Berlin", frozenset({"sms"}))
    before = datetime(2026, 3, 28, 22, tzinfo=UTC)  # the clocks go forward that night
    assert after_quiet(before, "sms", night) == datetime(2026, 3, 29, 6, tzinfo=UTC)
