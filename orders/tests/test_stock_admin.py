import pytest
from django.urls import reverse

from orders.models import Product, StockMove
from orders.place import IncomingLine
from orders.roles import Role
from tests.factories import make_order, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(merchant):
    return make_product(merchant, bin="A-1")


@pytest.fixture
def page(product):
    return reverse("admin:orders_product_stock", args=[product.pk])


def post(client, page, **said):
    return client.post(page, {"what": "receive", "number": 1, "reason": "", "seen": 10} | said)


@pytest.mark.parametrize(
    ("said", "on_hand", "kind"),
    [
        ({"what": "receive", "number": 5, "reason": "DN-7"}, 15, "received"),
        ({"what": "count", "number": 8}, 8, "counted"),
        ({"what": "adjust", "number": -3, "reason": "broken"}, 7, "adjusted"),
    ],
)
def test_a_packer_receives_counts_and_changes(client, bob, product, page, said, on_hand, kind):
    client.force_login(bob)
    response = client.post(page, {"reason": "", "seen": 10} | said, follow=True)
    assert f"{on_hand} on hand" in response.content.decode()
    product.refresh_from_db()
    assert product.on_hand == on_hand
    move = product.moves.first()
    assert (move.kind, move.actor) == (kind, "bob")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"what": "adjust", "number": -3}, "Say why"),
        ({"what": "adjust", "number": -30, "reason": "x"}, "only 10"),
        ({"what": "receive", "number": 0}, "at least one"),
        ({"what": "receive", "number": "many"}, "whole number"),
        ({"what": "count", "number": 9, "seen": 12}, "changed while you counted"),
        ({"what": "steal", "number": 9}, "valid choice"),
    ],
)
def test_what_cannot_be_is_said_on_the_page(client, bob, product, page, said, words):
    client.force_login(bob)
    response = post(client, page, **said)
    assert response.status_code == 200
    assert words in response.content.decode()
    product.refresh_from_db()
    assert product.on_hand == 10


def test_strangers_viewers_and_getting_change_nothing(client, merchant, charlie, bob, product, page):
    client.force_login(charlie)
    assert post(client, page).status_code == 404
    client.force_login(make_user("vera", merchant, Role.VIEWER))
    assert post(client, page).status_code == 403
    client.force_login(bob)
    assert client.get(page, {"what": "receive", "number": 5}).status_code == 200
    assert StockMove.objects.count() == 1


def test_a_new_product_opens_its_ledger_and_its_number_is_not_typed_over(client, alice, merchant, product):
    client.force_login(alice)
    data = {
        "merchant": merchant.pk,
        "sku": "NEW",
        "name": "New",
        "on_hand": 4,
        "weight_g": 0,
        "track_stock": "on",
    }
    assert client.post(reverse("admin:orders_product_add"), data).status_code == 302
    new = Product.objects.get(sku="NEW")
    assert [(move.kind, move.quantity) for move in new.moves.all()] == [("opening", 4)]
    change = reverse("admin:orders_product_change", args=[product.pk])
    empty = {"moves-TOTAL_FORMS": 0, "moves-INITIAL_FORMS": 0}
    assert client.post(change, data | empty | {"name": "Renamed", "on_hand": 99}).status_code == 302
    product.refresh_from_db()
    assert (product.name, product.on_hand) == ("Renamed", 10)
    assert "Receive, count or change" in client.get(change).content.decode()


def test_lists_find_what_is_short(client, alice, merchant, product):
    make_product(merchant, "TEA-7", on_hand=0)
    short = make_order(merchant, lines=(IncomingLine("TEA-7", 1, "Tea"),))
    there = make_order(merchant, lines=(IncomingLine("MUG-1", 1, "Mug"),))
    uncounted = make_order(merchant, lines=(IncomingLine("FREE", 1, "Sticker"),))
    client.force_login(alice)

    def found(name, **query):
        return {str(row.pk) for row in client.get(reverse(name), query).context["cl"].queryset}

    orders = "admin:orders_order_changelist"
    assert found(orders, short="yes") == {str(short.pk)}
    assert found(orders, short="no") == {str(there.pk), str(uncounted.pk)}
    products = "admin:orders_product_changelist"
    tea = str(Product.objects.get(sku="TEA-7").pk)
    assert found(products, stock="needed") == found(products, stock="out") == {tea}
    assert found(products, stock="there") == {str(product.pk)}
    assert client.get(reverse("admin:orders_stockmove_changelist"), {"q": "MUG-1"}).status_code == 200
