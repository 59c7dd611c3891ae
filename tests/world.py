"""A merchant with at least one row of every kind it can own; a test fails when a new kind is forgotten."""

import io
import uuid

from django.apps import apps

from notifications import letters
from notifications.models import (
    Attempt,
    Consent,
    LetterFile,
    LetterTemplate,
    NoticeSettings,
    NoticeText,
    Preference,
    Suppression,
)
from orders.intake import jobs
from orders.models import AccessCode, ApiToken, ImportIssue, Merchant, PageView, Product, Supplier
from orders.models.base import MerchantOwned
from orders.purchasing import Wanted, buy
from orders.suppliers import asked
from shipping.carriers.base import Reading
from shipping.models import (
    Box,
    CarrierAccount,
    CarrierLabel,
    CaseEntry,
    Claim,
    CustomerReport,
    DailyFigure,
    InboundWebhook,
    LabelSheet,
    LateCase,
    LatePolicy,
    LearnedTransit,
    Manifest,
    ManifestMove,
    ParcelOutcome,
    PollState,
    PrintItem,
    PrintPart,
    PrintRun,
    Rating,
    SavedView,
    Scan,
    Shipment,
    ShortPick,
    StaleDay,
    Wave,
    WaveLine,
    WhatIf,
)
from shipping.tracking.record import record
from tests.factories import NOW, make_merchant, make_product, make_shipment, make_user


def owned_models() -> list[type[MerchantOwned]]:
    return [model for model in apps.get_models() if issubclass(model, MerchantOwned)]


def full_merchant(slug: str) -> Merchant:
    merchant = make_merchant(slug)
    user = make_user(f"{slug}-owner", merchant)
    product = make_product(merchant)
    shipment = make_shipment(merchant, tracking_number=f"{slug}1".upper(), carrier="DHL")
    readings = [
        Reading("in_transit", NOW, shipment_id=shipment.pk, source="staff"),
        Reading("in_transit", NOW, tracking_number=f"LOST-{slug}"),
        Reading("unknown", NOW, shipment_id=shipment.pk, provider="ups", carrier="UPS", code=f"X:{slug}"),
    ]
    record(readings, merchant=merchant, now=NOW)
    Attempt.objects.create(notice=merchant.notices.first(), at=NOW, ok=True)
    letter = letters.post(
        merchant=merchant, to="a@b.example", subject="s", text="t", about="", key="k", now=NOW
    )
    LetterTemplate.objects.create(merchant=merchant, name="Sorry", subject="s", body="b")
    LetterFile.objects.create(letter=letter, name="a.txt", mime="text/plain", data=b"a")
    told = {"merchant": merchant, "channel": "email", "address": f"{slug}@customer.example"}
    NoticeSettings.objects.create(merchant=merchant)
    NoticeText.objects.create(merchant=merchant, milestone="shipped", channel="email", body="It left.")
    Preference.objects.create(**told, milestone="shipped", wanted=True, changed_at=NOW)
    Consent.objects.create(**told, way="page", before=[], after=["shipped"], at=NOW)
    Suppression.objects.create(**told, at=NOW)
    supplier = Supplier.objects.create(merchant=merchant, name=f"{slug} mill")
    purchase = buy(
        merchant=merchant, supplier=supplier, lines=[Wanted(product.sku, 2)], expected_on=NOW.date(), key=slug,
        now=NOW, actor="",
    )  # fmt: skip
    asked(purchase, "Where is it?", author="", now=NOW)
    job = jobs.start(
        merchant=merchant, user=user, file=io.BytesIO(b"x"), filename=f"{slug}.csv", dry_run=True
    )
    ImportIssue.objects.create(job=job, row=2, message="x")
    Scan.objects.create(
        merchant=merchant, shipment=shipment, client_id=uuid.uuid4(), mode="pack", code=shipment.code, outcome="packed",
        operator=user, scanned_at=NOW,
    )  # fmt: skip
    ApiToken.objects.create(merchant=merchant, name="shop", hint="trk_x", digest=slug)
    LearnedTransit.objects.create(
        merchant=merchant, fitted_at=NOW, parcels=0, level_half=0.5, level_most=0.9, data=b""
    )
    account = CarrierAccount.objects.create(merchant=merchant, provider="easypost", secret="s")
    PollState.objects.create(shipment=shipment, account=account, next_at=NOW)
    InboundWebhook.objects.create(
        merchant=merchant, provider="easypost", event_id="e", body="{}", received_at=NOW
    )
    run = PrintRun.objects.create(merchant=merchant, kind="slips", total=1, created_at=NOW)
    PrintItem.objects.create(run=run, shipment=shipment, position=1)
    PrintPart.objects.create(run=run, number=0)
    CarrierLabel.objects.create(shipment=shipment, kind="zpl", sha256="0" * 64, added_at=NOW)
    LabelSheet.objects.create(merchant=merchant, name="Four a sheet")
    _floor(merchant, shipment, product)
    CustomerReport.objects.create(
        merchant=merchant, shipment=shipment, kind="address_right", tier=1, created_at=NOW
    )
    Rating.objects.create(
        merchant=merchant, shipment=shipment, score=4, destination="DE", created_at=NOW, changed_at=NOW
    )
    PageView.objects.create(
        order=shipment.order, visitor="v", day=NOW.date(), tier=1, first_at=NOW, last_at=NOW
    )
    AccessCode.objects.create(
        order=shipment.order,
        channel="email",
        nonce="n",
        created_at=NOW,
        expires_at=NOW.replace(hour=NOW.hour + 1),
    )
    case = LateCase.objects.create(
        merchant=merchant,
        shipment=shipment,
        rule="silent",
        since=NOW,
        score=1,
        explanation="x",
        opened_at=NOW,
    )
    CaseEntry.objects.create(case=case, kind="note", text="x", at=NOW)
    Claim.objects.create(case=case, amount=1, created_at=NOW)
    LatePolicy.objects.create(merchant=merchant)
    DailyFigure.objects.create(merchant=merchant, day=NOW.date(), parcels=1)
    ParcelOutcome.objects.create(
        merchant=merchant, shipment=shipment, day=NOW.date(), delivered=True, judged=False, on_time=False, kept=False,
        first_attempt=True, exception=False, returned=False,
    )  # fmt: skip
    StaleDay.objects.get_or_create(merchant=merchant, day=NOW.date())
    SavedView.objects.create(merchant=merchant, owner=user, name="mine")
    WhatIf.objects.create(merchant=merchant, since=NOW.date(), created_at=NOW)
    return merchant


def _floor(merchant: Merchant, shipment: Shipment, product: Product) -> None:
    wave = Wave.objects.create(merchant=merchant, name="Morning", created_at=NOW)
    WaveLine.objects.create(wave=wave, product=product, quantity=1)
    ShortPick.objects.create(
        merchant=merchant,
        wave=wave,
        order_line=shipment.order.lines.first(),
        quantity=1,
        reason="not_found",
        reported_at=NOW,
    )
    Box.objects.create(merchant=merchant, name="Small")
    manifest = Manifest.objects.create(merchant=merchant, number=1, carrier="DHL", opened_at=NOW)
    ManifestMove.objects.create(manifest=manifest, kind="opened", at=NOW)
