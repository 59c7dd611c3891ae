"""How finished parcels came out, one by one and summed by day. Made by `shipping.scorecard`, from nothing but the raw rows."""

from django.db import models
from django.utils.formats import date_format

from orders.models import Merchant
from orders.models.base import MerchantOwned
from shipping.models.shipment import Shipment


class ParcelOutcome(MerchantOwned):
    """One finished parcel. `day` is the day of its end (delivery or return) by the shop's clock; times are seconds.

    `judged`: it had a promise. `on_time`: it, or the first attempt, came by the day first promised. `kept`: by the day promised
    when it left. `first_attempt`: delivered without a failed one. `exception`: the carrier called it delayed, on hold or a
    problem at some time. `blame` is late seconds by part."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="outcomes")
    shipment = models.OneToOneField(Shipment, on_delete=models.CASCADE, related_name="outcome")
    day = models.DateField()
    carrier = models.CharField(max_length=40, blank=True)
    service = models.CharField(max_length=60, blank=True)
    lane = models.CharField("to", max_length=24, blank=True)
    delivered = models.BooleanField()
    judged = models.BooleanField()
    on_time = models.BooleanField()
    kept = models.BooleanField()
    first_attempt = models.BooleanField()
    exception = models.BooleanField()
    returned = models.BooleanField()
    transit = models.PositiveIntegerField(null=True, help_text="Seconds from the hand-over to the delivery.")
    late = models.PositiveIntegerField(default=0)
    blame = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["merchant", "day"], name="outcome_by_day")]

    def __str__(self) -> str:
        return f"{self.shipment_id}: {date_format(self.day, 'DATE_FORMAT')}"


class DailyFigure(MerchantOwned):
    """The sums of a day's finished parcels by carrier, service, destination and product; `sku` is "" for all products
    together. A parcel with three products counts once there and once for each of the three. `hours` counts deliveries by whole
    hours of transit (the last is `scorecard.figures.MOST_HOURS` and more), `ratings` counts them by score, `late_ratings` those
    of them that came late."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="daily_figures")
    day = models.DateField()
    carrier = models.CharField(max_length=40, blank=True)
    service = models.CharField(max_length=60, blank=True)
    lane = models.CharField(max_length=24, blank=True)
    sku = models.CharField("SKU", max_length=80, blank=True)
    parcels = models.PositiveIntegerField(default=0)
    delivered = models.PositiveIntegerField(default=0)
    judged = models.PositiveIntegerField(default=0)
    on_time = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    first_attempt = models.PositiveIntegerField(default=0)
    exception = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    late = models.PositiveBigIntegerField(default=0)
    blame = models.JSONField(default=dict)
    hours = models.JSONField(default=dict)
    ratings = models.JSONField(default=dict)
    late_ratings = models.JSONField(default=dict)

    class Meta:
        ordering = ["-day", "carrier"]
        verbose_name = "scorecard"
        verbose_name_plural = "scorecard"
        indexes = [
            models.Index(
                fields=["merchant", "day"], condition=models.Q(sku=""), name="figure_of_all_products"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "day", "sku", "carrier", "service", "lane"], name="figure_once"
            )
        ]

    def __str__(self) -> str:
        return f"{date_format(self.day, 'DATE_FORMAT')} {self.carrier}"


class StaleDay(MerchantOwned):
    """A day whose figures are to be made again: a parcel that ended on it has changed."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="stale_days")
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "day"], name="stale_day_once")]

    def __str__(self) -> str:
        return date_format(self.day, "DATE_FORMAT")
