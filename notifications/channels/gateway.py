"""SMS by any gateway that takes one HTTP request for a message: address, body and headers are templates.

Only the operator can set the address (SMS_HTTP_URL in the environment), so it may well lie inside the network
and is not fenced in; what it answers is never followed anywhere else.
"""

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

from django.conf import settings

from notifications.channels.base import ChannelError, Message
from notifications.channels.http import MAY_HAVE, call
from notifications.status import Channel
from notifications.wishes import normal

_FIELD = re.compile(r"\{(to|text|key)\}")


class Gateway:
    def send(self, to: str, message: Message, *, key: str) -> str:
        if not settings.SMS_HTTP_URL:
            raise ChannelError("The SMS gateway is not set up: SMS_HTTP_URL is empty.", permanent=False)
        values = {"to": normal(Channel.SMS, to), "text": message.text, "key": key}
        content_type = settings.SMS_HTTP_CONTENT_TYPE
        body = fill(settings.SMS_HTTP_BODY, values, escape_for(content_type))
        answer = call(
            settings.SMS_HTTP_METHOD,
            fill(settings.SMS_HTTP_URL, values, lambda value: quote(value, safe="")),
            who="The SMS gateway",
            headers={"Content-Type": content_type} | settings.SMS_HTTP_HEADERS,
            data=body.encode() if settings.SMS_HTTP_METHOD != "GET" else None,
        )
        said = f"The SMS gateway: {answer.status} {' '.join(answer.text[:200].split())}".strip()
        if answer.accepted:
            return said
        if answer.status in (401, 403, 404):
            raise ChannelError(f"{said} (look at the SMS_HTTP_ settings)", permanent=False)
        raise ChannelError(said, permanent=answer.refused, unsure=answer.status in MAY_HAVE)


def fill(template: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """In one pass, so that a customer's own "{to}" stays as it is (pure)."""
    return _FIELD.sub(lambda found: escape(values[found[1]]), template)


def escape_for(content_type: str) -> Callable[[str], str]:
    """JSON values stand between the template's own quotation marks."""
    if "json" in content_type:
        return lambda value: json.dumps(value)[1:-1]
    return quote_plus if "form" in content_type else str
