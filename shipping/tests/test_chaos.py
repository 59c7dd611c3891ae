"""The chaos carrier at the real webhook door: thousands of seeded parcels, each ends as it truly did."""

from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from shipping.carriers.easypost import EasyPost
from shipping.management.commands.chaos_carrier import run
from shipping.models import InboundWebhook, Shipment
from shipping.tracking.chaos import storm
from shipping.tracking.reduce import Event, reduce
from tests.factories import NOW, make_merchant


def test_thousands_of_storms_end_in_the_truth_whatever_the_order():
    """The reducer alone, on what the adapter reads."""
    carrier, kinds = EasyPost(), Counter()
    for number in range(3_000):
        one = storm(f"N{number}", seed=f"pure/{number}", start=NOW)
        events = {}
        for call in one.calls:
            kinds[call.kind] += 1
            if call.kind in ("news", "again", "the same in another envelope"):
                for reading in carrier.parse(call.body).readings:
                    events[reading.fingerprint] = Event(
                        reading.status, reading.occurred_at, reading.fingerprint
                    )
        assert reduce(events.values()).status == one.truth, one
        assert len(events) == one.words
    assert all(
        kinds[kind] > 150
        for kind in ("again", "the same in another envelope", "forged", "cut off", "recycled")
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seed", "parcels"),
    [("a", 60), *(pytest.param(seed, 500, marks=pytest.mark.services) for seed in "bcde")],
)
def test_at_the_door(seed, parcels):
    """Sixty in every run; five hundred make one transaction of PostgreSQL crawl, so these go with the real processes."""
    merchant = make_merchant(is_demo=True)
    found = run(merchant, parcels=parcels, seed=seed)
    assert found["wrong_answers"] == 0 and found["wrong"] == 0
    assert found["quarantined"] == found["strays"] > parcels / 20
    assert min(found["calls"].values()) > parcels / 20 and len(found["calls"]) == 6
    assert not InboundWebhook.objects.exclude(state="applied").exists()
    told = Counter(merchant.notices.values_list("order_id", "subject", "milestone", "channel"))
    assert told and max(told.values()) == 1


@pytest.mark.django_db
def test_the_command_leaves_real_shops_alone():
    make_merchant("real")
    with pytest.raises(CommandError, match="no demo shop"):
        call_command("chaos_carrier", "--merchant", "real")
    demo, out = make_merchant("demo", is_demo=True), StringIO()
    call_command("chaos_carrier", "--merchant", "demo", "--parcels", "20", stdout=out)
    assert "20 parcels, 0 that do not end as they truly did" in out.getvalue()
    assert Shipment.objects.filter(merchant=demo, created_at__lt=NOW + timedelta(days=10_000)).count() == 20
