"""Bring orders in from a CSV file (columns: docs/csv.md)."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orders.intake.run import Tally, run_sheet
from orders.intake.text import Unreadable, open_text
from orders.models import Merchant


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--merchant", required=True, help="the merchant's slug")
        parser.add_argument("--dry-run", action="store_true", help="check everything, store nothing")

    def handle(self, *, file: str, merchant: str, dry_run: bool, **options: Any) -> None:
        owner = Merchant.objects.filter(slug=merchant).first()
        if owner is None:
            known = ", ".join(Merchant.objects.values_list("slug", flat=True)[:20])
            raise CommandError(f"There is no merchant “{merchant}”. Known: {known or 'none'}.")
        tally, began, shown = Tally(), time.monotonic(), 0.0
        try:
            with open_text(file) as lines:
                for outcome in run_sheet(
                    lines,
                    merchant=owner,
                    clock=timezone.now,
                    dry_run=dry_run,
                    actor="import_orders",
                    tally=tally,
                ):
                    for problem in outcome.problems:
                        self.stderr.write(f"row {problem.row}, {problem.column or 'row'}: {problem.message}")
                    if sys.stdout.isatty() and time.monotonic() - shown > 0.5:
                        shown = time.monotonic()
                        self.stdout.write(f"\r{tally.orders:,} orders", ending="")
        except (OSError, Unreadable) as error:
            self.stdout.write(self._said(tally, began, dry_run))
            raise CommandError(str(error)) from None
        self.stdout.write(self._said(tally, began, dry_run))

    def _said(self, tally: Tally, began: float, dry_run: bool) -> str:
        seconds = max(time.monotonic() - began, 0.001)
        would = "would come in" if dry_run else "came in"
        return (
            f"{tally.created:,} orders {would}, {tally.existing:,} were in already, {tally.refused:,} refused "
            f"({tally.rows:,} rows, {seconds:.1f} s, {tally.orders / seconds:.0f} orders/s)"
        )
