"""The page on which a shop's own words are looked at: on a real order, with what they would have cost, and sent to try them."""

import hashlib
from copy import copy
from datetime import timedelta

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from phonenumber_field.phonenumber import to_python

from notifications.admin.dry_run import posted
from notifications.carried import Carried, carried
from notifications.channels.base import ChannelError, Message, channel_for
from notifications.decide import MILESTONE_OF
from notifications.gsm import segments
from notifications.letters import post
from notifications.models import Letter, Notice, NoticeText
from notifications.render import render, use
from notifications.status import Channel, Milestone, NoticeState
from orders.admin.base import WalledAdmin
from orders.models import Order, OrderEvent

TRIES_A_DAY = 10
"""SMS to try a text, of one shop: they cost, and go to any number that is typed."""


def preview(site: WalledAdmin, request: HttpRequest, text_id: int) -> HttpResponse:
    """The text on the shop's newest order, or the one asked for by its number; a POST sends it to the signed-in person,
    or to the phone that was typed."""
    text = site.get_queryset(request).select_related("merchant").filter(pk=text_id).first()
    if text is None or not site.has_change_permission(request, text):
        raise Http404
    number = request.GET.get("order", "").strip()
    orders = Order.objects.for_merchant(text.merchant).select_related("ship_to", "merchant")
    order = (orders.filter(number__iexact=number) if number else orders.order_by("-pk")).first()
    message = render(_sample(text, order)) if order else None
    if request.method == "POST" and message:
        (_text_to if text.channel == Channel.SMS else _send_to_oneself)(request, text, message)
        return HttpResponseRedirect(f"{request.path}?order={number}")
    in_use = copy(text)
    in_use.on = True
    context = admin.site.each_context(request) | {
        "title": f"Preview: {text}",
        "in_use": in_use,
        "would": carried(in_use, now=timezone.now()),
        "sms": text.channel == Channel.SMS,
        "opts": NoticeText._meta,
        "text": text,
        "order": order,
        "number": number,
        "shown": number or (order.number if order else ""),
        "message": message,
        "cost": segments(message.text) if message and text.channel == Channel.SMS else None,
        "back": reverse("admin:notifications_noticetext_change", args=[text.pk]),
    }
    return TemplateResponse(request, "notifications/admin/text_preview.html", context)


def _sample(text: NoticeText, order: Order) -> Notice:
    """A notice of that order which is kept nowhere, in the text's own language."""
    kind, new = next(
        (key for key, milestone in MILESTONE_OF.items() if milestone == text.milestone),
        ("shipment", "delivered"),
    )
    if text.milestone == Milestone.DELAYED:
        kind = OrderEvent.Kind.PROMISE  # a delay with a new day
    order.locale, now = text.language, timezone.now()
    parcel = (
        order.shipments.order_by("position").first() if kind in ("shipment", "packed", "promise") else None
    )
    event = OrderEvent(order=order, kind=kind, new=new, occurred_at=now, recorded_at=now)
    notice = Notice(
        merchant=order.merchant, order=order, event=event, milestone=text.milestone, channel=text.channel,
        recipient=order.email, subject=parcel.subject if parcel else "order",
    )  # fmt: skip
    use([notice], [text])
    return notice


def _send_to_oneself(request: HttpRequest, text: NoticeText, message: Message) -> None:
    to = request.user.email  # type: ignore[union-attr]
    if not to:
        messages.error(request, "Nothing was sent: your account has no e-mail address.")
        return
    try:
        said = channel_for(text.channel).send(
            to, message, key=f"test-{text.pk}-{timezone.now().timestamp():.0f}"
        )
    except ChannelError as error:
        messages.error(request, f"Not sent: {error}")
    else:
        messages.success(request, f"Sent to {to}: {said}.")


def _text_to(request: HttpRequest, text: NoticeText, message: Message) -> None:
    """By the outbox, so that it is counted and held to the shop's limits. A form that is sent twice is one SMS."""
    number, now = to_python(request.POST.get("phone", "").strip()), timezone.now()
    if not number or not number.is_valid():
        messages.error(
            request, "Nothing was sent: write the phone number with its country, such as +49 30 123456."
        )
        return
    about = f"text-try:{text.merchant_id}"
    lately = Letter.objects.for_merchant(text.merchant).filter(
        about=about, created_at__gt=now - timedelta(days=1)
    )
    if lately.count() >= TRIES_A_DAY:
        messages.error(request, f"Nothing was sent: {TRIES_A_DAY} SMS a day may be sent to try texts.")
        return
    once = hashlib.sha256(f"{number} {message.text} {now:%Y-%m-%d %H:%M}".encode()).hexdigest()[:32]
    letter = post(
        merchant=text.merchant, to=str(number), subject="", text=message.text, about=about, key=f"try:{text.pk}:{once}", now=now,
        channel=Channel.SMS, author=str(request.user), worth=timedelta(hours=1), limited=True,
    )  # fmt: skip
    notice = letter.notice
    if notice.state == NoticeState.HELD:
        messages.error(request, f"Not sent: {notice.error}")
    else:
        messages.success(
            request, f"It is on its way to {number}; the list of notices says what became of it."
        )


def before_it_is_kept(
    site: WalledAdmin, request: HttpRequest, text: NoticeText, told: Carried
) -> HttpResponse:
    context = admin.site.each_context(request) | {
        "title": "Before these words are kept",
        "opts": site.model._meta,
        "text": text,
        "would": told,
        "sent": posted(request),
    }
    return TemplateResponse(request, "notifications/admin/text_dry_run.html", context)
