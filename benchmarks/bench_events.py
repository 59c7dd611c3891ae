"""Tracking events a second in PostgreSQL: through `record` in batches of 500, through the webhook door, and applied from
there, beside raw INSERT … ON CONFLICT of the same rows in the same run.

    python benchmarks/bench_events.py [events, default 5000]

One process, one connection. First each event is one more scan of a parcel that is on its way (no status moves), then
each delivers its parcel (status, ledger, order, notices). Webhooks carry one event each. The last line is one JSON object.
"""

import json
import sys
import time
from datetime import timedelta
from typing import Any

from rows import copy_orders, postgres, settle

BATCH = 500


def main(count: int) -> None:
    with postgres():
        shop, numbers, now = _parcels(count)
        found = {"raw": _raw(numbers, now)}
        found["record, no move"] = _recorded(shop, numbers, "in_transit", now + timedelta(hours=1))
        found["door"], found["applied"] = _webhooks(shop, numbers, now + timedelta(hours=2))
        found["record, delivered"] = _recorded(shop, numbers, "delivered", now + timedelta(hours=3))
    for name, rate in found.items():
        print(f"{name:20}{rate:10,.0f} a second{rate / found['raw']:10.3f} of raw")
    print(json.dumps({"events": count, **{name: round(rate, 1) for name, rate in found.items()},
                      "ratio_batches": round(found["record, no move"] / found["raw"], 4), "goal": 0.25}))  # fmt: skip


def _parcels(count: int) -> tuple[Any, list[str], Any]:
    from django.utils import timezone

    from orders.models import Order
    from shipping.carriers.base import Reading
    from shipping.models import Shipment
    from shipping.tracking.record import record
    from tests.factories import make_merchant, make_shipment

    shop, now = make_merchant(), timezone.now() - timedelta(hours=5)
    first = make_shipment(shop, now=now, placed_at=now, carrier="DHL", tracking_number="JD1")
    record([Reading("in_transit", now, shipment_id=first.pk)], merchant=shop, now=now)
    copy_orders(Order.objects.get(pk=first.order_id), count, step=0)
    settle()
    numbers = Shipment.objects.exclude(pk=first.pk).order_by("pk").values_list("tracking_number", flat=True)
    return shop, list(numbers), now


def _raw(numbers: list[str], now: Any) -> float:
    """The rows of the events alone, 500 a statement and a commit, looked up by nothing and deciding nothing."""
    from django.db import connection

    from shipping.models import Shipment, TrackingEvent

    ids = list(Shipment.objects.order_by("pk").values_list("pk", flat=True)[: len(numbers)])
    rows = [TrackingEvent(shipment_id=pk, fingerprint=f"raw{pk}", source="csv", status="in_transit", occurred_at=now,
                          received_at=now) for pk in ids]  # fmt: skip
    fields = [field for field in TrackingEvent._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    one = "(" + ", ".join(["%s"] * len(fields)) + ")"
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows
    ]
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for at in range(0, len(values), BATCH):
            chunk = values[at : at + BATCH]
            cursor.execute(
                f"INSERT INTO shipping_trackingevent ({columns}) VALUES {', '.join([one] * len(chunk))} ON CONFLICT DO NOTHING",
                [value for row in chunk for value in row],
            )
    rate = len(values) / (time.perf_counter() - began)
    TrackingEvent.objects.filter(fingerprint__startswith="raw").delete()
    return rate


def _recorded(shop: Any, numbers: list[str], status: str, at: Any) -> float:
    from shipping.carriers.base import Reading
    from shipping.tracking.record import record

    readings = [
        Reading(status, at, tracking_number=number, carrier="DHL", source="csv") for number in numbers
    ]
    began = time.perf_counter()
    for start in range(0, len(readings), BATCH):
        done = record(readings[start : start + BATCH], merchant=shop, now=at)
        assert done.added == len(readings[start : start + BATCH])
    return len(readings) / (time.perf_counter() - began)


def _webhooks(shop: Any, numbers: list[str], at: Any) -> tuple[float, float]:
    from django.test import RequestFactory
    from django.urls import resolve, reverse
    from django.utils import timezone

    from shipping.models import CarrierAccount, InboundWebhook
    from shipping.tracking.chaos import sign
    from shipping.tracking.inbound import drain

    account = CarrierAccount.objects.create(merchant=shop, provider="easypost", secret="bench")
    url = reverse("webhook", args=["easypost", account.key])
    view, requests = resolve(url), []
    for place, number in enumerate(numbers):
        detail = {
            "status": "in_transit",
            "status_detail": "arrived_at_facility",
            "datetime": at.isoformat(),
            "message": "Scan",
        }
        tracker = {
            "object": "Tracker",
            "tracking_code": number,
            "carrier": "DHL",
            "tracking_details": [detail],
        }
        body = json.dumps({"id": f"evt_{place}", "object": "Event", "result": tracker}).encode()
        requests.append(RequestFactory().post(url, body, content_type="application/json",
                                              HTTP_X_HMAC_SIGNATURE=sign(body, "bench")))  # fmt: skip
    began = time.perf_counter()
    for request in requests:
        assert view.func(request, *view.args, **view.kwargs).status_code == 200
    door = len(requests) / (time.perf_counter() - began)
    began = time.perf_counter()
    while drain(now=timezone.now()):
        pass
    applied = time.perf_counter() - began
    assert InboundWebhook.objects.filter(state="applied").count() == len(requests)
    return door, len(requests) / applied


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
