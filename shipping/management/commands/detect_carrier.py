import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from shipping.carriers.detect import detect
from shipping.carriers.formats import problems


class Command(BaseCommand):
    help = "Which carriers a tracking number may be of: one JSON line for each number."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("numbers", nargs="+", metavar="NUMBER")

    def handle(self, *args: Any, **options: Any) -> None:
        for words in problems():
            self.stderr.write(f"Left out: {words}")
        for number in options["numbers"]:
            candidates = [candidate.to_json() for candidate in detect(number)]
            self.stdout.write(json.dumps({"number": number, "candidates": candidates}, ensure_ascii=False))
