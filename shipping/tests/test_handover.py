"""Scanning parcels onto a carrier's manifest, through the door of every scan."""

import uuid
from datetime import timedelta

import pytest

from orders.lifecycle import change_status
from orders.roles import Role
from shipping.models import Manifest, Scan, Shipment
from shipping.status import ScanOutcome, Stage
from shipping.warehouse.scanning import scan
from tests.factories import NOW, make_shipment, make_user

pytestmark = pytest.mark.django_db
O = ScanOutcome  # noqa: E741


def make_manifest(merchant, number=1, carrier="DHL", **fields):
    return Manifest.objects.create(merchant=merchant, number=number, carrier=carrier, opened_at=NOW, **fields)


def packed(merchant, user, **fields):
    shipment = make_shipment(merchant, **fields)
    scan(user=user, code=shipment.code, mode="pack", client_id=uuid.uuid4(), now=NOW)
    return shipment


def onto(user, manifest, code, client_id=None, now=NOW):
    return scan(
        user=user, code=code, mode="handover", client_id=client_id or uuid.uuid4(), now=now,
        subject=str(getattr(manifest, "pk", manifest)),
    )  # fmt: skip


def test_a_packed_parcel_goes_onto_the_manifest_and_is_not_handed_over_yet(merchant, bob):
    manifest, shipment = make_manifest(merchant), packed(merchant, bob)
    said = onto(bob, manifest, shipment.code)
    assert (said.outcome, said.shown["parcels"]) == (O.ON_MANIFEST, 1)
    shipment.refresh_from_db()
    assert (shipment.manifest, shipment.carrier, shipment.stage) == (manifest, "DHL", Stage.PACKED)
    assert Scan.objects.get(outcome=O.ON_MANIFEST).details == {"manifest": manifest.pk, "took_carrier": True}

    again = onto(
        make_user("ben", merchant, Role.WAREHOUSE), manifest, shipment.code, now=NOW + timedelta(hours=1)
    )
    assert (again.outcome, again.by, again.at) == (O.REPEATED, "bob", NOW)
    other = onto(bob, make_manifest(merchant, 2), shipment.code)
    assert (other.outcome, other.shown["other"]) == (O.OTHER_MANIFEST, "M-1 DHL")


def test_what_does_not_belong_on_a_manifest(merchant, bob):
    manifest = make_manifest(merchant)
    assert onto(bob, manifest, make_shipment(merchant).code).outcome == O.NOT_PACKED
    foreign = onto(bob, manifest, packed(merchant, bob, carrier="UPS").code)
    assert (foreign.outcome, foreign.shown["carrier"]) == (O.OTHER_CARRIER, "UPS")
    assert onto(bob, manifest, packed(merchant, bob, carrier=" dhl").code).outcome == O.ON_MANIFEST
    called_off = packed(merchant, bob)
    change_status(called_off.order_id, "cancelled", actor="alice", now=NOW)
    assert onto(bob, manifest, called_off.code).outcome == O.CANCELLED
    assert onto(bob, manifest, "P0000000000X").outcome == O.UNKNOWN
    assert onto(bob, manifest, "MUG-1").outcome == O.NOT_A_PARCEL
    gone = packed(merchant, bob)
    scan(user=bob, code=gone.code, mode="handover", client_id=uuid.uuid4(), now=NOW)
    assert onto(bob, manifest, gone.code).outcome == O.REPEATED
    late = packed(merchant, bob)
    Manifest.objects.update(state="closed", closed_at=NOW)
    assert onto(bob, manifest, late.code).outcome == O.CLOSED
    assert manifest.shipments.count() == 1


@pytest.mark.parametrize("subject", ["0", "-1", "x", "9" * 40, "1; DROP TABLE", "²"])
def test_a_manifest_that_is_not_there(merchant, bob, subject):
    make_manifest(merchant)
    assert onto(bob, subject, packed(merchant, bob).code).outcome == O.UNKNOWN


def test_another_shops_manifest_and_parcels_are_unknown(merchant, other, bob, charlie):
    ours, theirs = make_manifest(merchant), make_manifest(other)
    mine, foreign = packed(merchant, bob), packed(other, charlie)
    assert onto(bob, theirs, mine.code).outcome == O.UNKNOWN
    assert onto(bob, ours, foreign.code).outcome == O.UNKNOWN
    viewer = make_user("vera", merchant, Role.VIEWER)
    assert onto(viewer, ours, mine.code) is None
    both = make_user("both", merchant, Role.WAREHOUSE)
    both.memberships.create(merchant=other, role=Role.WAREHOUSE)
    assert onto(both, ours, foreign.code).outcome == O.UNKNOWN, "a parcel of one shop on another's manifest"
    assert not Shipment.objects.exclude(manifest=None).exists()


def test_a_resend_is_the_same_scan(merchant, bob):
    manifest, shipment, client_id = make_manifest(merchant), packed(merchant, bob), uuid.uuid4()
    assert onto(bob, manifest, shipment.code, client_id).outcome == O.ON_MANIFEST
    again = onto(bob, manifest, shipment.code, client_id, now=NOW + timedelta(hours=3))
    assert (again.outcome, again.resent) == (O.ON_MANIFEST, True)
    assert Scan.objects.filter(mode="handover").count() == 1


def test_a_slips_code_with_its_hash_names_the_parcel(merchant, bob):
    manifest, shipment = make_manifest(merchant), packed(merchant, bob)
    assert onto(bob, manifest, f"{shipment.code}AB12").outcome == O.ON_MANIFEST
