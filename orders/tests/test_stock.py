"""The shelf: every history of moves sums to what is on hand, and no piece is promised twice."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders import stock
from orders.lifecycle import change_status
from orders.models import OrderLine, Product
from orders.place import IncomingLine
from orders.status import OrderStatus
from orders.stock import StockError
from tests.factories import NOW, make_merchant, make_order, make_product

pytestmark = pytest.mark.django_db


def lines(quantity: int, sku: str = "MUG-1") -> tuple[IncomingLine, ...]:
    return (IncomingLine(sku, quantity, "Mug"),)


def sound(product: Product) -> Product:
    """What must hold after whatever happened."""
    product.refresh_from_db()
    assert (product.moves.aggregate(sum=Sum("quantity"))["sum"] or 0) == product.on_hand
    last = product.moves.order_by("-pk").first()
    assert (last.balance if last else 0) == product.on_hand
    assert (product.lines.aggregate(sum=Sum("reserved"))["sum"] or 0) == product.reserved
    if not product.allow_negative:
        assert 0 <= product.reserved <= product.on_hand
    for line in product.lines.all():
        assert line.reserved + line.shipped <= line.quantity
    return product


def state(*orders) -> list[tuple[int, int]]:
    return list(OrderLine.objects.filter(order__in=orders).order_by("pk").values_list("reserved", "shipped"))


# --- any history ------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["order", "receive", "adjust", "count", "ship", "cancel", "lose", "put_back"]),
        st.integers(-6, 9),
        st.integers(0, 7),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, negative=st.booleans(), opening=st.integers(0, 8))
def test_any_history_sums_up(steps, negative, opening):
    with transaction.atomic():
        product = make_product(make_merchant("hypo"), on_hand=opening, allow_negative=negative)
        orders: list = []
        for what, number, which in steps:
            order = orders[which % len(orders)] if orders else None
            try:
                step(what, number, order, product, orders)
            except StockError as error:
                assert str(error)
            sound(product)
        transaction.set_rollback(True)


def step(what, number, order, product, orders) -> None:
    if what == "order":
        orders.append(make_order(product.merchant, lines=lines(max(1, number))))
    elif what == "receive":
        stock.receive(product.pk, number, actor="bob", now=NOW)
    elif what == "adjust":
        stock.adjust(product.pk, number, "because", actor="bob", now=NOW)
    elif what == "count":
        stock.count(product.pk, number, actor="bob", now=NOW)
    elif order is None:
        return
    elif what == "ship":
        stock.consume([(order.lines.get(), max(1, number))], reference="P1", actor="bob", now=NOW)
    elif what == "put_back":
        stock.put_back([(order.lines.get(), max(1, number))], reference="P1", actor="bob", now=NOW)
    elif what == "lose":
        stock.lose(order.lines.get(), max(1, number), reason="x", reference="W", actor="bob", now=NOW)
    elif what == "cancel":
        order.refresh_from_db()
        if order.status == OrderStatus.PENDING:
            change_status(order.pk, OrderStatus.CANCELLED, actor="bob", now=NOW)


# --- what each does ---------------------------------------------------------------------------------------


def test_what_comes_in_goes_to_those_who_wait_longest(merchant):
    product = make_product(merchant, on_hand=1)
    first, second, third = (make_order(merchant, lines=lines(2)) for _ in range(3))
    assert state(first, second, third) == [(1, 0), (0, 0), (0, 0)]
    stock.receive(product.pk, 4, actor="bob", now=NOW, reference="DN-7")
    assert state(first, second, third) == [(2, 0), (2, 0), (1, 0)]
    move = product.moves.first()
    assert (move.kind, move.quantity, move.balance, move.reference, move.actor) == (
        "received",
        4,
        5,
        "DN-7",
        "bob",
    )
    sound(product)


def test_a_cancelled_orders_pieces_go_to_the_next(merchant):
    product = make_product(merchant, on_hand=2)
    first, second = (make_order(merchant, lines=lines(2)) for _ in range(2))
    change_status(first.pk, OrderStatus.CANCELLED, actor="alice", now=NOW)
    assert state(first, second) == [(0, 0), (2, 0)]
    sound(product)


def test_a_count_below_what_is_promised_takes_from_the_newest(merchant):
    product = make_product(merchant, on_hand=4)
    first, second = (make_order(merchant, lines=lines(2)) for _ in range(2))
    stock.count(product.pk, 3, actor="bob", now=NOW)
    assert state(first, second) == [(2, 0), (1, 0)]
    stock.adjust(product.pk, -2, "broken", actor="bob", now=NOW)
    assert state(first, second) == [(1, 0), (0, 0)]
    assert product.moves.first().reason == "broken"
    sound(product)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda pk: stock.adjust(pk, -11, "x", actor="bob", now=NOW), "only 10"),
        (lambda pk: stock.adjust(pk, 1, "  ", actor="bob", now=NOW), "why"),
        (lambda pk: stock.adjust(pk, 0, "x", actor="bob", now=NOW), "by how many"),
        (lambda pk: stock.receive(pk, 0, actor="bob", now=NOW), "at least one"),
        (lambda pk: stock.count(pk, -1, actor="bob", now=NOW), "zero or more"),
        (lambda pk: stock.receive(pk, 10**12, actor="bob", now=NOW), "at least one"),
        (lambda _: stock.receive(0, 1, actor="bob", now=NOW), "gone"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(merchant, change, words):
    product = make_product(merchant)
    with pytest.raises(StockError, match=words):
        change(product.pk)
    assert sound(product).on_hand == 10
    assert product.moves.count() == 1


def test_the_same_delivery_twice_counts_once(merchant):
    product = make_product(merchant, on_hand=0)
    for _ in range(2):
        stock.receive(product.pk, 5, actor="bob", now=NOW, key="DN-7")
    assert sound(product).on_hand == 5


def test_below_zero_only_where_allowed(merchant):
    made = make_product(merchant, on_hand=0, allow_negative=True)
    order = make_order(merchant, lines=lines(3))
    assert state(order) == [(3, 0)]
    stock.consume([(order.lines.get(), 3)], now=NOW)
    assert sound(made).on_hand == -3
    counted = make_product(merchant, "TEA-7", on_hand=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(pk=counted.pk).update(on_hand=-1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(pk=counted.pk).update(reserved=2)


def test_what_left_and_came_back_is_reserved_again(merchant):
    product = make_product(merchant, on_hand=3)
    order = make_order(merchant, lines=lines(2))
    stock.consume([(order.lines.get(), 2)], reference="P1", now=NOW)
    assert (state(order), sound(product).on_hand) == ([(0, 2)], 1)
    stock.put_back([(order.lines.get(), 2)], reference="P1", now=NOW)
    assert (state(order), sound(product).on_hand) == ([(2, 0)], 3)
    assert [move.kind for move in product.moves.all()] == ["returned", "shipped", "opening"]


def test_what_was_sent_beyond_the_books_comes_back_beyond_them(merchant):
    product = make_product(merchant, on_hand=1)
    order = make_order(merchant, lines=lines(2))
    stock.consume([(order.lines.get(), 2)], reference="P1", now=NOW)
    assert (state(order), sound(product).on_hand) == ([(0, 2)], 0)
    stock.put_back([(order.lines.get(), 2)], reference="P1", now=NOW)
    assert (state(order), sound(product).on_hand) == ([(1, 0)], 1)
    stock.put_back([(order.lines.get(), 2)], reference="P1", now=NOW)
    assert sound(product).on_hand == 1


def test_a_stale_line_does_not_undo_what_others_did(merchant):
    """The line was read before someone else's change: the fresh numbers count."""
    product = make_product(merchant, on_hand=2)
    order = make_order(merchant, lines=lines(2))
    stale = order.lines.get()
    stock.adjust(product.pk, -1, "broken", actor="bob", now=NOW)
    stock.consume([(stale, 2)], now=NOW)
    assert state(order) == [(0, 2)]
    assert sound(product).on_hand == 0
