"""What a refusal teaches: an address that a receiver has closed for good is not written to again."""

from dataclasses import dataclass

from django.utils import timezone

from notifications.channels.base import Channel, ChannelError, Message
from notifications.models import Notice
from notifications.wishes import suppress

_NOTICE = "notice-"


def notice_of(key: str) -> Notice | None:
    """The notice that a message was sent for, by the key that went with it; None for a code or a test."""
    number = key.removeprefix(_NOTICE)
    if number == key or not (number.isascii() and number.isdigit()) or len(number) > 18:
        return None
    return Notice.objects.select_related("merchant").filter(pk=int(number)).first()


@dataclass(frozen=True)
class Learning:
    """Any channel, called `name`. Its own word is passed on as it is."""

    name: str
    channel: Channel

    def send(self, to: str, message: Message, *, key: str) -> str:
        try:
            return self.channel.send(to, message, key=key)
        except ChannelError as error:
            notice = notice_of(key) if error.closes else None
            if notice:
                suppress(notice.merchant, self.name, to, error.closes, now=timezone.now(), detail=str(error))
            raise
