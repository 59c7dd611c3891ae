"""A notice's text, from the fact it tells of and the merchant's brand."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import render_to_string

from notifications.channels.base import Message
from notifications.models import Notice
from notifications.status import Channel
from notifications.wishes import preferences_link, unsubscribe_headers
from orders.brand import text_on
from shipping.models import Shipment
from shipping.status import Direction, Stage


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def render(notice: Notice) -> Message:
    context = _context(notice)
    if notice.channel == Channel.SMS:
        return Message(text=render_to_string("notifications/sms.txt", context).strip())
    return Message(
        subject=" ".join(render_to_string("notifications/email_subject.txt", context).split()),
        text=render_to_string("notifications/email.txt", context),
        html=_inliner().inline(render_to_string("notifications/email.html", context)),
        sender_name=notice.merchant.name,
        reply_to=notice.merchant.support_email,
        headers=unsubscribe_headers(notice.order, notice.recipient),
    )


def _context(notice: Notice) -> dict[str, Any]:
    order, merchant = notice.order, notice.merchant
    parcels = (
        Shipment.objects.filter(order=order, direction=Direction.OUTBOUND)
        .exclude(stage=Stage.VOID)
        .order_by("position")
    )
    return {
        "milestone": notice.milestone,
        "merchant": merchant,
        "on_brand": text_on(merchant.colour),
        "order": order,
        "lines": list(order.lines.all()[:50]),
        "more_lines": max(0, order.lines.count() - 50),
        "parcels": [parcel for parcel in parcels if parcel.tracking_number],
        "promise": _promise(parcels, notice),
        "happened_at": notice.event.occurred_at.astimezone(merchant.tz),
        "link": f"{settings.BASE_URL}/t/{order.public_key}/",
        "name": order.ship_to.name,
        "wishes": preferences_link(order, notice.channel, notice.recipient),
    }


def _promise(parcels: Iterable[Shipment], notice: Notice) -> tuple[date, date] | None:
    """The days of the first parcel still on its way; none when they were over before the fact."""
    told = notice.event.occurred_at.astimezone(notice.merchant.tz).date()
    for parcel in parcels:
        if (
            parcel.promised_from
            and parcel.promised_to
            and not parcel.delivered_at
            and parcel.promised_to >= told
        ):
            return parcel.promised_from, parcel.promised_to
    return None
