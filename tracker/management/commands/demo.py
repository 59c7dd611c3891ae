"""Load the demo data (three shops, a few hundred orders)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tracker import demo


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do nothing when it is loaded already")

    def handle(self, *, once: bool, **options: Any) -> None:
        if demo.loaded():
            if once:
                return
            raise CommandError("The demo data is loaded already.")
        self.stdout.write("Loading demo data …")
        demo.load(now=timezone.now(), say=self.stdout.write)
