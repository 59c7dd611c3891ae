import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shipping.route.atlas import build
from shipping.route.outline import OUTLINES


class Command(BaseCommand):
    help = (
        "Pack the maps' outlines anew from countries-50m.json of the npm package world-atlas (Natural Earth)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, help="package/countries-50m.json of world-atlas")
        parser.add_argument("--out", type=Path, default=OUTLINES)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counted = build(options["source"], options["out"])
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        size = options["out"].stat().st_size
        self.stdout.write(json.dumps({"bytes": size, "points": counted}))
