"""What other thresholds would have made of the past, and the queue as it was."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import numpy as np
import pytest
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from shipping.carriers.base import Reading
from shipping.lateness.asof import Word, stories
from shipping.lateness.gather import Shops
from shipping.lateness.otherwise import promised, told_late
from shipping.lateness.policy import Policy
from shipping.lateness.rules import alarms
from shipping.lateness.whatif import answer_waiting, ask
from shipping.models import CustomerReport, LearnedTransit, Rating, Shipment, WhatIf
from shipping.promise.backtest import trained
from shipping.promise.lanes import day_of
from shipping.tests.test_transit import history
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment

DAY = timedelta(days=1)
END = NOW + 30 * DAY


@pytest.fixture
def quarter(merchant):
    """Three parcels: one in time, one five days late and silent for long, one never handed over."""
    for late in (0, 5, None):
        shipment = make_shipment(merchant, carrier="DHL")
        if late is None:
            continue
        Shipment.objects.filter(pk=shipment.pk).update(stage="handed_over", handed_over_at=NOW + DAY)
        due = shipment.promised_to - NOW.date()
        told = [("picked_up", NOW + DAY), ("delivered", NOW + due + late * DAY)]
        for status, at in told:
            record([Reading(status, at, shipment_id=shipment.pk)], merchant=merchant, now=at)
    return list(Shipment.objects.order_by("pk"))


def told(merchant, **changes):
    ask(merchant, changes, asked_by="alice", now=END)
    answer_waiting(now=END)
    row = WhatIf.objects.order_by("-pk").first()
    assert row.done == row.total == row.answer["looked_at"] == row.answer["parcels"] == 3
    return row.answer["now"], row.answer["then"]


def test_the_rules_as_they_are_and_as_asked(merchant, quarter):
    now, then = told(merchant, promise_grace_days=9, off=["silent", "not_handed_over"])
    assert now["late"] == then["late"] == 2
    assert now["rules"]["past_promise"] == 2 and "not_handed_over" in now["rules"]
    assert set(then["rules"]) == {"past_promise"} and then["rules"]["past_promise"] == 1
    assert now["cases"] == 2 and then["cases"] == 1


def test_a_longer_promise_has_fewer_late_parcels(merchant, quarter):
    now, then = told(merchant, later_days=7)
    assert (now["late"], then["late"]) == (2, 1)


def test_more_handling_time_has_fewer_late_hand_overs(merchant, quarter):
    now, then = told(merchant, handling_days=40)
    assert now["rules"]["not_handed_over"] and "not_handed_over" not in then["rules"]


def test_what_customers_said_after_the_end_is_heard(merchant, quarter):
    in_time, late, _never = quarter
    for row in quarter:
        row.refresh_from_db()
    rated = in_time.delivered_at + 9 * DAY
    Rating.objects.create(
        merchant=merchant, shipment=in_time, score=2, destination="DE", created_at=rated, changed_at=rated
    )
    wrote = late.delivered_at + 3 * DAY
    CustomerReport.objects.create(
        merchant=merchant, shipment=late, kind="not_arrived", tier=1, created_at=wrote, settled_at=wrote + DAY
    )
    now, then = told(merchant, low_rating=0)
    assert (now["rules"]["low_rating"], now["rules"]["not_arrived"]) == (1, 1)
    assert "low_rating" not in then["rules"] and then["rules"]["not_arrived"] == 1
    assert (now["alarms"] - then["alarms"], now["cases"] - then["cases"]) == (1, 1)


def test_what_is_said_after_the_day_of_asking_is_not_heard(merchant, quarter):
    later = END + DAY
    Rating.objects.create(
        merchant=merchant, shipment=quarter[0], score=1, destination="DE", created_at=later, changed_at=later
    )
    assert "low_rating" not in told(merchant, low_rating=1)[0]["rules"]


def test_an_earlier_cut_off_moves_the_day_out_and_the_promise(merchant, quarter):
    """Ordered at eleven: with a cut-off at nine it leaves a business day later, is promised a day later, and the parcel that
    came a day late is in time."""
    late = quarter[1]
    late.refresh_from_db()
    told_on = late.first_promised_to + DAY
    at_noon = datetime.combine(told_on, time(12), tzinfo=UTC)
    late.events.filter(status="delivered").update(occurred_at=at_noon, received_at=at_noon)
    now, then = told(merchant, cutoff="09:00")
    assert told_on.weekday() < 5 and (now["late"], then["late"]) == (2, 1)
    assert (now["notices"], then["notices"]) == (2, 1)
    assert told(merchant, cutoff="13:59")[1] == now, "it was ordered before that as well"


def test_many_parcels_are_asked_by_an_even_sample(client, merchant, alice, quarter, monkeypatch):
    monkeypatch.setattr("shipping.lateness.whatif.MOST", 2)
    moments = [NOW - 3 * DAY, NOW - 2 * DAY, NOW]
    for row, moment in zip(quarter, moments, strict=True):
        Shipment.objects.filter(pk=row.pk).update(created_at=moment)
    ask(merchant, {"promise_grace_days": 1}, asked_by="alice", now=END)
    answer_waiting(now=END)
    row = WhatIf.objects.get()
    assert (row.answer["parcels"], row.answer["looked_at"], row.total) == (3, 2, 2)
    # The first and the last are looked at: one of them is late, which stands for one and a half.
    assert (row.answer["now"]["late"], row.answer["now"]["cases"]) == (2, 2)
    client.force_login(alice)
    html = client.get(f"/admin/shipping/whatif/{row.pk}/change/").content.decode()
    assert "3 parcels since" in html and "A sample of 2 of 3" in html


def test_it_is_asked_and_read_in_the_admin(client, merchant, alice, charlie, quarter):
    client.force_login(alice)
    form = client.get("/admin/shipping/whatif/ask/").context["form"]
    said = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    said |= {"merchant": merchant.pk, "cutoff": "14:00"}
    assert "Change at least one" in client.post("/admin/shipping/whatif/ask/", said).content.decode()
    assert (
        "less than or equal"
        in client.post("/admin/shipping/whatif/ask/", said | {"risk_from": "7"}).content.decode()
    )
    answer = client.post("/admin/shipping/whatif/ask/", said | {"promise_grace_days": "9"})
    assert "Being worked out" in client.get(answer.url).content.decode()
    answer_waiting(now=END)
    html = client.get(answer.url).content.decode()
    assert "Grace after the promise, business days: 9" in html and "Late parcels" in html
    assert "A sample of" not in html
    answer = client.post("/admin/shipping/whatif/ask/", said | {"cutoff": "09:30"})
    assert WhatIf.objects.order_by("-pk").first().changes == {"cutoff": "09:30"}
    answer_waiting(now=END)
    assert "Cut-off: 09:30" in client.get(answer.url).content.decode()
    client.force_login(charlie)
    assert client.get(answer.url).status_code == 404


def test_a_past_day_knows_nothing_of_later(merchant, quarter):
    late = next(
        story
        for story in stories(Shipment.objects.select_related("merchant"))
        if story.shipment == quarter[1]
    )
    before = late.facts(NOW + 2 * DAY, Policy(), Shops())
    assert before.tracking_status == "picked_up" and not alarms(before, NOW + 2 * DAY)
    due = (late.shipment.first_promised_to - NOW.date()) + NOW
    after = late.facts(due + 2 * DAY, Policy(), Shops())
    assert alarms(after, due + 2 * DAY)[0].rule == "past_promise"
    assert late.over(due + 6 * DAY) and not late.over(due + 2 * DAY)


BERLIN = {"zone": "Europe/Berlin", "country": "DE"}
MON, TUE, WED, FRI = (date(2026, 3, day) for day in (9, 10, 11, 13))


def at(day, hour=12):
    return datetime.combine(day, time(hour), tzinfo=UTC)


def test_a_promise_moves_with_the_day_of_leaving_over_the_weekend():
    words = [Word(at(MON), FRI)]
    assert promised(words, moved=1, **BERLIN)[0].day == date(2026, 3, 16)
    assert promised(words, moved=-1, **BERLIN)[0].day == date(2026, 3, 12)
    assert promised(words, moved=1, later=1, **BERLIN)[0].day == date(2026, 3, 17)
    assert promised(words, first=TUE, **BERLIN)[0].day == TUE
    for source in ("carrier", "merchant"):
        assert promised([Word(at(MON), FRI, source)], moved=3, first=TUE, **BERLIN)[0].day == FRI
    assert promised([Word(at(MON), FRI, "merchant")], later=2, **BERLIN)[0].day == date(2026, 3, 15)


def test_a_new_day_is_given_only_where_the_other_one_has_passed_too():
    words = [Word(at(MON), TUE), Word(at(WED), FRI), Word(at(WED, 15), date(2026, 3, 20), "carrier")]
    assert [word.day for word in promised(words, **BERLIN)] == [TUE, FRI, date(2026, 3, 20)]
    assert [word.day for word in promised(words, later=2, **BERLIN)] == [date(2026, 3, 12), date(2026, 3, 20)]


def test_who_would_have_been_told():
    told = partial(told_late, zone="UTC", now=at(FRI))
    quiet = [Word(at(MON), WED)]
    assert not told(quiet, there=at(WED), delayed=False) and not told([], there=None, delayed=False)
    assert told(quiet, there=at(WED), delayed=True), "the carrier called it so"
    assert told(quiet, there=None, delayed=False) and told(quiet, there=at(FRI), delayed=False)
    assert told([*quiet, Word(at(TUE), FRI)], there=at(WED), delayed=False), "a later day was given"
    assert not told([*quiet, Word(at(TUE), TUE)], there=at(TUE), delayed=False)


def test_notices_follow_the_promise(merchant, quarter):
    now, then = told(merchant, later_days=7)
    assert (now["notices"], then["notices"]) == (2, 1)


def test_a_shorter_handling_time_promises_earlier(merchant, quarter):
    """The parcel that came on the promised day would have been late, and its customer told."""
    type(merchant).objects.filter(pk=merchant.pk).update(handling_days=merchant.handling_days + 2)
    Shipment.objects.update(ship_by=F("ship_by") + 4 * DAY)
    now, then = told(merchant, handling_days=0)
    assert then["late"] == 3 and then["notices"] == 3 and now["late"] == 2


days = st.dates(date(2026, 1, 1), date(2026, 2, 1))
words = st.lists(
    st.builds(Word, st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 1), timezones=st.just(UTC)), days,
              st.sampled_from(["table", "learned", "carrier", "merchant"])), max_size=5,
).map(sorted)  # fmt: skip


@given(words, st.integers(0, 9))
def test_unchanged_it_is_what_was_said_and_promised_later_it_is_renewed_less(words, later):
    assert promised(words, **BERLIN) == words
    other = promised(words, later=later, **BERLIN)
    assert len(other) <= len(words)
    assert all(new.day >= old.day for new, old in zip(other[:1], words[:1], strict=True))


def test_a_surer_promise_is_read_off_what_parcels_took(merchant, quarter):
    """All known parcels took two days: what 95 of 100 keep is sooner than the service table, and what comes after it is late."""
    handed = day_of(NOW) - np.linspace(40, 1, 400)
    snapshot = trained(history(handed, 2.0), at=day_of(NOW))
    LearnedTransit.objects.create(
        merchant=merchant,
        fitted_at=NOW,
        parcels=400,
        data=snapshot.to_bytes(),
        level_half=0.5,
        level_most=0.9,
    )
    now, then = told(merchant, sure=95)
    assert (now["late"], then["late"]) == (2, 3) and then["notices"] == 3
