"""What the learned promise would have said over a stretch of the past, and how good it was."""

import json
import sys
from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shipping.promise.backtest import replay, report
from shipping.promise.sheet import COLUMNS, SheetError, days_since_1970, read_history
from shipping.promise.transit import History

HEAD = ("n", "mae_p50_days", "pinball_50", "pinball_90", "coverage_p50", "coverage_p90", "mean_width_days", "late", "auc",
        "precision_top_tenth", "recall_top_tenth")  # fmt: skip
SHORT = (
    "n",
    "MAE p50 d",
    "pin .5",
    "pin .9",
    "cov p50",
    "cov p90",
    "width d",
    "late",
    "AUC",
    "prec 10%",
    "recall 10%",
)


class Command(BaseCommand):
    help = (
        "Replays past parcels with no look-ahead and prints, by month of hand-over and in all: n, the mean absolute error"
        " of the p50 in days, pinball losses, coverages, the mean width from p50 to p90, and how well the risk at hand-over"
        " told those that came after promised_at (AUC; precision and recall of the tenth with the highest risk)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--history", type=Path, help=f"CSV, plain or gzipped, with the columns {', '.join(COLUMNS)}"
        )
        parser.add_argument(
            "--merchant", help="slug; without --history, whose parcels (needed where there are several)"
        )
        parser.add_argument(
            "--from", dest="start", type=_day, required=True, help="first day of hand-over, YYYY-MM-DD"
        )
        parser.add_argument(
            "--to", dest="end", type=_day, required=True, help="last day of hand-over, YYYY-MM-DD"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["end"] < options["start"]:
            raise CommandError("--to lies before --from.")
        history = self._history(options)
        start = days_since_1970(datetime.combine(options["start"], datetime.min.time(), tzinfo=UTC))
        end = days_since_1970(
            datetime.combine(options["end"] + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
        )
        found = report(history, replay(history, start=start, end=end, told=_progress(start, end)))
        if not found["all"]["n"]:
            raise CommandError("No parcel that was delivered was handed over in this span.")
        if options["json"]:
            self.stdout.write(json.dumps({"from": str(options["start"]), "to": str(options["end"]), **found}))
            return
        self.stdout.write(f"{'':8}" + "".join(f"{name:>11}" for name in SHORT))
        for name, row in [*found["months"].items(), ("all", found["all"])]:
            self.stdout.write(f"{name:8}" + "".join(f"{_cell(row.get(key)):>11}" for key in HEAD))

    def _history(self, options: dict[str, Any]) -> History:
        if options["history"]:
            try:
                return read_history(options["history"])
            except OSError as error:
                raise CommandError(f"{options['history']} cannot be read: {error.strerror}.") from error
            except SheetError as error:
                raise CommandError(str(error)) from error
        from orders.models import Merchant
        from shipping.promise.history import own_history

        merchants = Merchant.objects.all()
        if options["merchant"]:
            merchants = merchants.filter(slug=options["merchant"])
        found = list(merchants[:2])
        if len(found) != 1:
            names = ", ".join(Merchant.objects.order_by("slug").values_list("slug", flat=True)[:20])
            raise CommandError(
                f"Say whose parcels: --merchant with one of {names or 'none yet'}; or give --history."
            )
        return own_history(found[0], now=timezone.now())


def _progress(start: float, end: float) -> Any:
    if not sys.stderr.isatty():
        return None

    def told(day: float) -> None:
        share = min(max((day - start) / (end - start), 0.0), 1.0)
        sys.stderr.write(f"\r{share:4.0%}" + ("\n" if share == 1.0 else ""))

    return told


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _day(text: str) -> date:
    return date.fromisoformat(text)
