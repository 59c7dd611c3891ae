"""Asks suppliers about purchases of which there is no news, in one step; what was asked is kept with each purchase."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from notifications import letters, own
from notifications.letters import LetterError
from notifications.models import Letter
from orders.admin.base import WalledAdmin
from orders.models import Purchase
from orders.roles import Can
from orders.suppliers import asked

MOST, SHOWN = 200, 20
NAMES = ("contact", "supplier", "purchase", "reference", "ordered", "expected", "lines", "shop")
SUBJECT = "Our order {purchase}: when does it come?"
TEXT = (
    "Dear {contact},\n\nwe ordered this from you on {ordered} and expect it on {expected}:\n\n{lines}\n\nYour reference: {reference}\n\n"
    "Please tell us whether it has left, its tracking number, and the day on which it will be here.\n\nThank you\n{shop}"
)


@dataclass(frozen=True)
class Draft:
    purchase: Purchase
    to: str
    subject: str
    text: str


def ask_view(site: WalledAdmin, request: HttpRequest) -> HttpResponse:
    """`?purchases=1,2`: shows the letters; posted with `send`, sends them."""
    said = request.POST if request.method == "POST" else request.GET
    user: Any = request.user
    purchases = [
        row for row in _purchases(user, said.get("purchases", "")) if user.may(Can.EDIT, row.order.merchant)
    ]
    if not purchases or not site.has_view_permission(request):
        raise Http404
    subject = " ".join(said.get("subject", SUBJECT).split())[:200]
    text = said.get("text", TEXT).replace("\r\n", "\n")[:8_000]
    error = _wrong(subject, text)
    drafts = [_draft(purchase, subject, text) for purchase in purchases] if not error else []
    ready = [draft for draft in drafts if draft.to]
    if request.method == "POST" and "send" in said and ready:
        return _send(request, ready, said.get("form_id", "")[:16] or uuid.uuid4().hex[:16])
    context = admin.site.each_context(request) | {
        "title": "Ask suppliers" if len(purchases) > 1 else f"Ask about {purchases[0]}",
        "opts": Letter._meta,
        "purchases": ",".join(str(purchase.pk) for purchase in purchases),
        "subject": subject,
        "text": text,
        "error": error,
        "names": NAMES,
        "form_id": said.get("form_id") or uuid.uuid4().hex[:16],
        "drafts": drafts[:SHOWN],
        "more": max(0, len(drafts) - SHOWN),
        "ready": len(ready),
        "silent": [draft.purchase for draft in drafts if not draft.to],
    }
    return TemplateResponse(request, "notifications/admin/ask.html", context)


def _purchases(user: Any, ids: str) -> list[Purchase]:
    wanted = [int(pk) for pk in ids.split(",")[:MOST] if pk.isascii() and pk.isdigit() and len(pk) < 19]
    rows = (
        Purchase.objects.visible_to(user)
        .select_related("order__merchant", "supplier")
        .prefetch_related("lines")
        .in_bulk(wanted)
    )
    return [rows[pk] for pk in dict.fromkeys(wanted) if pk in rows]


def _wrong(subject: str, text: str) -> str:
    if not subject or not text.strip():
        return "Write a subject and a text."
    unknown = own.unknown(subject + text, NAMES)
    names = ", ".join(f"{{{name}}}" for name in NAMES)
    return f"Nothing is known of {{{unknown[0].strip('{}')}}}. Use {names}." if unknown else ""


def _draft(purchase: Purchase, subject: str, text: str) -> Draft:
    order, supplier = purchase.order, purchase.supplier
    open_lines = [line for line in purchase.lines.all() if line.missing]
    values = {
        "contact": supplier.contact or supplier.name,
        "supplier": supplier.name,
        "purchase": order.number,
        "reference": purchase.reference or "–",
        "ordered": f"{order.placed_at.astimezone(order.merchant.tz):%Y-%m-%d}",
        "expected": f"{purchase.expected_on:%Y-%m-%d}",
        "lines": "\n".join(
            f"{line.missing} × {line.supplier_sku or line.sku}  {line.name}" for line in open_lines
        )
        or "–",
        "shop": order.merchant.name,
    }
    return Draft(purchase, supplier.email, own.filled(subject, values), own.filled(text, values))


def _send(request: HttpRequest, drafts: list[Draft], form: str) -> HttpResponse:
    now, author, sent = timezone.now(), request.user.get_username(), 0
    try:
        for draft in drafts:
            sent += _send_one(draft, form, author, now)
    except LetterError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, f"{sent} letter{'' if sent == 1 else 's'} on the way; each is kept with its purchase."
        )
    if len(drafts) == 1:
        return HttpResponseRedirect(reverse("admin:orders_purchase_change", args=[drafts[0].purchase.pk]))
    return HttpResponseRedirect(reverse("admin:orders_purchase_changelist"))


@transaction.atomic
def _send_one(draft: Draft, form: str, author: str, now: Any) -> int:
    purchase = draft.purchase
    letter = letters.post(
        merchant=purchase.order.merchant,
        to=draft.to,
        subject=draft.subject,
        text=draft.text,
        about=f"purchase:{purchase.pk}",
        key=f"ask:{purchase.pk}:{form}",
        now=now,
        author=author,
    )
    if letter.created_at != now:
        return 0
    asked(purchase, f"{draft.subject}\n\n{draft.text}", author=author, now=now)
    return 1
