"""SMS by Twilio's REST API, and its signatures. Error codes: twilio.com/docs/api/errors."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from notifications.channels.base import ChannelError, Message
from notifications.channels.http import MAY_HAVE, Answer, call
from notifications.channels.learning import notice_of
from notifications.models import Suppression
from notifications.status import Channel
from notifications.wishes import normal

CLOSES: Mapping[str, str] = {
    "21610": Suppression.Reason.STOP,  # the customer has answered STOP
    "30005": Suppression.Reason.BOUNCE,  # unknown number, or no longer in service
    "30006": Suppression.Reason.BOUNCE,  # a landline, or one that no text can reach
}
"""After these no further message can arrive. 30003 is not one of them: the phone is switched off, or abroad."""

_OUR_SET_UP = frozenset(
    {"20003", "20005", "20404", "21212", "21603", "21606", "21659", "21660", "21703", "21705"}
)
"""Account, token or sender is wrong: nothing about the customer, and mended by us, so worth another try."""


class Twilio:
    def send(self, to: str, message: Message, *, key: str) -> str:
        account, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
        sender = _sender()
        if not (account and token and sender):
            raise ChannelError(
                "Twilio is not set up: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and one of TWILIO_FROM and "
                "TWILIO_MESSAGING_SERVICE_SID are needed.",
                permanent=False,
            )
        form = {"To": normal(Channel.SMS, to), "Body": message.text, **sender}
        if notice_of(key):
            form["StatusCallback"] = settings.BASE_URL + reverse("twilio-status", args=[key])
        answer = call(
            "POST",
            f"{settings.TWILIO_URL}/2010-04-01/Accounts/{account}/Messages.json",
            who="Twilio",
            headers={"Accept": "application/json"},
            auth=(account, token),
            data=form,
        )
        said = _json(answer)
        if not answer.accepted:
            raise refusal(answer, str(said.get("code") or ""), str(said.get("message") or ""))
        return f"Twilio: {said.get('status') or 'accepted'} {said.get('sid') or ''}".strip()


def refusal(answer: Answer, code: str, words: str) -> ChannelError:
    """What Twilio's no means to us (pure)."""
    said = f"Twilio: {code or answer.status} {words}".strip()
    if answer.status in (401, 403, 404) or code in _OUR_SET_UP:
        return ChannelError(
            f"{said} (it does not take our account, token or sender: look at the TWILIO_ settings)",
            permanent=False,
        )
    closes = CLOSES.get(code, "") if answer.refused else ""
    return ChannelError(said, permanent=answer.refused, closes=closes, unsure=answer.status in MAY_HAVE)


def signature(url: str, form: Mapping[str, Sequence[str]], token: str) -> str:
    """Twilio's X-Twilio-Signature: HMAC-SHA1 of the whole address and of each field and value, by name."""
    fields = [name + value for name in sorted(form) for value in sorted(set(form[name]))]
    digest = hmac.new(token.encode(), "".join([url, *fields]).encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def signed(given: str, url: str, form: Mapping[str, Sequence[str]]) -> bool:
    token = settings.TWILIO_AUTH_TOKEN
    return bool(token) and hmac.compare_digest(given.encode(), signature(url, form, token).encode())


def _sender() -> dict[str, str]:
    if settings.TWILIO_MESSAGING_SERVICE_SID:
        return {"MessagingServiceSid": settings.TWILIO_MESSAGING_SERVICE_SID}
    return {"From": settings.TWILIO_FROM} if settings.TWILIO_FROM else {}


def _json(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
