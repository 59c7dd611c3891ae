"""The demo shows every room of the floor at work, on any day of the week."""

from datetime import UTC, datetime

import pytest

from orders.admin.purchases import state_of
from orders.models import Merchant, Purchase
from shipping.models import LateCase, Manifest, Rating, Shipment, Wave
from tracker import demo


@pytest.mark.django_db
@pytest.mark.parametrize(
    "now",
    [datetime(2026, 3, 4, 10, 0, tzinfo=UTC), datetime(2026, 3, 9, 1, 0, tzinfo=UTC)],
    ids=["Wednesday", "Monday"],
)
def test_each_shop_has_something_to_pick_to_load_and_to_ask_the_carrier(now, monkeypatch):
    monkeypatch.setattr(demo, "PER_SHOP", 100)
    demo.load(now=now)
    for merchant in Merchant.objects.all():
        assert merchant.boxes.count() == 3
        assert Wave.objects.for_merchant(merchant).get().lines.exists()
        loading = Manifest.objects.for_merchant(merchant).get(state="open")
        assert loading.shipments.filter(stage="packed").count() >= 2
        closed = Manifest.objects.for_merchant(merchant).get(state="closed")
        assert closed.shipments.filter(first_scan_at__isnull=False).count() == 1
        late = LateCase.objects.for_merchant(merchant).filter(shipment__manifest=closed)
        said = [(case.rule, case.explanation) for case in late]
        said += [(one["rule"], one["explanation"]) for case in late for one in case.also]
        gaps = [words for rule, words in said if rule == "handover_gap"]
        assert gaps and f"M-{closed.number}, driver {closed.driver}" in gaps[0]
        assert Rating.objects.for_merchant(merchant).filter(comment__gt="", score=5).exists()
        states = {str(state_of(purchase, now)) for purchase in Purchase.objects.for_merchant(merchant)}
        assert states == {"ordered", "on_its_way", "to_receive", "partly", "late", "received"}
    assert not Shipment.objects.filter(stage="handed_over", handed_over_at__gt=now).exists()
    assert not Rating.objects.filter(created_at__gt=now).exists()
