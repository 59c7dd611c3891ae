"""Notice is the outbox row; Attempt is proof of each try."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from notifications.models.letter import Letter
from notifications.status import LETTER, Channel, Milestone, NoticeState
from orders.models import Merchant, Order, OrderEvent
from orders.models.base import MerchantOwned


class Notice(MerchantOwned):
    """One message to one recipient. Written in the transaction of the fact it tells of; the text is rendered from that fact when
    it is sent, or is a letter's. `subject` is "order", "shipment:7" or "letter:3"; `error` says why it is not sent, or not yet.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="notices")
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.CASCADE, related_name="notices")
    event = models.ForeignKey(
        OrderEvent, null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    letter = models.OneToOneField(
        Letter, null=True, blank=True, on_delete=models.CASCADE, related_name="notice"
    )
    subject = models.CharField(max_length=40, default="order")
    milestone = models.CharField(max_length=20, choices=[*Milestone.choices, (LETTER, "Letter")])
    channel = models.CharField(max_length=10, choices=Channel.choices)
    recipient = models.CharField(max_length=254)
    state = models.CharField(max_length=10, choices=NoticeState.choices, default=NoticeState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField("why", max_length=300, blank=True)
    segments = models.PositiveSmallIntegerField(
        default=0, help_text="Of an SMS: how many parts it is billed as, estimated when it was written."
    )
    unsure = models.BooleanField(
        default=False, help_text="A try may have been taken without our hearing so, as when its worker died."
    )
    any_hour = models.BooleanField(
        default=False, help_text="Somebody has chosen to send it in quiet hours too."
    )
    named = models.TextField(
        blank=True, editable=False, help_text="The tracking numbers that an order's own dispatch mail named."
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "subject", "milestone", "channel"], name="notice_once"),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="notice_state_known"),
            models.CheckConstraint(
                condition=Q(letter__isnull=False) | Q(order__isnull=False, event__isnull=False),
                name="notice_of_a_fact_or_a_letter",
            ),
            models.CheckConstraint(
                condition=~Q(state=NoticeState.SENT) | Q(sent_at__isnull=False), name="notice_sent_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state__in=["queued", "retry"]), name="notice_due"),
            models.Index(fields=["claimed_at"], condition=Q(state="sending"), name="notice_in_flight"),
            models.Index(fields=["merchant", "-created_at"], name="notice_newest"),
            models.Index(fields=["merchant", "state", "-created_at"], name="notice_by_state"),
            models.Index("merchant", Upper("recipient"), F("created_at").desc(), name="notice_of_recipient"),
        ]

    @property
    def of(self) -> Order:
        """The order; all but some letters have one."""
        if self.order is None:
            raise ValueError(f"notice {self.pk} is of no order")
        return self.order

    @property
    def fact(self) -> OrderEvent:
        """What made it; all but letters have one."""
        if self.event is None:
            raise ValueError(f"notice {self.pk} is of no fact")
        return self.event

    def __str__(self) -> str:
        return f"{self.get_milestone_display()} by {self.get_channel_display()} to {self.recipient}"


class Attempt(MerchantOwned):
    """One try at sending a notice."""

    merchant_path = "notice__merchant"
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    ok = models.BooleanField()
    permanent = models.BooleanField(default=False)
    detail = models.CharField(max_length=300, blank=True)
    took_ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return "accepted" if self.ok else self.detail
