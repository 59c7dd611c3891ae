"""Bring the late list up to date now (a worker does it every five minutes)."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from shipping.lateness.cases import review


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options: Any) -> None:
        done = review(now=timezone.now())
        self.stdout.write(f"{done['opened']} opened, {done['updated']} updated, {done['closed']} closed")
