"""A shop's own words for its notices: written, looked at on a real order, sent to oneself, then put to use."""

from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from notifications.channels.base import ChannelError, Message, channel_for
from notifications.decide import MILESTONE_OF
from notifications.gsm import segments
from notifications.models import Notice, NoticeText
from notifications.own import NAMES, unknown
from notifications.render import render, use
from notifications.status import Channel
from orders.admin.base import MerchantFilter, WalledAdmin
from orders.models import Order, OrderEvent
from orders.roles import Can


class TextForm(forms.ModelForm):
    language = forms.ChoiceField(choices=settings.LANGUAGES)

    class Meta:
        model = NoticeText
        fields = ["merchant", "milestone", "channel", "language", "subject", "body", "on"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for field in ("subject", "body"):
            if wrong := unknown(said.get(field) or ""):
                names = ", ".join(f"{{{name}}}" for name in NAMES)
                self.add_error(field, f"“{wrong[0]}” is not known. What is filled in: {names}.")
        return said


@admin.register(NoticeText)
class NoticeTextAdmin(WalledAdmin):
    change_right = add_right = delete_right = Can.MANAGE
    form = TextForm
    list_display = ["milestone", "channel", "language", "subject", "on", "merchant"]
    list_filter = ["on", "channel", "milestone", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["subject", "body"]
    ordering = ["-pk"]
    fieldsets = [
        (
            None,
            {
                "fields": ["merchant", "milestone", "channel", "language", "subject", "body", "on"],
                "description": "Filled in: "
                + "; ".join(f"{{{name}}} {what}" for name, what in NAMES.items())
                + ".",
            },
        )
    ]
    change_form_template = "notifications/admin/text_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(preview, self))
        return [
            path("<int:text_id>/preview/", view, name="notifications_noticetext_preview"),
            *super().get_urls(),
        ]


def preview(site: WalledAdmin, request: HttpRequest, text_id: int) -> HttpResponse:
    """The text on the shop's newest order, or the one asked for by its number; a POST sends it to the signed-in person."""
    text = site.get_queryset(request).select_related("merchant").filter(pk=text_id).first()
    if text is None or not site.has_change_permission(request, text):
        raise Http404
    number = request.GET.get("order", "").strip()
    orders = Order.objects.for_merchant(text.merchant).select_related("ship_to", "merchant")
    order = (orders.filter(number__iexact=number) if number else orders.order_by("-pk")).first()
    message = render(_sample(text, order)) if order else None
    if request.method == "POST" and message:
        _send_to_oneself(request, text, message)
        return HttpResponseRedirect(f"{request.path}?order={number}")
    context = admin.site.each_context(request) | {
        "title": f"Preview: {text}",
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
    order.locale, now = text.language, timezone.now()
    parcel = order.shipments.order_by("position").first() if kind in ("shipment", "packed") else None
    event = OrderEvent(order=order, kind=kind, new=new, occurred_at=now, recorded_at=now)
    notice = Notice(
        merchant=order.merchant, order=order, event=event, milestone=text.milestone, channel=text.channel,
        recipient=order.email, subject=parcel.subject if parcel else "order",
    )  # fmt: skip
    use([notice], [text])
    return notice


def _send_to_oneself(request: HttpRequest, text: NoticeText, message: Message) -> None:
    to = request.user.email if text.channel == Channel.EMAIL else ""  # type: ignore[union-attr]
    if not to:
        what = (
            "your account has no e-mail address"
            if text.channel == Channel.EMAIL
            else "SMS are not sent to try them"
        )
        messages.error(request, f"Nothing was sent: {what}.")
        return
    try:
        said = channel_for(text.channel).send(
            to, message, key=f"test-{text.pk}-{timezone.now().timestamp():.0f}"
        )
    except ChannelError as error:
        messages.error(request, f"Not sent: {error}")
    else:
        messages.success(request, f"Sent to {to}: {said}.")
