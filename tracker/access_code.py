"""The message that carries a code: as plain as can be, so that it arrives; and its sending, claimed as notices are.

claim    by a conditional UPDATE, which a second worker's finds nothing to change
send     outside any transaction
mark     sent | free for the sweep, which comes again until the code runs out | good no more, after a final no
"""

import logging
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _

from notifications.channels.base import ChannelError, Message, channel_for
from orders.access import CODE_LIVES, MOST_TRIES, digits
from orders.languages import spoken
from orders.models import AccessCode

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
"""What a worker has held for longer it will not send any more; well over the longest wait for a server."""
AGAIN = timedelta(seconds=20)
"""Somebody waits for it, and a server that is away is not helped by being asked at every sweep."""


def waiting(now: datetime) -> QuerySet[AccessCode]:
    """Codes that are good, that nobody has got, and that no worker is sending."""
    return AccessCode.objects.filter(
        Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE),
        sent_at=None,
        used_at=None,
        expires_at__gt=now,
        tries__lt=MOST_TRIES,
    )


def send(code_id: int, *, now: datetime) -> bool:
    """Send one code if it waits and nobody else has it. At least once, as notices are: the key goes with each try."""
    if not waiting(now).filter(pk=code_id).update(claimed_at=now):
        return False
    mine = AccessCode.objects.filter(pk=code_id, claimed_at=now)
    code = AccessCode.objects.select_related("order__merchant").get(pk=code_id)
    to = code.order.email if code.channel == "email" else str(code.order.phone)
    try:
        channel_for(code.channel).send(to, message(code), key=f"code-{code.pk}")
    except ChannelError as error:
        log.warning("access code %s was not sent: %s", code_id, error)
        mine.update(**{"tries": MOST_TRIES} if error.permanent else {"claimed_at": now - LEASE + AGAIN})
        return False
    mine.update(sent_at=now)
    return True


def message(code: AccessCode) -> Message:
    order, merchant = code.order, code.order.merchant
    with translation.override(spoken(order.locale, merchant.locale)):
        said = {
            "code": digits(code), "shop": merchant.name, "order": order.number, "minutes": int(CODE_LIVES.total_seconds() // 60),
        }  # fmt: skip
        if code.channel == "sms":
            return Message(
                text=_("%(code)s is your code for order %(order)s at %(shop)s. Good for %(minutes)s minutes.")
                % said
            )
        subject = _("%(code)s is your code for order %(order)s") % said
        lines: list[str] = [
            _("Your code for order %(order)s at %(shop)s:") % said,
            digits(code),
            _(
                "It opens the address and the proof of delivery on your tracking page, and is good for %(minutes)s minutes."
            )
            % said,
            _("You did not ask for it? Then do nothing; without the code nobody sees more."),
        ]
        language = translation.get_language() or "en"
        direction = "rtl" if translation.get_language_bidi() else "ltr"
    first, number, *rest = lines
    page = format_html(
        '<html lang="{}" dir="{}"><body style="font-family:sans-serif;font-size:16px;line-height:1.5">'
        '<p>{}</p><p style="font-size:32px;font-weight:bold;letter-spacing:4px" dir="ltr">{}</p><p>{}</p><p>{}</p></body></html>',
        language, direction, first, number, *rest,
    )  # fmt: skip
    return Message(
        subject=subject,
        text="\n\n".join(lines),
        html=str(page),
        sender_name=merchant.name,
        reply_to=merchant.support_email,
    )
