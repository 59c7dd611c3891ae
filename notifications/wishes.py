"""Who may be written to: the merchant's settings, the customer's choices, and addresses that are closed."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q, Value
from django.urls import reverse
from phonenumber_field.phonenumber import to_python

from notifications.decide import UNWANTED, Preferences, Quiet, after_quiet, parcel_of
from notifications.models import Consent, Notice, NoticeSettings, Preference, Suppression
from notifications.status import Channel, Milestone
from orders.models import Merchant, Order
from shipping.promise.zones import zone_of

_SALT = "notifications.wishes"
_OPENED_BY_THE_CUSTOMER = (Suppression.Reason.UNSUBSCRIBED,)


def normal(channel: str, address: str) -> str:
    """An address as it is compared: mail in lower case, a phone as "+" and digits."""
    if channel == Channel.SMS:
        digits = re.sub(r"\D", "", address)
        return f"+{digits}" if digits else ""
    return address.strip().lower()


def ways(channel: str, address: str) -> set[str]:
    """All the ways in which notices may have written an address, in capitals: that is how they are found by index. A notice
    keeps a number as the order shows it, in the international way of writing."""
    written = {address, normal(channel, address)}
    if channel == Channel.SMS and (number := to_python(address)):
        written.add(str(number))
    return {one.upper() for one in written}


def settings_of(merchant: Merchant) -> NoticeSettings:
    """The merchant's own, or what holds for one that has chosen nothing. Asked of the database once for a `merchant` object."""
    owner: Any = merchant
    try:
        return owner.notice_settings
    except NoticeSettings.DoesNotExist:
        return NoticeSettings(merchant_id=merchant.pk)


def preferences_of(
    order: Order, chosen_by_shop: NoticeSettings | None = None, *, zone: str = ""
) -> Preferences:
    """Two queries, whatever there is; one with the shop's settings given."""
    merchant, email, phone = order.merchant, order.email, str(order.phone or "")
    shop = chosen_by_shop or settings_of(merchant)
    by_address: dict[tuple[str, str], str] = {
        (Channel.EMAIL, normal(Channel.EMAIL, email)): email,
        (Channel.SMS, normal(Channel.SMS, phone)): phone,
    }
    mine = Q(address__in=[address for _, address in by_address if address], merchant=merchant)
    no = Preference.objects.filter(mine, wanted=False).values_list("channel", "address", "milestone")
    closed = (
        Suppression.objects.order_by()
        .filter(mine, lifted_at__isnull=True)
        .values_list("channel", "address", Value(""))
    )
    unwanted, suppressed = set(), set()
    for channel, address, milestone in no.union(closed, all=True):
        if (channel, address) not in by_address:
            continue
        if milestone:
            unwanted.add((milestone, channel))
        else:
            suppressed.add(by_address[channel, address])
    return Preferences(
        email_on=merchant.notify_email,
        sms_on=merchant.notify_sms,
        email=email,
        phone=phone,
        off=pairs(shop),
        unwanted=frozenset(unwanted),
        suppressed=frozenset(suppressed),
        quiet=quiet_of(shop, zone or merchant.zone),
    )


def quiet_of(shop: NoticeSettings, zone: str) -> Quiet | None:
    channels = {Channel.SMS: shop.quiet_sms, Channel.EMAIL: shop.quiet_email}
    asleep = frozenset(str(channel) for channel, on in channels.items() if on)
    return Quiet(shop.quiet_from, shop.quiet_to, zone, asleep) if asleep else None


def quiet_until(notice: Notice, now: datetime) -> datetime:
    """When a notice may go out by the recipient's clock: `now`, or the end of the quiet hours that it fell into while it was
    tried again, held back, or no worker was there. A letter goes when it was written: somebody chose the hour."""
    if notice.any_hour or notice.order is None or notice.letter_id:
        return now
    quiet = quiet_of(settings_of(notice.merchant), _zone(notice, notice.order))
    return after_quiet(now, notice.channel, quiet)


def _zone(notice: Notice, order: Order) -> str:
    """Of what is loaded with it, where its text comes from as well."""
    parcel = next((one for one in order.shipments.all() if one.subject == parcel_of(notice.subject)), None)
    if parcel:
        return parcel.recipient_zone
    place = order.ship_to
    return zone_of(place.country, place.region) if place and place.country else notice.merchant.zone


def pairs(shop: NoticeSettings) -> frozenset[tuple[str, str]]:
    return frozenset((str(milestone), str(channel)) for milestone, channel in shop.off)


def refusals(notices: Sequence[Notice]) -> dict[int, str]:
    """Why notices of one merchant that were planned must not go out any more, by their ids. Two queries."""
    if not notices:
        return {}
    merchant = notices[0].merchant
    addresses = {normal(notice.channel, notice.recipient) for notice in notices}
    closed = {
        (row.channel, row.address): row
        for row in Suppression.objects.for_merchant(merchant).filter(
            address__in=addresses, lifted_at__isnull=True
        )
    }
    unwanted = set(
        Preference.objects.for_merchant(merchant)
        .filter(address__in=addresses, wanted=False)
        .values_list("channel", "address", "milestone")
    )
    found = {}
    for notice in notices:
        key = (notice.channel, normal(notice.channel, notice.recipient))
        if row := closed.get(key):
            found[notice.pk] = f"Not sent: {row.get_reason_display().lower()}. {row.detail}".strip()
        elif (*key, notice.milestone) in unwanted:
            found[notice.pk] = f"Not sent: {UNWANTED}"
    return found


def suppression_of(merchant: Merchant, channel: str, address: str) -> Suppression | None:
    return (
        Suppression.objects.for_merchant(merchant)
        .filter(channel=channel, address=normal(channel, address), lifted_at__isnull=True)
        .first()
    )


def suppress(
    merchant: Merchant, channel: str, address: str, reason: str, *, now: datetime, detail: str = ""
) -> Suppression:
    """Write to this address no more. An address that is closed already keeps its first reason, unless the new
    one is the customer's own word after a mere choice on the page."""
    row, _ = Suppression.objects.get_or_create(
        merchant=merchant,
        channel=channel,
        address=normal(channel, address),
        lifted_at=None,
        defaults={"reason": reason, "detail": detail[:300], "at": now},
    )
    if row.reason in _OPENED_BY_THE_CUSTOMER and reason != row.reason:
        row.reason, row.detail = reason, detail[:300]
        row.save(update_fields=["reason", "detail"])
    return row


def offered(merchant: Merchant, channel: str) -> list[Milestone]:
    """The milestones that this merchant tells by this channel."""
    off = pairs(settings_of(merchant))
    return [milestone for milestone in Milestone if (milestone, channel) not in off]


def chosen(merchant: Merchant, channel: str, address: str) -> list[str]:
    """Of what is offered, what this address gets; nothing while it is closed."""
    if suppression_of(merchant, channel, address):
        return []
    unwanted = set(
        Preference.objects.for_merchant(merchant)
        .filter(channel=channel, address=normal(channel, address), wanted=False)
        .values_list("milestone", flat=True)
    )
    return [milestone.value for milestone in offered(merchant, channel) if milestone not in unwanted]


@transaction.atomic
def choose(
    merchant: Merchant,
    channel: str,
    address: str,
    wanted: Collection[str],
    *,
    now: datetime,
    way: str,
    shown: str = "",
    language: str = "",
    network: str = "",
) -> None:
    """Keep a customer's choice and the proof of it. A choice opens an address that its owner had closed on our
    page; a bounce, a complaint or a STOP is not undone by it."""
    Merchant.objects.select_for_update().get(pk=merchant.pk)
    address = normal(channel, address)
    before = chosen(merchant, channel, address)
    if wanted:
        Suppression.objects.for_merchant(merchant).filter(
            channel=channel, address=address, lifted_at=None, reason__in=_OPENED_BY_THE_CUSTOMER
        ).update(lifted_at=now)
        for milestone in offered(merchant, channel):
            Preference.objects.update_or_create(
                merchant=merchant,
                channel=channel,
                address=address,
                milestone=milestone,
                defaults={"wanted": milestone.value in wanted, "changed_at": now},
            )
    else:
        suppress(merchant, channel, address, Suppression.Reason.UNSUBSCRIBED, now=now)
    Consent.objects.create(
        merchant=merchant,
        channel=channel,
        address=address,
        way=way,
        before=before,
        after=chosen(merchant, channel, address),
        shown=shown,
        language=language,
        network=network,
        at=now,
    )


def sign(order: Order, channel: str, address: str) -> str:
    """The end of a customer's own address for choosing. It opens nothing but this address's choices, and has no
    last day: an old mail must be able to unsubscribe."""
    return signing.dumps([order.merchant_id, channel, normal(channel, address), order.locale], salt=_SALT)


def read(signed: str) -> tuple[Merchant, str, str, str] | None:
    """(merchant, channel, address, locale) of a signed link; None when it is not ours."""
    try:
        merchant_id, channel, address, locale = signing.loads(signed, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    merchant = Merchant.objects.filter(pk=merchant_id).first()
    return (merchant, channel, address, locale) if merchant and channel in Channel.values else None


def preferences_link(order: Order, channel: str, address: str) -> str:
    return settings.BASE_URL + reverse("wishes", args=[sign(order, channel, address)])


def unsubscribe_headers(order: Order, address: str) -> dict[str, str]:
    """RFC 8058: the mail program posts to the address; a scanner's GET of it does nothing."""
    link = settings.BASE_URL + reverse("unsubscribe", args=[sign(order, Channel.EMAIL, address)])
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
