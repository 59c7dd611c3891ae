"""The first page of the admin: counts behind the walls, each the length of the list it links to."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shipping.models import LateCase, Shipment
from tests.factories import make_order, make_shipment

pytestmark = pytest.mark.django_db


def counts(client):
    page = client.get("/admin/")
    return {card.title: (card.count, card.url) for card in page.context["cards"]}, page


def test_each_card_is_the_length_of_its_list(client, merchant, other, alice):
    now = timezone.now()
    for stage, status in [
        ("open", "unknown"),
        ("packed", "unknown"),
        ("handed_over", "in_transit"),
        ("open", "on_hold"),
    ]:
        for shop in (merchant, other):
            row = make_shipment(shop, now=now, placed_at=now)
            Shipment.objects.filter(pk=row.pk).update(stage=stage, tracking_status=status, handed_over_at=now)
            rule = "handover_gap" if stage == "packed" else "silent"
            LateCase.objects.create(
                merchant=shop, shipment=row, rule=rule, since=now, score=1, explanation="x", opened_at=now,
                closed_at=now if stage == "open" else None,
            )  # fmt: skip
    client.force_login(alice)
    cards, page = counts(client)
    told = {title: count for title, (count, _) in cards.items()}
    assert told == {
        "New orders": 4,
        "To pack": 2,
        "Packed": 1,
        "Moving": 2,
        "Late": 2,
        "Not accepted": 1,
        "Notices given up": 0,
    }
    for count, url in cards.values():
        assert client.get(url).context["cl"].result_count == count, url
    assert page.context["chart"].total == 4 and page.context["chart"].bars[-1].count == 4


def test_the_chart_counts_fourteen_days_of_ones_own(client, merchant, other, alice):
    now = timezone.now()
    for days in (0, 1, 13, 15):
        for shop in (merchant, other):
            make_order(shop, now=now, placed_at=now - timedelta(days=days))
    client.force_login(alice)
    chart = counts(client)[1].context["chart"]
    assert [bar.count for bar in chart.bars] == [1, *[0] * 11, 1, 1] and chart.total == 3


def test_the_first_page_costs_the_same_with_many_orders(
    client, merchant, alice, django_assert_max_num_queries
):
    client.force_login(alice)
    for _ in range(6):
        make_order(merchant, now=timezone.now())
    with django_assert_max_num_queries(16):
        client.get("/admin/")


def test_no_inline_style_or_script_anywhere(client, merchant, alice):
    shipment = make_shipment(merchant)
    client.force_login(alice)
    for path in ("/", f"/t/{shipment.order.public_key}/", "/scan/", "/admin/", "/admin/orders/order/"):
        body = client.get(path).content.decode()
        assert not re.search(r"<style|\sstyle=|<script>|\son\w+=", body), path


def test_a_viewer_is_not_shown_doors_that_are_shut(client, merchant):
    from tests.factories import make_user

    client.force_login(make_user("vera", merchant, "viewer"))
    body = client.get("/admin/").content.decode()
    assert 'href="/scan/"' not in body and 'href="/admin/orders/importjob/"><svg' not in body
