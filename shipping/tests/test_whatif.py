"""What other thresholds would have made of the past, and the queue as it was."""

from datetime import timedelta

import pytest

from shipping.carriers.base import Reading
from shipping.lateness.asof import stories
from shipping.lateness.gather import Shops
from shipping.lateness.policy import Policy
from shipping.lateness.rules import alarms
from shipping.lateness.whatif import answer_waiting, ask
from shipping.models import Shipment, WhatIf
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
    assert row.done == row.total == row.answer["parcels"] == 3
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
