"""The aisle's pages and the office's view of waves, by HTTP."""

import uuid

import pytest
from django.urls import reverse

from orders.place import IncomingLine
from orders.roles import Role
from shipping.models import PrintRun, ShortPick, Wave
from shipping.warehouse.waves import make_wave
from tests.factories import NOW, make_product, make_shipment, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcels(merchant):
    make_product(merchant, "MUG-1", on_hand=20, bin="A-10")
    make_product(merchant, "TEA-7", on_hand=20, bin="A-2")
    return [make_shipment(merchant) for _ in range(3)]


@pytest.fixture
def wave(merchant, bob, parcels):
    return make_wave(merchant=merchant, user=bob, shipment_ids=[p.pk for p in parcels], now=NOW)


@pytest.fixture
def page(wave):
    return reverse("picking", args=[wave.pk])


def post_scan(client, page, code):
    return client.post(page, {"act": "scan", "code": code, "client_id": str(uuid.uuid4())}).content.decode()


def test_the_page_leads_from_bin_to_bin(client, bob, page, wave):
    client.force_login(bob)
    assert f'href="{page}"' in client.get(reverse("waves")).content.decode()
    text = client.get(page).content.decode()
    assert text.index("A-2") < text.index("A-10")
    assert '<p class="bin"><bdi>A-2</bdi>' in text
    assert "2 more of these" in post_scan(client, page, "TEA-7")
    text = post_scan(client, page, "2*TEA-7")
    assert "That was all of these" in text
    assert '<p class="bin"><bdi>A-10</bdi>' in text
    assert "You have all of these" in post_scan(client, page, "TEA-7")
    assert "Unknown code" in post_scan(client, page, "NOPE")
    assert "Take it to the packing table" in post_scan(client, page, "6*MUG-1")
    assert "No wave waits" in client.get(reverse("waves")).content.decode()


def test_what_is_not_there_is_noted_with_a_reason(client, bob, alice, page, wave):
    client.force_login(bob)
    line = wave.lines.get(product__sku="TEA-7")
    said = {"act": "short", "line": line.pk, "quantity": 1, "reason": "damaged", "note": "wet"}
    text = client.post(page, said, follow=True).content.decode()
    short = ShortPick.objects.get()
    assert f"1 × TEA-7 noted as missing. They wait for it: {short.order_line.order.number}" in text
    for wrong in ({"quantity": 9}, {"quantity": "x"}, {"line": 0}, {"reason": "because"}):
        client.post(page, said | wrong)
    assert ShortPick.objects.count() == 1
    client.force_login(alice)
    shorts = reverse("admin:shipping_shortpick_changelist")
    assert "1 × TEA-7" in client.get(shorts).content.decode()
    client.post(shorts, {"action": "settle", "_selected_action": [short.pk]})
    assert "1 × TEA-7" not in client.get(shorts).content.decode()
    assert "1 × TEA-7" in client.get(shorts, {"state": "settled"}).content.decode()


def test_a_get_changes_nothing_and_strangers_find_nothing(client, charlie, merchant, page, wave):
    client.force_login(charlie)
    assert client.get(page).status_code == 404
    assert client.post(page, {"act": "scan", "code": "TEA-7"}).status_code == 404
    assert wave.name not in client.get(reverse("waves")).content.decode()
    client.force_login(make_user("vera", merchant, Role.VIEWER))
    assert client.get(page).status_code == 403
    client.logout()
    assert client.get(page).status_code == 302
    assert not wave.lines.filter(picked__gt=0).exists()


def test_the_office_makes_prints_and_calls_off_a_wave(client, alice, merchant, parcels):
    client.force_login(alice)
    nothing = make_shipment(merchant, lines=(IncomingLine("MUG-1", 99, "Mug"),))
    listed = reverse("admin:shipping_shipment_changelist")
    data = {"action": "to_wave", "_selected_action": [*[p.pk for p in parcels], nothing.pk]}
    answer = client.post(listed, data, follow=True)
    wave = Wave.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("admin:shipping_wave_change", args=[wave.pk])
    text = answer.content.decode()
    assert "A-10" in text
    client.post(reverse("admin:shipping_wave_print", args=[wave.pk]))
    run = PrintRun.objects.get()
    assert (run.kind, run.wave) == ("picks", wave)
    client.post(reverse("admin:shipping_wave_call_off", args=[wave.pk]))
    wave.refresh_from_db()
    assert (wave.state, wave.shipments.count()) == ("cancelled", 0)
    assert client.get(reverse("admin:shipping_wave_call_off", args=[wave.pk])).status_code == 405


def test_orders_can_be_made_a_wave_too(client, alice, parcels):
    client.force_login(alice)
    orders = [p.order_id for p in parcels[:2]]
    client.post(reverse("admin:orders_order_changelist"), {"action": "to_wave", "_selected_action": orders})
    assert Wave.objects.get().shipments.count() == 2
