"""What receivers say after they have taken a message: kept with its notice, and heeded."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from notifications import wishes
from notifications.models import Attempt, Notice
from orders.models import Merchant


@transaction.atomic
def keep(notice: Notice, detail: str, *, failed: bool, closes: str = "") -> None:
    """As an attempt, once for each thing said; `closes` is the Suppression.Reason to write no more for."""
    now, detail = timezone.now(), detail[:300]
    Notice.objects.select_for_update().get(pk=notice.pk)
    if notice.attempts.filter(detail=detail).exists():
        return
    Attempt.objects.create(notice=notice, at=now, ok=not failed, permanent=failed, detail=detail)
    if closes:
        wishes.suppress(notice.merchant, notice.channel, notice.recipient, closes, now=now, detail=detail)


def written_to(channel: str, ways: Collection[str]) -> list[Merchant]:
    """The merchants with a notice to this address, given in all the ways that notices may have written it."""
    theirs = Notice.objects.filter(merchant=OuterRef("pk"), channel=channel, recipient__in=ways)
    return list(Merchant.objects.filter(Exists(theirs.order_by())).order_by("pk"))
