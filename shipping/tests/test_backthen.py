"""The queue as it was, and what came of it."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from orders.lifecycle import change_status
from orders.status import OrderStatus
from shipping.carriers.base import Reading
from shipping.lateness.asof import stories
from shipping.lateness.backthen import queue_then
from shipping.lateness.gather import Shops
from shipping.lateness.policy import Policy
from shipping.models import CustomerReport, Rating, Shipment
from shipping.status import Stage
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def past(merchant):
    """One in time, one five days late and silent from the start, one that never came."""
    for late in (0, 5, None):
        shipment = make_shipment(merchant, carrier="DHL")
        Shipment.objects.filter(pk=shipment.pk).update(stage="handed_over", handed_over_at=NOW + DAY)
        due = shipment.promised_to - NOW.date()
        told = [("picked_up", NOW + DAY)] + (
            [("delivered", NOW + due + late * DAY)] if late is not None else []
        )
        for status, at in told:
            record([Reading(status, at, shipment_id=shipment.pk)], merchant=merchant, now=at)
    return list(Shipment.objects.order_by("pk"))


def test_what_was_open_then_and_what_came_of_it(merchant, past):
    in_time, late, never = past
    found = {row.shipment.pk: row for row in queue_then(merchant, NOW + 2 * DAY)}
    assert set(found) == {row.pk for row in past}
    assert [found[row.pk].days_late for row in past] == [0, 5, None]
    assert [found[row.pk].broke for row in past] == [False, True, True]
    assert not found[in_time.pk].alarms  # nothing of what came later is known
    day_after = NOW + (late.promised_to - NOW.date()) + 2 * DAY
    found = {row.shipment.pk: row for row in queue_then(merchant, day_after)}
    assert set(found) == {late.pk, never.pk}
    assert all(row.alarms[0].rule == "past_promise" and row.missed_already for row in found.values())
    assert not any(row.broke for row in found.values())  # that was before


def test_what_was_learned_of_later_was_not_known(merchant, past):
    _in_time, late, _never = past
    told = NOW + (late.promised_to - NOW.date()) + 20 * DAY
    moment = NOW + (late.promised_to - NOW.date()) + 9 * DAY
    assert late.pk not in {row.shipment.pk for row in queue_then(merchant, moment)}
    late.events.filter(status="delivered").update(received_at=told)
    Shipment.objects.filter(pk=late.pk).update(delivered_at=told)
    assert late.pk in {row.shipment.pk for row in queue_then(merchant, moment)}


def told_of(parcel, at):
    rows = Shipment.objects.filter(pk=parcel.pk).select_related("merchant")
    return next(stories(rows)).facts(at, Policy(), Shops())


def test_a_promise_that_was_made_later_was_not_known(merchant, past):
    parcel = past[0]
    parcel.promises.update(made_at=NOW + 3 * DAY)
    assert told_of(parcel, NOW + 2 * DAY).first_promised_to is None
    assert told_of(parcel, NOW + 3 * DAY).first_promised_to == parcel.promised_to
    then = {row.shipment.pk: row for row in queue_then(merchant, NOW + 2 * DAY)}[parcel.pk]
    assert (then.promised, then.days_late, then.missed_already) == (None, None, False)


def test_a_report_is_open_until_it_was_answered(merchant, past):
    parcel = past[0]
    for count, settled in ((9, NOW + 12 * DAY), (14, None)):
        CustomerReport.objects.create(
            merchant=merchant, shipment=parcel, kind="not_arrived", tier=1, created_at=NOW + count * DAY, settled_at=settled
        )  # fmt: skip
    days = (8, 9, 11, 12, 13, 14, 20)
    said = [told_of(parcel, NOW + day * DAY).reported_at for day in days]
    first, second = NOW + 9 * DAY, NOW + 14 * DAY
    assert said == [None, first, first, None, None, second, second]


def test_a_rating_that_was_changed_is_known_from_its_change(merchant, past):
    parcel = past[0]
    Rating.objects.create(
        merchant=merchant, shipment=parcel, score=1, destination="DE", created_at=NOW + 9 * DAY, changed_at=NOW + 12 * DAY
    )  # fmt: skip
    assert told_of(parcel, NOW + 10 * DAY).rating is None
    assert (told_of(parcel, NOW + 12 * DAY).rating, told_of(parcel, NOW + 12 * DAY).rated_at) == (
        1,
        NOW + 12 * DAY,
    )


def test_what_was_called_off_later_was_open_until_then(merchant):
    parcel = make_shipment(merchant)
    change_status(parcel.order_id, OrderStatus.CANCELLED, actor="alice", now=NOW + 4 * DAY)
    parcel.refresh_from_db()
    assert parcel.stage == Stage.VOID
    assert told_of(parcel, NOW + 3 * DAY).stage == Stage.OPEN
    assert told_of(parcel, NOW + 4 * DAY).stage == Stage.VOID
    (then,) = queue_then(merchant, NOW + 3 * DAY)
    assert then.alarms[0].rule == "not_handed_over" and then.called_off and not then.broke
    assert not list(queue_then(merchant, NOW + 4 * DAY))
    out = StringIO()
    call_command("late_on", (NOW + 3 * DAY).date().isoformat(), stdout=out)
    assert "called off" in out.getvalue() and "0 were broken later" in out.getvalue()


def test_the_command(merchant, past):
    day = (NOW + (past[1].promised_to - NOW.date()) + 2 * DAY).date()
    out = StringIO()
    call_command("late_on", day.isoformat(), stdout=out)
    assert "2 parcels open, 2 cases" in out.getvalue() and "5 d late" in out.getvalue()
    assert "never, by the data" in out.getvalue()
    out = StringIO()
    call_command("late_on", (NOW + 2 * DAY).date().isoformat(), "--json", merchant=merchant.slug, stdout=out)
    said = json.loads(out.getvalue())
    assert (said["open"], said["whole"], said["broke"]) == (3, 3, 2)


@pytest.mark.parametrize("argv", [["yesterday"], ["2026-01-01", "--merchant", "nobody"]])
def test_what_it_does_not_understand(merchant, argv):
    with pytest.raises(CommandError):
        call_command("late_on", *argv, stdout=StringIO())
