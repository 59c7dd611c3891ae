"""Letters to suppliers, in one step: about purchases of which there is no news, and of what they are to send straight to our
customers."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from notifications import letters, own
from notifications.letters import LetterError
from notifications.models import Letter
from orders.admin.base import WalledAdmin
from orders.models import Merchant, Purchase, Supplier
from orders.roles import Can
from orders.suppliers import asked
from shipping.models import Shipment
from shipping.status import Direction
from shipping.warehouse.coming import supplier_told

MOST, SHOWN = 200, 20


@dataclass(frozen=True)
class About:
    """What one letter is about: a purchase, or a parcel that the supplier sends for us."""

    subject: str
    merchant: Merchant
    supplier: Supplier
    values: Mapping[str, str]
    page: str
    keep: Callable[[str, str, datetime], None]
    """(text, author, now): writes down that it was asked."""


@dataclass(frozen=True)
class Topic:
    asks: str
    title: str
    title_one: str
    subject: str
    text: str
    names: tuple[str, ...]
    back: str
    load: Callable[[Any, Sequence[int]], list[About]]


@dataclass(frozen=True)
class Draft:
    about: About
    to: str
    subject: str
    text: str


def letter_view(topic: Topic, site: WalledAdmin, request: HttpRequest) -> HttpResponse:
    """`?<what it asks of>=1,2`: shows the letters; posted with `send`, sends them."""
    said = request.POST if request.method == "POST" else request.GET
    user: Any = request.user
    found = [
        row for row in topic.load(user, _ids(said.get(topic.asks, ""))) if user.may(Can.EDIT, row.merchant)
    ]
    if not found or not site.has_view_permission(request):
        raise Http404
    subject = " ".join(said.get("subject", topic.subject).split())[:200]
    text = said.get("text", topic.text).replace("\r\n", "\n")[:8_000]
    error = _wrong(topic, subject, text)
    drafts = [
        Draft(row, row.supplier.email, own.filled(subject, row.values), own.filled(text, row.values))
        for row in (found if not error else [])
    ]
    ready = [draft for draft in drafts if draft.to]
    if request.method == "POST" and "send" in said and ready:
        return _send(topic, request, ready, said.get("form_id", "")[:16] or uuid.uuid4().hex[:16])
    context = admin.site.each_context(request) | {
        "title": topic.title if len(found) > 1 else f"{topic.title_one} {found[0].values['purchase']}",
        "opts": Letter._meta,
        "asks": topic.asks,
        "ids": ",".join(row.subject.partition(":")[2] for row in found),
        "subject": subject,
        "text": text,
        "error": error,
        "names": topic.names,
        "back": reverse(f"admin:{topic.back}_changelist"),
        "form_id": said.get("form_id") or uuid.uuid4().hex[:16],
        "drafts": drafts[:SHOWN],
        "more": max(0, len(drafts) - SHOWN),
        "ready": len(ready),
        "silent": {
            draft.about.supplier.pk: draft.about.supplier for draft in drafts if not draft.to
        }.values(),
    }
    return TemplateResponse(request, "notifications/admin/ask.html", context)


def _ids(said: str) -> list[int]:
    ids = [int(pk) for pk in said.split(",")[:MOST] if pk.isascii() and pk.isdigit() and len(pk) < 19]
    return list(dict.fromkeys(ids))


def _wrong(topic: Topic, subject: str, text: str) -> str:
    if not subject or not text.strip():
        return "Write a subject and a text."
    unknown = own.unknown(subject + text, topic.names)
    names = ", ".join(f"{{{name}}}" for name in topic.names)
    return f"Nothing is known of {{{unknown[0].strip('{}')}}}. Use {names}." if unknown else ""


def _send(topic: Topic, request: HttpRequest, drafts: list[Draft], form: str) -> HttpResponse:
    now, author, sent = timezone.now(), request.user.get_username(), 0
    try:
        for draft in drafts:
            sent += _send_one(draft, form, author, now)
    except LetterError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{sent} letter{'' if sent == 1 else 's'} on the way to the supplier.")
    one = drafts[0].about.page if len(drafts) == 1 else ""
    return HttpResponseRedirect(one or reverse(f"admin:{topic.back}_changelist"))


@transaction.atomic
def _send_one(draft: Draft, form: str, author: str, now: datetime) -> int:
    about = draft.about
    letter = letters.post(
        merchant=about.merchant,
        to=draft.to,
        subject=draft.subject,
        text=draft.text,
        about=about.subject,
        key=f"ask:{about.subject}:{form}",
        now=now,
        author=author,
    )
    if letter.created_at != now:
        return 0
    about.keep(f"{draft.subject}\n\n{draft.text}", author, now)
    return 1


def _purchases(user: Any, ids: Sequence[int]) -> list[About]:
    rows = Purchase.objects.visible_to(user).select_related("order__merchant", "supplier")
    found = rows.prefetch_related("lines").in_bulk(ids)
    return [_of_purchase(found[pk]) for pk in ids if pk in found]


def _of_purchase(purchase: Purchase) -> About:
    order, supplier = purchase.order, purchase.supplier
    lines = [
        f"{line.missing} × {line.supplier_sku or line.sku}  {line.name}"
        for line in purchase.lines.all()
        if line.missing
    ]
    values = {
        "contact": supplier.contact or supplier.name,
        "supplier": supplier.name,
        "purchase": order.number,
        "reference": purchase.reference or "–",
        "ordered": date_format(order.placed_at.astimezone(order.merchant.tz), "DATE_FORMAT"),
        "expected": date_format(purchase.expected_on, "DATE_FORMAT"),
        "lines": "\n".join(lines) or "–",
        "shop": order.merchant.name,
    }

    def keep(text: str, author: str, now: datetime) -> None:
        asked(purchase, text, author=author, now=now)

    page = reverse("admin:orders_purchase_change", args=[purchase.pk])
    return About(f"purchase:{purchase.pk}", order.merchant, supplier, values, page, keep)


def _parcels(user: Any, ids: Sequence[int]) -> list[About]:
    rows = Shipment.objects.visible_to(user).filter(direction=Direction.OUTBOUND, supplier__isnull=False)
    rows = rows.select_related("merchant", "supplier", "order__ship_to").prefetch_related("lines__order_line")
    found = rows.in_bulk(ids)
    return [_of_parcel(found[pk]) for pk in ids if pk in found]


def _of_parcel(parcel: Shipment) -> About:
    supplier, to = parcel.supplier, parcel.order.ship_to
    assert supplier is not None
    where = [
        to.name,
        to.company,
        to.line1,
        to.line2,
        " ".join(filter(None, (to.postal_code, to.city))),
        to.region,
    ]
    values = {
        "contact": supplier.contact or supplier.name,
        "supplier": supplier.name,
        "purchase": f"{parcel.order.number}-{parcel.position}",
        "lines": "\n".join(
            f"{row.quantity} × {row.order_line.sku}  {row.order_line.name}" for row in parcel.lines.all()
        ),
        "address": "\n".join(filter(None, [*where, to.country])),
        "phone": str(parcel.order.phone or "–"),
        "day": date_format(parcel.ship_by.astimezone(parcel.merchant.tz), "DATE_FORMAT"),
        "shop": parcel.merchant.name,
    }

    def keep(text: str, author: str, now: datetime) -> None:
        supplier_told(parcel.pk, now=now)

    page = reverse("admin:shipping_shipment_supplier", args=[parcel.pk])
    return About(f"parcel:{parcel.pk}", parcel.merchant, supplier, values, page, keep)


PURCHASES = Topic(
    asks="purchases",
    title="Ask suppliers",
    title_one="Ask about",
    subject="Our order {purchase}: when does it come?",
    text=(
        "Dear {contact},\n\nwe ordered this from you on {ordered} and expect it on {expected}:\n\n{lines}\n\n"
        "Your reference: {reference}\n\nPlease tell us whether it has left, its tracking number, and the day on which it"
        " will be here.\n\nThank you\n{shop}"
    ),
    names=("contact", "supplier", "purchase", "reference", "ordered", "expected", "lines", "shop"),
    back="orders_purchase",
    load=_purchases,
)
PARCELS = Topic(
    asks="parcels",
    title="Ask suppliers to send",
    title_one="Ask the supplier to send",
    subject="Please send: our order {purchase}",
    text=(
        "Dear {contact},\n\nplease send this straight to our customer, by {day}:\n\n{lines}\n\nTo:\n{address}\n"
        "Phone: {phone}\n\nOur number: {purchase}. Please write it on the parcel, put no invoice in, and tell us the carrier"
        " and the tracking number.\n\nThank you\n{shop}"
    ),
    names=("contact", "supplier", "purchase", "lines", "address", "phone", "day", "shop"),
    back="shipping_shipment",
    load=_parcels,
)
