import pytest

from orders.models import ShippingAddress
from shipping.documents.contexts import contexts_for
from shipping.documents.freshness import is_stale, split_code
from shipping.models import Shipment, ShipmentLine
from tests.factories import make_shipment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P0123456789A", ("P0123456789A", "")),
        ("P0123456789AX7QZ", ("P0123456789A", "X7QZ")),
        (" p0123 456789a-x7qz ", ("P0123456789A", "X7QZ")),
        ("PO123456789A", ("P0123456789A", "")),
        ("P0123456789AX7", ("", "")),
        ("MUG-1", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_slips_code_is_the_parcels_and_a_hash(text, expected):
    assert split_code(text) == expected


def printed(shipment) -> str:
    return contexts_for(shipment.merchant, [shipment.pk])[0].slip.hash


def test_a_slip_is_fresh_until_what_it_says_of_the_parcel_changes(merchant, django_assert_num_queries):
    shipment = make_shipment(merchant)
    before = printed(shipment)
    with django_assert_num_queries(5):
        assert not is_stale(shipment, before)
    Shipment.objects.filter(pk=shipment.pk).update(weight_g=750, carrier="DHL")
    assert not is_stale(shipment, before)
    ShippingAddress.objects.filter(order=shipment.order).update(line1="Nebenstr. 7")
    assert is_stale(shipment, before) and not is_stale(shipment, printed(shipment))


def test_a_changed_quantity_makes_it_stale_and_back_makes_it_fresh(merchant):
    shipment = make_shipment(merchant)
    before, line = printed(shipment), shipment.lines.first()
    ShipmentLine.objects.filter(pk=line.pk).update(quantity=line.quantity + 1)
    assert is_stale(shipment, before)
    ShipmentLine.objects.filter(pk=line.pk).update(quantity=line.quantity)
    assert not is_stale(shipment, before)


def test_papers_without_a_hash_and_cancelled_parcels_are_not_stale(merchant):
    shipment = make_shipment(merchant)
    assert not is_stale(shipment, "")
    Shipment.objects.filter(pk=shipment.pk).update(stage="void")
    assert not is_stale(shipment, "0000")
