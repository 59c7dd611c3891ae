"""Sends a storm of bad webhooks at the portal and says what came of it."""

import time
from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone

from orders.models import Merchant
from orders.place import IncomingAddress, IncomingLine, IncomingOrder, place
from shipping.models import CarrierAccount, InboundWebhook, QuarantinedReading, Shipment
from shipping.tracking.chaos import Storm, sign, storm
from shipping.tracking.inbound import drain

PATIENCE = 60  # seconds without any progress
SECRET = "chaos"  # noqa: S105  the account is the demo shop's own


class Command(BaseCommand):
    help = (
        "The chaos carrier: makes parcels for a demo shop and tells of them by webhooks that come late, twice, out of order,"
        " skewed, contradictory, forged, cut off and for numbers used again; then compares each parcel with the truth."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--merchant", required=True, help="slug of a demo shop")
        parser.add_argument("--parcels", type=int, default=50)
        parser.add_argument("--seed", default="1", help="the same seed gives the same storm")

    def handle(self, *args: Any, **options: Any) -> None:
        merchant = Merchant.objects.filter(slug=options["merchant"], is_demo=True).first()
        if merchant is None:
            raise CommandError("There is no demo shop with this slug; real shops are left alone.")
        found = run(merchant, parcels=options["parcels"], seed=options["seed"])
        for kind, count in sorted(found["calls"].items()):
            self.stdout.write(f"{count:7,} {kind}")
        self.stdout.write(
            f"{found['parcels']:,} parcels, {found['wrong']:,} that do not end as they truly did"
        )
        if found["wrong"]:
            raise CommandError("The truth was lost.")


def run(merchant: Merchant, *, parcels: int, seed: str) -> dict[str, Any]:
    """Make the parcels, send the storm through the webhook door, apply what was taken. Returns the figures."""
    now = timezone.now()
    account, _ = CarrierAccount.objects.get_or_create(
        merchant=merchant, provider="easypost", defaults={"secret": SECRET}
    )
    storms = [storm(_parcel(merchant, seed, number, now), seed=f"{seed}/{number}", start=now - timedelta(days=6))
              for number in range(parcels)]  # fmt: skip
    calls, wrong_answers = Counter[str](), 0
    for call in (call for one in storms for call in one.calls):
        calls[call.kind] += 1
        wrong_answers += (
            _knock(account, call.body, sign(call.body, account.secret if call.signed else "not it"))
            != call.answer
        )
    _worked_off(merchant)
    return {
        "parcels": parcels, "calls": calls, "wrong_answers": wrong_answers, "wrong": sum(not _is_true(merchant, one) for one in storms),
        "strays": sum(one.strays for one in storms),
        "quarantined": QuarantinedReading.objects.filter(merchant=merchant, carrier="DHL").count(),
    }  # fmt: skip


def _worked_off(merchant: Merchant) -> None:
    """By this process and by the portal's workers, whichever take them."""
    waiting = InboundWebhook.objects.filter(merchant=merchant, state=InboundWebhook.State.RECEIVED)
    until = time.monotonic() + PATIENCE
    while waiting.exists() and time.monotonic() < until:
        if drain(now=timezone.now()):
            until = time.monotonic() + PATIENCE
        else:
            time.sleep(0.2)


def _parcel(merchant: Merchant, seed: str, number: int, now: Any) -> str:
    tracking = f"CHAOS{seed}X{number:06}".upper()
    order = IncomingOrder(
        source="chaos", external_id=tracking, placed_at=now - timedelta(days=7), email=f"{tracking.lower()}@customers.example",
        address=IncomingAddress("Chaos", "Weg 1", "Bremen", "DE", postal_code="28195"), lines=(IncomingLine("CHAOS", 1, "Chaos"),),
    )  # fmt: skip
    placed = place(order, merchant=merchant, now=now).order
    Shipment.objects.filter(order=placed).update(
        tracking_number=tracking, carrier="DHL", created_at=now - timedelta(days=7)
    )
    return tracking


def _knock(account: CarrierAccount, body: bytes, signature: str) -> int:
    url = reverse("webhook", args=[account.provider, account.key])
    request = RequestFactory().post(
        url, body, content_type="application/json", HTTP_X_HMAC_SIGNATURE=signature
    )
    view = resolve(url)
    return int(view.func(request, *view.args, **view.kwargs).status_code)


def _is_true(merchant: Merchant, one: Storm) -> bool:
    parcel = Shipment.objects.get(merchant=merchant, tracking_number=one.number)
    return parcel.tracking_status == one.truth and parcel.events.count() == one.words
