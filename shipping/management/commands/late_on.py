"""The late queue as of a day of the past, and what came of it."""

import json
from argparse import ArgumentParser
from collections import Counter
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.models import Merchant
from shipping.lateness.backthen import Then, queue_then
from shipping.status import LateRule


class Command(BaseCommand):
    help = (
        "Prints the late queue of a shop as it was on a day at seven in the morning by the shop's clock, worst first, with what came"
        " of each parcel afterwards, and how many of the promises broken later had an alarm by then. Nothing is used that was"
        " not known then."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("day", help="YYYY-MM-DD")
        parser.add_argument("--merchant", help="its short name; may be left out where there is one shop")
        parser.add_argument("--limit", type=int, default=20, help="parcels to print (default 20)")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        merchant = self._merchant(options["merchant"])
        try:
            day = date.fromisoformat(options["day"])
        except ValueError:
            raise CommandError(f"“{options['day']}” is no day; write it like 2018-03-01.") from None
        at = datetime.combine(day, time(7), tzinfo=merchant.tz)
        found = list(queue_then(merchant, at))
        alarmed = sorted((row for row in found if row.alarms), key=lambda row: -row.alarms[0].score)
        said = summary(found) | {"merchant": merchant.slug, "at": at.isoformat()}
        if options["json"]:
            parcels = [line(row) for row in alarmed[: options["limit"]]]
            self.stdout.write(json.dumps(said | {"parcels": parcels}))
            return
        self._print(said, alarmed[: options["limit"]])

    def _merchant(self, slug: str | None) -> Merchant:
        shops = Merchant.objects.order_by("slug")
        chosen = list(shops.filter(slug=slug) if slug else shops[:2])
        if len(chosen) != 1:
            names = ", ".join(shops.values_list("slug", flat=True)[:20])
            raise CommandError(f"Say which shop: --merchant, one of {names or 'none yet'}.")
        return chosen[0]

    def _print(self, said: dict[str, Any], rows: list[Then]) -> None:
        self.stdout.write(
            f"{said['merchant']}, {said['at']}: {said['open']} parcels open, {said['cases']} cases"
        )
        for rule, count in said["rules"].items():
            self.stdout.write(f"  {count:6}  {LateRule(rule).label}")
        self.stdout.write(
            f"Of {said['whole']} promises still whole, {said['broke']} were broken later, {said['foreseen']} of them with an alarm by"
            f" then; of {said['warned']} parcels “{LateRule.AT_RISK.label}”, {said['warned_broke']} broke theirs."
        )
        for row in rows:
            one = line(row)
            self.stdout.write(
                f"{one['parcel']}  {one['order']:20.20}  {one['rule']:16}  {one['came']:24}  {one['why']}"
            )


def summary(found: list[Then]) -> dict[str, Any]:
    rules = Counter(row.alarms[0].rule.value for row in found if row.alarms)
    whole = [row for row in found if row.promised and not row.missed_already]
    warned = [row for row in whole if any(alarm.rule == LateRule.AT_RISK for alarm in row.alarms)]
    return {
        "open": len(found),
        "cases": sum(rules.values()),
        "rules": dict(rules.most_common()),
        "whole": len(whole),
        "broke": sum(row.broke for row in whole),
        "foreseen": sum(row.broke and bool(row.alarms) for row in whole),
        "warned": len(warned),
        "warned_broke": sum(row.broke for row in warned),
    }


def line(row: Then) -> dict[str, Any]:
    late, worst = row.days_late, row.alarms[0]
    came = "never, by the data" if late is None else f"{late} d late" if late > 0 else "in time"
    came = "called off" if row.called_off else came
    return {
        "parcel": row.shipment.code,
        "order": row.shipment.order.number,
        "rule": worst.rule.value,
        "score": worst.score,
        "why": worst.explanation,
        "promised": row.promised.isoformat() if row.promised else None,
        "days_late": late,
        "came": came,
    }
