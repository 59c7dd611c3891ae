"""The pack station through its public door: each thing that can go right or wrong at a packing table."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.lifecycle import change_status
from orders.models import OrderEvent
from orders.place import IncomingLine
from orders.roles import Role
from shipping.documents.contexts import contexts_for
from shipping.models import Box, PrintRun, Scan, Shipment, ShipmentLine
from shipping.status import Stage
from shipping.warehouse.parcels import split_off
from tests.factories import make_product, make_shipment, make_user

pytestmark = pytest.mark.django_db
MUG, TEA = "4006381333931", "9501101020917"


class Packer:
    """Somebody at a station, with a scanner and what the page remembers."""

    def __init__(self, client, user, station="Table 1"):
        client.force_login(user)
        self.client, self.user, self.station, self.bench = client, user, station, ""

    def post(self, code, **more):
        data = {
            "code": code, "mode": "station", "client_id": str(uuid.uuid4()), "subject": self.bench,
            "station": self.station, "scanned_at": timezone.now().isoformat(), "owner": str(self.user.pk),
        } | more  # fmt: skip
        return self.client.post("/scan/", data, headers={"Accept": "application/json"})

    def scan(self, code, **more):
        said = self.post(code, **more).json()["result"]
        self.bench = said["subject"]
        return said

    def __call__(self, code, **more):
        return self.scan(code, **more)["outcome"]


@pytest.fixture
def packer(client, bob):
    return Packer(client, bob)


@pytest.fixture
def parcel(merchant):
    """Two mugs and a tea, all in stock, each with its maker's code."""
    make_product(merchant, "MUG-1", gtin=MUG, weight_g=400, on_hand=50)
    make_product(merchant, "TEA-7", gtin=f"0{TEA}", weight_g=100, on_hand=50)
    return make_shipment(merchant, now=timezone.now())


def counts(parcel):
    return [
        line.packed for line in ShipmentLine.objects.filter(shipment=parcel).order_by("order_line__position")
    ]


def slip_of(parcel):
    slip = contexts_for(parcel.merchant, [parcel.pk])[0].slip
    return slip.code + slip.hash


def test_a_parcel_from_slip_to_label(packer, parcel):
    opened = packer.scan(slip_of(parcel))
    assert (opened["outcome"], opened["subject"], opened["of"]) == ("opened", parcel.code, 1)
    assert [(line["sku"], line["packed"], line["quantity"]) for line in opened["parcel"]["lines"]] == [
        ("MUG-1", 0, 2),
        ("TEA-7", 0, 1),
    ]
    assert packer("MUG-1") == "right_item" and counts(parcel) == [1, 0]
    assert packer(f"(01)0{MUG}(10)L7(17)300200(21)S1") == "right_item"
    kept = Scan.objects.latest("pk")
    assert kept.details == {"gtin": f"0{MUG}", "lot": "L7", "serial": "S1", "expiry": "2030-02-28"}
    assert (kept.line.order_line.sku, kept.station, kept.operator) == ("MUG-1", "Table 1", packer.user)
    last = packer.scan(f"]C1010{TEA}")
    assert last["outcome"] == "right_item" and "All is in" in last["help"] and counts(parcel) == [2, 1]
    done = packer.scan("=DONE LABELS")
    assert (done["outcome"], done["subject"]) == ("packed", "")
    parcel.refresh_from_db()
    assert (parcel.stage, parcel.weight_g, parcel.order.status) == (Stage.PACKED, 900, "processing")
    assert OrderEvent.objects.filter(kind="packed", subject=parcel.subject, actor="bob").count() == 1
    run = PrintRun.objects.get()
    assert run.kind == "labels" and f"/{run.pk}/" in done["print"]["pdf"]


def test_its_own_code_closes_a_full_parcel_and_only_that(packer, parcel):
    packer(parcel.code)
    packer("MUG-1")
    assert packer(slip_of(parcel)) == "opened", "a look at the slip closes nothing"
    for sku in ("MUG-1", "TEA-7"):
        packer(sku)
    assert packer(slip_of(parcel)) == "packed" and not PrintRun.objects.exists()


def test_wrong_item(packer, parcel, merchant):
    packer(parcel.code)
    make_product(merchant, "CUP-9", name="Red cup")
    said = packer.scan("CUP-9")
    assert said["outcome"] == "wrong_item" and "Red cup" in said["help"] and said["subject"] == parcel.code
    assert packer("NO-SUCH-THING") == "unknown" and counts(parcel) == [0, 0]


def test_too_many(packer, parcel):
    packer(parcel.code)
    assert [packer("TEA-7"), packer("TEA-7")] == ["right_item", "too_many"]
    assert "wants 2 more" in packer.scan("3*MUG-1")["help"] and counts(parcel) == [0, 1]


def test_wrong_parcel_by_slip_while_one_is_unfinished(packer, parcel, merchant):
    other = make_shipment(merchant, now=timezone.now(), lines=(IncomingLine("MUG-1", 1, "Mug", Decimal(1)),))
    assert (packer(parcel.code), packer(other.code)) == ("opened", "opened"), "nothing was in it yet"
    packer("MUG-1")
    said = packer.scan(slip_of(parcel))
    assert (said["outcome"], said["subject"]) == ("wrong_parcel", other.code)
    assert parcel.order.number in said["help"] and "Done" in said["help"]
    Shipment.objects.filter(pk=parcel.pk).update(tracking_number="JD0146")
    assert packer("JD0146") == "wrong_parcel"


def test_wrong_parcel_of_the_same_order_says_which(packer, parcel):
    tea = parcel.lines.get(order_line__sku="TEA-7")
    second = split_off(parcel, {tea.pk: 1}, now=timezone.now())
    packer(parcel.code)
    said = packer.scan("TEA-7")
    assert said["outcome"] == "wrong_parcel" and "parcel 2" in said["help"] and second.code in said["help"]


def test_too_many_here_names_the_parcel_that_wants_it(packer, parcel):
    mug = parcel.lines.get(order_line__sku="MUG-1")
    second = split_off(parcel, {mug.pk: 1}, now=timezone.now())
    packer(parcel.code)
    packer("MUG-1")
    said = packer.scan("MUG-1")
    assert said["outcome"] == "too_many" and second.code in said["help"]


def test_already_packed_tells_who_and_when(packer, parcel, alice, client):
    packer(parcel.code, mode="pack")
    said = Packer(client, alice).scan(parcel.code)
    assert said["outcome"] == "repeated" and "by bob" in said["help"] and said["subject"] == ""


def test_cancelled(packer, parcel):
    packer(parcel.code)
    change_status(parcel.order_id, "cancelled", actor="alice", now=timezone.now())
    assert packer("MUG-1") == "cancelled"
    assert packer(parcel.code) == "cancelled" and packer.bench == "" and counts(parcel) == [0, 0]


@pytest.mark.parametrize("mode", ["station", "pack"])
def test_a_stale_slip(packer, parcel, mode):
    printed = slip_of(parcel)
    parcel.order.ship_to.__class__.objects.filter(order=parcel.order).update(city="Bremen")
    said = packer.scan(printed, mode=mode)
    assert said["outcome"] == "stale_slip" and said["subject"] == "" and parcel.code in said["code"]
    parcel.refresh_from_db()
    assert parcel.stage == Stage.OPEN
    assert packer("=PRINT SLIPS", subject=parcel.code) == "opened" and PrintRun.objects.get().kind == "slips"
    assert packer(slip_of(parcel), mode=mode) in ("opened", "packed")


def test_no_parcel_and_unknown(packer, parcel, other):
    assert packer("MUG-1") == "no_parcel" and packer("=DONE") == "no_parcel"
    assert packer("P0000000000X") == "unknown"
    assert packer("MUG-1", subject="P0000000000X") == "no_parcel"
    theirs = make_shipment(other)
    assert packer(theirs.code) == "unknown" and packer("MUG-1", subject=theirs.code) == "no_parcel"
    Shipment.objects.filter(pk=theirs.pk).update(tracking_number="FOREIGN1")
    assert packer("FOREIGN1") == "no_parcel"
    packer(parcel.code)
    assert packer("FOREIGN1") == "unknown" and packer("P0000000000X") == "unknown"
    assert counts(theirs) == [0, 0] and not Scan.objects.for_merchant(other).exists()


def test_a_label_opens_its_parcel(packer, parcel):
    Shipment.objects.update(tracking_number="00106141412345678908")
    assert packer("(00)106141412345678908") == "opened" and packer.bench == parcel.code


def test_a_misread_code_and_the_same_piece_twice(packer, parcel):
    packer(parcel.code)
    assert "Read wrongly" in packer.scan(f"(01)0{MUG[:-1]}2")["title"]
    assert packer(f"(01)0{MUG}(21)S1") == "right_item"
    again = packer.scan(f"(01)0{MUG}(21)S1")
    assert again["outcome"] == "repeated" and "very piece" in again["title"] and counts(parcel) == [1, 0]
    packer("=UNDO")
    assert packer(f"(01)0{MUG}(21)S1") == "right_item", "taken out, it may go in again"


def test_an_expired_thing_is_counted_and_told(packer, parcel):
    packer(parcel.code)
    said = packer.scan(f"(01)0{TEA}(17)240100")
    assert (said["outcome"], said["tone"]) == ("right_item", "warn") and "2024-01-31" in said["help"]


def test_undo_adds_a_row_and_changes_none(packer, parcel, alice, client):
    packer(parcel.code)
    packer("MUG-1")
    packer("2*TEA-7")
    packer("TEA-7")
    before = list(Scan.objects.order_by("pk").values())
    assert packer("=UNDO") == "undone" and counts(parcel) == [1, 0]
    assert list(Scan.objects.order_by("pk").values())[: len(before)] == before
    row = Scan.objects.latest("pk")
    assert (row.undoes.code, row.outcome, row.line.order_line.sku) == ("TEA-7", "undone", "TEA-7")
    mug = parcel.lines.get(order_line__sku="MUG-1")
    colleague = Packer(client, alice)
    colleague(parcel.code)
    assert colleague("=UNDO") == "not_packed", "she has put nothing in"
    assert colleague(f"=UNDO {mug.pk}") == "undone" and counts(parcel) == [0, 0]
    assert (
        colleague(f"=UNDO {mug.pk}") == "not_packed"
        and colleague("=UNDO 99999999999999999999") == "not_packed"
    )


def test_typed_quantities_where_the_shop_allows_them(packer, parcel, merchant):
    packer(parcel.code)
    assert packer("2*MUG-1") == "right_item" and counts(parcel) == [2, 0]
    assert packer("=UNDO") == "undone" and counts(parcel) == [0, 0], "both come out again"
    merchant.typed_quantities = False
    merchant.save()
    said = packer.scan("2*MUG-1")
    assert (said["outcome"], said["title"]) == ("too_many", "One at a time") and counts(parcel) == [0, 0]


def test_a_sku_that_looks_like_a_quantity_is_a_sku(packer, merchant):
    make_product(merchant, "2*4", on_hand=5)
    parcel = make_shipment(
        merchant, now=timezone.now(), lines=(IncomingLine("2*4", 2, "Timber", Decimal(1)),)
    )
    packer(parcel.code)
    assert packer("2*4") == "right_item" and counts(parcel) == [1]


def test_a_case_counts_its_pieces(packer, parcel):
    packer(parcel.code)
    assert packer(f"(02)0{MUG}(37)3") == "too_many"
    assert packer(f"]C1020{MUG}372") == "right_item" and counts(parcel) == [2, 0]


def test_the_same_thing_on_two_lines(packer, merchant):
    make_product(merchant, "MUG-1", on_hand=9)
    lines = (IncomingLine("MUG-1", 1, "Mug", Decimal(1)), IncomingLine("MUG-1", 2, "Mug", Decimal(1)))
    parcel = make_shipment(merchant, now=timezone.now(), lines=lines)
    packer(parcel.code)
    assert packer("3*mug-1") == "right_item" and counts(parcel) == [1, 2]
    assert packer("=UNDO") == "undone" and counts(parcel) == [0, 0]


# --- weight, box, split ------------------------------------------------------------------------------------


def test_weight_and_box(packer, parcel, merchant, other):
    box = Box.objects.create(merchant=merchant, name="Small", code="BOX-S", weight_g=150, max_g=1500)
    theirs = Box.objects.create(merchant=other, name="Theirs", code="BOX-T")
    assert [row["name"] for row in packer.scan(parcel.code)["boxes"]] == ["Small"]
    for sku in ("2*MUG-1", "TEA-7"):
        packer(sku)
    assert packer.scan("BOX-S")["parcel"]["expected_g"] == 1050
    assert packer("BOX-T") == "unknown" and packer(f"=BOX {theirs.pk}") == "unknown"
    light = packer.scan("=WEIGHT 700 g")
    assert (
        light["title"] == "Check the weight"
        and "350 g lighter" in light["help"]
        and "1.05 kg" in light["help"]
    )
    assert "at most" in packer.scan("1,8 kg")["help"]
    fine = packer.scan("1.07 kg")
    assert (fine["title"], fine["tone"]) == ("Weight noted", "good")
    assert packer("=WEIGHT 0 g") == "not_packed"
    assert packer("=DONE") == "packed"
    parcel.refresh_from_db()
    assert (parcel.weight_g, parcel.box) == (1070, box)
    kept = (
        Scan.objects.filter(details__did="weight").order_by("pk").values_list("details__weight_g", flat=True)
    )
    assert list(kept) == [700, 1800, 1070]


def test_not_weighed_means_as_expected(packer, parcel, merchant):
    box = Box.objects.create(merchant=merchant, name="Small", weight_g=150)
    packer(parcel.code)
    packer(f"=BOX {box.pk}")
    for sku in ("2*MUG-1", "TEA-7"):
        packer(sku)
    packer("=DONE")
    parcel.refresh_from_db()
    assert parcel.weight_g == 1050


def test_done_wants_all_of_it(packer, parcel):
    packer(parcel.code)
    packer("MUG-1")
    said = packer.scan("=DONE LABELS")
    assert said["outcome"] == "not_packed" and "2 still missing" in said["help"]
    parcel.refresh_from_db()
    assert parcel.stage == Stage.OPEN and not PrintRun.objects.exists()


def test_split_what_is_in_stays_and_the_rest_is_packed_next(packer, parcel):
    packer(parcel.code)
    assert packer("=SPLIT") == "not_packed"
    packer("MUG-1")
    said = packer.scan("=SPLIT")
    assert (said["outcome"], said["title"], said["parcel"]["missing"]) == ("opened", "Split", 0)
    rest = parcel.order.shipments.get(position=2)
    assert {line.order_line.sku: line.quantity for line in rest.lines.all()} == {"MUG-1": 1, "TEA-7": 1}
    run = PrintRun.objects.get()
    assert run.kind == "slips" and {item.shipment_id for item in run.items.all()} == {parcel.pk, rest.pk}
    assert packer("=SPLIT") == "not_packed"
    done = packer.scan("=DONE")
    assert (done["outcome"], done["next"]) == ("packed", rest.code)
    assert packer(done["next"]) == "opened"
    assert [packer("MUG-1"), packer("TEA-7"), packer("=DONE")] == ["right_item", "right_item", "packed"]
    assert set(Shipment.objects.values_list("stage", flat=True)) == {Stage.PACKED}


def test_what_is_not_in_stock_is_put_aside_when_packing_begins(packer, merchant):
    make_product(merchant, "MUG-1", on_hand=1)
    make_product(merchant, "TEA-7", on_hand=5)
    parcel = make_shipment(merchant, now=timezone.now())
    said = packer.scan(parcel.code)
    assert (said["outcome"], said["title"], said["tone"]) == ("opened", "Pack what is here", "warn")
    assert [(line["sku"], line["quantity"]) for line in said["parcel"]["lines"]] == [
        ("MUG-1", 1),
        ("TEA-7", 1),
    ]
    waiting = parcel.order.shipments.get(position=2)
    assert waiting.lines.get().order_line.sku == "MUG-1" and PrintRun.objects.get().kind == "slips"
    assert packer.scan(parcel.code)["title"] == "Pack this parcel", "once is enough"
    assert [packer("MUG-1"), packer("MUG-1")] == ["right_item", "wrong_parcel"] or counts(parcel) == [1, 0]


def test_a_parcel_of_which_nothing_is_there_is_told(packer, merchant):
    make_product(merchant, "MUG-1", on_hand=0)
    parcel = make_shipment(merchant, now=timezone.now(), lines=(IncomingLine("MUG-1", 1, "Mug", Decimal(1)),))
    said = packer.scan(parcel.code)
    assert (said["outcome"], said["title"]) == ("opened", "Not in stock") and Shipment.objects.count() == 1


# --- two people, resends, time away --------------------------------------------------------------------------


def test_the_second_packer_sees_who_has_it(packer, parcel, alice, client):
    packer(parcel.code)
    packer("MUG-1")
    said = Packer(client, alice, "Table 2").scan(parcel.code)
    assert said["colleague"] == {"name": "bob", "station": "Table 1", "minutes": 0}
    assert "bob put something into this box just now at Table 1" in said["help"]


def test_a_resend_counts_once_and_shows_the_parcel_as_it_is(packer, parcel):
    packer(parcel.code)
    again = {"client_id": str(uuid.uuid4())}
    assert packer("MUG-1", **again) == "right_item"
    packer("TEA-7")
    said = packer.scan("MUG-1", **again)
    assert (said["outcome"], said["resent"], said["parcel"]["missing"]) == ("right_item", True, 1)
    assert counts(parcel) == [1, 1]
    finish = {"client_id": str(uuid.uuid4())}
    packer("MUG-1")
    assert (
        packer("=DONE LABELS", **finish) == packer("=DONE LABELS", subject=parcel.code, **finish) == "packed"
    )
    assert PrintRun.objects.count() == 1


def test_scans_made_without_a_network_keep_both_times(packer, parcel):
    then = timezone.now() - timedelta(hours=3)
    for minute, code in enumerate([parcel.code, "MUG-1", "MUG-1", "TEA-7", "=DONE"]):
        at = (then + timedelta(minutes=minute)).isoformat()
        packer(code, subject=parcel.code if minute else "", scanned_at=at)
    rows = list(Scan.objects.order_by("pk"))
    assert [row.outcome for row in rows] == ["opened", *["right_item"] * 3, "packed"]
    assert all(row.received_at - row.scanned_at > timedelta(hours=2, minutes=50) for row in rows)
    parcel.refresh_from_db()
    assert parcel.packed_at == rows[-1].scanned_at == then + timedelta(minutes=4)
    assert OrderEvent.objects.get(kind="packed").occurred_at == parcel.packed_at


def test_somebody_else_packed_it_meanwhile(packer, parcel, alice, client):
    then = (timezone.now() - timedelta(minutes=20)).isoformat()
    colleague = Packer(client, alice)
    colleague(parcel.code, mode="pack")
    packer = Packer(client, packer.user)
    for code in (parcel.code, "MUG-1", "=DONE"):
        said = packer.scan(code, subject=parcel.code, scanned_at=then)
        assert said["outcome"] == "conflict" and "by alice" in said["help"]
    assert packer(parcel.code) == "repeated", "scanned now, it is no conflict but a repeat"
    assert counts(parcel) == [0, 0]


def test_a_wrong_clock_is_not_believed(packer, parcel):
    packer(parcel.code, mode="pack", scanned_at="2099-01-01T00:00:00Z")
    parcel.refresh_from_db()
    assert abs(parcel.packed_at - timezone.now()) < timedelta(minutes=1)
    for odd in ("", "yesterday", "2026-13-45T00:00:00Z", "2026-01-01T00:00:00"):
        assert packer(parcel.code, scanned_at=odd) == "repeated"


def test_another_persons_scans_are_not_taken(packer, parcel, alice, client):
    client.force_login(alice)
    answer = packer.post(parcel.code)
    assert answer.status_code == 409 and not Scan.objects.exists()


def test_who_is_signed_in(client, bob, merchant):
    assert client.get("/scan/session/", headers={"Accept": "application/json"}).status_code == 401
    client.force_login(bob)
    said = client.get("/scan/session/").json()
    assert (said["user"], said["name"]) == (str(bob.pk), "bob") and len(said["token"]) > 30
    client.force_login(make_user("vera", merchant, Role.VIEWER))
    assert client.get("/scan/session/").status_code == 403


# --- cost, walls, and the page's own files ---------------------------------------------------------------------


def test_a_scan_costs_the_same_however_much_there_is(packer, parcel, merchant, django_assert_max_num_queries):
    for _ in range(5):
        make_shipment(merchant, now=timezone.now())
    packer(parcel.code)
    packer("MUG-1")
    with django_assert_max_num_queries(16):
        assert packer("MUG-1") == "right_item"
    with django_assert_max_num_queries(22):
        assert packer("SOMETHING-ELSE") == "unknown"
    with django_assert_max_num_queries(24):
        assert packer(slip_of(parcel)[:12]) == "opened"
    packer("TEA-7")
    with django_assert_max_num_queries(25):
        assert packer("=DONE") == "packed"


def test_ahead_gives_only_ones_own_open_parcels(client, bob, merchant, other, django_assert_max_num_queries):
    make_shipment(other)
    mine = [make_shipment(merchant) for _ in range(4)]
    Shipment.objects.filter(pk=mine[0].pk).update(stage="packed")
    assert client.get("/scan/ahead/", headers={"Accept": "application/json"}).status_code == 401
    client.force_login(bob)
    with django_assert_max_num_queries(9):
        said = client.get("/scan/ahead/").json()["parcels"]
    assert {parcel["code"] for parcel in said} == {parcel.code for parcel in mine[1:]}
    assert [line["sku"] for line in said[0]["lines"]] == ["MUG-1", "TEA-7"]


def test_done_today_begins_at_the_shops_midnight(client, merchant, bob):
    import time_machine

    merchant.zone = "Pacific/Auckland"
    merchant.save()
    with time_machine.travel("2026-03-04T10:30:00Z", tick=False):  # 23:30 in Auckland
        Packer(client, bob)(make_shipment(merchant).code, mode="pack")
        assert ("done", "Done today", "1") in client.get("/scan/").context["counts"]
    with time_machine.travel("2026-03-04T11:30:00Z", tick=False):
        assert ("done", "Done today", "0") in client.get("/scan/").context["counts"]


def test_the_counts_stop_counting(client, merchant, bob, monkeypatch):
    for module in ("counts", "views"):
        monkeypatch.setattr(f"shipping.station.{module}.MOST", 2)
    for _ in range(4):
        make_shipment(merchant)
    client.force_login(bob)
    assert ("to_pack", "To pack", "2+") in client.get("/scan/").context["counts"]


def test_the_station_without_a_script(client, bob, parcel):
    client.force_login(bob)
    fields = {"mode": "station", "client_id": str(uuid.uuid4())}
    page = client.post("/scan/", fields | {"code": parcel.code}).content.decode()
    assert f'name="subject" value="{parcel.code}"' in page and "Blue mug" in page
    fields = {"mode": "station", "subject": parcel.code}
    assert "Right item" in client.post("/scan/", fields | {"code": "MUG-1"}).content.decode()
    assert "Taken back" in client.post("/scan/", fields | {"code": "", "do": "=UNDO"}).content.decode()


def test_the_page_can_be_installed(client):
    manifest = client.get("/scan/station.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    said = manifest.json()
    assert said["scope"] == said["start_url"] == "/scan/" and {icon["sizes"] for icon in said["icons"]} >= {
        "192x192",
        "512x512",
    }
    worker = client.get("/scan/worker.js")
    assert (
        worker["Content-Type"].startswith("text/javascript") and worker["Service-Worker-Allowed"] == "/scan/"
    )
    assert "no-cache" in worker["Cache-Control"] and "js/scan/main.js" in worker.content.decode()


def test_every_file_the_page_needs_is_there():
    from django.contrib.staticfiles import finders

    from shipping.station.offline import FILES

    assert all(finders.find(name) for name in FILES)
    from pathlib import Path

    modules = {f"js/scan/{path.name}" for path in Path(finders.find("js/scan")).iterdir()}
    assert modules <= set(FILES), "a module that the page could not load without a network"


def test_every_outcome_has_its_words_and_looks():
    from pathlib import Path

    from django.contrib.staticfiles import finders

    from shipping.station.words import DID, WORDS
    from shipping.status import ScanOutcome

    assert set(WORDS) == set(ScanOutcome)
    icons = Path(finders.find("img/icons.svg")).read_text()
    assert all(f'id="{word.icon}"' in icons for word in [*WORDS.values(), *DID.values()])
    mistakes = ["right_item", "wrong_item", "too_many", "wrong_parcel", "repeated", "cancelled", "stale_slip"]
    style, tunes = (
        Path(finders.find("css/scan.css")).read_text(),
        Path(finders.find("js/scan/sound.js")).read_text(),
    )
    assert all(f".o-{name}" in style and f"{name}: [" in tunes for name in mistakes)
    assert len({WORDS[name].title for name in mistakes}) == len(mistakes)
