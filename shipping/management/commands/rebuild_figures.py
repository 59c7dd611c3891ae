"""Makes the scorecard's daily figures again from the raw rows."""

import sys
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Min
from django.utils import timezone

from orders.models import Merchant
from shipping.models import Shipment
from shipping.scorecard.rollup import rebuild


class Command(BaseCommand):
    help = "Makes the daily figures of every shop (or of one) again, of all days or of some. What is there is replaced."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--merchant", help="slug; without it every shop")
        parser.add_argument("--from", dest="start", type=date.fromisoformat, help="first day, YYYY-MM-DD")
        parser.add_argument("--to", dest="end", type=date.fromisoformat, help="last day, YYYY-MM-DD")

    def handle(self, *args: Any, **options: Any) -> None:
        shops = Merchant.objects.order_by("pk")
        if options["merchant"]:
            shops = shops.filter(slug=options["merchant"])
            if not shops:
                raise CommandError(f"There is no shop “{options['merchant']}”.")
        for shop in shops:
            first = options["start"] or self._first(shop)
            last = options["end"] or timezone.now().astimezone(shop.tz).date()
            if first is None or first > last:
                self.stdout.write(f"{shop.slug}: no day to make")
                continue
            days = rebuild(shop, first, last, told=self._told if sys.stderr.isatty() else None)
            self.stdout.write(f"{shop.slug}: {days} days")

    def _first(self, shop: Merchant) -> date | None:
        oldest = Shipment.objects.for_merchant(shop).aggregate(at=Min("delivered_at"), back=Min("status_at"))
        known = [moment for moment in oldest.values() if moment]
        return min(known).astimezone(shop.tz).date() if known else None

    def _told(self, day: date) -> None:
        self.stderr.write(f"\r{day}", ending="")
