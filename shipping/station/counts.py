"""The three figures of the station's page. Counted when it is opened, and no further than anyone needs to know:
a shop with a million open parcels is not counted at each scan."""

from collections import defaultdict
from datetime import datetime

from django.db.models import Q, QuerySet

from orders.models import Merchant
from shipping.models import Scan, Shipment
from shipping.models.shipment import FROM_HERE
from shipping.status import ScanOutcome, Stage

MOST = 999
DONE = (ScanOutcome.PACKED, ScanOutcome.HANDED_OVER, ScanOutcome.ON_MANIFEST)


def counts(merchants: QuerySet[Merchant], now: datetime) -> dict[str, int]:
    """`MOST` + 1 stands for more."""
    shops = list(merchants)
    mine = Shipment.objects.filter(FROM_HERE, merchant__in=shops).order_by()
    done = Scan.objects.filter(_today(shops, now), outcome__in=DONE).order_by()
    return {
        "to_pack": _capped(mine.filter(stage=Stage.OPEN)),
        "to_hand_over": _capped(mine.filter(stage=Stage.PACKED)),
        "done": _capped(done) if shops else 0,
    }


def _today(shops: list[Merchant], now: datetime) -> Q:
    """Since each shop's own midnight."""
    by_zone: dict[str, list[Merchant]] = defaultdict(list)
    for shop in shops:
        by_zone[shop.zone].append(shop)
    today = Q()
    for there in by_zone.values():
        midnight = now.astimezone(there[0].tz).replace(hour=0, minute=0, second=0, microsecond=0)
        today |= Q(merchant__in=there, scanned_at__gte=midnight)
    return today


def _capped(rows: QuerySet) -> int:
    return rows.values("pk")[: MOST + 1].count()
