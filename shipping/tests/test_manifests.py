"""A manifest from opening to signing: its parcels leave together, and a crash in the middle loses none."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.lifecycle import change_status
from orders.models import Merchant, OrderEvent, Product
from orders.roles import Role
from shipping.models import ManifestMove, Shipment, TrackingEvent
from shipping.status import ScanOutcome, Stage, TrackingStatus
from shipping.tasks import hand_over_manifest
from shipping.warehouse import manifests
from shipping.warehouse.handover import open_manifests
from shipping.warehouse.manifests import (
    Refused,
    close_manifest,
    hand_over_parcels,
    open_manifest,
    reopen_manifest,
    take_off,
    unfinished,
)
from shipping.warehouse.scanning import scan
from tests.factories import NOW, make_merchant, make_product, make_shipment, make_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def opened(merchant, user, carrier="DHL", now=NOW, **fields):
    words = {"dock": "3", "driver": "Novák", "vehicle": ""} | fields
    return open_manifest(merchant=merchant, carrier=carrier, user=user, now=now, **words)


def put_on(manifest, user, count=1, now=NOW):
    parcels = []
    for _ in range(count):
        shipment = make_shipment(manifest.merchant)
        for mode, subject in (("pack", ""), ("handover", str(manifest.pk))):
            said = scan(
                user=user, code=shipment.code, mode=mode, client_id=uuid.uuid4(), now=now, subject=subject
            )
        assert said.outcome == ScanOutcome.ON_MANIFEST
        parcels.append(Shipment.objects.get(pk=shipment.pk))
    return parcels


def moves(manifest):
    return list(manifest.moves.values_list("kind", "actor", "reason"))


def test_numbers_are_counted_per_merchant(merchant, other, alice, charlie):
    assert [opened(merchant, alice).number for _ in range(3)] == [1, 2, 3]
    theirs = opened(other, charlie, "  UPS  ", driver="  متجر ")
    assert (theirs.number, theirs.carrier, theirs.driver) == (1, "UPS", "متجر")
    assert moves(theirs) == [("opened", "charlie", "")]
    with pytest.raises(Refused, match="which carrier"):
        opened(merchant, alice, "  ")


def test_closing_hands_over_everything_on_it_once(merchant, alice, bob):
    mug = make_product(merchant, on_hand=20)
    manifest = opened(merchant, bob)
    parcels = put_on(manifest, bob, 3)
    close_manifest(manifest, user=alice, now=NOW + HOUR, driver="Horáková")
    assert Shipment.objects.filter(stage="packed").count() == 3
    assert hand_over_parcels(manifest.pk, now=NOW + HOUR) == 0
    for parcel in Shipment.objects.all():
        assert (parcel.stage, parcel.handed_over_at) == (Stage.HANDED_OVER, NOW + HOUR)
        assert parcel.tracking_status == TrackingStatus.PRE_TRANSIT and parcel.first_scan_at is None
    mug.refresh_from_db()
    assert (mug.on_hand, mug.reserved) == (14, 0)
    assert OrderEvent.objects.filter(kind="handed_over", actor="alice").count() == 3
    manifest.refresh_from_db()
    assert (manifest.driver, manifest.closed_by) == ("Horáková", alice)

    close_manifest(manifest, user=bob, now=NOW + 2 * HOUR)  # and again, by somebody else
    hand_over_manifest(manifest.pk)
    assert moves(manifest) == [("opened", "bob", ""), ("closed", "alice", "")]
    assert TrackingEvent.objects.filter(code="handed-over").count() == len(parcels)
    assert Product.objects.get(pk=mug.pk).on_hand == 14


def test_a_parcel_cancelled_meanwhile_is_taken_off_and_named(merchant, bob):
    manifest = opened(merchant, bob)
    good, called_off, unpacked = put_on(manifest, bob, 3)
    change_status(called_off.order_id, "cancelled", actor="alice", now=NOW)
    Shipment.objects.filter(pk=unpacked.pk).update(stage="open")
    close_manifest(manifest, user=bob, now=NOW + HOUR)
    assert hand_over_parcels(manifest.pk, now=NOW + HOUR) == 0
    assert [parcel.pk for parcel in manifest.shipments.all()] == [good.pk]
    assert moves(manifest)[2:] == [
        ("taken_off", "bob", f"{called_off.code}, order {called_off.order.number} was cancelled"),
        ("taken_off", "bob", f"{unpacked.code}, order {unpacked.order.number}: it is not packed any more"),
    ]
    unpacked.refresh_from_db()
    assert (unpacked.carrier, unpacked.handed_over_at) == ("", None), "it had its carrier from the manifest"


def test_a_crash_in_the_middle_is_finished(merchant, bob, monkeypatch):
    manifest = opened(merchant, bob)
    put_on(manifest, bob, 5)
    close_manifest(manifest, user=bob, now=NOW)
    real, done = manifests.leave, []

    def power_cut(*args, **kwargs):
        if len(done) == 2:
            real(*args, **kwargs)  # inside the transaction, so none of it may stay
            raise SystemExit
        done.append(1)
        return real(*args, **kwargs)

    monkeypatch.setattr(manifests, "leave", power_cut)
    with pytest.raises(SystemExit):
        hand_over_parcels(manifest.pk, now=NOW)
    monkeypatch.undo()
    assert Shipment.objects.filter(stage="handed_over").count() == 2
    assert unfinished(NOW + timedelta(seconds=30)) == [] and unfinished(NOW + HOUR) == [manifest.pk]
    hand_over_manifest(manifest.pk)
    assert Shipment.objects.filter(stage="handed_over", handed_over_at=NOW).count() == 5
    assert unfinished(NOW + HOUR) == []


def test_one_bad_parcel_keeps_no_other_back(merchant, bob, monkeypatch):
    manifest = opened(merchant, bob)
    bad, *_ = put_on(manifest, bob, 3)
    close_manifest(manifest, user=bob, now=NOW)
    real = manifests.leave

    def choke(shipment, *args, **kwargs):
        if shipment.pk == bad.pk:
            raise RuntimeError
        return real(shipment, *args, **kwargs)

    monkeypatch.setattr(manifests, "leave", choke)
    assert hand_over_parcels(manifest.pk, now=NOW) == 1
    monkeypatch.undo()
    assert unfinished(NOW + HOUR) == [manifest.pk]
    assert hand_over_parcels(manifest.pk, now=NOW + HOUR) == 0


def test_reopening_is_a_managers_and_has_a_reason(merchant, alice, bob):
    manifest = opened(merchant, bob)
    put_on(manifest, bob)
    close_manifest(manifest, user=bob, now=NOW)
    with pytest.raises(Refused, match="manager"):
        reopen_manifest(manifest, user=bob, reason="Please", now=NOW)
    manager = make_user("mia", merchant, Role.MANAGER)
    with pytest.raises(Refused, match="why"):
        reopen_manifest(manifest, user=manager, reason="  ", now=NOW)
    reopen_manifest(manifest, user=manager, reason="The van came back", now=NOW)
    assert moves(manifest)[-1] == ("reopened", "mia", "The van came back")
    assert hand_over_parcels(manifest.pk, now=NOW) == 1, "an open manifest hands nothing over"

    put_on(manifest, bob)
    close_manifest(manifest, user=bob, now=NOW + HOUR)
    hand_over_parcels(manifest.pk, now=NOW + HOUR)
    assert Shipment.objects.filter(stage="handed_over", manifest=manifest).count() == 2


def test_taking_a_parcel_off(merchant, bob):
    manifest = opened(merchant, bob)
    first, second = put_on(manifest, bob, 2)
    take_off(first, user=bob, now=NOW)
    first.refresh_from_db()
    assert (first.manifest, first.carrier, first.stage) == (None, "", Stage.PACKED)
    assert moves(manifest)[-1] == ("taken_off", "bob", f"{first.code}, order {first.order.number}")
    with pytest.raises(Refused, match="no manifest"):
        take_off(first, user=bob, now=NOW)
    close_manifest(manifest, user=bob, now=NOW)
    with pytest.raises(Refused, match="is closed"):
        take_off(second, user=bob, now=NOW)
    elsewhere = opened(merchant, bob, "UPS")
    said = scan(
        user=bob, code=first.code, mode="handover", client_id=uuid.uuid4(), now=NOW, subject=str(elsewhere.pk)
    )
    assert said.outcome == ScanOutcome.ON_MANIFEST


def test_a_manager_takes_back_what_did_not_leave(merchant, alice, bob):
    mug = make_product(merchant, on_hand=20)
    manifest = opened(merchant, bob)
    parcel, gone = put_on(manifest, bob, 2)
    close_manifest(manifest, user=bob, now=NOW)
    hand_over_parcels(manifest.pk, now=NOW)
    Shipment.objects.filter(pk=gone.pk).update(first_scan_at=NOW)
    with pytest.raises(Refused, match="is closed"):
        take_off(parcel, user=alice, now=NOW, reason="Left on the dock")
    reopen_manifest(manifest, user=alice, reason="One was left on the dock", now=NOW)
    with pytest.raises(Refused, match="Only a manager"):
        take_off(parcel, user=bob, now=NOW, reason="Left on the dock")
    with pytest.raises(Refused, match="why"):
        take_off(parcel, user=alice, now=NOW)
    with pytest.raises(Refused, match="has scanned"):
        take_off(gone, user=alice, now=NOW, reason="Left on the dock")

    take_off(parcel, user=alice, now=NOW + HOUR, reason="Left on the dock")
    parcel.refresh_from_db()
    mug.refresh_from_db()
    assert (parcel.stage, parcel.handed_over_at, parcel.manifest) == (Stage.PACKED, None, None)
    assert (mug.on_hand, mug.reserved) == (18, 2)
    assert moves(manifest)[-1] == ("taken_off", "alice", f"{parcel.code}, Left on the dock")
    told = OrderEvent.objects.filter(order=parcel.order, kind="handed_over").values_list(
        "actor", "old", "new"
    )
    assert list(told) == [("bob", "", ""), ("alice", "handed_over", "packed")]

    later = NOW + 2 * HOUR
    scan(user=bob, code=parcel.code, mode="handover", client_id=uuid.uuid4(), now=later)
    parcel.refresh_from_db()
    mug.refresh_from_db()
    assert (parcel.handed_over_at, mug.on_hand, mug.reserved) == (later, 16, 0)
    assert OrderEvent.objects.filter(order=parcel.order, kind="handed_over").count() == 3
    assert sum(mug.moves.values_list("quantity", flat=True)) == mug.on_hand


def test_a_parcel_costs_the_same_on_a_long_manifest(merchant, bob):

    def cost(count):
        manifest = opened(merchant, bob)
        put_on(manifest, bob, count)
        close_manifest(manifest, user=bob, now=NOW)
        with CaptureQueriesContext(connection) as queries:
            assert hand_over_parcels(manifest.pk, now=NOW) == 0
        return len(queries)

    cost(1)
    few, many = cost(3), cost(9)
    assert (many - few) / 6 == (few - cost(1)) / 2 <= 40


def test_open_manifests_are_those_one_may_scan_for(
    merchant, other, alice, bob, charlie, django_assert_num_queries
):
    mine = opened(merchant, bob)
    put_on(mine, bob, 2)
    closed = opened(merchant, bob)
    close_manifest(closed, user=bob, now=NOW)
    opened(other, charlie)
    with django_assert_num_queries(1):
        (shown,) = open_manifests(bob)
        assert (shown.pk, shown.parcels, shown.handed_over, shown.accepted) == (mine.pk, 2, 0, 0)
    assert not open_manifests(make_user("vera", merchant, Role.VIEWER)).exists()
    third = make_merchant("third")
    assert not open_manifests(make_user("tom", third)).exists()


def test_opening_needs_one_lock_and_leaves_the_merchant_as_it_was(merchant, bob):
    before = Merchant.objects.values().get(pk=merchant.pk)
    opened(merchant, bob)
    assert Merchant.objects.values().get(pk=merchant.pk) == before
    assert ManifestMove.objects.count() == 1
