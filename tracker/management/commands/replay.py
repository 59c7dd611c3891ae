"""Replay orders and what happened to them through the portal, each at its own time (see benchmarks/README.md)."""

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.intake.text import Unreadable
from orders.models import Order
from shipping.lateness.cases import review
from tracker.replay import Count, Replay, differences, replay_merchant


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("orders", type=Path, help="order file (docs/csv.md), sorted by placed_at")
        parser.add_argument(
            "events", type=Path, help="event file: at, order_id, what, message, city, region, country"
        )
        parser.add_argument("--merchant", default="olist", help="slug; made when it is not there")
        parser.add_argument("--zone", default="America/Sao_Paulo")
        parser.add_argument("--country", default="BR")
        parser.add_argument("--currency", default="BRL")
        parser.add_argument(
            "--speed",
            type=float,
            default=0,
            help="times real time, e.g. 86400: a day a second; 0: no waiting",
        )
        parser.add_argument(
            "--notify", action="store_true", help="write notices too (old ones expire unsent)"
        )
        parser.add_argument("--expect", type=Path, help="file with order_id,status to compare the end with")

    def handle(self, **options: Any) -> None:
        merchant = replay_merchant(
            options["merchant"], zone=options["zone"], country=options["country"], currency=options["currency"],
            notify=options["notify"],
        )  # fmt: skip
        clock = Clock(options["speed"])
        replay, shown = Replay(merchant, wait=clock.wait), 0.0
        try:
            for count in replay.run(options["orders"], options["events"]):
                if sys.stdout.isatty() and time.monotonic() - shown > 0.5:
                    shown = time.monotonic()
                    self.stdout.write(
                        f"\r{clock.at or '':%Y-%m-%d} {count.placed:,} orders, {count.events:,} events",
                        ending="",
                    )
        except (OSError, Unreadable) as error:
            raise CommandError(str(error)) from None
        self._report(replay.count, merchant.pk)
        if clock.at:
            done = review(now=clock.at)
            self.stdout.write(
                f"late list on {clock.at:%Y-%m-%d}: {done['opened']:,} cases opened, {done['closed']:,} closed"
            )
        if options["expect"]:
            right, wrong = differences(merchant, options["expect"])
            self.stdout.write(f"end status: {right:,} as the data says, {sum(wrong.values()):,} not")
            for how, number in wrong.most_common():
                self.stdout.write(f"  {number:,} {how}")
            if wrong:
                raise CommandError("Some orders did not end as the data says.")

    def _report(self, count: Count, merchant_id: int) -> None:
        say = self.stdout.write
        refused = sum(count.refused.values())
        say(
            f"\norders: {count.placed + count.known + refused:,} = {count.placed:,} came in, {count.known:,} were in, {refused:,} refused"
        )
        for reason, number in count.refused.most_common(20):
            say(f"  {number:,} refused: {reason}")
        say(
            f"events: {count.events:,} recorded, {count.repeated:,} known, {count.of_refused_orders:,} of refused orders"
        )
        for reason, number in count.moves_refused.most_common(20):
            say(f"  {number:,} moves refused: an order that is {reason}")
        statuses = Order.objects.filter(merchant=merchant_id).values_list("status", flat=True)
        tally: dict[str, int] = {}
        for status in statuses.iterator(chunk_size=5000):
            tally[status] = tally.get(status, 0) + 1
        say(
            "status: "
            + ", ".join(
                f"{number:,} {status}" for status, number in sorted(tally.items(), key=lambda s: -s[1])
            )
        )
        orders_per_second = (count.placed + count.known + refused) / max(count.placing_seconds, 1e-9)
        events_per_second = (count.events + count.repeated) / max(count.event_seconds, 1e-9)
        say(f"speed: {orders_per_second:,.0f} orders/s, {events_per_second:,.0f} events/s")


class Clock:
    """The replay's time. With a speed it sleeps until the real time that a moment falls on."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.at: datetime | None = None
        self._start: tuple[float, datetime] | None = None

    def wait(self, until: datetime) -> None:
        self.at = max(self.at, until) if self.at else until
        if not self.speed:
            return
        if self._start is None:
            self._start = (time.monotonic(), until)
        began, first = self._start
        time.sleep(max(0.0, began + (until - first).total_seconds() / self.speed - time.monotonic()))
