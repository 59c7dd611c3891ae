"""Bring tracking events in from a CSV file (columns: shipping/tracking/sheet.py)."""

from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orders.intake.text import Unreadable, open_text
from orders.models import Merchant
from shipping.tracking.record import record
from shipping.tracking.sheet import RowError, read_events


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--merchant", required=True, help="the merchant's slug")

    def handle(self, *, file: str, merchant: str, **options: Any) -> None:
        owner = Merchant.objects.filter(slug=merchant).first()
        if owner is None:
            raise CommandError(f"There is no merchant “{merchant}”.")
        added = repeated = quarantined = errors = 0
        try:
            with open_text(file) as lines:
                found = read_events(lines, owner)
                while chunk := list(islice(found, 500)):
                    for error in (item for item in chunk if isinstance(item, RowError)):
                        errors += 1
                        self.stderr.write(f"row {error.row}, {error.column}: {error.message}")
                    readings = [item for item in chunk if not isinstance(item, RowError)]
                    done = record(readings, merchant=owner, now=timezone.now(), actor="file")
                    added, repeated, quarantined = (
                        added + done.added, repeated + done.repeated, quarantined + done.quarantined,
                    )  # fmt: skip
        except (OSError, ValueError, Unreadable) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{added} events recorded, {repeated} known already, {quarantined} in quarantine, {errors} rows with errors"
        )
