"""Waves, picking by scan, and what is not found."""

import uuid
from datetime import timedelta

import pytest

from orders.lifecycle import change_status
from orders.models import OrderLine
from orders.place import IncomingLine
from orders.status import OrderStatus
from shipping.models import Scan, Shipment, ShipmentLine, ShortPick, Wave
from shipping.status import Stage
from shipping.warehouse.parcels import missing_pieces, split_missing, split_off
from shipping.warehouse.scanning import scan
from shipping.warehouse.waves import (
    WaveError,
    call_off,
    lines_in_order,
    make_wave,
    report_short,
    settle_short,
)
from tests.factories import NOW, make_order, make_product, make_shipment

pytestmark = pytest.mark.django_db
GTIN = "4006381333931"


@pytest.fixture
def shelf(merchant):
    mug = make_product(merchant, "MUG-1", on_hand=20, bin="A-10", gtin=GTIN)
    tea = make_product(merchant, "TEA-7", on_hand=20, bin="A-2")
    return mug, tea


@pytest.fixture
def parcels(merchant, shelf):
    """Three parcels of two mugs and one tea each, the third order the newest."""
    return [make_shipment(merchant, placed_at=NOW - timedelta(hours=3 - n)) for n in range(3)]


@pytest.fixture
def wave(merchant, bob, parcels):
    return make_wave(merchant=merchant, user=bob, shipment_ids=[p.pk for p in parcels], now=NOW)


def pull(user, wave, code, client_id=None):
    return scan(
        user=user, code=code, mode="pick", client_id=client_id or uuid.uuid4(), now=NOW, subject=str(wave.pk)
    )


def picked(wave):
    return {line.product.sku: (line.picked, line.short, line.quantity) for line in lines_in_order(wave)}


# --- splitting --------------------------------------------------------------------------------------------


def test_pieces_move_into_a_parcel_of_their_own(merchant, parcels):
    parcel = parcels[0]
    mug = parcel.lines.get(order_line__sku="MUG-1")
    other = split_off(parcel, {mug.pk: 1}, now=NOW)
    assert (other.position, other.stage, other.code != parcel.code) == (2, Stage.OPEN, True)
    assert [(line.order_line.sku, line.quantity) for line in other.lines.all()] == [("MUG-1", 1)]
    assert {line.order_line.sku: line.quantity for line in parcel.lines.all()} == {"MUG-1": 1, "TEA-7": 1}
    assert (other.promised_to, other.promises.count()) == (parcel.promised_to, 1)
    total = sum(ShipmentLine.objects.filter(shipment__order=parcel.order).values_list("quantity", flat=True))
    assert total == sum(OrderLine.objects.filter(order=parcel.order).values_list("quantity", flat=True))


@pytest.mark.parametrize("count", [-1, 0, 3, 99])
def test_a_split_that_cannot_be_is_refused(parcels, count):
    mug = parcels[0].lines.get(order_line__sku="MUG-1")
    with pytest.raises(ValueError, match="not so much"):
        split_off(parcels[0], {mug.pk: count}, now=NOW)
    with pytest.raises(ValueError, match="Nothing would stay"):
        split_off(parcels[0], {line.pk: line.quantity for line in parcels[0].lines.all()}, now=NOW)
    ShipmentLine.objects.filter(pk=mug.pk).update(packed=2)
    with pytest.raises(ValueError, match="not so much"):
        split_off(parcels[0], {mug.pk: 1}, now=NOW)
    assert Shipment.objects.filter(order=parcels[0].order).count() == 1


def test_what_is_missing_waits_in_a_parcel_of_its_own(merchant):
    make_product(merchant, "MUG-1", on_hand=3)
    make_product(merchant, "TEA-7", on_hand=0)
    parcel = make_shipment(merchant, lines=(IncomingLine("MUG-1", 5, "Mug"), IncomingLine("TEA-7", 1, "Tea")))
    later = split_missing(parcel, now=NOW)
    assert [(line.order_line.sku, line.quantity) for line in parcel.lines.all()] == [("MUG-1", 3)]
    assert {line.order_line.sku: line.quantity for line in later.lines.all()} == {"MUG-1": 2, "TEA-7": 1}
    assert missing_pieces(parcel) == {}
    assert sum(missing_pieces(later).values()) == 3
    assert split_missing(parcel, now=NOW) is None
    with pytest.raises(ValueError, match="Nothing would stay"):
        split_missing(later, now=NOW)


# --- waves ------------------------------------------------------------------------------------------------


def test_a_wave_sums_up_by_bin_as_one_walks(merchant, wave):
    assert [(line.bin, line.product.sku, line.quantity) for line in lines_in_order(wave)] == [
        ("A-2", "TEA-7", 3),
        ("A-10", "MUG-1", 6),
    ]
    assert wave.shipments.count() == 3


def test_a_parcel_is_in_one_wave_and_only_what_is_there_is_wanted(merchant, bob, wave, parcels, shelf):
    ids = [p.pk for p in parcels]
    with pytest.raises(WaveError, match="None of these"):
        make_wave(merchant=merchant, user=bob, shipment_ids=ids, now=NOW)
    call_off(wave, now=NOW)
    short = make_shipment(merchant, lines=(IncomingLine("MUG-1", 40, "Mug"),))
    nothing = make_shipment(merchant, lines=(IncomingLine("MUG-1", 1, "Mug"),))
    again = make_wave(merchant=merchant, user=bob, shipment_ids=[*ids, short.pk, nothing.pk], now=NOW)
    assert picked(again)["MUG-1"] == (0, 0, 20)
    nothing.refresh_from_db()
    assert nothing.wave is None
    assert again.name == "4 Mar, wave 2"
    with pytest.raises(WaveError, match="not open"):
        call_off(wave, now=NOW)


def test_another_merchants_parcels_are_passed_over(merchant, other, bob, parcels):
    foreign = make_shipment(other)
    wave = make_wave(merchant=merchant, user=bob, shipment_ids=[parcels[0].pk, foreign.pk], now=NOW)
    assert list(wave.shipments.all()) == [parcels[0]]


def test_a_cancelled_order_wants_nothing_any_more(wave, parcels):
    change_status(parcels[0].order_id, OrderStatus.CANCELLED, actor="alice", now=NOW)
    assert picked(wave) == {"TEA-7": (0, 0, 2), "MUG-1": (0, 0, 4)}


# --- picking ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["MUG-1", "mug-1", GTIN, "0" + GTIN, f"(01)0{GTIN}(10)LOT7", f"]C1010{GTIN}10LOT7", "1*MUG-1"]
)
def test_one_scan_ticks_one_off(bob, wave, code):
    assert pull(bob, wave, code).outcome == "picked"
    assert picked(wave)["MUG-1"] == (1, 0, 6)
    row = Scan.objects.latest("pk")
    assert (row.mode, row.outcome, row.operator, row.details["pieces"]) == ("pick", "picked", bob, 1)
    if "LOT7" in code:
        assert row.details["lot"] == "LOT7"


def test_many_at_once_and_never_too_many(bob, wave):
    assert pull(bob, wave, "5*MUG-1").outcome == "picked"
    assert pull(bob, wave, "2 × MUG-1").outcome == "picked_all"
    assert pull(bob, wave, "MUG-1").outcome == "picked"
    assert pull(bob, wave, "MUG-1").outcome == "picked_all"
    assert picked(wave)["MUG-1"] == (6, 0, 6)


def test_the_last_piece_finishes_the_wave(bob, wave):
    pull(bob, wave, "6*MUG-1")
    wave.refresh_from_db()
    assert wave.state == "open"
    pull(bob, wave, "3*TEA-7")
    wave.refresh_from_db()
    assert (wave.state, wave.finished_at) == ("done", NOW)
    assert pull(bob, wave, "TEA-7").outcome == "picked_all"


def test_a_resend_counts_once_and_strange_codes_are_said(bob, charlie, merchant, wave):
    one = uuid.uuid4()
    assert [pull(bob, wave, "MUG-1", one).outcome for _ in range(2)] == ["picked", "picked"]
    assert picked(wave)["MUG-1"][0] == 1
    make_product(merchant, "CUP-9")
    assert pull(bob, wave, "CUP-9").outcome == "not_on_list"
    assert pull(bob, wave, "5901234123457").outcome == "not_on_list"
    assert pull(bob, wave, "rubbish").outcome == "unknown"
    assert pull(charlie, wave, "MUG-1").outcome == "unknown"
    assert picked(wave)["MUG-1"][0] == 1


# --- short ------------------------------------------------------------------------------------------------


def test_short_pieces_go_to_the_merchants_list_and_the_newest_order_splits(bob, wave, parcels, shelf):
    mug = shelf[0]
    pull(bob, wave, "3*MUG-1")
    line = wave.lines.get(product=mug)
    (short,) = report_short(line, 1, "not_found", note="bin empty", user=bob, now=NOW)
    assert (short.order_line.order, short.quantity, short.reason) == (parcels[2].order, 1, "not_found")
    assert picked(wave)["MUG-1"] == (3, 1, 6)
    assert {item.order_line.sku: item.quantity for item in parcels[2].lines.all()} == {"MUG-1": 1, "TEA-7": 1}
    assert [(item.order_line.sku, item.quantity) for item in short.parcel.lines.all()] == [("MUG-1", 1)]
    assert short.parcel.wave is None
    mug.refresh_from_db()
    assert (mug.on_hand, mug.reserved) == (19, 5)
    move = mug.moves.first()
    assert (move.kind, move.quantity, move.actor, move.reference) == ("short", -1, "bob", wave.name)


def test_short_of_all_leaves_parcels_that_have_nothing_else_out_of_the_wave(bob, merchant, shelf):
    parcels = [make_shipment(merchant, lines=(IncomingLine("MUG-1", 2, "Mug"),)) for _ in range(2)]
    wave = make_wave(merchant=merchant, user=bob, shipment_ids=[p.pk for p in parcels], now=NOW)
    shorts = report_short(wave.lines.get(), 4, "damaged", user=bob, now=NOW)
    assert {short.parcel for short in shorts} == set(parcels)
    assert not wave.shipments.exists()
    wave.refresh_from_db()
    assert wave.state == "done"


@pytest.mark.parametrize(("quantity", "reason", "words"), [(7, "damaged", "Only 6"), (0, "damaged", "Only 6"),
                                                           (1, "", "why"), (-1, "damaged", "Only 6")])  # fmt: skip
def test_a_short_that_cannot_be_is_said_and_changes_nothing(bob, wave, quantity, reason, words):
    line = wave.lines.get(product__sku="MUG-1")
    with pytest.raises(WaveError, match=words):
        report_short(line, quantity, reason, user=bob, now=NOW)
    assert not ShortPick.objects.exists()
    assert picked(wave)["MUG-1"] == (0, 0, 6)


def test_settled_shorts_get_what_lies_there_by_now(bob, wave, shelf):
    (short,) = report_short(wave.lines.get(product=shelf[0]), 1, "not_found", user=bob, now=NOW)
    assert missing_pieces(short.parcel)
    settle_short(short, "found behind the shelf", now=NOW)
    short.refresh_from_db()
    assert (short.resolved_at, short.resolution) == (NOW, "found behind the shelf")
    assert not missing_pieces(short.parcel)


def test_a_wave_of_many_costs_a_constant_number_of_queries(
    merchant, bob, shelf, django_assert_max_num_queries
):
    ids = [make_order(merchant, lines=(IncomingLine("CUP", 1, "Cup"),)).shipments.get().pk for _ in range(40)]
    with django_assert_max_num_queries(12):
        wave = make_wave(merchant=merchant, user=bob, shipment_ids=ids, now=NOW)
    assert Wave.objects.get() == wave
