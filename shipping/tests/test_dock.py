"""The dock's pages and the office's: opening, scanning, closing, printing, reopening, by plain forms."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from orders.roles import Role
from shipping.models import Manifest, PrintRun, Scan, Shipment
from shipping.warehouse.manifests import close_manifest, hand_over_parcels, open_manifest
from shipping.warehouse.scanning import scan
from tests.factories import make_merchant, make_shipment, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def dock(client, bob):
    client.force_login(bob)
    return client


def packed(merchant, user, **fields):
    shipment = make_shipment(merchant, now=timezone.now(), **fields)
    scan(user=user, code=shipment.code, mode="pack", client_id=uuid.uuid4(), now=timezone.now())
    return shipment


def loaded(merchant, user, count=2, carrier="DHL", **fields):
    words = {"dock": "3", "driver": "", "vehicle": ""} | fields
    manifest = open_manifest(merchant=merchant, carrier=carrier, user=user, now=timezone.now(), **words)
    for _ in range(count):
        scan(user=user, code=packed(merchant, user).code, mode="handover", client_id=uuid.uuid4(),
             now=timezone.now(), subject=str(manifest.pk))  # fmt: skip
    return manifest


def act(client, manifest, name, **data):
    return client.post(f"/handover/{manifest.pk}/", {"act": name} | data)


def test_a_shift_at_the_dock(dock, merchant, bob):
    parcels = [packed(merchant, bob, carrier="DHL") for _ in range(3)]
    page = dock.get("/handover/").content.decode()
    assert "3 packed parcels wait for a carrier" in page and "DHL · 3 packed" in page
    opened = dock.post("/handover/", {"known": "DHL", "dock": "3", "driver": ""})
    manifest = Manifest.objects.get()
    assert opened["Location"] == f"/handover/{manifest.pk}/"
    assert (manifest.carrier, manifest.dock, manifest.opened_by) == ("DHL", "3", bob)

    for parcel in parcels:
        said = act(dock, manifest, "scan", code=parcel.code, client_id=str(uuid.uuid4()))
        assert "tone-good" in said.content.decode() and "On the manifest" in said.content.decode()
    act(dock, manifest, "take-off", parcel=parcels[0].code)
    asked = act(dock, manifest, "close", driver="Novák").content.decode()
    assert "Hand 2 parcels over to <bdi>DHL</bdi>, driver <bdi>Novák</bdi>?" in asked
    assert Manifest.objects.get().state == "open", "asked first"
    assert act(dock, manifest, "close", driver="Novák", sure="3").status_code == 200, "the count has changed"
    assert act(dock, manifest, "close", driver="Novák", sure="2").status_code == 302
    assert Shipment.objects.filter(stage="handed_over").count() == 2
    page = dock.get(f"/handover/{manifest.pk}/").content.decode()
    assert "the carrier has scanned 0 of 2" in page

    printed = act(dock, manifest, "print")
    run = PrintRun.objects.get()
    assert printed["Location"] == f"/admin/shipping/printrun/{run.pk}/change/"
    assert (run.kind, run.manifest, run.total) == ("manifest", manifest, 2)
    assert "M-1" in dock.get("/handover/").content.decode()


def test_each_mistake_is_named(dock, merchant, bob):
    ups = loaded(merchant, bob, 0, carrier="UPS")
    manifest = loaded(merchant, bob, 1)
    on_it, fresh, foreign = (
        manifest.shipments.get(),
        make_shipment(merchant),
        packed(merchant, bob, carrier="UPS"),
    )
    for code, where, words in [
        (on_it.code, manifest, "by bob. Nothing has changed"),
        (on_it.code, ups, "It is on M-2 DHL"),
        (foreign.code, manifest, "It goes with UPS, this is DHL"),
        (fresh.code, manifest, "Not packed yet"),
        ("P0000000000X", manifest, "Unknown code"),
        ("<script>alert(1)</script>", manifest, "Not a parcel code"),
    ]:
        page = act(dock, where, "scan", code=code).content.decode()
        assert words in page and "<script>alert" not in page, words
    close_manifest(manifest, user=bob, now=timezone.now())
    late = packed(merchant, bob, carrier="DHL")
    assert "The manifest is closed" in act(dock, manifest, "scan", code=late.code).content.decode()
    assert Shipment.objects.get(pk=late.pk).manifest is None


def test_a_form_sent_twice_is_one_scan(dock, merchant, bob):
    manifest, parcel, key = loaded(merchant, bob, 0), packed(merchant, bob), str(uuid.uuid4())
    for _ in range(2):
        page = act(dock, manifest, "scan", code=parcel.code, client_id=key).content.decode()
        assert "On the manifest" in page
    assert Scan.objects.filter(mode="handover").count() == 1


def test_who_may_stand_at_the_dock(client, merchant, other, bob, charlie):
    manifest = loaded(merchant, bob)
    for path in ("/handover/", f"/handover/{manifest.pk}/"):
        assert client.get(path)["Location"] == f"/admin/login/?next={path}"
    for person, codes in [
        (make_user("vera", merchant, Role.VIEWER), (403, 403)),
        (charlie, (200, 404)),
        (make_user("nobody"), (403, 403)),
    ]:
        client.force_login(person)
        assert client.get("/handover/").status_code == codes[0]
        for name in ("scan", "close", "take-off", "print"):
            assert act(client, manifest, name, sure="2", code="x").status_code == codes[1], (person, name)
        assert "M-1" not in client.get("/handover/").content.decode()
    assert Manifest.objects.get().state == "open" and not PrintRun.objects.exists()


def test_odd_input_is_no_error(dock, merchant, other, bob):
    manifest = loaded(merchant, bob)
    for data in (
        {},
        {"act": "fly"},
        {"act": "take-off", "parcel": "x"},
        {"act": "scan", "client_id": "x"},
        {"act": "close", "sure": "²"},
    ):
        assert dock.post(f"/handover/{manifest.pk}/", data).status_code in (200, 302)
    assert "Say which carrier" in dock.post("/handover/", {"dock": "1"}).content.decode()
    assert dock.post("/handover/", {"carrier": "x" * 500}).status_code == 200
    assert dock.post("/handover/", {"carrier": "DHL", "merchant": str(other.pk)}).status_code == 200
    assert dock.get("/handover/999999/").status_code == 404
    assert Manifest.objects.count() == 1


def test_a_person_of_two_shops_says_which(client, merchant, bob):
    third = make_merchant("third")
    bob.memberships.create(merchant=third, role=Role.WAREHOUSE)
    client.force_login(bob)
    assert "Shop" in client.post("/handover/", {"carrier": "DHL"}).content.decode()
    assert not Manifest.objects.exists()
    client.post("/handover/", {"carrier": "DHL", "merchant": str(third.pk)})
    assert Manifest.objects.get().merchant == third


def test_many_parcels_are_handed_over_by_a_worker(
    dock, merchant, bob, monkeypatch, django_capture_on_commit_callbacks
):
    from shipping import desk

    sent = []
    monkeypatch.setattr(desk, "AT_ONCE", 2)
    monkeypatch.setattr("shipping.tasks.hand_over_manifest.apply_async", lambda args, **_: sent.append(args))
    manifest = loaded(merchant, bob, 3)
    with django_capture_on_commit_callbacks(execute=True):
        act(dock, manifest, "close", sure="3")
    assert sent == [(manifest.pk,)] and Manifest.objects.get().state == "closed"
    page = dock.get(f"/handover/{manifest.pk}/").content.decode()
    assert "Handing over" in page and "0 of 3" in page and "refresh.js" in page
    hand_over_parcels(manifest.pk, now=timezone.now())
    assert "the carrier has scanned 0 of 3" in dock.get(f"/handover/{manifest.pk}/").content.decode()


def test_the_pages_cost_the_same_with_many_parcels(dock, merchant, bob, django_assert_max_num_queries):
    for count in (1, 6):
        manifest = loaded(merchant, bob, count)
        with django_assert_max_num_queries(14):
            dock.get("/handover/")
        with django_assert_max_num_queries(10):
            dock.get(f"/handover/{manifest.pk}/")


# --- the office ---------------------------------------------------------------------------------------------


@pytest.fixture
def office(client, alice):
    client.force_login(alice)
    return client


def page_of(manifest, door="change"):
    return f"/admin/shipping/manifest/{manifest.pk}/{door}/"


def test_the_office_sees_what_the_carrier_has_accepted(office, merchant, bob):
    manifest = loaded(merchant, bob, 3, driver="Наталья")
    office.post(page_of(manifest, "close"))
    Shipment.objects.filter(pk=manifest.shipments.first().pk).update(first_scan_at=timezone.now())
    listed = office.get("/admin/shipping/manifest/").content.decode()
    assert "1 of 3" in listed and "Наталья" in listed
    page = office.get(page_of(manifest)).content.decode()
    assert page.count("Not yet") == 2 and "Closed" in page
    assert office.get("/admin/shipping/manifest/?accepted=no").context["cl"].result_count == 1
    assert office.get("/admin/shipping/manifest/?accepted=yes").context["cl"].result_count == 0


def test_finding_a_manifest(office, merchant, bob):
    manifest = loaded(merchant, bob, 1, driver="Novák")
    loaded(merchant, bob, 1, carrier="UPS")
    parcel = manifest.shipments.get()
    Shipment.objects.filter(pk=parcel.pk).update(tracking_number="JD0146")
    for words in ("1", "m-1", "M-1", parcel.code.lower(), "jd0146", "nov"):
        found = office.get("/admin/shipping/manifest/", {"q": words}).context["cl"]
        assert [row.pk for row in found.queryset] == [manifest.pk], words
    for words in ("99", "M-", "9" * 30, "²", "nothing"):
        assert office.get("/admin/shipping/manifest/", {"q": words}).status_code == 200
    assert office.get("/admin/shipping/manifest/?carrier=UPS").context["cl"].result_count == 1


def test_opening_one_in_the_office(office, merchant, other, alice):
    data = {"merchant": merchant.pk, "carrier": "DHL", "dock": "", "driver": "", "vehicle": ""}
    answer = office.post("/admin/shipping/manifest/add/", data)
    manifest = Manifest.objects.get()
    assert answer["Location"] == page_of(manifest) and manifest.number == 1
    assert manifest.moves.get().actor == "alice"
    assert office.post("/admin/shipping/manifest/add/", data | {"merchant": other.pk}).status_code == 200
    assert (
        "This field is required"
        in office.post("/admin/shipping/manifest/add/", data | {"carrier": " "}).content.decode()
    )
    assert Manifest.objects.count() == 1


def test_reopening_is_the_managers(client, merchant, alice, bob):
    manifest = loaded(merchant, bob)
    client.force_login(bob)
    client.post(page_of(manifest, "close"))
    assert "Reopen" not in client.get(page_of(manifest)).content.decode()
    client.post(page_of(manifest, "reopen"), {"reason": "I want to"})
    assert Manifest.objects.get().state == "closed"
    client.force_login(alice)
    client.post(page_of(manifest, "reopen"), {"reason": " "})
    assert Manifest.objects.get().state == "closed"
    client.post(page_of(manifest, "reopen"), {"reason": "The van came back"})
    assert Manifest.objects.get().state == "open"
    assert "The van came back" in client.get(page_of(manifest)).content.decode()
    vera = make_user("vera", merchant, Role.VIEWER)
    client.force_login(vera)
    for door in ("close", "reopen", "print", "take-off"):
        assert client.post(page_of(manifest, door), {"reason": "x"}).status_code == 403
        assert client.get(page_of(manifest, door)).status_code in (403, 405)


def test_the_page_is_paged_and_costs_the_same(
    office, merchant, bob, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr("shipping.admin.manifests.PARCELS_A_PAGE", 2)
    manifest = loaded(merchant, bob, 5)
    with django_assert_max_num_queries(14):
        page = office.get(page_of(manifest) + "?p=3").content.decode()
    assert "Page 3 of 3" in page and page.count('class="clip"') == 1
    assert office.get(page_of(manifest) + "?p=zzz").status_code == 200


def test_boxes(office, merchant, other):
    data = {"merchant": merchant.pk, "name": "Small", "code": "BOX-S", "length_mm": 200, "width_mm": 150, "height_mm": 95,
            "weight_g": 60, "max_g": 2000, "active": "on"}  # fmt: skip
    assert office.post("/admin/shipping/box/add/", data).status_code == 302
    listed = office.get("/admin/shipping/box/").content.decode()
    assert "20 × 15 × 9.5 cm" in listed and "2 kg" in listed
    assert (
        office.post("/admin/shipping/box/add/", data | {"merchant": other.pk, "name": "Theirs"}).status_code
        == 200
    )
    assert "already exists" in office.post("/admin/shipping/box/add/", data).content.decode()
    assert merchant.boxes.count() == 1 and not other.boxes.exists()


def test_a_merchant_sets_its_paper_and_its_carriers_hours(office, merchant):
    page = office.get(f"/admin/orders/merchant/{merchant.pk}/change/").content.decode()
    for name in ("acceptance_hours", "paper", "label_size", "slip_prices"):
        assert f'name="{name}"' in page


def test_an_old_shift(dock, merchant, bob):
    """What was closed long ago is still shown among the last, with its count."""
    manifest = loaded(merchant, bob)
    close_manifest(manifest, user=bob, now=timezone.now() - timedelta(days=9))
    hand_over_parcels(manifest.pk, now=timezone.now())
    assert "0 of 2 accepted" in dock.get("/handover/").content.decode()
