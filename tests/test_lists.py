"""Every admin list and page costs the same number of queries whatever the number of its rows."""

import uuid

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.admin.base import WalledAdmin
from orders.models import ImportJob, User
from shipping.carriers.base import Reading
from shipping.models import (
    Box,
    InboundWebhook,
    LateCase,
    Manifest,
    PollState,
    PrintItem,
    PrintRun,
    Scan,
    Shipment,
)
from shipping.tracking.record import record
from tests.factories import NOW, make_product, make_shipment
from tests.world import full_merchant

pytestmark = pytest.mark.django_db


def more(merchant, user):
    for n in range(4):
        make_product(merchant, f"MORE-{n}")
        shipment = make_shipment(merchant, email=f"c{n}@x.example", tracking_number=f"M{n}")
        readings = [
            Reading("in_transit", NOW, shipment_id=shipment.pk, source="staff"),
            Reading("in_transit", NOW, tracking_number=f"LOST-{n}"),
            Reading("unknown", NOW, shipment_id=shipment.pk, provider="ups", carrier="UPS", code=f"X:{n}"),
        ]
        record(readings, merchant=merchant, now=NOW)
        PollState.objects.create(shipment=shipment, account=merchant.carrier_accounts.get(), next_at=NOW)
        Scan.objects.create(
            merchant=merchant, shipment=shipment, client_id=uuid.uuid4(), mode="pack", code="x", outcome="packed",
            operator=user, scanned_at=NOW,
        )  # fmt: skip
        InboundWebhook.objects.create(
            merchant=merchant, provider="easypost", event_id=f"m{n}", body="{}", received_at=NOW
        )
        run = PrintRun.objects.create(
            merchant=merchant, kind="slips", total=1, created_at=NOW, started_by=user
        )
        PrintItem.objects.create(run=run, shipment=shipment, position=1)
        LateCase.objects.create(
            merchant=merchant,
            shipment=shipment,
            rule="silent",
            since=NOW,
            score=1,
            explanation="x",
            opened_at=NOW,
        )
        Box.objects.create(merchant=merchant, name=f"Box {n}")
        manifest = Manifest.objects.create(
            merchant=merchant, number=10 + n, carrier="DHL", opened_at=NOW, opened_by=user
        )
        Shipment.objects.filter(pk=shipment.pk).update(manifest=manifest)
        ImportJob.objects.create(merchant=merchant, filename="x", file="x", started_by=user)


def test_every_list_costs_the_same_for_one_row_and_for_five():
    merchant = full_merchant("ours")
    user = User.objects.get(username="ours-owner")
    client = Client()
    client.force_login(user)

    def costs():
        found = {}
        for model, site in admin.site._registry.items():
            if isinstance(site, WalledAdmin):
                url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
                with CaptureQueriesContext(connection) as queries:
                    assert client.get(url).status_code == 200
                found[model.__name__] = len(queries)
        return found

    costs()  # what is cached once is paid for here
    few = costs()
    more(merchant, user)
    assert costs() == few
    scorecard = few.pop("DailyFigure")
    assert max(few.values()) <= 13, few  # the queue has its saved views and its owners' names too
    assert scorecard <= 16  # by week, by group, the span before, two carriers by destination: two each
