"""Print runs: many parcels' papers as one PDF, made by a worker that may die at any moment.

A run goes chunk by chunk. Each chunk is a part on disk, written before its items are marked, so whoever
takes the run over goes on after the last whole part.
"""

import hashlib
import io
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from orders.lifecycle import advance_status, lock_order
from orders.models import Merchant, Order, User
from orders.models.base import Walled
from orders.status import OrderStatus
from shipping.documents.contexts import Papers, brand_of, contexts_for
from shipping.documents.engine import Pdf
from shipping.documents.sheets import Failure, failures_pdf, papers_pdf
from shipping.models import PrintItem, PrintRun, Shipment

log = logging.getLogger(__name__)

CHUNK = 50
STALE = timedelta(minutes=2)
GIVE_UP = timedelta(days=1)
_NOT_THE_PARCELS_FAULT = (SoftTimeLimitExceeded, MemoryError, DatabaseError, OSError)

State, ItemState = PrintRun.State, PrintItem.State


class NothingToPrint(Exception):
    """None of the parcels asked for is the merchant's."""


class _Taken(Exception):
    """Another worker has the run now."""


@transaction.atomic
def start_run(
    *, merchant: Merchant, user: User | None, kind: str, shipment_ids: Sequence[int], now: datetime
) -> PrintRun:
    """A waiting run of these parcels in this order, each once; other merchants' are passed over."""
    own = set(
        Shipment.objects.for_merchant(merchant).filter(pk__in=shipment_ids).values_list("pk", flat=True)
    )
    ids = [pk for pk in dict.fromkeys(shipment_ids) if pk in own]
    if not ids:
        raise NothingToPrint("There is no parcel to print.")
    run = PrintRun.objects.create(
        merchant=merchant, kind=kind, started_by=user, total=len(ids), created_at=now
    )
    PrintItem.objects.bulk_create(
        [PrintItem(run=run, shipment_id=pk, position=position) for position, pk in enumerate(ids)],
        batch_size=500,
    )
    return run


def stalled_runs(now: datetime) -> list[int]:
    """Runs that no worker seems to have: never begun, or not touched for a while."""
    return list(_free(now).order_by("pk").values_list("pk", flat=True)[:100])


def render_run(run_id: int, *, now: datetime, clock: Callable[[], datetime] = timezone.now) -> None:
    """Make the run's PDF, or go on with it. Does nothing if another worker has it or it is finished."""
    if not _free(now).filter(pk=run_id).update(state=State.RUNNING, touched_at=now):
        return
    run = PrintRun.objects.select_related("merchant", "started_by").get(pk=run_id)
    if now - run.created_at > GIVE_UP:
        _fail(run, "This run could not be finished within a day.", now)
        return
    try:
        parts = [_part(run, items, clock) for items in _chunks(run)]
        _finish(run, parts, clock())
    except _Taken:
        log.info("print run %s was taken over by another worker", run.pk)
    except _NOT_THE_PARCELS_FAULT:
        raise  # the run stays as it is; the sweep brings it back
    except Exception as error:
        log.exception("print run %s failed", run.pk)
        _fail(run, f"The PDF could not be put together ({type(error).__name__}).", clock())


def _free(now: datetime) -> Walled:
    return PrintRun.objects.filter(Q(state=State.QUEUED) | Q(state=State.RUNNING, touched_at__lt=now - STALE))


def _touch(run: PrintRun, now: datetime) -> None:
    """Say that we are alive. Raises _Taken when someone thought otherwise."""
    mine = PrintRun.objects.filter(pk=run.pk, state=State.RUNNING, touched_at=run.touched_at)
    if not mine.update(touched_at=now):
        raise _Taken
    run.touched_at = now


def _chunks(run: PrintRun) -> Iterable[list[PrintItem]]:
    items = list(run.items.order_by("position"))
    return [items[at : at + CHUNK] for at in range(0, len(items), CHUNK)]


def _part(run: PrintRun, items: list[PrintItem], clock: Callable[[], datetime]) -> str:
    """The name of the chunk's PDF, made unless it is there already; "" when none of it could be printed."""
    name = f"prints/parts/{run.pk}-{items[0].position}.pdf"
    if all(item.state != ItemState.WAITING for item in items):
        if not any(item.state == ItemState.DONE for item in items):
            return ""
        if default_storage.exists(name):
            return name
    pdfs = _render(run, items)
    if pdfs:
        _write(name, _merged(pdfs) if len(pdfs) > 1 else pdfs[0].data)
    with transaction.atomic():
        _touch(run, clock())
        PrintItem.objects.bulk_update(items, ["state", "error"])
    return name if pdfs else ""


def _render(run: PrintRun, items: list[PrintItem]) -> list[Pdf]:
    """Render a chunk at once; if that fails, parcel by parcel, so that only the bad one is missing."""
    try:
        papers = contexts_for(run.merchant, [item.shipment_id for item in items])
        pdfs = [papers_pdf(run.kind, papers)] if papers else []
    except _NOT_THE_PARCELS_FAULT:
        raise
    except Exception:
        log.exception("print run %s: a chunk failed; going parcel by parcel", run.pk)
        return [pdf for item in items if (pdf := _render_one(run, item))]
    _mark(items, papers)
    return pdfs


def _render_one(run: PrintRun, item: PrintItem) -> Pdf | None:
    try:
        papers = contexts_for(run.merchant, [item.shipment_id])
        pdf = papers_pdf(run.kind, papers) if papers else None
    except _NOT_THE_PARCELS_FAULT:
        raise
    except Exception as error:
        item.state, item.error = ItemState.FAILED, f"Its paper could not be made: {error!r}"[:300]
        return None
    _mark([item], papers)
    return pdf


def _mark(items: list[PrintItem], papers: list[Papers]) -> None:
    made = {paper.shipment_id for paper in papers}
    for item in items:
        done = item.shipment_id in made
        item.state = ItemState.DONE if done else ItemState.FAILED
        item.error = "" if done else "The parcel has been cancelled."


def _finish(run: PrintRun, parts: list[str], now: datetime) -> None:
    _touch(run, now)
    failed = run.items.filter(state=ItemState.FAILED).select_related("shipment__order").order_by("position")
    failures = [Failure(i.shipment.order.number, i.shipment.code, i.error) for i in failed]
    pdfs = [_read(name) for name in parts if name]
    if failures:
        pdfs.append(failures_pdf(brand_of(run.merchant), failures))
    data, pages = (
        (pdfs[0].data, pdfs[0].pages) if len(pdfs) == 1 else (_merged(pdfs), sum(pdf.pages for pdf in pdfs))
    )
    name = f"prints/{run.merchant.slug}-{run.kind}-{run.pk}.pdf"
    _write(name, data)
    _tell_orders(run, now)
    _touch(run, now)
    ready = len(failures) < run.total
    PrintRun.objects.filter(pk=run.pk).update(
        state=State.DONE if ready else State.FAILED,
        error="" if ready else "None of the parcels could be printed.",
        file=name,
        pages=pages,
        sha256=hashlib.sha256(data).hexdigest(),
        finished_at=now,
        touched_at=now,
    )
    for part in filter(None, parts):
        default_storage.delete(part)


def _tell_orders(run: PrintRun, now: datetime) -> None:
    """Printed means that the warehouse has begun: parcels get their time, waiting orders go to processing."""
    done = run.items.filter(state=ItemState.DONE).values("shipment_id")
    Shipment.objects.filter(pk__in=done).update(printed_at=now)
    waiting = Order.objects.filter(shipments__in=done, status=OrderStatus.PENDING).distinct()
    actor = run.started_by.get_username() if run.started_by else ""
    for order_id in waiting.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            advance_status(
                lock_order(order_id), OrderStatus.PROCESSING, actor=actor, now=now, occurred_at=now
            )


def _fail(run: PrintRun, error: str, now: datetime) -> None:
    PrintRun.objects.filter(pk=run.pk, touched_at=run.touched_at).update(
        state=State.FAILED, error=error[:300], finished_at=now, touched_at=now
    )


def _write(name: str, data: bytes) -> None:
    default_storage.delete(name)  # left by a worker that died between the file and its row
    default_storage.save(name, ContentFile(data))


def _read(name: str) -> Pdf:
    from pypdf import PdfReader

    with default_storage.open(name, "rb") as file:
        data = file.read()
    return Pdf(data, len(PdfReader(io.BytesIO(data)).pages))


def _merged(pdfs: Sequence[Pdf]) -> bytes:
    from pypdf import PdfWriter

    writer, out = PdfWriter(), io.BytesIO()
    for pdf in pdfs:
        writer.append(io.BytesIO(pdf.data), import_outline=False)
    writer.write(out)
    return out.getvalue()
