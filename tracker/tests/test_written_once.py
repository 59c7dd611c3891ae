"""A query whose SQL is kept must find what the same query finds anew, whoever asks."""

import pytest
from django.db.models.sql.compiler import SQLCompiler

from orders.models import Order
from tests.factories import make_order
from tracker.written_once import written_once

pytestmark = pytest.mark.django_db


def test_each_value_finds_its_own_rows(merchant, django_assert_num_queries):
    one, two = make_order(merchant), make_order(merchant)

    @written_once
    def of_key(key):
        return Order.objects.select_related("ship_to").filter(public_key=key)

    @written_once
    def numbers(merchant):
        return Order.objects.filter(merchant=merchant).order_by("-pk").values_list("number", "placed_at")

    for order in (one, two, one):
        with django_assert_num_queries(1):
            found = list(of_key(order.public_key))
            assert [(row.pk, row.ship_to.city, row.placed_at) for row in found] == [
                (order.pk, order.ship_to.city, order.placed_at)
            ]
    assert list(of_key("")) == [] and list(of_key("' OR 1=1 --")) == []
    for _ in range(2):
        assert list(numbers(merchant.pk)) == [(row.number, row.placed_at) for row in (two, one)]
    assert list(numbers(merchant.pk + 1)) == []


def test_two_that_are_asked_in_turn_keep_apart(merchant):
    one, two = make_order(merchant), make_order(merchant)

    @written_once
    def of_key(key):
        return Order.objects.filter(public_key=key)

    first, second = of_key(one.public_key), of_key(two.public_key)
    assert [list(second), list(first)] == [[two], [one]]


def test_the_sql_is_written_once(merchant, monkeypatch):
    order, written = make_order(merchant), []
    plain = SQLCompiler.as_sql
    monkeypatch.setattr(
        SQLCompiler, "as_sql", lambda *given, **named: written.append(1) or plain(*given, **named)
    )

    @written_once
    def of_id(key):
        return Order.objects.filter(pk=key)

    assert [list(of_id(order.pk)) for _ in range(3)] == [[order]] * 3 and len(written) == 1
