"""What no carrier should say and some do: days of year 1, times of year 9999, bodies nested a thousand deep."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from shipping.lateness.cases import review
from shipping.models import CarrierAccount, InboundWebhook, QuarantinedReading, Shipment
from shipping.promise.revise import revise
from shipping.tests.test_vendors import NUMBERS
from shipping.tests.vendors import SECRET, VENDORS, body, dumped, events_of, sign
from shipping.tracking import inbound
from tests.factories import NOW, make_shipment

pytestmark = pytest.mark.django_db
TIME = {
    "easypost": "datetime",
    "shippo": "status_date",
    "aftership": "checkpoint_time",
    "17track": "time_iso",
}


@pytest.fixture
def post(client, merchant):
    def send(vendor, raw):
        account, _ = CarrierAccount.objects.get_or_create(
            merchant=merchant, provider=vendor, defaults={"secret": SECRET}
        )
        url = reverse("webhook", args=[vendor, account.key])
        return client.post(url, raw, "application/json", headers=sign(vendor, raw, now=timezone.now()))

    return send


def put_eta(vendor, data, day):
    if vendor == "easypost":
        data["result"]["est_delivery_date"] = day
    elif vendor == "shippo":
        data["data"]["eta"] = day
    elif vendor == "aftership":
        data["msg"] |= {"latest_estimated_delivery": {"datetime": day}, "expected_delivery": None}
    else:
        data["data"]["track_info"]["time_metrics"] = {"estimated_delivery_date": {"from": day, "to": day}}
    return data


def first_event(vendor, data):
    found = events_of(vendor, data)[0]
    return found["events"][0] if vendor == "17track" else found


def drained():
    inbound.drain(now=timezone.now())
    assert not InboundWebhook.objects.exclude(state="applied").exists()


def everything_opens(client, alice, shipment):
    client.force_login(alice)
    for page in ("change", "why"):
        assert client.get(reverse(f"admin:shipping_shipment_{page}", args=[shipment.pk])).status_code == 200
    assert client.get(reverse("admin:shipping_quarantinedreading_changelist")).status_code == 200
    for row in QuarantinedReading.objects.order_by("pk")[:2]:
        assert (
            client.get(reverse("admin:shipping_quarantinedreading_change", args=[row.pk])).status_code == 200
        )
    assert client.get(f"/t/{shipment.order.public_key}/").status_code == 200
    for later in (timedelta(), timedelta(days=40)):
        revise(now=timezone.now() + later)
        review(now=timezone.now() + later)
    assert client.get(f"/t/{shipment.order.public_key}/").status_code == 200


MOMENTS = {
    "9999-12-31T20:00:00+00:00": 400,
    "0001-01-01T05:00:00+00:00": 400,
    "9998-12-31T20:00:00Z": 200,
    "1899-01-01T00:00:00Z": 200,
}
NO_DAYS = [
    "9999-12-31",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00",
    "1970-01-01",
    "99999",
    "",
    5,
    {},
    "2026-13-45",
]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_day_that_is_none_is_no_promise(post, client, merchant, alice, vendor):
    shipment = make_shipment(merchant, tracking_number=NUMBERS[vendor])
    Shipment.objects.update(created_at=NOW - timedelta(days=5000))
    for number, day in enumerate(NO_DAYS):
        data = put_eta(vendor, body(vendor), day) | {"event_id": f"e{number}"}
        assert post(vendor, dumped(data)).status_code == 200
    drained()
    before = shipment.promised_to
    shipment.refresh_from_db()
    assert shipment.promised_to == before and shipment.events.exists()
    everything_opens(client, alice, shipment)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_moment_that_is_none_is_refused_and_one_that_can_hardly_be_is_borne(
    post, client, merchant, alice, vendor
):
    shipment = make_shipment(merchant, tracking_number=NUMBERS[vendor])
    for moment, answer in MOMENTS.items():
        data = body(vendor) | {"event_id": moment}
        event = first_event(vendor, data)
        event.pop("time_raw", None)
        event[TIME[vendor]] = moment
        said = post(vendor, dumped(data))
        assert said.status_code == answer and ("is no time" in said.json()["detail"]) == (answer == 400)
    drained()
    assert QuarantinedReading.objects.exists()
    everything_opens(client, alice, shipment)


@pytest.mark.parametrize("depth", [10, 90, 200, 400, 900, 100_000])
def test_a_body_nested_too_deep_is_refused(post, depth):
    data = body("easypost")
    raw = (
        json.dumps(data)
        .encode()
        .replace(b'"message"', b'"deep": ' + b"[" * depth + b"]" * depth + b', "message"', 1)
    )
    answer = post("easypost", raw)
    assert answer.status_code == (200 if depth < 50 else 400)
    drained()


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_json_in_other_codings_is_kept_as_it_was_read(post, merchant, coding):
    shipment = make_shipment(merchant, tracking_number=NUMBERS["aftership"])
    raw = json.dumps(body("aftership"), ensure_ascii=False).encode(coding)
    assert post("aftership", raw).status_code == 200
    drained()
    assert shipment.events.count() == 4
