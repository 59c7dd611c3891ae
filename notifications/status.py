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


DUE = (NoticeState.QUEUED, NoticeState.RETRY)


class Milestone(models.TextChoices):
    """What a customer is told of. One notice per (parcel or order, milestone, channel)."""

    CONFIRMED = "confirmed", "Order confirmed"
    PROCESSING = "processing", "Being prepared"
    SHIPPED = "shipped", "Shipped"
    DELIVERED = "delivered", "Delivered"
    CANCELLED = "cancelled", "Cancelled"
    RETURNED = "returned", "Returned"
