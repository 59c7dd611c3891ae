"""The words of the outbox."""

from django.db import models


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"


class NoticeState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    SENDING = "sending", "Being sent"
    RETRY = "retry", "Will be tried again"
    SENT = "sent", "Sent"
    DEAD = "dead", "Given up"
    EXPIRED = "expired", "Too old to send"
    SUPERSEDED = "superseded", "Overtaken by newer news"
    SKIPPED = "skipped", "Not wanted"
    HELD = "held", "Held back by a limit"


DUE = (NoticeState.QUEUED, NoticeState.RETRY)
NEVER_SENT = (NoticeState.EXPIRED, NoticeState.SUPERSEDED, NoticeState.SKIPPED, NoticeState.HELD)
"""A later fact of the same milestone takes the row of such a notice: it was told to nobody."""


class Milestone(models.TextChoices):
    """What a customer is told of. One notice per (parcel or order, milestone, channel)."""

    CONFIRMED = "confirmed", "Order confirmed"
    PROCESSING = "processing", "Being prepared"
    PACKED = "packed", "Packed"
    SHIPPED = "shipped", "Shipped"
    OUT_FOR_DELIVERY = "out_for_delivery", "Out for delivery"
    READY_FOR_PICKUP = "ready_for_pickup", "Ready for pick-up"
    ATTEMPT_FAILED = "attempt_failed", "Delivery attempt failed"
    DELAYED = "delayed", "Delayed, with a new day"
    EXCEPTION = "exception", "Problem"
    DELIVERED = "delivered", "Delivered"
    CANCELLED = "cancelled", "Cancelled"
    RETURNED = "returned", "Returned"
    RATING_REQUEST = "rating_request", "How was the delivery?"


LETTER = "letter"
"""In a milestone's place: somebody wrote it, no fact made it."""

OFF_AT_FIRST = (
    (Milestone.PACKED, Channel.EMAIL),
    (Milestone.RATING_REQUEST, Channel.EMAIL),
    *(
        (milestone, Channel.SMS)
        for milestone in (
            Milestone.CONFIRMED,
            Milestone.PROCESSING,
            Milestone.PACKED,
            Milestone.CANCELLED,
            Milestone.RETURNED,
            Milestone.RATING_REQUEST,
        )
    ),
)
"""What a merchant that has chosen nothing does not tell."""
