from django.db import models

from notifications.status import Channel, Milestone
from orders.models import Merchant
from orders.models.base import MerchantOwned


class NoticeText(MerchantOwned):
    """A shop's own words for one milestone, channel and language. Where there are none, or they are off, Tracker's hold.
    Names in braces are filled in (`notifications.own`); nothing else is."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="notice_texts")
    milestone = models.CharField(max_length=20, choices=Milestone.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    language = models.CharField(max_length=8, default="en")
    subject = models.CharField(max_length=150, blank=True, help_text="Of a mail; empty for Tracker’s own.")
    body = models.TextField(max_length=2000)
    on = models.BooleanField(
        "in use", default=False, help_text="Look at the preview first; customers get it once this is ticked."
    )

    class Meta:
        ordering = ["merchant", "milestone", "channel", "language"]
        verbose_name = "text of notices"
        verbose_name_plural = "texts of notices"
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "milestone", "channel", "language"], name="notice_text_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_milestone_display()} by {self.get_channel_display()}, {self.language}"
