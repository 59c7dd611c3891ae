"""How early and how well "will probably be late" would have said so over a stretch of the past."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import CommandError

from shipping.lateness.foresight import foresee, report
from shipping.management.commands import backtest_promise
from shipping.promise.backtest import Places, replay
from shipping.promise.sheet import days_since_1970

FIGURES = {
    "n": "n", "late": "late", "auc": "AUC", "calibration_error": "calib. error", "precision_top_tenth": "prec. 10%",
    "recall_top_tenth": "recall 10%", "alarms": "alarms", "precision": "precision", "recall": "recall",
    "lead_days_median": "lead, days",
}  # fmt: skip


class Command(backtest_promise.Command):
    help = (
        "Replays past parcels with no look-ahead and prints, by month of hand-over and in all: the AUC of the chance to be late"
        " at hand-over, its calibration error, precision and recall of the tenth with the highest chance (10%), and precision,"
        " recall and median lead (days before the promise breaks) of"
        " the alarm. The columns of --history are those of backtest_promise."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--threshold", type=float, default=0.5, help="the chance that makes an alarm")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["end"] < options["start"]:
            raise CommandError("--to lies before --from.")
        if not 0 < options["threshold"] < 1:
            raise CommandError("--threshold is a chance between 0 and 1.")
        history = self._history(options)
        first, last = options["start"], options["end"] + timedelta(days=1)
        start, end = (
            days_since_1970(datetime.combine(day, datetime.min.time(), tzinfo=UTC)) for day in (first, last)
        )
        places = Places(history)
        replay(history, start=start, end=end, told=backtest_promise._progress(start, end), places=places)
        spans = [*_months(first, last), ("all", start, end)]
        found = {
            name: report(
                foresee(history, places.curves, start=since, end=until, threshold=options["threshold"])
            )
            for name, since, until in spans
        }
        if not found["all"]["n"]:
            raise CommandError("No delivered parcel with a promised day was handed over in this span.")
        if options["json"]:
            self.stdout.write(json.dumps({"threshold": options["threshold"], **found}))
            return
        self.stdout.write(f"{'':8}" + "".join(f"{name:>13}" for name in FIGURES.values()))
        for name, row in found.items():
            cells = (backtest_promise._cell(row.get(key)) for key in FIGURES)
            self.stdout.write(f"{name:8}" + "".join(f"{cell:>13}" for cell in cells))


def _months(first: Any, last: Any) -> list[tuple[str, float, float]]:
    found, day = [], first
    while day < last:
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        edges = (
            datetime.combine(one, datetime.min.time(), tzinfo=UTC) for one in (day, min(following, last))
        )
        since, until = (days_since_1970(edge) for edge in edges)
        found.append((f"{day:%Y-%m}", since, until))
        day = following
    return found
