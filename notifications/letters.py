"""Letters: what people of a shop write to customers, carriers and suppliers, and the shop's own digest. The one way to send
one; it is never lost nor doubled because it is a notice of the outbox."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from notifications import limits, outbox
from notifications.gsm import keep_gsm, segments
from notifications.models import Letter, LetterFile, Notice
from notifications.status import LETTER, Channel, NoticeState
from notifications.wishes import settings_of
from orders.models import Merchant, Order

WORTH = timedelta(days=7)
MOST_BYTES = 8_000_000
Attachment = tuple[str, str, bytes]
"""(file name, media type, bytes)"""


class LetterError(ValueError):
    """It cannot be sent as it is; the words say what to do."""


@transaction.atomic
def post(
    *,
    merchant: Merchant,
    to: str,
    subject: str,
    text: str,
    about: str,
    key: str,
    now: datetime,
    order: Order | None = None,
    channel: str = Channel.EMAIL,
    reply_to: str = "",
    language: str = "en",
    html: str = "",
    author: str = "",
    attachments: Sequence[Attachment] = (),
    worth: timedelta = WORTH,
    limited: bool = False,
) -> Letter:
    """Write a letter into the outbox; with a `key` that this shop has used before, the letter of then. It is given up when it
    could not be sent within `worth`; with `limited` the shop's limits may hold it back. Raises LetterError."""
    if old := Letter.objects.for_merchant(merchant).filter(key=key).first():
        return old
    if not to:
        raise LetterError("There is no address to write to.")
    if not text.strip() or (channel == Channel.EMAIL and not subject.strip()):
        raise LetterError("Write a subject and a text.")
    if sum(len(data) for _name, _mime, data in attachments) > MOST_BYTES:
        raise LetterError("The files are over 8 MB; most mail servers refuse so much.")
    letter = Letter.objects.create(
        merchant=merchant,
        about=about,
        key=key,
        subject=" ".join(subject.split())[:200],
        text=text,
        html=html,
        reply_to=reply_to,
        language=language,
        author=author,
        created_at=now,
    )
    LetterFile.objects.bulk_create(
        LetterFile(letter=letter, name=name, mime=mime, data=data) for name, mime, data in attachments
    )
    notice = Notice(
        merchant=merchant,
        order=order,
        letter=letter,
        subject=f"letter:{letter.pk}",
        milestone=LETTER,
        channel=channel,
        recipient=to,
        state=NoticeState.QUEUED,
        due_at=now,
        expires_at=now + worth,
        created_at=now,
        segments=segments(keep_gsm(text)).count if channel == Channel.SMS else 0,
    )
    if limited:
        limits.hold([notice], settings_of(merchant), now=now)
    notice.save()
    outbox.nudge()
    return letter
