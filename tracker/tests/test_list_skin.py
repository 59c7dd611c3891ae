"""The admin's lists: which filters are on, how one takes them off, empty states, and the names in a phone's cards."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from shipping.models import Shipment
from tests.factories import make_order, make_shipment
from tests.world import full_merchant
from tracker.templatetags.lists import cells

pytestmark = pytest.mark.django_db
ORDERS, PARCELS = "/admin/orders/order/", "/admin/shipping/shipment/"


def chips(client, url):
    body = client.get(url).content.decode()
    if 'class="chips"' not in body:
        return {}
    part = body[body.index('class="chips"') : body.index("</ul>", body.index('class="chips"'))]
    pattern = (
        r'<a href="([^"]*)"><span class="visually-hidden">Take off: </span>([^:]*): <strong>([^<]*)</strong>'
    )
    return {(title, value): unescape(off) for off, title, value in re.findall(pattern, part)}


def test_filters_that_are_on_are_said_counted_and_can_be_taken_off(client, merchant, alice):
    make_shipment(merchant, now=timezone.now())
    client.force_login(alice)
    assert chips(client, PARCELS) == {}
    url = PARCELS + "?stage__exact=open&due=later&q=KIO"
    on = chips(client, url)
    assert set(on) == {("Stage", "To pack"), ("Time to leave", "Another day")}
    assert 'class="filters-on">2<' in client.get(url).content.decode()
    off = on["Stage", "To pack"]
    assert "stage__exact" not in off and "due=later" in off and "q=KIO" in off
    assert set(chips(client, PARCELS + off)) == {("Time to leave", "Another day")}


def test_filters_that_came_with_a_link_are_said_too(client, merchant, alice):
    client.force_login(alice)
    on = chips(client, PARCELS + "?carrier__exact=DHL&delivered_at__gte=2026-01-01&promised_to__isnull=False")
    assert set(on) >= {("Carrier", "DHL"), ("Delivered at from", "2026-01-01")} and len(on) == 3
    for off in on.values():
        assert len(chips(client, PARCELS + off)) == len(on) - 1


def test_a_filter_with_a_default_counts_only_when_it_was_chosen(client, merchant, alice):
    client.force_login(alice)
    assert chips(client, "/admin/shipping/customerreport/") == {}
    assert list(chips(client, "/admin/shipping/customerreport/?state=settled")) == [("State", "Settled")]


def test_the_drawer_needs_no_script(client, merchant, alice):
    client.force_login(alice)
    body = client.get(ORDERS).content.decode()
    assert 'popovertarget="changelist-filter"' in body
    assert re.search(r'<nav id="changelist-filter"[^>]* popover>', body)
    assert 'popovertarget="rooms"' in body and re.search(r'<nav id="rooms"[^>]* popover>', body)


def test_an_empty_list_says_why_and_what_to_do(client, merchant, alice):
    client.force_login(alice)
    assert "No orders yet." in client.get(ORDERS).content.decode()
    make_order(merchant, now=timezone.now())
    assert "Nothing matches." in client.get(ORDERS + "?q=nosuch").content.decode()
    page = client.get(ORDERS + "?status__exact=returned").content.decode()
    assert "Take a filter off." in page and "Clear all" in page


def test_every_list_can_be_searched():
    for model, site in admin.site._registry.items():
        assert site.search_fields, model


def test_lists_are_called_as_in_the_navigation(client):
    full_merchant("shop")
    from orders.models import User

    client.force_login(User.objects.get(username="shop-owner"))
    for url, title in ((PARCELS, "Parcels"), ("/admin/orders/product/", "Stock"), (ORDERS, "Orders")):
        assert f"<h1>{title}</h1>" in client.get(url).content.decode()
    row = Shipment.objects.first()
    page = client.get(reverse("admin:shipping_shipment_change", args=[row.pk])).content.decode()
    assert f'<h1 dir="auto">{row.code}</h1>' in page and f'<a href="{PARCELS}">Parcels</a>' in page


def test_a_cell_knows_its_column_and_whether_it_is_empty():
    heads = [
        {"text": mark_safe("<input>")},
        {"text": "number"},
        {"text": 'a "quoted" <name>'},
        {"text": "printed"},
    ]
    row = [
        '<td class="action-checkbox"><input></td>', '<th class="field-number"><a href="/1/">1</a></th>',
        '<td class="field-a nowrap"><a href="/x/">x</a></td>', '<td class="field-printed">–</td>',
    ]  # fmt: skip
    made = cells([mark_safe(cell) for cell in row], heads)
    assert row[0] in made and row[1] in made
    assert '<td data-label="A &quot;quoted&quot; &lt;name&gt;" class="field-a nowrap"><a' in made
    assert '<td data-label="Printed" class="field-printed is-empty">–</td>' in made
