"""What every SMS channel shares, and SMS for development: to a file (shown at /dev/outbox/) or to the worker's output."""

import json
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.conf import settings

from notifications.channels.base import Channel, Message
from notifications.gsm import keep_gsm


@dataclass(frozen=True)
class Cheap:
    """Any of the others, with the text in the GSM alphabet where that loses nothing."""

    channel: Channel

    def send(self, to: str, message: Message, *, key: str) -> str:
        return self.channel.send(to, replace(message, text=keep_gsm(message.text)), key=key)


class FileSms:
    def send(self, to: str, message: Message, *, key: str) -> str:
        settings.MAIL_DIR.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"to": to, "text": message.text, "at": datetime.now(UTC).isoformat(), "key": key})
        with (settings.MAIL_DIR / "sms.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        return "written to sms.jsonl"


class ConsoleSms:
    def send(self, to: str, message: Message, *, key: str) -> str:
        sys.stdout.write(f"SMS to {to}: {message.text}\n")
        return "printed"
