"""The one way a notice comes to be: a row in the transaction of the fact, and a nudge after the commit."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction

from notifications.decide import Planned
from notifications.models import Notice
from notifications.tasks import deliver
from orders.models import OrderEvent
from orders.queue import enqueue


def put(event: OrderEvent, planned: Iterable[Planned], *, subject: str = "order") -> list[Notice]:
    """Write the notices of a fact. One that was told before (same subject, milestone and channel) is not
    written again."""
    written = []
    for plan in planned:
        try:
            with transaction.atomic():
                notice = Notice.objects.create(
                    merchant_id=event.order.merchant_id,
                    order_id=event.order_id,
                    event=event,
                    subject=subject,
                    milestone=plan.milestone,
                    channel=plan.channel,
                    recipient=plan.recipient,
                    due_at=plan.due_at,
                    expires_at=plan.expires_at,
                    created_at=event.recorded_at,
                )
        except IntegrityError:
            continue
        written.append(notice)
        enqueue(deliver, notice.pk)
    return written
