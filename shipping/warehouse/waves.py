"""Waves: parcels that are picked together, in one walk past the bins; and what was not found on the way."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from orders import stock
from orders.models import Merchant, Order, Product, User
from shipping.models import Shipment, ShipmentLine, ShortPick, Wave, WaveLine
from shipping.models.shipment import FROM_HERE
from shipping.status import Stage
from shipping.walk import walk_key
from shipping.warehouse.parcels import missing_pieces, split_off

MOST = 1000  # parcels in a wave


class WaveError(Exception):
    """What cannot be done with a wave; the message is for the person who asked for it."""


@transaction.atomic
def make_wave(*, merchant: Merchant, user: User | None, shipment_ids: Sequence[int], now: datetime) -> Wave:
    """A wave of those of the parcels that are to be packed, are in no other wave and have something in stock.
    Raises WaveError when there is none."""
    if len(shipment_ids) > MOST:
        raise WaveError(f"A wave has at most {MOST:,} parcels; choose fewer.")
    parcels = list(
        Shipment.objects.for_merchant(merchant)
        .select_for_update()
        .filter(FROM_HERE, pk__in=shipment_ids, stage=Stage.OPEN, wave__isnull=True)
        .order_by("pk")
    )
    ready = _ready(parcels)
    takers = [parcel for parcel in parcels if ready[parcel.pk]]
    if not takers:
        raise WaveError(
            "None of these parcels can be picked: they are packed, in a wave, or nothing of them is in stock."
        )
    local = now.astimezone(merchant.tz)
    number = merchant.waves.filter(created_at__gte=local.replace(hour=0, minute=0, second=0)).count() + 1
    wave = Wave.objects.create(
        merchant=merchant, name=f"{local.day} {local:%b}, wave {number}", started_by=user, created_at=now
    )
    Shipment.objects.filter(pk__in=[parcel.pk for parcel in takers]).update(wave=wave)
    totals: dict[int, int] = defaultdict(int)
    for parcel in takers:
        for product_id, quantity in ready[parcel.pk].items():
            totals[product_id] += quantity
    bins = dict(Product.objects.filter(pk__in=totals).values_list("pk", "bin"))
    WaveLine.objects.bulk_create(
        WaveLine(wave=wave, product_id=pk, bin=bins[pk], quantity=quantity) for pk, quantity in totals.items()
    )
    return wave


def lines_in_order(wave: Wave) -> list[WaveLine]:
    """As one walks; what has no bin comes last."""
    lines = wave.lines.select_related("product")
    return sorted(lines, key=lambda line: (not line.bin, walk_key(line.bin), line.product.sku))


@transaction.atomic
def call_off(wave: Wave, *, now: datetime) -> None:
    """The wave's parcels are free for another one. Raises WaveError when it is not open."""
    if not Wave.objects.filter(pk=wave.pk, state=Wave.State.OPEN).update(
        state=Wave.State.CANCELLED, finished_at=now
    ):
        raise WaveError("This wave is not open any more.")
    wave.shipments.filter(stage=Stage.OPEN).update(wave=None)


def finish_if_done(wave_id: int, *, now: datetime) -> bool:
    if WaveLine.objects.filter(wave=wave_id, quantity__gt=F("picked") + F("short")).exists():
        return False
    open_wave = Wave.objects.filter(pk=wave_id, state=Wave.State.OPEN)
    return bool(open_wave.update(state=Wave.State.DONE, finished_at=now))


def take_out(parcels: Sequence[Shipment]) -> None:
    """Parcels that are called off want nothing of their waves any more; what was picked for them stays picked."""
    gone = {parcel.pk for parcel in parcels}
    waves = {parcel.wave_id for parcel in parcels if parcel.wave_id}
    for wave in Wave.objects.filter(pk__in=waves, state=Wave.State.OPEN).order_by("pk"):
        others = list(wave.shipments.filter(stage=Stage.OPEN).exclude(pk__in=gone))
        wanted: dict[int, int] = defaultdict(int)
        for pieces in _ready(others).values():
            for product_id, quantity in pieces.items():
                wanted[product_id] += quantity
        for line in wave.lines.select_for_update().order_by("pk"):
            line.quantity = max(line.picked, wanted[line.product_id]) + line.short
            if line.quantity:
                line.save(update_fields=["quantity"])
            else:
                line.delete()


@transaction.atomic
def report_short(
    line: WaveLine, quantity: int, reason: str, *, note: str = "", user: User, now: datetime
) -> list[ShortPick]:
    """So many of these were not found. The newest orders of the wave go without: their pieces move into parcels of
    their own, which wait for stock; each is put on the merchant's list. Raises WaveError."""
    if reason not in ShortPick.Reason.values:
        raise WaveError("Say why the pieces are missing.")
    wave = Wave.objects.get(pk=line.wave_id)
    rows = list(
        ShipmentLine.objects.filter(
            shipment__wave=wave, shipment__stage=Stage.OPEN, order_line__product=line.product_id
        )
        .select_related("shipment__order", "order_line")
        .order_by("-shipment__order__placed_at", "-shipment__pk")
    )
    list(
        Order.objects.select_for_update()
        .filter(pk__in={row.shipment.order_id for row in rows})
        .order_by("pk")
    )
    line = WaveLine.objects.select_for_update().get(pk=line.pk)
    left = line.quantity - line.picked - line.short
    if wave.state != Wave.State.OPEN or not 0 < quantity <= left:
        raise WaveError(
            f"Only {left} of these are still to be picked."
            if left > 0
            else "Nothing of this is left to pick."
        )
    shorts, wanted = [], quantity
    for row in rows:
        taken = min(wanted, row.quantity - row.packed - missing_pieces(row.shipment).get(row.pk, 0))
        if taken <= 0:
            continue
        shorts.append(_go_without(wave, row, taken, reason, note, user, now))
        wanted -= taken
        if not wanted:
            break
    line.short += quantity
    line.save(update_fields=["short"])
    finish_if_done(wave.pk, now=now)
    return shorts


def _go_without(
    wave: Wave, row: ShipmentLine, taken: int, reason: str, note: str, user: User, now: datetime
) -> ShortPick:
    words = f"{ShortPick.Reason(reason).label}. {note}".strip()
    actor = user.get_username()
    stock.lose(row.order_line, taken, reason=words, reference=wave.name, actor=actor, now=now)
    parcel = Shipment.objects.select_for_update().get(pk=row.shipment_id)
    alone = parcel.lines.exclude(pk=row.pk).exists() or row.quantity > taken
    if alone:
        parcel = split_off(parcel, {row.pk: taken}, now=now)
    else:
        parcel.wave = None
        parcel.save(update_fields=["wave"])
    return ShortPick.objects.create(
        merchant=wave.merchant,
        wave=wave,
        order_line=row.order_line,
        parcel=parcel,
        quantity=taken,
        reason=reason,
        note=note[:200],
        reported_by=user,
        reported_at=now,
    )


@transaction.atomic
def settle_short(short: ShortPick, note: str, *, now: datetime) -> None:
    """The merchant has dealt with it. What lies on the shelf by now is reserved for those who wait."""
    settled = ShortPick.objects.filter(pk=short.pk, resolved_at__isnull=True)
    if settled.update(resolved_at=now, resolution=note[:200]):
        stock.share_out(short.order_line.product_id)


def _ready(parcels: Sequence[Shipment]) -> dict[int, dict[int, int]]:
    """By parcel and product: the pieces that can be picked now."""
    missing = missing_pieces(*parcels)
    ready: dict[int, dict[int, int]] = {parcel.pk: {} for parcel in parcels}
    rows = ShipmentLine.objects.filter(Q(shipment__in=ready)).select_related("order_line")
    for row in rows:
        quantity = row.quantity - row.packed - missing.get(row.pk, 0)
        if quantity > 0:
            mine = ready[row.shipment_id]
            product = row.order_line.product_id
            mine[product] = mine.get(product, 0) + quantity
    return ready
