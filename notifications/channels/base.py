"""What a channel does, and how it fails. One file per channel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings


@dataclass(frozen=True)
class Message:
    """A rendered notice. `subject`, `html`, `sender_name` and `reply_to` are for channels that have them."""

    text: str
    subject: str = ""
    html: str = ""
    sender_name: str = ""
    reply_to: str = ""
    files: Sequence[tuple[str, str, bytes]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class ChannelError(Exception):
    """It was not sent. `permanent` says that trying again cannot help; `closes`, a Suppression.Reason, that
    nothing else should be sent to this address either; `unsure`, that the receiver may have taken it all the same."""

    def __init__(self, message: str, *, permanent: bool, closes: str = "", unsure: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.closes = closes
        self.unsure = unsure


class Channel(Protocol):
    def send(self, to: str, message: Message, *, key: str) -> str:
        """Hand the message over and return what the receiver said. `key` is the same on every retry.

        Raises ChannelError.
        """
        ...


def channel_for(name: str) -> Channel:
    from notifications.channels import email, gateway, sms, twilio
    from notifications.channels.learning import Learning

    if name == "email":
        return Learning(name, email.Email())
    known: dict[str, Callable[[], Channel]] = {
        "file": sms.FileSms,
        "console": sms.ConsoleSms,
        "twilio": twilio.Twilio,
        "http": gateway.Gateway,
    }
    channel = known.get(settings.SMS_CHANNEL)
    if channel is None:
        raise ChannelError("No SMS channel is set up (SMS_CHANNEL).", permanent=True)
    return Learning(name, sms.Cheap(channel()))
