"""The message that carries a code: as plain as can be, so that it arrives."""

from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _

from notifications.channels.base import Message
from orders.access import CODE_LIVES, digits
from orders.languages import spoken
from orders.models import AccessCode


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
