"""What a person (or the morning's digest) writes, in its own words. It goes out by a Notice, as all messages do."""

from django.db import models

from orders.models import Merchant
from orders.models.base import MerchantOwned


class Letter(MerchantOwned):
    """`about` names the row it is about, e.g. "case:7" or "purchase:3"; `key` makes a letter that is posted twice one."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="letters")
    about = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=100)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True, help_text="Empty: made of the text in the shop's own look.")
    reply_to = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10, default="en")
    author = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["merchant", "key"], name="letter_once")]
        indexes = [models.Index(fields=["merchant", "about"], name="letter_about")]

    def __str__(self) -> str:
        return self.subject


class LetterFile(MerchantOwned):
    merchant_path = "letter__merchant"
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=120)
    mime = models.CharField(max_length=80)
    data = models.BinaryField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class LetterTemplate(MerchantOwned):
    """A shop's own words for a kind of letter; names in braces are filled in (`notifications.own`)."""

    class To(models.TextChoices):
        CUSTOMER = "customer", "Customers"
        CARRIER = "carrier", "Carriers"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="letter_templates")
    name = models.CharField(max_length=80)
    to = models.CharField(max_length=10, choices=To.choices, default=To.CUSTOMER)
    subject = models.CharField(max_length=200)
    body = models.TextField("text")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "to", "name"], name="letter_template_once")
        ]

    def __str__(self) -> str:
        return self.name
