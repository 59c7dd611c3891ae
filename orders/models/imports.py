from django.conf import settings
from django.db import models
from django.db.models import Q

from orders.models.base import MerchantOwned
from orders.models.merchant import Merchant


def upload_path(job: "ImportJob", filename: str) -> str:
    return f"imports/{job.merchant_id}/{filename[-80:]}"


class ImportJob(MerchantOwned):
    """One uploaded order file and how far it got. Private file; progress is saved as it goes."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Stopped"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="imports")
    file = models.FileField(upload_to=upload_path)
    filename = models.CharField(max_length=200)
    dry_run = models.BooleanField("check only", default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    bytes_total = models.PositiveBigIntegerField(default=0)
    bytes_read = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    created_orders = models.PositiveIntegerField(default=0)
    existing_orders = models.PositiveIntegerField(default=0)
    refused_orders = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "failed"]), name="import_state_known"
            )
        ]
        indexes = [
            models.Index(
                fields=["touched_at"], condition=Q(state__in=["queued", "running"]), name="import_unfinished"
            )
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def percent(self) -> int:
        return (
            100
            if self.state == self.State.DONE
            else min(99, 100 * self.bytes_read // max(self.bytes_total, 1))
        )


class ImportIssue(MerchantOwned):
    """What was wrong with one row, in the words of the person who has to mend it."""

    merchant_path = "job__merchant"
    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="issues")
    row = models.PositiveIntegerField(help_text="As a spreadsheet counts: the header is row 1.")
    column = models.CharField(max_length=60, blank=True)
    order_id = models.CharField(max_length=100, blank=True)
    message = models.CharField(max_length=300)

    class Meta:
        ordering = ["row", "pk"]
        indexes = [models.Index(fields=["job", "row"], name="import_issue_by_row")]

    def __str__(self) -> str:
        return f"Row {self.row}: {self.message}"
