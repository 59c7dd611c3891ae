"""The demo shows every room of the floor at work, on any day of the week."""

from datetime import UTC, datetime, timedelta

import pytest

from orders.admin.purchases import state_of
from orders.models import Merchant, Purchase
from shipping.carriers.detect import detect
from shipping.models import LateCase, Manifest, Rating, Shipment, TrackingEvent, Wave
from shipping.scorecard import ask
from shipping.scorecard.figures import figures, like_for_like, worst_first
from shipping.status import Stage
from shipping.tracking import simulator
from tracker import demo


@pytest.mark.django_db
def test_each_shop_has_something_to_pick_to_load_and_to_ask_the_carrier(monkeypatch):
    """Early on a Monday, with fewer orders."""
    now = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
    monkeypatch.setattr(demo, "PER_SHOP", 100)
    demo.load(now=now)
    _every_room_has_work(now)


def _every_room_has_work(now):
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


NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_the_shops_use_real_carriers():
    """A Wednesday; loaded once for all four."""
    demo.load(now=NOW)
    _every_room_has_work(NOW)
    shops = list(Merchant.objects.all())
    for shop in shops:
        _carriers_can_be_compared(shop)
    _numbers_are_of_their_carriers(shops)
    _parcels_of_every_carrier_move_while_one_watches(shops)


def _carriers_can_be_compared(shop):
    days = (NOW.date() - timedelta(days=90), NOW.date())

    def by(group, carrier=""):
        return ask.by(ask.Question((shop.pk,), *days, {"carrier": carrier}), group)

    rows = worst_first([figures(key, sums) for key, sums in by("carrier").items()])
    assert len(rows) >= 3 and min(row.parcels for row in rows) > 0
    assert len({row.on_time.value for row in rows}) >= 2
    assert len(by("service")) == 3 and len(by("week")) >= 5
    first, second = (by("lane", row.key) for row in rows[:2])
    result = like_for_like(first, second)
    assert result is not None and result.first.value != result.second.value
    late = LateCase.objects.for_merchant(shop).filter(closed_at=None).exclude(carrier="")
    assert len(set(late.values_list("carrier", flat=True))) >= 3


def _numbers_are_of_their_carriers(shops):
    parcels = Shipment.objects.filter(merchant__in=shops, supplier=None, direction="outbound")
    numbers = parcels.exclude(tracking_number="").values_list("carrier", "tracking_number")
    assert len(numbers) > 300 and len(set(numbers)) == len(numbers)
    for carrier, number in numbers:
        found = {name for one in detect(number) if one.check == "verified" for name in (one.name, one.issuer)}
        assert carrier in found, number


def _parcels_of_every_carrier_move_while_one_watches(shops):
    moving = Shipment.objects.filter(simulator.MINE, merchant__in=shops, stage=Stage.HANDED_OVER)
    carriers = set(moving.values_list("carrier", flat=True))
    before = TrackingEvent.objects.count()
    for step in range(1, 4):
        assert simulator.tick(now=NOW + simulator.STEP * 2 * step, limit=500) > 20
    news = TrackingEvent.objects.filter(received_at__gt=NOW)
    assert news.count() > before / 20 and set(news.values_list("carrier", flat=True)) == carriers
