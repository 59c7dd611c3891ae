"""Was it printed? A column, a filter, and the way from an order or a parcel to its papers."""

import pytest
from django.urls import reverse

from orders.models import Order
from orders.roles import Role
from shipping.documents.press import render_run
from shipping.documents.runs import start_run
from shipping.models import Shipment
from tests.factories import NOW, make_merchant, make_order, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant():
    return make_merchant()


@pytest.fixture
def packer(merchant, client):
    client.force_login(make_user("bob", merchant, Role.WAREHOUSE))
    return client


def printed(order, now=NOW):
    run = start_run(
        merchant=order.merchant, user=None, kind="slips", now=now, sort="chosen",
        shipment_ids=list(order.shipments.values_list("pk", flat=True)),
    )  # fmt: skip
    render_run(run.pk, now=NOW, clock=lambda: NOW)
    return run


def second_parcel(order, **fields):
    return Shipment.objects.create(
        merchant=order.merchant,
        order=order,
        position=2,
        code=f"PZZZZZZZ{order.pk:04}",
        ship_by=NOW,
        created_at=NOW,
        **fields,
    )


def shown(client, query):
    page = client.get(reverse("admin:orders_order_changelist") + query)
    return {order.number for order in page.context["cl"].result_list}


def test_orders_are_told_apart_by_what_was_printed(packer, merchant):
    done, part, fresh, void = (make_order(merchant) for _ in range(4))
    printed(done)
    printed(part)
    second_parcel(part)
    printed(void)
    second_parcel(void, stage="void")  # a parcel called off needs no paper
    assert shown(packer, "?printed=yes") == {done.number, void.number}
    assert shown(packer, "?printed=part") == {part.number}
    assert shown(packer, "?printed=no") == {fresh.number}
    assert len(shown(packer, "")) == 4
    text = packer.get(reverse("admin:orders_order_changelist") + "?printed=part").content.decode()
    assert "1 of 2" in text


def test_the_list_asks_no_more_for_more_orders(packer, merchant):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            packer.get(reverse("admin:orders_order_changelist"))
        return len(seen)

    for _ in range(2):
        make_order(merchant)
    few = count()
    for _ in range(10):
        second_parcel(make_order(merchant))
    assert count() == few


def test_orders_and_parcels_lead_to_their_papers(packer, merchant):
    order = make_order(merchant)
    parcel = order.shipments.get()
    run = printed(order)
    link = reverse("admin:shipping_printrun_change", args=[run.pk])
    start = reverse("admin:shipping_print")
    page = packer.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert link in page and f'{start}?orders={order.pk}"' in page
    page = packer.get(reverse("admin:shipping_shipment_change", args=[parcel.pk])).content.decode()
    assert link in page and f'{start}?parcels={parcel.pk}"' in page
    assert packer.get(f"{start}?orders={order.pk}").status_code == 200


def test_who_may_not_print_sees_no_button(client, merchant):
    client.force_login(make_user("vera", merchant, Role.VIEWER))
    order = make_order(merchant)
    for page in (reverse("admin:orders_order_change", args=[order.pk]),
                 reverse("admin:shipping_shipment_change", args=[order.shipments.get().pk])):  # fmt: skip
        answer = client.get(page)
        assert answer.status_code == 200 and b"Print \xe2\x80\xa6" not in answer.content
    assert Order.objects.count() == 1
