"""Working off print runs, by workers that may die at any moment.

A run is a row of parts. A worker claims one by a conditional UPDATE that also counts the tries, renders it, and marks
it only while the claim is still its own; a claim that has grown old is free again. The part with number 0 is the
binding: it is free once all others are done. When the run is bound, a part goes as soon as its orders have been told.
So whoever dies, the next one goes on, and nothing is printed twice or not at all.
"""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from orders.lifecycle import advance_status, lock_order
from orders.models import Order
from orders.models.base import Walled
from orders.status import OrderStatus
from shipping.documents import filing
from shipping.documents.contexts import brand_of
from shipping.documents.joining import joined
from shipping.documents.parts import NOT_THE_PARCELS_FAULT, make
from shipping.documents.sheets import Failure, failures_pdf
from shipping.models import PrintItem, PrintPart, PrintRun, Shipment

log = logging.getLogger(__name__)

STALE = timedelta(seconds=settings.PRINT_CLAIM_SECONDS)
QUIET = timedelta(seconds=min(30, settings.PRINT_CLAIM_SECONDS))
BINDING = 0
TRIES = 2  # how often a part may fail its worker before its parcels are tried one by one
LAST_TRY = 60

State, PartState, ItemState = PrintRun.State, PrintPart.State, PrintItem.State
Clock = Callable[[], datetime]


class _Taken(Exception):
    """Another worker has the part now, or the run has been cancelled."""


def stalled_runs(now: datetime) -> list[int]:
    """Runs that a worker should be told of: never begun, not touched for a while, or with a part whose worker is
    gone."""
    quiet = now - QUIET
    runs = PrintRun.objects.filter(Q(state=State.QUEUED) | Q(state=State.RUNNING, touched_at__lt=quiet))
    parts = PrintPart.objects.filter(
        Q(run__state=State.RUNNING, state=PartState.RUNNING, claimed_at__lt=now - STALE)
        | Q(run__state=State.DONE, run__touched_at__lt=quiet)
    )
    found = set(runs.values_list("pk", flat=True)) | set(parts.values_list("run_id", flat=True))
    return sorted(found)[:100]


def open_run(run_id: int, *, now: datetime) -> int:
    """Begin a waiting run. How many workers more than this one should be told of it."""
    waiting = PrintRun.objects.filter(pk=run_id, state=State.QUEUED)
    if not waiting.update(state=State.RUNNING, started_at=now, touched_at=now):
        return 0
    parts = PrintPart.objects.filter(run=run_id, number__gt=BINDING, state=PartState.WAITING).count()
    return max(0, min(settings.WORKER_PROCESSES, parts) - 1)


def render_run(run_id: int, *, now: datetime, clock: Clock = timezone.now) -> None:
    """Work the run off here, as far as others leave anything to do."""
    open_run(run_id, now=now)
    while work(run_id, now=now, clock=clock):
        pass


def work(run_id: int, *, now: datetime, clock: Clock = timezone.now) -> bool:
    """Do one piece of the run's work that nobody else has. Whether there may be more of it."""
    run = (
        PrintRun.objects.select_related("merchant", "started_by", "sheet", "manifest", "wave")
        .filter(pk=run_id)
        .first()
    )
    if run is None or run.state not in (State.RUNNING, State.DONE):
        return False
    if run.state == State.DONE:
        return _tell_a_part(run, clock)
    part = _claim(run, now)
    if part is None:
        return False
    try:
        (_bind if part.number == BINDING else _make)(run, part, clock)
    except _Taken:
        log.info("print run %s: %s was taken over or called off", run.pk, part)
        return False
    except OSError as error:
        log.warning("print run %s waits: %s", run.pk, error)
        PrintPart.objects.filter(pk=part.pk, attempts=part.attempts).update(
            state=PartState.WAITING, attempts=F("attempts") - 1
        )
        PrintRun.objects.filter(pk=run.pk).update(error=filing.trouble_with(error), touched_at=clock())
        return False
    return True


def _claim(run: PrintRun, now: datetime) -> PrintPart | None:
    """The next free part, counted as tried once more; the binding only when every other part is done."""
    ended = (PartState.DONE, PartState.FAILED)
    unfinished = PrintPart.objects.filter(run=OuterRef("run"), number__gt=BINDING).exclude(state__in=ended)
    free = PrintPart.objects.filter(
        Q(state=PartState.WAITING) | Q(state=PartState.RUNNING, claimed_at__lt=now - STALE), run=run
    )
    while True:
        part = free.filter(number__gt=BINDING).order_by("number").first()
        if part is None:
            part = free.filter(~Exists(unfinished), number=BINDING).first()
        if part is None:
            return None
        mine = _of_claim(part, part.state).update(
            state=PartState.RUNNING, claimed_at=now, attempts=part.attempts + 1
        )
        if mine:
            part.state, part.claimed_at, part.attempts = PartState.RUNNING, now, part.attempts + 1
            return part


def _of_claim(part: PrintPart, state: str = PartState.RUNNING) -> Walled:
    return PrintPart.objects.filter(pk=part.pk, state=state, attempts=part.attempts)


def _make(run: PrintRun, part: PrintPart, clock: Clock) -> None:
    items = list(run.items.filter(part=part.number).order_by("position"))
    made, name = None, ""
    if part.attempts > LAST_TRY:
        for item in items:
            item.state, item.error = ItemState.FAILED, "Its part of the run could not be made."
    else:
        made = make(run, items, careful=part.attempts > TRIES)
    try:
        if made:
            name = filing.part_name(part)
            filing.write(name, made.pdf.data)
            if made.zpl:
                filing.write(filing.zpl_name(name), made.zpl.encode())
        with transaction.atomic():
            if not _of_claim(part).update(
                state=PartState.DONE, file=name, pages=made.pdf.pages if made else 0
            ):
                raise _Taken
            PrintItem.objects.bulk_update(items, ["state", "error", "pages", "first_page"], batch_size=200)
            PrintRun.objects.filter(pk=run.pk).update(touched_at=clock(), error="")
    except BaseException:
        filing.drop([name, filing.zpl_name(name)] if name else [])
        raise


def _bind(run: PrintRun, binding: PrintPart, clock: Clock) -> None:
    """Put the parts together, with a sheet at the end that names what is missing."""
    parts = list(run.parts.filter(number__gt=BINDING).order_by("number"))
    if _are_gone(parts, binding):
        return
    try:
        _put_together(run, binding, parts, clock)
    except (_Taken, *NOT_THE_PARCELS_FAULT):
        raise
    except Exception as error:
        log.exception("print run %s failed", run.pk)
        if binding.attempts > TRIES:
            _give_up(run, f"The PDF could not be put together ({type(error).__name__}).", clock())
        else:
            raise


def _are_gone(parts: list[PrintPart], binding: PrintPart) -> bool:
    """Whether a part is not on the disk any more; then it is to be made again before the binding."""
    gone = [part.number for part in parts if part.file and not filing.is_there(part.file)]
    if gone:
        with transaction.atomic():
            PrintItem.objects.filter(run=binding.run_id, part__in=gone).update(
                state=ItemState.WAITING, error="", first_page=0
            )
            PrintPart.objects.filter(run=binding.run_id, number__in=gone).update(
                state=PartState.WAITING, file="", attempts=F("attempts") + 1
            )
            _of_claim(binding).update(state=PartState.WAITING)
    return bool(gone)


def _put_together(run: PrintRun, binding: PrintPart, parts: list[PrintPart], clock: Clock) -> None:
    failed = run.items.filter(state=ItemState.FAILED).select_related("shipment__order").order_by("position")
    failures = [Failure(i.shipment.order.number, i.shipment.code, i.error) for i in failed]
    files = [part.file for part in parts if part.file]
    pdfs, pages = [filing.read(name) for name in files], sum(part.pages for part in parts)
    if failures:
        sheet = failures_pdf(brand_of(run.merchant), failures, run.paper)
        pdfs.append(sheet.data)
        pages += sheet.pages
    data = joined(pdfs)
    zpls = [name for file in files if filing.is_there(name := filing.zpl_name(file))]
    again = f"-{binding.attempts}" if binding.attempts > 1 else ""
    name = f"prints/{run.merchant.slug}-{run.kind}-{run.pk}{again}.pdf"
    filing.write(name, data)
    if zpls:
        filing.write(filing.zpl_name(name), b"".join(map(filing.read, zpls)))
    ready, now = len(failures) < run.total, clock()
    with transaction.atomic():
        if not _of_claim(binding).update(state=PartState.DONE):
            raise _Taken
        mine = PrintRun.objects.filter(pk=run.pk, state=State.RUNNING)
        if not mine.update(
            state=State.DONE if ready else State.FAILED,
            error="" if ready else "None of the parcels could be printed.",
            file=name,
            zpl=filing.zpl_name(name) if zpls else "",
            pages=pages,
            sha256=hashlib.sha256(data).hexdigest(),
            finished_at=now,
            touched_at=now,
        ):
            raise _Taken
        _number_pages(run, parts)
        if ready:
            run.parts.filter(number=BINDING).delete()
            run.parts.update(file="")
        else:
            run.parts.all().delete()
    filing.drop(files + zpls)


def _number_pages(run: PrintRun, parts: list[PrintPart]) -> None:
    """From pages of a part to pages of the run."""
    before = 0
    for part in parts:
        if before:
            printed = run.items.filter(part=part.number, first_page__gt=0)
            printed.update(first_page=F("first_page") + before)
        before += part.pages


def _tell_a_part(run: PrintRun, clock: Clock) -> bool:
    """Printed means that the warehouse has begun: the parcels of one part get their time, and their waiting orders go
    to processing. The part is gone after that; doing it twice does no harm."""
    part = run.parts.order_by("number").first()
    if part is None:
        return False
    done = run.items.filter(state=ItemState.DONE, part=part.number).values("shipment_id")
    at = run.finished_at or clock()
    Shipment.objects.filter(pk__in=done).update(printed_at=at)
    waiting = Order.objects.filter(shipments__in=done, status=OrderStatus.PENDING).distinct()
    actor = run.started_by.get_username() if run.started_by else ""
    for order_id in waiting.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            order = lock_order(order_id)
            advance_status(order, OrderStatus.PROCESSING, actor=actor, now=clock(), occurred_at=at)
    PrintRun.objects.filter(pk=run.pk).update(touched_at=clock())
    part.delete()
    return True


def _give_up(run: PrintRun, error: str, now: datetime) -> None:
    PrintRun.objects.filter(pk=run.pk, state=State.RUNNING).update(
        state=State.FAILED, error=error[:300], finished_at=now, touched_at=now
    )
