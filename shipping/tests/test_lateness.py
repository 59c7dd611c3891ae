from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shipping.admin.whatif import GROUPS, NAMES
from shipping.carriers.base import Reading
from shipping.lateness.cases import review
from shipping.lateness.facts import Facts
from shipping.lateness.gather import Shops, facts_of_all, policy_of
from shipping.lateness.policy import Policy
from shipping.lateness.rules import alarms, judge, rank
from shipping.models import LateCase, LatePolicy, Shipment
from shipping.promise.revise import revise
from shipping.status import LateRule, Stage, TrackingStatus
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment

DAY = timedelta(days=1)
CALM = Facts(
    stage=Stage.HANDED_OVER, tracking_status="in_transit", ship_by=NOW, handed_over_at=NOW, first_scan_at=NOW,
    last_event_at=NOW, status_at=NOW, promised_to=date(2026, 3, 9), recipient_zone="Asia/Tokyo", country="DE",
)  # fmt: skip


def test_a_promise_ends_with_the_day_where_the_recipient_is():
    # 9 March ends in Tokyo at 15:00 UTC.
    assert judge(CALM, datetime(2026, 3, 9, 14, 59, tzinfo=UTC)) is None
    alarm = judge(CALM, datetime(2026, 3, 9, 16, 0, tzinfo=UTC))
    assert (alarm.rule, alarm.since) == (LateRule.PAST_PROMISE, datetime(2026, 3, 9, 15, tzinfo=UTC))
    assert alarm.explanation == "Promised for 9 Mar, 1 day ago" and alarm.score == 700.2


def test_a_first_attempt_in_time_keeps_the_promise():
    tried = replace(CALM, tracking_status="attempt_failed", status_at=NOW, last_event_at=NOW + 6 * DAY)
    assert judge(tried, NOW + 7 * DAY).rule == LateRule.ATTEMPT_FAILED, "but somebody must act"
    assert judge(replace(tried, status_at=NOW + 6 * DAY), NOW + 7 * DAY).rule == LateRule.PAST_PROMISE


@pytest.mark.parametrize("status", ["out_for_delivery", "in_transit", "attempt_failed", "on_hold"])
def test_a_first_attempt_in_time_stays_in_time_whatever_comes_after(status):
    # Tried on the promised day; the next morning it is on the van again, or tried again.
    after = replace(
        CALM, tracking_status=status, status_at=NOW + 6 * DAY, last_event_at=NOW + 6 * DAY,
        tried_at=NOW + 5 * DAY, first_promised_to=date(2026, 3, 9), risk=0.99,
    )  # fmt: skip
    wrong = {alarm.rule for alarm in alarms(after, NOW + 7 * DAY)}
    assert not wrong & {LateRule.PAST_PROMISE, LateRule.SLIPPED, LateRule.AT_RISK}
    too_late = replace(after, tried_at=datetime(2026, 3, 9, 15, tzinfo=UTC))  # midnight in Tokyo
    assert LateRule.PAST_PROMISE in {alarm.rule for alarm in alarms(too_late, NOW + 7 * DAY)}


def test_silence_counts_business_days():
    quiet = replace(CALM, promised_to=None)
    assert judge(quiet, NOW + 6 * DAY) is None  # Wednesday to Tuesday: four business days
    assert judge(quiet, NOW + 7 * DAY).explanation == "No scan for 5 business days, last heard 4 Mar"


def test_not_handed_over():
    waiting = replace(CALM, stage=Stage.PACKED, handed_over_at=None, first_scan_at=None, last_event_at=None)
    assert judge(waiting, NOW) is None
    assert judge(waiting, NOW + timedelta(hours=5)).explanation == "Due out 4 Mar, packed but not handed over"


def test_the_carrier_has_so_many_business_hours_to_scan():
    # Friday 6 March 16:10 in Berlin; 12 hours of business days end on Monday at 04:10.
    handed = datetime(2026, 3, 6, 15, 10, tzinfo=UTC)
    gap = replace(
        CALM, tracking_status="pre_transit", handed_over_at=handed, first_scan_at=None, last_event_at=handed,
        promised_to=None, zone="Europe/Berlin", taker="DHL (M-3, driver Novák, dock 3)",
    )  # fmt: skip
    due = datetime(2026, 3, 9, 3, 10, tzinfo=UTC)
    assert judge(gap, due) is None
    alarm = judge(gap, due + timedelta(hours=3))
    assert (alarm.rule, alarm.since, alarm.score) == (LateRule.HANDOVER_GAP, due, 500.5)
    assert alarm.explanation == (
        "Handed over to DHL (M-3, driver Novák, dock 3) on 6 Mar 16:10, "
        "not scanned by the carrier within 12 business hours"
    )
    assert judge(replace(gap, first_scan_at=handed + DAY), due + DAY) is None
    going_back = judge(replace(gap, tracking_status="returning"), due + DAY)
    assert going_back.rule == LateRule.RETURNING
    assert judge(replace(gap, policy=Policy(acceptance_hours=15)), due + timedelta(hours=3)) is None
    assert judge(replace(gap, country="US"), datetime(2026, 3, 9, 3, 11, tzinfo=UTC)), (
        "the merchant's holidays"
    )


def test_the_gap_folds_with_the_other_rules():
    handed = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    gap = replace(
        CALM, tracking_status="pre_transit", handed_over_at=handed, first_scan_at=None, last_event_at=handed
    )
    assert judge(gap, NOW).rule == LateRule.HANDOVER_GAP
    both = [alarm.rule for alarm in alarms(replace(gap, promised_to=None), NOW + 9 * DAY)]
    assert both == [LateRule.HANDOVER_GAP, LateRule.SILENT], "silent as well, and that weighs less"
    past = [alarm.rule for alarm in alarms(gap, NOW + 9 * DAY)]
    assert past == [LateRule.PAST_PROMISE, LateRule.HANDOVER_GAP, LateRule.SILENT]


@pytest.mark.parametrize(
    ("changes", "rule", "words"),
    [
        ({"tracking_status": "exception", "words": "Package lost"}, "lost", "The carrier calls it lost: “Package lost”"),
        ({"tracking_status": "expired"}, "lost", "The carrier stopped reporting on 4 Mar"),
        ({"tracking_status": "exception", "words": "Paket beschädigt"}, "damaged",
         "The carrier calls it damaged: “Paket beschädigt”"),
        ({"tracking_status": "exception", "words": "X"}, "exception", "The carrier reports a problem on 4 Mar: “X”"),
        ({"tracking_status": "returning"}, "returning", "On its way back since 4 Mar"),
        ({"tracking_status": "attempt_failed", "words": "Nobody in"}, "attempt_failed",
         "Delivery failed on 4 Mar: “Nobody in”"),
        ({"tracking_status": "on_hold", "words": "Clearance delay"}, "customs",
         "In customs’ hands since 4 Mar: “Clearance delay”"),
        ({"tracking_status": "on_hold", "words": "Held"}, "on_hold", "On hold since 4 Mar: “Held”"),
        ({"first_promised_to": date(2026, 3, 9), "promised_to": date(2026, 3, 11)}, "slipped",
         "First promised for 9 Mar, now for 11 Mar: 2 business days later"),
        ({"risk": 0.73}, "at_risk", "73% likely to come after 9 Mar, by how long such parcels take"),
        ({"tracking_status": "delayed"}, "at_risk", "The carrier says it is delayed"),
        ({"silence_hours": 30.0}, "silent", "No scan since 4 Mar 10:00; 19 of 20 parcels are scanned again within 30 hours"),
        ({"tracking_status": "delivered", "report": "not_arrived", "reported_at": NOW}, "not_arrived",
         "The customer wrote on 4 Mar that it has not arrived"),
        ({"tracking_status": "delivered", "rating": 2, "rated_at": NOW}, "low_rating", "The customer gave 2 of 5 on 4 Mar"),
        ({"report": "address_wrong", "reported_at": NOW}, "address", "The customer wrote on 4 Mar that the address is wrong"),
    ],
)  # fmt: skip
def test_each_rule_says_what_is_wrong_and_can_be_switched_off(changes, rule, words):
    later = NOW + 2 * DAY + timedelta(hours=1)
    fact = replace(CALM, **changes)
    alarm = judge(fact, later)
    assert (alarm.rule, alarm.explanation) == (rule, words)
    assert judge(replace(fact, policy=Policy(off=frozenset([rule]))), later) is None


@pytest.mark.parametrize(
    ("changes", "policy"),
    [
        ({"tracking_status": "on_hold", "words": "customs"}, {"customs_days": 3}),
        ({"tracking_status": "on_hold"}, {"hold_days": 3}),
        ({"tracking_status": "attempt_failed"}, {"attempt_hours": 60}),
        ({"tracking_status": "returning"}, {"carrier_word_hours": 60}),
        ({"tracking_status": "exception"}, {"carrier_word_hours": 60}),
        ({"first_promised_to": date(2026, 3, 9), "promised_to": date(2026, 3, 11)}, {"slipped_days": 3}),
        ({"risk": 0.73}, {"risk_from": 0.8}),
        ({"silence_hours": 30.0}, {"silent_times": 2.0}),
        ({"tracking_status": "delivered", "rating": 2, "rated_at": NOW}, {"low_rating": 1}),
        (
            {"handed_over_at": None, "first_scan_at": None, "last_event_at": None},
            {"handover_grace_hours": 72},
        ),
        ({"promised_to": date(2026, 3, 5)}, {"promise_grace_days": 1}),
    ],
)
def test_each_threshold_is_the_shops_own(changes, policy):
    later = NOW + 2 * DAY + timedelta(hours=1)
    assert judge(replace(CALM, **changes), later)
    assert judge(replace(CALM, **changes, policy=Policy(**policy)), later) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"tracking_status": "exception", "heard": "Exception_Lost"},
        {"tracking_status": "exception", "heard": "package_damaged"},
        {"tracking_status": "expired"},
        {"tracking_status": "delivered", "report": "not_arrived", "reported_at": NOW},
        {"report": "address_wrong", "reported_at": NOW},
    ],
)
def test_for_loss_damage_and_the_customers_word_there_is_nothing_to_wait(changes):
    patient = Policy(carrier_word_hours=500, attempt_hours=500, customs_days=90, hold_days=90, silent_days=90)
    assert judge(replace(CALM, **changes, policy=patient), NOW + timedelta(minutes=1))


def test_the_grace_after_the_carriers_word_is_in_business_hours():
    # Friday 6 March 16:10 in Berlin; 12 hours of business days end on Monday at 04:10.
    said = datetime(2026, 3, 6, 15, 10, tzinfo=UTC)
    back = replace(
        CALM, tracking_status="returning", status_at=said, last_event_at=said, zone="Europe/Berlin",
        policy=Policy(carrier_word_hours=12),
    )  # fmt: skip
    due = datetime(2026, 3, 9, 3, 10, tzinfo=UTC)
    assert judge(back, due - timedelta(minutes=1)) is None
    alarm = judge(back, due)
    assert (alarm.rule, alarm.since, alarm.explanation) == (
        LateRule.RETURNING,
        due,
        "On its way back since 6 Mar",
    )


def test_severity_then_lateness_and_value():
    past = judge(replace(CALM, promised_to=date(2026, 3, 5)), NOW + 5 * DAY)
    gap = judge(replace(CALM, tracking_status="on_hold"), NOW + 40 * DAY)
    assert rank(past, 0) > rank(gap, 1e9) or gap.rule == LateRule.PAST_PROMISE
    assert rank(past, 5000) > rank(past, 50) > rank(past, 0)


moment = st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 1), timezones=st.just(UTC))
moments = st.none() | moment
facts = st.builds(
    Facts, st.sampled_from(Stage.values), st.sampled_from(TrackingStatus.values), moment, moments, moments,
    moments, moments, st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 1)),
    st.sampled_from(["UTC", "Pacific/Auckland", "America/New_York"]), st.sampled_from(["DE", "US", "XX"]),
    st.sampled_from(["UTC", "Africa/Cairo", "America/Havana"]), st.sampled_from(["", "DHL (M-1)"]),
    st.sampled_from(["", "not_arrived", "address_wrong"]), moments, st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 1)),
    st.sampled_from(["", "Held by customs", "Package lost", "Damaged in transit"]), st.none() | st.floats(1, 200),
    st.none() | st.floats(0, 1), st.none() | st.integers(1, 5), moments, st.booleans(), moments,
    st.sampled_from(["", "in_transit:customs_hold", "Exception_Lost", "package_damaged"]),
    st.builds(Policy, st.integers(0, 30), st.integers(0, 100), st.integers(0, 10), st.floats(0.5, 3), st.integers(0, 5),
              st.integers(0, 5), st.floats(0.05, 0.99), st.integers(0, 30), st.integers(0, 30), st.integers(0, 5), st.integers(0, 5),
              st.integers(0, 5)),
)  # fmt: skip


LA = "America/Los_Angeles"
EVENING = datetime(2026, 3, 6, 7, 59, 59, tzinfo=UTC)  # 5 March, 23:59:59 in Los Angeles


def test_a_shop_is_told_its_own_day_to_hand_over():
    waiting = replace(
        CALM, zone=LA, country="US", ship_by=EVENING, promised_to=None, handed_over_at=None, first_scan_at=None,
        last_event_at=None, status_at=None,
    )  # fmt: skip
    later = EVENING + timedelta(hours=1)
    assert judge(waiting, later).explanation == "Due out 5 Mar, not packed"
    supplier = replace(waiting, by_supplier=True)
    assert judge(supplier, later).explanation == "The supplier was to send it by 5 Mar"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tracking_status": "returning"}, "On its way back since 5 Mar"),
        ({"tracking_status": "expired"}, "The carrier stopped reporting on 5 Mar"),
        ({"tracking_status": "exception"}, "The carrier reports a problem on 5 Mar"),
        ({"tracking_status": "attempt_failed"}, "Delivery failed on 5 Mar"),
        ({"tracking_status": "on_hold"}, "On hold since 5 Mar"),
        ({"tracking_status": "on_hold", "heard": "customs_hold"}, "In customs’ hands since 5 Mar"),
        ({"silence_hours": 20.0}, "No scan since 5 Mar 23:59; 19 of 20 parcels are scanned again within 20 hours"),
        ({"handed_over_at": EVENING, "first_scan_at": None},
         "Handed over on 5 Mar 23:59, not scanned by the carrier within 12 business hours"),
        ({"tracking_status": "delivered", "report": "not_arrived", "reported_at": EVENING},
         "The customer wrote on 5 Mar that it has not arrived"),
        ({"tracking_status": "delivered", "rating": 1, "rated_at": EVENING}, "The customer gave 1 of 5 on 5 Mar"),
        ({"report": "address_wrong", "reported_at": EVENING}, "The customer wrote on 5 Mar that the address is wrong"),
    ],
)  # fmt: skip
def test_every_moment_is_told_by_the_shops_clock(changes, words):
    there = replace(CALM, zone=LA, country="US", promised_to=None, status_at=EVENING, last_event_at=EVENING)
    assert judge(replace(there, **changes), EVENING + 5 * DAY).explanation == words


def test_silence_is_counted_in_the_shops_days():
    # Heard on Thursday 5 March at 17:00 in Los Angeles, which is Friday in UTC.
    heard = datetime(2026, 3, 6, 1, 0, tzinfo=UTC)
    quiet = replace(
        CALM, zone=LA, country="US", promised_to=None, handed_over_at=heard, first_scan_at=heard, last_event_at=heard
    )  # fmt: skip
    fifth_day = datetime(
        2026, 3, 12, 7, 0, tzinfo=UTC
    )  # midnight of Thursday the 12th there, by then in summer time
    assert judge(quiet, fifth_day - timedelta(minutes=1)) is None
    alarm = judge(quiet, fifth_day)
    assert (alarm.since, alarm.explanation) == (fifth_day, "No scan for 5 business days, last heard 5 Mar")


@given(facts, moment, st.integers(0, 2000))
def test_a_late_parcel_only_gets_later_while_nothing_happens(fact, now, hours):
    early, later = judge(fact, now), judge(fact, now + timedelta(hours=hours))
    if early:
        assert early.since <= now and early.score >= 0
        assert later is not None and later.score >= early.score


@pytest.mark.django_db
class TestCases:
    def test_one_case_a_parcel_at_its_worst_closing_by_itself(self, merchant, django_assert_max_num_queries):
        shipment = make_shipment(merchant)
        assert review(now=NOW + DAY) == {"opened": 0, "updated": 0, "closed": 0}
        assert review(now=NOW + 3 * DAY)["opened"] == 1
        assert LateCase.objects.get().rule == "not_handed_over"
        assert review(now=NOW + 30 * DAY) == {"opened": 0, "updated": 1, "closed": 0}
        assert LateCase.objects.get().rule == "past_promise"
        record(
            [Reading("delivered", NOW + 30 * DAY, shipment_id=shipment.pk)],
            merchant=merchant,
            now=NOW + 30 * DAY,
        )
        assert review(now=NOW + 31 * DAY)["closed"] == 1
        assert review(now=NOW + 31 * DAY) == {"opened": 0, "updated": 0, "closed": 0}

    def test_tried_in_time_and_on_the_van_again_is_no_broken_promise(self, merchant):
        shipment = make_shipment(merchant)
        day = shipment.promised_to
        tried = datetime.combine(day, datetime.min.time(), tzinfo=UTC) + timedelta(hours=9)
        story = [("picked_up", NOW + DAY), ("attempt_failed", tried), ("out_for_delivery", tried + DAY)]
        for status, at in story:
            record([Reading(status, at, shipment_id=shipment.pk)], merchant=merchant, now=at)
        shipment.refresh_from_db()
        later = tried + DAY + timedelta(hours=6)
        revise(now=later)
        shipment.refresh_from_db()
        assert shipment.promised_to > day and shipment.missed_on is None
        assert review(now=later)["opened"] == 0

    def test_every_parcel_is_looked_at_whatever_the_chunk(self, merchant, monkeypatch):
        monkeypatch.setattr("shipping.lateness.cases.CHUNK", 2)
        for _ in range(5):
            make_shipment(merchant)
        assert review(now=NOW + 9 * DAY)["opened"] == 5
        Shipment.objects.update(stage="void")
        assert review(now=NOW + 9 * DAY)["closed"] == 5

    def test_a_gap_opens_names_the_driver_and_closes_by_the_carriers_scan(self, merchant, bob):
        from shipping.models import Manifest

        manifest = Manifest.objects.create(
            merchant=merchant, number=7, carrier="DHL", dock="3", driver="Novák " * 9, opened_at=NOW
        )
        shipment = make_shipment(merchant)
        handed = NOW + timedelta(hours=2)
        Shipment.objects.update(
            stage="handed_over", handed_over_at=handed, manifest=manifest, last_event_at=handed, carrier="DHL"
        )
        assert review(now=handed + timedelta(hours=12)) == {"opened": 0, "updated": 0, "closed": 0}
        assert review(now=handed + timedelta(hours=13))["opened"] == 1
        case = LateCase.objects.get()
        assert case.rule == "handover_gap" and case.since == handed + timedelta(hours=12)
        assert case.explanation.startswith(
            "Handed over to DHL (M-7, driver Novák Novák Novák Novák…, dock 3) on 4 Mar"
        )
        assert case.explanation.endswith("not scanned by the carrier within 12 business hours")
        record([Reading("picked_up", NOW + DAY, shipment_id=shipment.pk)], merchant=merchant, now=NOW + DAY)
        assert review(now=NOW + DAY)["closed"] == 1

    def test_every_threshold_that_a_shop_has_set_is_read_and_can_be_asked_in_what_if(self, merchant):
        own = {one.name for one in fields(Policy)} & {one.name for one in LatePolicy._meta.concrete_fields}
        row = LatePolicy(merchant=merchant, **dict.fromkeys(own - {"off"}, 3), off=["silent"])
        policy = policy_of(merchant, row)
        assert {name: getattr(policy, name) for name in own} == dict.fromkeys(own, 3) | {
            "off": frozenset(["silent"])
        }
        assert own | {"acceptance_hours", "silent_days"} == {one.name for one in fields(Policy)}
        assert own - {"off"} <= set(NAMES) and set(NAMES) == {
            name for group in GROUPS.values() for name in group
        } - {"merchant"}

    def test_each_shop_gives_its_carriers_its_own_hours(self, merchant, other):
        type(other).objects.filter(pk=other.pk).update(acceptance_hours=30)
        for shop in (merchant, other):
            make_shipment(shop)
        Shipment.objects.update(stage="handed_over", handed_over_at=NOW, last_event_at=NOW)
        assert review(now=NOW + timedelta(hours=20))["opened"] == 1
        assert LateCase.objects.get().merchant == merchant
        assert review(now=NOW + timedelta(hours=31))["opened"] == 1

    def test_a_review_asks_as_often_for_many_parcels(self, merchant, django_assert_max_num_queries):
        for _ in range(8):
            make_shipment(merchant)
        Shipment.objects.update(stage="handed_over", handed_over_at=NOW, last_event_at=NOW)
        review(now=NOW + 2 * DAY)
        record([Reading("picked_up", NOW + DAY, shipment_id=pk) for pk in Shipment.objects.values_list("pk", flat=True)],
               merchant=merchant, now=NOW + DAY)  # fmt: skip
        with django_assert_max_num_queries(27):
            assert review(now=NOW + 2 * DAY)["closed"] == 8


STEP = st.tuples(
    st.integers(1, 200),
    st.sampled_from(
        [
            "",
            "picked_up",
            "in_transit",
            "attempt_failed",
            "on_hold",
            "exception",
            "returning",
            "returned",
            "delivered",
        ]
    ),
)


@pytest.mark.django_db
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=7))
def test_a_case_is_open_just_as_long_as_something_is_wrong_and_at_its_worst(merchant, steps):
    """Whatever the carrier says and however long nothing is said: after a review there is one open case where there is an
    alarm, with the worst rule and the others folded in, and none where its cause has gone."""
    with transaction.atomic():
        shipment, now = make_shipment(merchant), NOW
        for hours, status in steps:
            now += timedelta(hours=hours)
            if status:
                record([Reading(status, now, shipment_id=shipment.pk)], merchant=merchant, now=now)
            review(now=now, shipments=[shipment.pk])
            row = Shipment.objects.select_related("merchant", "manifest", "order__ship_to").get(
                pk=shipment.pk
            )
            wrong = alarms(facts_of_all([row], Shops())[row.pk], now)
            cases = LateCase.objects.filter(shipment=row, closed_at=None)
            said = [(case.rule, [one["rule"] for one in case.also]) for case in cases]
            assert said == ([(wrong[0].rule, [one.rule for one in wrong[1:]])] if wrong else [])
        transaction.set_rollback(True)
