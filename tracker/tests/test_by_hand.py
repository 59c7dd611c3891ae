"""What a customer can say of an order that the shop delivered by its own word, and staff of a link that went astray."""

import pytest

from orders.access import MOST_TRIES
from orders.lifecycle import change_status
from orders.models import AccessCode, Order
from orders.roles import Role
from shipping.models import LateCase, Rating, Shipment
from tests.factories import NOW, make_order, make_user
from tracker.tests.test_tiers import _wednesday, post, shipment
from tracker.tests.test_tracking_page import url, words

__all__ = ["_wednesday", "shipment"]
pytestmark = pytest.mark.django_db


class TestDeliveredByHand:
    """The shop says that it arrived; no carrier has said anything."""

    @pytest.fixture
    def there(self, shipment):
        for status in ("shipped", "delivered"):
            change_status(shipment.order_id, status, actor="x", now=NOW)
        return Shipment.objects.get(pk=shipment.pk)

    def test_it_can_be_rated(self, client, there):
        assert "How was the delivery?" in words(client.get(url(there.order)))
        assert "said=rated" in post(client, there.order, "rate", parcel=f"p{there.pk}", score="4")["Location"]
        assert Rating.objects.get().score == 4

    def test_it_has_not_arrived_opens_a_case(self, client, there):
        page = client.get(url(there.order)).content.decode()
        assert f'href="#miss-text-p{there.pk}"' in page
        assert (
            "said=told"
            in post(client, there.order, "tell", parcel=f"p{there.pk}", kind="not_arrived")["Location"]
        )
        assert "not_arrived" in LateCase.objects.values_list("rule", flat=True)
        assert "You have told the shop" in words(client.get(url(there.order)))

    def test_not_where_the_carrier_says_otherwise(self, client, there):
        Shipment.objects.update(tracking_status="exception", status_at=NOW)
        for what, more in (("rate", {"score": "4"}), ("tell", {"kind": "not_arrived"})):
            answer = post(client, there.order, what, parcel=f"p{there.pk}", **more)
            assert "said=notnow" in answer["Location"]
        assert "How was the delivery?" not in words(client.get(url(there.order)))


class TestStaffRenewLinks:
    def test_the_action_takes_the_links_of_ones_own_orders_back(
        self, client, shipment, merchant, other, alice
    ):
        mine, theirs = shipment.order, make_order(other)
        codes = post(client, mine, "code", channel="email"), AccessCode.objects.get()
        client.force_login(alice)
        said = {"action": "renew_links", "_selected_action": [mine.pk, theirs.pk]}
        page = client.post("/admin/orders/order/", said, follow=True)
        assert "1 new tracking links" in words(page)
        assert client.get(url(mine)).status_code == 404 and client.get(url(theirs)).status_code == 200
        assert Order.objects.get(pk=mine.pk).public_key != mine.public_key
        codes[1].refresh_from_db()
        assert codes[1].tries == MOST_TRIES, "a code that was sent before opens nothing either"

    def test_who_may_not_change_orders_has_no_such_action(self, client, shipment, merchant):
        client.force_login(make_user("vera", merchant, Role.VIEWER))
        said = {"action": "renew_links", "_selected_action": [shipment.order.pk]}
        client.post("/admin/orders/order/", said, follow=True)
        assert client.get(url(shipment.order)).status_code == 200
