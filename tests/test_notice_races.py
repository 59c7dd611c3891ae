"""Workers that send, and facts that come in meanwhile, on PostgreSQL (make test-services): nothing is sent twice, taken back after
it was sent, or kept from the customer."""

import json
from collections import Counter
from datetime import timedelta

from notifications import delivery
from notifications.models import Notice
from orders.access import ask_code
from orders.lifecycle import change_status
from orders.models import Merchant
from shipping.carriers.base import Reading
from shipping.models import Shipment
from shipping.tracking.record import record
from tests.factories import NOW, make_order, make_shipment
from tests.test_races import pytestmark, together  # noqa: F401
from tracker import access_code

LATER = NOW + timedelta(minutes=10)
COUNT = 8


def tell(parcel, status, at=LATER, **more):
    record([Reading(status, at, shipment_id=parcel.pk, **more)], merchant=parcel.merchant, now=at)


def drain():
    while delivery.drain(clock=lambda: LATER, limit=3):
        pass


def test_what_is_overtaken_while_it_is_tried_again_is_sent_or_taken_back(merchant, settings):
    Merchant.objects.update(notify_email=False, notify_sms=True)
    merchant.refresh_from_db()
    numbers = [f"+49 89 12345{number}" for number in range(10, 10 + COUNT)]
    parcels = [make_shipment(merchant, phone=number) for number in numbers]
    for parcel in parcels:
        tell(parcel, "in_transit", NOW)
    Notice.objects.update(state="retry", tries=1, due_at=LATER)
    together(drain, drain, drain, *[lambda parcel=parcel: tell(parcel, "delivered") for parcel in parcels])
    sent = (
        Counter(
            json.loads(line)["key"] for line in (settings.MAIL_DIR / "sms.jsonl").read_text().splitlines()
        )
        if (settings.MAIL_DIR / "sms.jsonl").exists()
        else Counter()
    )
    shipped = Notice.objects.filter(milestone="shipped")
    assert set(shipped.values_list("state", flat=True)) <= {"sent", "superseded"}
    for notice in shipped:
        assert sent[f"notice-{notice.pk}"] == (notice.state == "sent")


def test_a_number_that_comes_while_the_order_is_told_reaches_the_customer(merchant, settings):
    settings.EMAIL_BACKEND = "notifications.channels.folder.FolderBackend"
    parcels = [make_shipment(merchant, email=f"{number}@example.com") for number in range(COUNT)]
    Notice.objects.all().delete()
    for parcel in parcels:
        change_status(parcel.order_id, "shipped", actor="alice", now=LATER)
    scans = [
        lambda parcel=parcel: tell(parcel, "in_transit", tracking_number=f"JD{parcel.pk}", carrier="DHL")
        for parcel in parcels
    ]
    together(drain, drain, *scans)
    drain()
    for parcel in Shipment.objects.all():
        dispatch = parcel.order.notices.get(milestone="shipped", subject="order")
        own = parcel.order.notices.filter(milestone="shipped", subject=parcel.subject)
        assert (dispatch.named == parcel.tracking_number) is not own.exists(), (
            "told once, by one or the other"
        )


def test_eight_workers_send_a_code_once(merchant, settings):
    code = ask_code(make_order(merchant).pk, "sms", now=NOW)
    went = together(*[lambda: access_code.send(code.pk, now=NOW)] * 8)
    assert sum(went) == 1
    assert len((settings.MAIL_DIR / "sms.jsonl").read_text().splitlines()) == 1
