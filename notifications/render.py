"""A notice's text, from the fact it tells of, the merchant's brand and the customer's language."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import css_inline
from django.conf import settings
from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from notifications import promised
from notifications.channels.base import Message
from notifications.decide import ORDER, parcel_of
from notifications.gsm import keep_gsm, segments
from notifications.models import Letter, Notice, NoticeText
from notifications.own import filled
from notifications.status import Channel, Milestone
from notifications.wishes import preferences_link, unsubscribe_headers
from notifications.words import Words, words
from orders.brand import text_on
from orders.languages import spoken
from orders.models import OrderLine
from shipping.models import Shipment, ShipmentLine
from shipping.pickup import points
from shipping.status import Direction, Stage

MOST_LINES = 50
M = Milestone
SAYS_MORE = frozenset({M.DELAYED, M.READY_FOR_PICKUP})
"""Whose SMS always says the day, or the place; others where that costs nothing."""
_BREAK = "\u200b"  # where a Japanese headline may be broken on a screen
POINT = 90  # characters of where a parcel waits that an SMS has room for


def loaded(ids: Sequence[int]) -> list[Notice]:
    """Notices with all that their texts need, in the order of the ids; the same number of queries for one as for many."""
    parcels = (
        Shipment.objects.filter(direction=Direction.OUTBOUND).exclude(stage=Stage.VOID).order_by("position")
    )
    in_them = ShipmentLine.objects.select_related("order_line").order_by("order_line__position")
    rows = (
        Notice.objects.select_related("merchant__notice_settings", "event", "letter", "order__ship_to")
        .prefetch_related(
            "letter__files",
            Prefetch("order__lines", OrderLine.objects.order_by("position")),
            Prefetch("order__shipments", parcels.prefetch_related(Prefetch("lines", in_them))),
        )
        .in_bulk(ids)
    )
    found = [rows[pk] for pk in ids if pk in rows]
    waiting = {notice: pk for notice in found if (pk := _waiting(notice))}
    if waiting:
        there = points(waiting.values())
        for notice, pk in waiting.items():
            notice.point = there.get(pk, "")  # type: ignore[attr-defined]
    use(found, NoticeText.objects.filter(merchant__in={notice.merchant_id for notice in found}, on=True))
    promised.look_up(found)
    return found


def use(notices: Iterable[Notice], texts: Iterable[NoticeText]) -> None:
    """Let these be said in a shop's own words, where it has some."""
    own = {(text.merchant_id, text.milestone, text.channel, text.language): text for text in texts}
    for notice in notices:
        if notice.order is None:
            continue
        language = spoken(notice.order.locale, notice.merchant.locale)
        notice.own = own.get((notice.merchant_id, notice.milestone, notice.channel, language))  # type: ignore[attr-defined]


def render(notice: Notice) -> Message:
    if notice.letter:
        return _letter(notice, notice.letter)
    with translation.override(spoken(notice.of.locale, notice.merchant.locale)):
        if notice.channel == Channel.SMS:
            return Message(text=sms(notice))
        context = _context(notice)
        if own := _own(notice):
            values = _values(notice, context)
            context["own"] = filled(own.body, values)
            context["subject"] = filled(own.subject, values) or context["subject"]
        return Message(
            subject=" ".join(context["subject"].split()),
            text=render_to_string("notifications/email.txt", context),
            html=_inliner().inline(render_to_string("notifications/email.html", context)),
            sender_name=notice.merchant.name,
            reply_to=notice.merchant.support_email,
            headers=unsubscribe_headers(notice.of, notice.recipient),
        )


def _letter(notice: Notice, letter: Letter) -> Message:
    """As it was written; the look and the words around it are the shop's and the language's."""
    with translation.override(spoken(letter.language, notice.merchant.locale)):
        if notice.channel == Channel.SMS:
            return Message(text=keep_gsm(letter.text))
        context = {
            "letter": letter,
            "merchant": notice.merchant,
            "on_brand": text_on(notice.merchant.colour),
            "order": notice.order,
            "number": _("Order %(number)s") % {"number": notice.order.number} if notice.order else "",
            "link": _link(notice) if notice.order else "",
            "subject": letter.subject,
            "rtl": get_language_bidi(),
            "language": translation.get_language(),
        }
        html = letter.html or render_to_string("notifications/letter.html", context)
        return Message(
            subject=letter.subject,
            text=letter.text if letter.html else render_to_string("notifications/letter.txt", context),
            html=_inliner().inline(html),
            sender_name=notice.merchant.name,
            reply_to=letter.reply_to or notice.merchant.support_email,
            files=[(file.name, file.mime, bytes(file.data)) for file in letter.files.all()],
            headers=unsubscribe_headers(notice.order, notice.recipient) if notice.order else {},
        )


def sms(notice: Notice) -> str:
    """In one part of GSM-7 where the language and the names allow it."""
    order, merchant = notice.of, notice.merchant
    with translation.override(spoken(order.locale, merchant.locale)):
        if own := _own(notice):
            return keep_gsm(" ".join(filled(own.body, _values(notice, _context(notice))).split()))
        headline = str(said(notice).headline).replace(_BREAK, "")
        number = _("order %(number)s") % {"number": order.number}
        start, end = f"{merchant.name}: {headline}", f" ({number}). {_link(notice)}"
        more = _point(notice)[:POINT] or promised.when_words(notice, _told_of(notice)[0])
        short, long = keep_gsm(start + end), keep_gsm(f"{start}. {more}{end}")
        if not more or (notice.milestone not in SAYS_MORE and segments(long).count > segments(short).count):
            return short
        return long


def _own(notice: Notice) -> NoticeText | None:
    return getattr(notice, "own", None)


def _values(notice: Notice, context: dict[str, Any]) -> dict[str, str]:
    """What the names of `notifications.own` stand for."""
    carriers = list(dict.fromkeys(carrier for _which, carrier, _number in context["parcels"] if carrier))
    return {
        "name": context["name"],
        "order": notice.of.number,
        "shop": notice.merchant.name,
        "headline": str(context["words"].headline),
        "when": context["when"],
        "point": context["point"],
        "parcel": context["which"],
        "carrier": ", ".join(carriers),
        "number": ", ".join(number for _which, _carrier, number in context["parcels"]),
        "link": context["link"],
    }


def said(notice: Notice) -> Words:
    return words(notice.milestone, notice.fact.kind, notice.fact.new)


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def _link(notice: Notice) -> str:
    return f"{settings.BASE_URL}/t/{notice.of.public_key}/"


def _context(notice: Notice) -> dict[str, Any]:
    order, merchant, what = notice.of, notice.merchant, said(notice)
    about, parcels = _told_of(notice)
    mine = [parcel for parcel in about if parcel.subject == parcel_of(notice.subject)]
    button, anchor = _button(notice, mine)
    lines = (
        [(line.quantity, line.order_line.name) for parcel in mine for line in parcel.lines.all()]
        if mine
        else [(line.quantity, line.name) for line in order.lines.all()]
    )
    number = _("Order %(number)s") % {"number": order.number}
    return {
        "milestone": notice.milestone,
        "words": what,
        "subject": f"{what.headline} · {number}",
        "merchant": merchant,
        "on_brand": text_on(merchant.colour),
        "order": order,
        "number": number,
        "rtl": get_language_bidi(),
        "language": translation.get_language(),
        "lines": lines[:MOST_LINES],
        "more_lines": max(0, len(lines) - MOST_LINES),
        "parcels": [
            (_which(parcel, parcels), parcel.carrier, parcel.tracking_number)
            for parcel in about
            if parcel.tracking_number
        ],
        "which": _which(mine[0], parcels) if mine and len(parcels) > 1 else "",
        "when": promised.when_words(notice, about),
        "point": _point(notice),
        "link": _link(notice),
        "button": button,
        "button_link": _link(notice) + anchor,
        "name": order.ship_to.name if order.ship_to else "",
        "wishes": preferences_link(order, notice.channel, notice.recipient),
    }


def _told_of(notice: Notice) -> tuple[list[Shipment], list[Shipment]]:
    """The parcels that the notice is about, and all of its order."""
    parcels = list(notice.of.shipments.all())
    mine = [parcel for parcel in parcels if parcel.subject == parcel_of(notice.subject)]
    return mine or parcels, parcels


def _button(notice: Notice, mine: Sequence[Shipment]) -> tuple[str, str]:
    """What the mail's button says, and the part of the page that it leads to. A page opened changes nothing: the customer
    taps there."""
    if notice.milestone == M.RATING_REQUEST and mine:
        return _("Rate the delivery"), f"#rate-p{mine[0].pk}"
    if notice.milestone == M.ATTEMPT_FAILED and mine:
        return _("Is your address right?"), f"#address-p{mine[0].pk}"
    return _("Track your order"), ""


def _waiting(notice: Notice) -> int:
    """The parcel that waits to be collected, 0 if the notice is not about that."""
    number = notice.subject.removeprefix("shipment:")
    return int(number) if notice.milestone == M.READY_FOR_PICKUP and number.isdecimal() else 0


def _point(notice: Notice) -> str:
    """Where it waits; asked of the database for a notice that `loaded` has not brought."""
    found: str | None = getattr(notice, "point", None)
    if found is None and (pk := _waiting(notice)):
        found = points([pk]).get(pk, "")
    return found or ""


def _which(parcel: Shipment, parcels: Sequence[Shipment]) -> str:
    """By its place among those that come, as the page counts: a cancelled one leaves no gap."""
    if len(parcels) == 1:
        return _("Your parcel")
    return _("Parcel %(number)s of %(count)s") % {
        "number": parcels.index(parcel) + 1,
        "count": len(parcels),
    }


def numbers(notice: Notice) -> str:
    """The tracking numbers that a mail of an order's dispatch names, one a line; a parcel's own says its own anyway."""
    if (notice.subject, notice.milestone, notice.channel) != (ORDER, M.SHIPPED, Channel.EMAIL):
        return ""
    return "\n".join(parcel.tracking_number for parcel in notice.of.shipments.all() if parcel.tracking_number)
