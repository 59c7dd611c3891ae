"""Lists over many parcels: what to pick, sorted as one walks, and what a driver took."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from orders.models import Merchant
from shipping.documents.contexts import Papers, contexts_for, weight_text
from shipping.documents.engine import Pdf, render_pdf
from shipping.documents.page import DARK, Page
from shipping.documents.slip import LEFT
from shipping.documents.tables import Column, Heading, table_pages
from shipping.models import Manifest, PrintRun, Shipment
from shipping.status import DocumentKind, Stage
from shipping.walk import walk_key

_TAKERS = 12  # orders named beside a SKU; the wave's page names all
_PICK = (
    Column("", 8, tick=True),
    Column("Qty", 14, size=13, bold=True, align="right"),
    Column("SKU", 40, size=10, bold=True),
    Column("Item", 66, size=9),
    Column("For", 50, size=7.5),
)
_LOAD = (
    Column("", 9, size=8, align="right"),
    Column("Parcel", 30, size=8.5, bold=True),
    Column("Order", 28, size=8.5),
    Column("Tracking number", 44, size=8.5),
    Column("To", 48, size=8.5),
    Column("Weight", 19, size=8.5, align="right"),
)


@dataclass
class Pick:
    """All pieces of one SKU in one bin, and which orders want how many."""

    bin: str
    sku: str
    name: str
    quantity: int = 0
    takers: list[tuple[str, int]] = field(default_factory=list)


def list_pdf(run: PrintRun, shipment_ids: Sequence[int]) -> Pdf:
    """The run's pick list or manifest. Raises ValueError when there is nothing to put on it."""
    make = _manifest if run.kind == DocumentKind.MANIFEST else _pick_list
    return render_pdf(make(run, shipment_ids), title=str(DocumentKind(run.kind).label))


def picks_of(papers: Sequence[Papers]) -> list[Pick]:
    """What is ready to be picked for these parcels, in the order one walks: A-2 comes before A-10, what has no
    bin last."""
    found: dict[tuple[str, str], Pick] = {}
    for paper in papers:
        for item in paper.slip.items:
            pick = found.setdefault((item.bin, item.sku), Pick(item.bin, item.sku, item.name))
            pick.quantity += item.quantity
            pick.takers.append((paper.slip.order, item.quantity))
    return sorted(found.values(), key=lambda pick: (not pick.bin, walk_key(pick.bin), pick.sku))


def _pick_list(run: PrintRun, shipment_ids: Sequence[int]) -> list[Page]:
    papers = contexts_for(run.merchant, shipment_ids)
    if not papers:
        raise ValueError("None of these parcels is to be packed any more.")
    picks = picks_of(papers)
    if not picks:
        raise ValueError("Nothing of these parcels is in stock: there is nothing to pick.")
    facts = (
        ("Parcels", f"{len(papers)}"),
        ("Pieces", f"{sum(pick.quantity for pick in picks)}"),
        ("Bins", f"{len({pick.bin for pick in picks})}"),
        ("Made", _moment(run.created_at, run.merchant)),
        ("By", run.started_by.get_username() if run.started_by else ""),
    )
    title = f"Pick list · {run.wave}" if run.wave else f"Pick list #{run.pk}"
    return table_pages(run.paper, title, facts, _PICK, _pick_rows(picks))


def _pick_rows(picks: Sequence[Pick]) -> Iterator[Sequence[str] | Heading]:
    last = None
    for pick in picks:
        if pick.bin != last:
            last = pick.bin
            yield Heading(f"Bin {pick.bin}" if pick.bin else "Without a bin")
        takers = pick.takers[:_TAKERS]
        wanted = ", ".join(f"{order}\xa0×\xa0{count}" if count > 1 else order for order, count in takers)
        more = len(pick.takers) - len(takers)
        yield "", f"{pick.quantity}", pick.sku, pick.name, wanted + (f" and {more} more" if more > 0 else "")


def _manifest(run: PrintRun, shipment_ids: Sequence[int]) -> list[Page]:
    manifest, merchant = run.manifest, run.merchant
    parcels = _parcels(merchant, shipment_ids)
    if manifest is None or not parcels:
        raise ValueError("There is no parcel on this manifest.")
    weight = sum(parcel.weight_g for parcel in parcels)
    closed = _moment(manifest.closed_at, merchant) if manifest.closed_at else "still open"
    facts = (
        ("Carrier", manifest.carrier),
        ("Dock", manifest.dock),
        ("Driver", manifest.driver),
        ("Vehicle or seal", manifest.vehicle),
        ("Parcels", f"{len(parcels)}"),
        ("Weight", weight_text(weight)),
        ("Closed", closed),
    )
    rows = [
        (
            f"{index}",
            parcel.code,
            parcel.order.number,
            parcel.tracking_number,
            f"{parcel.order.ship_to.name}, {parcel.order.ship_to.postal_code} {parcel.order.ship_to.country}",
            weight_text(parcel.weight_g) or "–",
        )
        for index, parcel in enumerate(parcels, 1)
    ]
    title = f"Hand-over manifest M-{manifest.number} · {merchant.name}"
    sign = _signatures(manifest, len(parcels))
    return table_pages(run.paper, title, facts, _LOAD, rows, end=sign, end_height=48)


def _parcels(merchant: Merchant, ids: Sequence[int]) -> list[Shipment]:
    found = (
        Shipment.objects.for_merchant(merchant)
        .exclude(stage=Stage.VOID)
        .select_related("order__ship_to")
        .in_bulk(list(ids))
    )
    return [found[pk] for pk in dict.fromkeys(ids) if pk in found]


def _signatures(manifest: Manifest, count: int) -> Callable[[Page, float], None]:
    def sign(page: Page, top: float) -> None:
        wide = (page.width - 2 * LEFT - 12) / 2
        text = f"{count} parcel{'' if count == 1 else 's'} handed over to {manifest.carrier}."
        page.write(text, LEFT, top + 6, 10.5, bold=True)
        for index, name in enumerate(
            ("For the shop: name, time, signature", "Driver: name, time, signature")
        ):
            left = LEFT + index * (wide + 12)
            page.rule(left, top + 36, wide, 0.3, DARK)
            page.caption(name, left, top + 37.5, room=wide)

    return sign


def _moment(at: datetime, merchant: Merchant) -> str:
    return date_format(timezone.localtime(at, merchant.tz), "j M Y H:i")
