"""Runs an order file through `place`: order by order, each whole or not at all, progress as it goes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from orders.intake.sheet import RowProblem, SheetOrder, read_orders
from orders.models import Merchant
from orders.place import Placed, Refused, place


@dataclass
class Tally:
    rows: int = 0
    created: int = 0
    existing: int = 0
    refused: int = 0

    @property
    def orders(self) -> int:
        return self.created + self.existing + self.refused


@dataclass(frozen=True)
class Outcome:
    """What became of one order of the file."""

    external_id: str
    placed: Placed | None
    problems: tuple[RowProblem, ...]


def run_sheet(
    lines: Iterable[str],
    *,
    merchant: Merchant,
    clock: Callable[[], datetime],
    dry_run: bool = False,
    actor: str = "",
    tally: Tally,
) -> Iterator[Outcome]:
    """Yields each order's outcome and keeps `tally` up to date. With `dry_run` every order is placed for real
    and rolled back, so the check can say nothing that the import would not.

    Raises orders.intake.text.Unreadable when the file as a whole cannot be read; orders before that are in.
    """
    seen: set[int] = set()
    for sheet in read_orders(lines, zone=merchant.tz):
        outcome = _one(sheet, merchant, clock(), dry_run, actor, seen)
        tally.rows += len(sheet.rows)
        tally.created += bool(outcome.placed and outcome.placed.created)
        tally.existing += bool(outcome.placed and not outcome.placed.created)
        tally.refused += outcome.placed is None
        yield outcome


def _one(
    sheet: SheetOrder, merchant: Merchant, now: datetime, dry_run: bool, actor: str, seen: set[int]
) -> Outcome:
    if sheet.external_id and hash(sheet.external_id) in seen:
        text = "is further up in this file too; put the rows of one order next to each other"
        return Outcome(sheet.external_id, None, (RowProblem(sheet.rows[0], "order_id", text),))
    seen.add(hash(sheet.external_id))
    if sheet.order is None:
        return Outcome(sheet.external_id, None, sheet.problems)
    try:
        with transaction.atomic():
            placed = place(sheet.order, merchant=merchant, now=now, actor=actor)
            if dry_run:
                transaction.set_rollback(True)
    except Refused as refused:
        return Outcome(sheet.external_id, None, tuple(sheet.locate(problem) for problem in refused.problems))
    notes: tuple[RowProblem, ...] = ()
    if placed.changed:
        notes = (
            RowProblem(sheet.rows[0], "order_id", "is in already, with other content; it was left as it is"),
        )
    return Outcome(sheet.external_id, placed, notes)
