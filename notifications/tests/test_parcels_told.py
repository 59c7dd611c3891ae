"""Which parcel a message is of: called-off ones are told of to nobody and leave no gap, a number that nobody was told is told."""

from datetime import timedelta

import pytest

from notifications import delivery
from notifications.models import Notice
from notifications.render import loaded, render
from orders.lifecycle import change_status
from orders.models import Order
from shipping.carriers.base import Reading
from shipping.models import Shipment
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment
from tests.states import Maker

MINUTE = timedelta(minutes=1)


def say(parcel, status, at=NOW, **more):
    record([Reading(status, at, shipment_id=parcel.pk, **more)], merchant=parcel.merchant, now=at)


@pytest.fixture
def parcel(merchant, settings):
    settings.EMAIL_BACKEND = "notifications.channels.folder.FolderBackend"
    shipment = make_shipment(merchant)
    Notice.objects.all().delete()
    return shipment


@pytest.mark.django_db
def test_a_parcel_is_counted_among_those_that_come():
    maker = Maker("en", NOW)
    first = maker.parcel()
    maker.twin(first, 2)
    third = maker.twin(first, 3)
    Shipment.objects.filter(pk=first.pk).update(stage="void")
    say(third, "in_transit")
    (notice,) = loaded([Notice.objects.get(subject=third.subject, channel="email").pk])
    assert "Parcel 2 of 2" in render(notice).text


@pytest.mark.parametrize("status", ["in_transit", "out_for_delivery", "delivered", "delayed"])
def test_a_called_off_parcel_tells_nothing_and_moves_no_order(parcel, status):
    Shipment.objects.update(stage="void")
    say(parcel, status, eta=parcel.promised_to + timedelta(days=9))
    assert not Notice.objects.exists() and Order.objects.get().status == "pending"
    assert Shipment.objects.get().tracking_status == status, "staff see what the carrier says"


def ship(parcel, at=NOW):
    change_status(parcel.order_id, "shipped", actor="alice", now=at)
    return Notice.objects.get(milestone="shipped", subject="order")


def shipped():
    return list(Notice.objects.filter(milestone="shipped").order_by("pk").values_list("subject", flat=True))


def test_a_number_that_was_not_known_when_the_order_was_told_is_told_with_the_scan(parcel):
    order = ship(parcel)
    assert delivery.deliver(order.pk, clock=lambda: NOW)
    say(parcel, "in_transit", NOW + MINUTE, tracking_number="JD1", carrier="DHL")
    assert shipped() == ["order", parcel.subject]
    (mine,) = loaded([Notice.objects.get(subject=parcel.subject).pk])
    assert "JD1" in render(mine).text


def test_a_number_that_the_order_was_told_with_is_not_told_again(parcel):
    Shipment.objects.update(tracking_number="JD1", carrier="DHL")
    order = ship(parcel)
    assert delivery.deliver(order.pk, clock=lambda: NOW)
    order.refresh_from_db()
    assert order.named == "JD1"
    say(parcel, "in_transit", NOW + MINUTE)
    assert shipped() == ["order"]


def test_what_waits_to_be_sent_will_name_the_number(parcel):
    ship(parcel)
    say(parcel, "in_transit", NOW + MINUTE, tracking_number="JD1", carrier="DHL")
    assert shipped() == ["order"]
    (order,) = loaded([Notice.objects.get(subject="order").pk])
    assert "JD1" in render(order).text


def test_what_is_being_sent_may_not_name_it(parcel):
    order = ship(parcel)
    assert delivery._claim(NOW, 1, pk=order.pk)
    say(parcel, "in_transit", NOW + MINUTE, tracking_number="JD1", carrier="DHL")
    assert shipped() == ["order", parcel.subject]


def test_a_parcel_without_a_number_has_nothing_more_to_say(parcel):
    delivery.deliver(ship(parcel).pk, clock=lambda: NOW)
    say(parcel, "in_transit", NOW + MINUTE)
    assert shipped() == ["order"]
