"""Print runs: which parcels' papers, in which order, called off, taken up again, printed once more."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders.models import Merchant, User
from shipping.documents import filing
from shipping.documents.joining import pages_of
from shipping.documents.parts import LISTS
from shipping.documents.press import BINDING
from shipping.models import LabelSheet, Manifest, PrintItem, PrintPart, PrintRun, Shipment, ShipmentLine, Wave
from shipping.status import DocumentKind, SortBy
from shipping.walk import walk_key

CHUNK = 50
MOST = 10_000
OPEN = (PrintRun.State.QUEUED, PrintRun.State.RUNNING)

State = PrintRun.State


class NothingToPrint(Exception):
    """None of the parcels asked for is the merchant's."""


class PrintError(Exception):
    """What was asked for cannot be printed; says why and what to do."""


@transaction.atomic
def start_run(
    *,
    merchant: Merchant,
    user: User | None,
    kind: str,
    shipment_ids: Sequence[int],
    now: datetime,
    sort: str = SortBy.CHOSEN,
    paper: str = "",
    label_size: str = "",
    sheet: LabelSheet | None = None,
    sheet_start: int = 1,
    copies: int = 1,
    manifest: Manifest | None = None,
    wave: Wave | None = None,
    reprint_of: PrintRun | None = None,
) -> PrintRun:
    """A waiting run of these parcels, each once; other merchants' are passed over. Paper and label size are the
    merchant's own unless said. Raises NothingToPrint, and PrintError for more than MOST parcels."""
    own = set(
        Shipment.objects.for_merchant(merchant).filter(pk__in=shipment_ids).values_list("pk", flat=True)
    )
    ids = [pk for pk in dict.fromkeys(shipment_ids) if pk in own]
    if not ids:
        raise NothingToPrint("There is no parcel to print.")
    if len(ids) > MOST:
        raise PrintError(
            f"A run takes {MOST:,} parcels at most; you chose {len(ids):,}. Print them in two runs."
        )
    run = PrintRun.objects.create(
        merchant=merchant,
        kind=kind,
        started_by=user,
        sort=sort,
        paper=paper or merchant.paper,
        label_size=label_size or merchant.label_size,
        sheet=sheet,
        sheet_start=sheet_start,
        copies=copies,
        manifest=manifest,
        wave=wave,
        reprint_of=reprint_of,
        total=len(ids),
        created_at=now,
    )
    together = kind in LISTS or (kind == DocumentKind.LABELS and sheet is not None)
    chunk = len(ids) if together else CHUNK
    PrintItem.objects.bulk_create(
        [
            PrintItem(run=run, shipment_id=pk, position=position, part=position // chunk + 1)
            for position, pk in enumerate(in_order(merchant, ids, sort))
        ],
        batch_size=500,
    )
    numbers = range(BINDING, (len(ids) - 1) // chunk + 2)
    PrintPart.objects.bulk_create([PrintPart(run=run, number=number) for number in numbers])
    return run


def in_order(merchant: Merchant, ids: Sequence[int], sort: str) -> list[int]:
    """The parcels as the run prints them. Two queries at most; what is alike stays as it was chosen."""
    if sort in (SortBy.BIN, SortBy.SKU):
        keys = _by_contents(merchant, ids, sort)
        return sorted(ids, key=lambda pk: keys.get(pk, [[(9, 0, "")]]))
    if sort in (SortBy.CARRIER, SortBy.TIME):
        found = Shipment.objects.for_merchant(merchant).filter(pk__in=ids)
        rows = found.values_list("pk", "carrier", "service", "order__placed_at")
        by_time = {pk: (at,) for pk, _, _, at in rows}
        by_carrier = {pk: (carrier.casefold(), service.casefold(), at) for pk, carrier, service, at in rows}
        chosen: dict[int, Any] = by_time if sort == SortBy.TIME else by_carrier
        return sorted(ids, key=lambda pk: chosen[pk])
    return list(ids)


def _by_contents(merchant: Merchant, ids: Sequence[int], sort: str) -> dict[int, list[Any]]:
    """The bin that one comes to first, or all SKUs, so that parcels with the same things lie together."""
    found: dict[int, list[Any]] = defaultdict(list)
    lines = ShipmentLine.objects.for_merchant(merchant).filter(shipment__in=ids)
    for pk, sku, place in lines.values_list("shipment_id", "order_line__sku", "order_line__product__bin"):
        found[pk].append(walk_key(place) or [(8, 0, "")] if sort == SortBy.BIN else walk_key(sku))
    return {pk: [min(keys)] if sort == SortBy.BIN else sorted(keys) for pk, keys in found.items()}


def cancel(run: PrintRun, *, now: datetime) -> bool:
    """Call it off; what is rendered is kept, so it can be taken up again. False when it had ended before."""
    mine = PrintRun.objects.filter(pk=run.pk, state__in=OPEN)
    return bool(mine.update(state=State.CANCELLED, finished_at=now, touched_at=now))


def resume(run: PrintRun) -> bool:
    """Take a cancelled run up where it stopped."""
    mine = PrintRun.objects.filter(pk=run.pk, state=State.CANCELLED)
    return bool(mine.update(state=State.QUEUED, finished_at=None, touched_at=None, started_at=None, error=""))


def print_again(run: PrintRun, *, user: User | None, now: datetime, only_failed: bool = False) -> PrintRun:
    """The same parcels as they are now, with the same choices. Raises NothingToPrint."""
    items = run.items.order_by("position")
    if only_failed:
        items = items.filter(state=PrintItem.State.FAILED)
    return start_run(
        merchant=run.merchant,
        user=user,
        kind=run.kind,
        shipment_ids=list(items.values_list("shipment_id", flat=True)),
        now=now,
        paper=run.paper,
        label_size=run.label_size,
        sheet=run.sheet,
        sheet_start=run.sheet_start,
        copies=run.copies,
        manifest=run.manifest,
        wave=run.wave,
        reprint_of=run,
    )


def read_pages(text: str, last: int) -> list[int]:
    """Page numbers as people write them: "3-7, 12". Raises PrintError naming what it cannot read."""
    pages: list[int] = []
    for piece in filter(None, re.split(r"[,;\s]+", re.sub(r"\s*[-–]\s*", "-", text.strip()))):
        found = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", piece)
        if not found:
            raise PrintError(f"“{piece[:20]}” is no page. Write pages like 3-7, 12.")
        first, end = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= end <= last:
            raise PrintError(f"“{piece[:20]}” is not among the pages of this run, which are 1 to {last}.")
        pages += range(first, end + 1)
    if not pages:
        raise PrintError("Write which pages, like 3-7, 12.")
    return sorted(set(pages))


def parcels_on(run: PrintRun, pages: Iterable[int]) -> list[PrintItem]:
    """Whose papers these pages are; for a list, nobody's in particular."""
    wanted = set(pages)
    items = run.items.filter(first_page__gt=0).select_related("shipment__order").order_by("position")
    return [item for item in items if wanted & set(range(item.first_page, item.first_page + item.pages))]


def print_pages(run: PrintRun, pages: Sequence[int], *, user: User | None) -> PrintRun:
    """These very pages once more, as they were: a finished run of its own. Raises PrintError when the PDF has been
    cleared away."""
    try:
        data = pages_of(filing.read(run.file.name or ""), pages)
    except (OSError, ValueError) as error:
        raise PrintError("The PDF has been cleared away. Print the whole run again.") from error
    items, now = parcels_on(run, pages), timezone.now()
    at = {page: index for index, page in enumerate(pages, 1)}
    with transaction.atomic():
        again = PrintRun.objects.create(
            merchant=run.merchant,
            kind=run.kind,
            state=State.DONE,
            started_by=user,
            paper=run.paper,
            label_size=run.label_size,
            sheet=run.sheet,
            sheet_start=run.sheet_start,
            copies=run.copies,
            manifest=run.manifest,
            wave=run.wave,
            reprint_of=run,
            total=len(items),
            pages=len(pages),
            sha256=hashlib.sha256(data).hexdigest(),
            created_at=now,
            started_at=now,
            finished_at=now,
            touched_at=now,
        )
        PrintItem.objects.bulk_create(_copy(again, position, item, at) for position, item in enumerate(items))
        name = f"prints/{run.merchant.slug}-{run.kind}-{again.pk}.pdf"
        filing.write(name, data)
        PrintRun.objects.filter(pk=again.pk).update(file=name)
        Shipment.objects.filter(print_items__run=again).update(printed_at=now)
    return again


def _copy(run: PrintRun, position: int, item: PrintItem, at: dict[int, int]) -> PrintItem:
    own = [at[page] for page in range(item.first_page, item.first_page + item.pages) if page in at]
    return PrintItem(
        run=run,
        shipment_id=item.shipment_id,
        position=position,
        part=1,
        state=item.state,
        pages=len(own),
        first_page=own[0],
    )
