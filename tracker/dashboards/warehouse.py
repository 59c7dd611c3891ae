"""What is to be picked, packed and handed over today, and how the day goes."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import accumulate

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Greatest, TruncHour
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from shipping.admin.due import PICKED, TO_LEAVE, due, stuck
from shipping.models import Manifest, PrintRun, Scan, Shipment, Wave
from shipping.models.shipment import FROM_HERE
from shipping.status import Direction, ScanOutcome, Stage
from tracker.dashboards.draw import Drawing, Picture, Point, lines, stack
from tracker.dashboards.parts import Asker, Board, Panel, Row, Step, Tile, alarm, listed, shares

PARCELS = "shipping_shipment"
OUT = [ScanOutcome.HANDED_OVER, ScanOutcome.ON_MANIFEST]
DAY = (7, 19)  # hours that are drawn always; others when something happened in them


def board(asker: Asker) -> Board:
    parcels = Shipment.objects.visible_to(asker.user).filter(FROM_HERE)
    counts = _counts(parcels, asker)
    return Board("warehouse", "Warehouse", _tiles(asker, counts), _panels(asker, parcels, counts), _doors())


def _counts(parcels: QuerySet[Shipment], asker: Asker) -> dict[str, int]:
    """Everything that stands in the house, in one pass over the parcels that are not out."""
    inside = parcels.filter(TO_LEAVE).order_by()
    asked = {
        when: Count("pk", filter=due(when, asker.now, asker.zone)) for when in ("overdue", "today", "later")
    }
    return inside.aggregate(
        open=Count("pk", filter=Q(stage=Stage.OPEN)),
        picked=Count("pk", filter=Q(stage=Stage.OPEN) & PICKED),
        packed=Count("pk", filter=Q(stage=Stage.PACKED)),
        waves=Count("wave", filter=Q(stage=Stage.OPEN, wave__state=Wave.State.OPEN), distinct=True),
        **asked,
    )


def _tiles(asker: Asker, counts: dict[str, int]) -> tuple[Tile, ...]:
    to_open = {"stage__exact": Stage.OPEN, "direction__exact": Direction.OUTBOUND, "sender": "shop"}
    troubled = PrintRun.objects.visible_to(asker.user).filter(stuck(asker.now)).count()
    docks = Manifest.objects.visible_to(asker.user).filter(state=Manifest.State.OPEN).count()
    if counts["picked"] or counts["waves"]:
        work = [
            Tile("To pick", counts["open"] - counts["picked"], _waves(counts["waves"]), listed(PARCELS, **to_open, picked="no"), "list"),
            Tile("To pack", counts["picked"], "Picked, at the tables", listed(PARCELS, **to_open, picked="yes"), "box"),
        ]  # fmt: skip
    else:  # a shop that picks and packs in one go
        work = [Tile("To pack", counts["open"], "Pick and pack", listed(PARCELS, **to_open), "box")]
    return (
        *work,
        Tile("To hand over", counts["packed"], "Packed, still here",
             listed(PARCELS, stage__exact=Stage.PACKED, direction__exact=Direction.OUTBOUND), "truck"),
        Tile("Overdue", counts["overdue"], "Should have left",
             listed(PARCELS, due="overdue", direction__exact=Direction.OUTBOUND), "clock", alarm(counts["overdue"], "bad")),
        Tile("Loading", docks, "Open manifests", listed("shipping_manifest", state__exact=Manifest.State.OPEN), "van"),
        Tile("Print trouble", troubled, "Failed or standing still", listed("shipping_printrun", stuck="yes"), "print",
             alarm(troubled, "warn")),
    )  # fmt: skip


def _waves(count: int) -> str:
    return f"{count} open wave{'' if count == 1 else 's'}" if count else "No wave open"


def _doors() -> tuple[Step, ...]:
    return (
        Step("Pick", "Bin by bin", reverse("waves"), "search"),
        Step("Pack", "Scan the slip", reverse("scan"), "scan"),
        Step("Hand over", "At the dock", reverse("handover"), "truck"),
        Step("Print", "Slips and labels", listed(PARCELS, stage__exact=Stage.OPEN, printed="no"), "print"),
    )


def _panels(asker: Asker, parcels: QuerySet[Shipment], counts: dict[str, int]) -> tuple[Panel, ...]:
    return (
        Panel("leaving", "Time to leave", picture=_leaving(counts), rows=_leaving_rows(counts)),
        Panel("carriers", "Packed, by carrier", rows=_by_carrier(asker, parcels), empty="Nothing packed waits for a carrier.",
              more=("Open the dock", reverse("handover"))),
        Panel("day", "Today, hour by hour", picture=throughput(asker, parcels), wide=True),
    )  # fmt: skip


def _due_points(counts: dict[str, int]) -> list[Point]:
    outbound = {"direction__exact": Direction.OUTBOUND}
    return [
        Point(name, name, counts[key], url=listed(PARCELS, due=key, **outbound), tone=tone)
        for key, name, tone in (("overdue", "Overdue", "bad"), ("today", "Later today", "warn"), ("later", "Another day", "calm"))
    ]  # fmt: skip


def _leaving(counts: dict[str, int]) -> Picture:
    points = _due_points(counts)
    total = sum(counts[key] for key in ("overdue", "today", "later"))
    return Picture(
        "leaving-picture", "Parcels in the house by their time to leave",
        ", ".join(f"{point.name}: {point.value:g}" for point in points), "stack", stack(points),
        ("When", "Parcels"), tuple((point.name, f"{point.value:g}") for point in points), f"{total:,}",
        empty="" if total else "Nothing waits in the house.",
    )  # fmt: skip


def _leaving_rows(counts: dict[str, int]) -> tuple[Row, ...]:
    return tuple(
        Row(point.name, int(point.value), point.url, tone=point.tone) for point in _due_points(counts)
    )


def _by_carrier(asker: Asker, parcels: QuerySet[Shipment]) -> tuple[Row, ...]:
    packed = parcels.filter(stage=Stage.PACKED).order_by()
    groups = (
        packed.values("carrier").annotate(parcels=Count("pk"), first=Min("ship_by")).order_by("first")[:12]
    )
    rows = []
    for group in groups:
        first = localtime(group["first"], asker.zone)
        late = group["first"] < asker.now
        said = f"{first:%H:%M}" if first.date() == asker.midnight.date() else date_format(first, "j M H:i")
        url = listed(
            PARCELS,
            stage__exact=Stage.PACKED,
            carrier__exact=group["carrier"],
            direction__exact=Direction.OUTBOUND,
        )
        rows.append(
            Row(group["carrier"] or "No carrier yet", group["parcels"], url, f"{'was due' if late else 'first by'} {said}",
                tone="bad" if late else "calm")
        )  # fmt: skip
    return shares(rows)


def throughput(asker: Asker, parcels: QuerySet[Shipment]) -> Picture:
    """Packed and handed over so far, hour by hour, against what had to be out by then."""
    start = asker.midnight
    ids = [merchant.pk for merchant in asker.merchants]  # two at most: enough to know whether the index helps
    scans = Scan.objects.visible_to(asker.user).filter(scanned_at__gte=start, scanned_at__lte=asker.now)
    if len(ids) == 1:
        scans = scans.filter(merchant=ids[0])
    done = _by_hour(scans.filter(undone_by__isnull=True), asker)
    gone = scans.filter(outcome__in=OUT, shipment__stage=Stage.HANDED_OVER).values("shipment_id")
    to_go = _due_by_hour(parcels.filter(TO_LEAVE), asker)
    left = sum(to_go.values())
    owed = to_go + _due_by_hour(parcels.filter(pk__in=gone), asker)
    busy = [hour for series in (*done.values(), owed) for hour in series]
    first, last = min([DAY[0], *busy]), max([DAY[1], *busy])
    hours = range(first, last + 1)
    this_hour = asker.now.astimezone(asker.zone).hour

    def so_far(series: dict[int, int], until: int) -> list[float | None]:
        sums = list(accumulate(series.get(hour, 0) for hour in hours))
        return [float(total) if hour <= until else None for hour, total in zip(hours, sums, strict=True)]

    packed, out, must = so_far(done["packed"], this_hour), so_far(done["out"], this_hour), so_far(owed, 23)
    drawing: Drawing = lines(
        [("To be out", "due", must), ("Packed", "move", packed), ("Handed over", "good", out)],
        [f"{hour:02}" for hour in hours], every=2, width=640,
    )  # fmt: skip
    totals = [sum(done["packed"].values()), sum(done["out"].values()), sum(owed.values())]
    return Picture(
        "day-picture", "Packed and handed over today, against what has to be out",
        f"So far {totals[0]} packed and {totals[1]} handed over; {totals[2]} have to be out by the end of the day.",
        "lines", drawing, ("Hour", "Packed", "Handed over", "To be out by then"),
        tuple(
            (f"{hour:02}:00", str(done["packed"].get(hour, 0)), str(done["out"].get(hour, 0)), f"{total:g}")
            for hour, total in zip(hours, must, strict=True)
        ),
        f"{totals[1]:,} out, {left:,} to go",
        (("move", f"Packed {totals[0]:,}"), ("good", f"Handed over {totals[1]:,}"), ("due", f"To be out {totals[2]:,}")),
        "" if any(totals) else "Nothing has been packed today, and nothing has to leave today.",
    )  # fmt: skip


def _by_hour(scans: QuerySet[Scan], asker: Asker) -> dict[str, dict[int, int]]:
    groups = (
        scans.filter(outcome__in=[ScanOutcome.PACKED, *OUT])
        .annotate(hour=TruncHour("scanned_at", tzinfo=asker.zone))
        .values("hour", "outcome")
        .annotate(parcels=Count("shipment", distinct=True))
        .order_by()
    )
    found: dict[str, dict[int, int]] = {"packed": defaultdict(int), "out": defaultdict(int)}
    for group in groups:
        kind = "packed" if group["outcome"] == ScanOutcome.PACKED else "out"
        found[kind][group["hour"].hour] += group["parcels"]
    return found


def _due_by_hour(parcels: QuerySet[Shipment], asker: Asker) -> Counter[int]:
    """How many had to be out by which hour of today; what was due before today counts from its first hour."""
    start = asker.midnight
    end = datetime.combine(start.date() + timedelta(days=1), datetime.min.time(), tzinfo=asker.zone)
    rows = parcels.filter(ship_by__lt=end).order_by()
    groups = rows.annotate(hour=TruncHour(Greatest("ship_by", start), tzinfo=asker.zone)).values("hour")
    return Counter({group["hour"].hour: group["n"] for group in groups.annotate(n=Count("pk"))})
