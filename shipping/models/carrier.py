import json

from django.db import models
from django.db.models import Q

from orders.models import Merchant
from orders.models.base import MerchantOwned
from orders.secrets import EncryptedTextField, public_key
from shipping.models.shipment import Shipment


class CarrierAccount(MerchantOwned):
    """A merchant's account with a provider of tracking events. `key` is the unguessable end of its webhook
    address; `secret` signs webhooks and `credentials` (JSON, as the adapter declares them) opens the provider's
    API. Both are encrypted at rest and never shown again."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="carrier_accounts")
    provider = models.CharField(max_length=30)
    key = models.CharField(max_length=22, unique=True, default=public_key, editable=False)
    secret = EncryptedTextField("webhook secret", blank=True)
    credentials = EncryptedTextField(blank=True, default="", editable=False)
    poll_after = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The provider is left alone until then."
    )
    poll_error = models.CharField(max_length=200, blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "provider"], name="carrier_account_once")]

    def __str__(self) -> str:
        return f"{self.provider} ({self.merchant})"

    def opened_with(self) -> dict[str, str]:
        """The credentials in the clear, for a call to the provider."""
        try:
            found = json.loads(self.credentials or "{}")
        except ValueError:
            return {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}

    def open_with(self, values: dict[str, str]) -> None:
        """Keep what is given, beside what is kept already; an empty value changes nothing."""
        kept = self.opened_with() | {name: value for name, value in values.items() if value}
        self.credentials = json.dumps(kept) if kept else ""


class InboundWebhook(MerchantOwned):
    """A verified body as it came in. Stored before it is worked on, so a dead worker loses nothing; a beat
    task sweeps what was not applied."""

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting"
        APPLIED = "applied", "Applied"
        FAILED = "failed", "Failed"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="inbound_webhooks")
    provider = models.CharField(max_length=30)
    event_id = models.CharField(max_length=100)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "provider", "event_id"], name="inbound_event_id_once"
            ),
        ]
        indexes = [
            models.Index(fields=["received_at"], condition=Q(state="received"), name="inbound_waiting"),
            models.Index(fields=["merchant", "-received_at"], name="inbound_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"


class QuarantinedReading(MerchantOwned):
    """A reading that fits no parcel. It changed nothing; it can be driven again once the parcel exists."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="quarantine")
    fingerprint = models.CharField(max_length=64)
    carrier = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=60)
    reason = models.CharField(max_length=200)
    reading = models.JSONField()
    received_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    shipment = models.ForeignKey(Shipment, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ["-received_at"]
        constraints = [models.UniqueConstraint(fields=["merchant", "fingerprint"], name="quarantine_once")]
        indexes = [
            models.Index(
                fields=["merchant", "tracking_number"],
                condition=Q(resolved_at__isnull=True),
                name="quarantine_open",
            ),
            models.Index(fields=["merchant", "-received_at"], name="quarantine_newest"),
        ]

    def __str__(self) -> str:
        return self.tracking_number
