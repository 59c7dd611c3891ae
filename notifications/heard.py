"""What receivers say after they have taken a message: kept with its notice, and heeded."""

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Upper
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


def written_to(channel: str, address: str) -> list[Merchant]:
    """The merchants with a notice to this address, however it was written."""
    theirs = Notice.objects.annotate(to=Upper("recipient")).filter(
        merchant=OuterRef("pk"), channel=channel, to__in=wishes.ways(channel, address)
    )
    return list(Merchant.objects.filter(Exists(theirs.order_by())).order_by("pk"))
