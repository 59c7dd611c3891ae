"""Ticking off a wave by scan.

code -> quantity × product of the wave's shop -> its line of the wave -> picked, or why not
"""

import re

from django.db.models import F, Q

from orders.models import Product
from shipping.models import Wave, WaveLine
from shipping.status import ScanOutcome
from shipping.warehouse.gs1 import read
from shipping.warehouse.pull import Judged, Pull
from shipping.warehouse.waves import finish_if_done

_TIMES = re.compile(r"(\d{1,4})\s*[*x×]\s*(.+)", re.IGNORECASE)


def pick(pull: Pull) -> Judged:
    """The scan handler of mode "pick"; `subject` is the wave's id. "12*SKU" picks twelve. A wave of a shop where
    the person may not scan is unknown."""
    wave = _wave(pull)
    if wave is None:
        return Judged(ScanOutcome.UNKNOWN, pull.code)
    times = _TIMES.fullmatch(pull.code)
    item = read(times[2] if times else pull.code)
    pieces = int(times[1]) if times else item.pieces
    details = {"wave": wave.pk, "pieces": pieces} | item.details(pull.at.date())

    def judged(outcome: ScanOutcome, line: WaveLine | None = None) -> Judged:
        shown = {"line": line.pk} if line else {}
        return Judged(outcome, pull.code, merchant_id=wave.merchant_id, details=details, shown=shown)

    same = Q(product__sku__iexact=item.text) | Q(product__gtin__in=item.gtins)
    line = wave.lines.select_for_update(of=("self",)).select_related("product").filter(same).first()
    if line is None:
        known = Product.objects.filter(merchant=wave.merchant_id, sku__iexact=item.text).exists()
        return judged(ScanOutcome.NOT_ON_LIST if known or item.gtin else ScanOutcome.UNKNOWN)
    if wave.state != Wave.State.OPEN or pieces < 1 or line.picked + line.short + pieces > line.quantity:
        return judged(ScanOutcome.PICKED_ALL, line)
    WaveLine.objects.filter(pk=line.pk).update(picked=F("picked") + pieces)
    finish_if_done(wave.pk, now=pull.at)
    return judged(ScanOutcome.PICKED, line)


def _wave(pull: Pull) -> Wave | None:
    if not (pull.subject.isdecimal() and len(pull.subject) < 19):
        return None
    return Wave.objects.filter(merchant__in=pull.merchants, pk=int(pull.subject)).first()
