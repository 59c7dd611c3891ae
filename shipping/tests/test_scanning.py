import json
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from orders.lifecycle import change_status
from orders.models import OrderEvent
from orders.roles import Role
from shipping.models import Scan, Shipment
from shipping.status import ScanOutcome, Stage, TrackingStatus
from shipping.warehouse.scanning import scan
from tests.factories import NOW, make_merchant, make_product, make_shipment, make_user

pytestmark = pytest.mark.django_db
O = ScanOutcome  # noqa: E741


def pull(user, code, mode="pack", client_id=None, now=NOW):
    return scan(user=user, code=code, mode=mode, client_id=client_id or uuid.uuid4(), now=now)


def test_pack_then_hand_over(merchant, bob):
    mug = make_product(merchant, on_hand=10)
    shipment = make_shipment(merchant)
    assert pull(bob, shipment.code).outcome == O.PACKED
    shipment.refresh_from_db()
    assert (shipment.stage, shipment.packed_at, shipment.order.status) == (Stage.PACKED, NOW, "processing")

    later = NOW + timedelta(hours=2)
    assert pull(bob, shipment.code, "handover", now=later).outcome == O.HANDED_OVER
    shipment.refresh_from_db()
    assert (shipment.stage, shipment.handed_over_at) == (Stage.HANDED_OVER, later)
    assert shipment.tracking_status == TrackingStatus.PRE_TRANSIT and shipment.first_scan_at is None
    mug.refresh_from_db()
    assert (mug.on_hand, mug.reserved) == (8, 0)
    told = OrderEvent.objects.filter(order=shipment.order, subject=shipment.subject, actor="bob")
    assert [event.kind for event in told.exclude(kind="shipment")] == ["packed", "handed_over"]


def test_a_second_scan_says_who_was_first(merchant, alice, bob):
    shipment = make_shipment(merchant)
    pull(bob, shipment.code)
    again = pull(alice, shipment.code, now=NOW + timedelta(minutes=5))
    assert (again.outcome, again.by, again.at) == (O.REPEATED, "bob", NOW)
    assert OrderEvent.objects.filter(kind="packed").count() == 1


def test_an_open_parcel_cannot_be_handed_over(merchant, bob):
    shipment = make_shipment(merchant)
    assert pull(bob, shipment.code, "handover").outcome == O.NOT_PACKED
    shipment.refresh_from_db()
    assert shipment.stage == Stage.OPEN


@pytest.mark.parametrize("mode", ["pack", "handover"])
def test_a_cancelled_order_stays_here(merchant, bob, mode):
    shipment = make_shipment(merchant)
    pull(bob, shipment.code)
    change_status(shipment.order_id, "cancelled", actor="alice", now=NOW)
    assert pull(bob, shipment.code, mode).outcome == O.CANCELLED
    assert Shipment.objects.get().handed_over_at is None


def test_codes_as_people_and_scanners_give_them(merchant, bob):
    shipment = make_shipment(merchant)
    Shipment.objects.update(code="P01ABCDEF123")
    assert pull(bob, "  p0iabc-def l23 ").outcome == O.PACKED
    link = f"https://shop.example/t/{shipment.order.public_key}/"
    assert pull(bob, link).outcome == O.REPEATED


@pytest.mark.parametrize(
    "code", ["MUG-1", "https://example.com/", "", "' OR 1=1", "\x00", "P" * 400, "مرحبا"]
)
def test_what_is_no_parcel_code(merchant, bob, code):
    assert pull(bob, code).outcome == O.NOT_A_PARCEL


def test_a_link_to_an_order_of_two_parcels_names_neither(merchant, bob):
    shipment = make_shipment(merchant)
    link = f"/t/{shipment.order.public_key}/"
    shipment.pk, shipment.position, shipment.code = None, 2, "P00000000002"
    shipment.save(force_insert=True)
    assert pull(bob, link).outcome == O.NOT_A_PARCEL


def test_another_shops_parcel_is_as_unknown_as_none(merchant, other, bob):
    theirs = make_shipment(other)
    foreign, missing = pull(bob, theirs.code), pull(bob, "P0000000000X")
    assert foreign.outcome == missing.outcome == O.UNKNOWN and foreign.shipment is None
    assert pull(bob, f"/t/{theirs.order.public_key}/").outcome == O.NOT_A_PARCEL
    assert Scan.objects.for_merchant(merchant).count() == 3 and not Scan.objects.for_merchant(other).exists()


def test_a_resend_is_the_same_scan(merchant, bob):
    shipment, client_id = make_shipment(merchant), uuid.uuid4()
    first = pull(bob, shipment.code, client_id=client_id)
    Shipment.objects.filter(pk=shipment.pk).update(stage=Stage.HANDED_OVER, handed_over_at=NOW)
    second = pull(bob, shipment.code, client_id=client_id, now=NOW + timedelta(hours=1))
    assert (first.outcome, second.outcome, second.resent) == (O.PACKED, O.PACKED, True)
    assert Scan.objects.count() == 1


def test_a_twin_that_was_faster_answers_for_both(merchant, bob, monkeypatch):
    from shipping.warehouse import scanning

    shipment, client_id = make_shipment(merchant), uuid.uuid4()
    pull(bob, shipment.code, client_id=client_id)
    real, calls = scanning._earlier, []

    def blind_at_first(*args):
        calls.append(1)
        return None if len(calls) == 1 else real(*args)

    monkeypatch.setattr(scanning, "_earlier", blind_at_first)
    assert pull(bob, shipment.code, client_id=client_id).outcome == O.PACKED
    assert Scan.objects.count() == 1 and len(calls) == 2


def test_return_parcels_are_not_packed(merchant, bob):
    shipment = make_shipment(merchant)
    Shipment.objects.update(direction="return")
    assert pull(bob, shipment.code).outcome == O.UNKNOWN


# --- the page ----------------------------------------------------------------------------------------------


def post(client, code, mode="pack", **extra):
    data = {"code": code, "mode": mode, "client_id": str(uuid.uuid4())} | extra
    return client.post(reverse("scan"), data, headers={"Accept": "application/json"})


def test_the_page_asks_who_you_are(client, merchant):
    assert client.get("/scan/")["Location"].startswith("/admin/login/?next=/scan/")
    assert post(client, "x").status_code == 401
    client.force_login(make_user("vera", merchant, Role.VIEWER))
    assert client.get("/scan/").status_code == 403 and post(client, "x").status_code == 403
    assert not Scan.objects.exists()


def test_the_plain_form_and_the_scripts_door(client, merchant, bob):
    shipment = make_shipment(merchant)
    client.force_login(bob)
    page = client.post("/scan/", {"code": shipment.code, "mode": "pack", "client_id": str(uuid.uuid4())})
    assert b"tone-good" in page.content and shipment.order.number.encode() in page.content
    said = post(client, shipment.code).json()
    assert said["result"]["outcome"] == "repeated" and "by bob" in said["result"]["help"]
    figures = {name: count for name, _, count in client.get("/scan/").context["counts"]}
    assert (figures["to_pack"], figures["to_hand_over"]) == ("0", "1")


def test_a_form_without_its_token_is_refused(merchant, bob):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    assert post(client, "x").status_code == 403


def test_odd_input_is_no_error(client, merchant, bob):
    client.force_login(bob)
    for data in ({}, {"mode": "fly", "code": "x"}, {"client_id": "nope", "code": "\x00" * 500}):
        assert client.post("/scan/", data).status_code == 200
    assert client.get("/scan/?mode=fly").status_code == 200


def test_names_are_text(client, merchant, bob):
    client.force_login(bob)
    evil = "<script>alert(1)</script>"
    page = client.post("/scan/", {"code": evil, "mode": "pack"}).content.decode()
    assert evil not in page and "&lt;script&gt;" in page
    assert json.loads(post(client, evil).content)["result"]["code"] == evil


def test_a_person_of_two_shops_scans_for_both(client, other, merchant, bob):
    from orders.models import Membership

    Membership.objects.create(user=bob, merchant=other, role=Role.VIEWER)
    theirs = make_shipment(other)
    assert pull(bob, theirs.code).outcome == O.UNKNOWN, "seeing is not scanning"
    third = make_merchant("third")
    Membership.objects.create(user=bob, merchant=third, role=Role.WAREHOUSE)
    bob = type(bob).objects.get(pk=bob.pk)
    assert pull(bob, make_shipment(third).code).outcome == O.PACKED
    assert third.scans.count() == 1


def test_the_number_of_queries_does_not_grow(client, merchant, bob, django_assert_max_num_queries):
    client.force_login(bob)
    for _ in range(5):
        pull(bob, make_shipment(merchant).code)
    with django_assert_max_num_queries(10):
        client.get("/scan/")
