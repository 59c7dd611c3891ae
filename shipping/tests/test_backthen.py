"""The queue as it was, and what came of it."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from shipping.carriers.base import Reading
from shipping.lateness.backthen import queue_then
from shipping.models import Shipment
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
