"""The numbers of the admin's first page: what waits for somebody today, each with the list that shows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.urls import reverse

from notifications.models import Notice
from notifications.status import NoticeState
from orders.models import Merchant, Order, User
from orders.status import OrderStatus
from shipping.models import LateCase, Shipment
from shipping.status import MOVING, LateRule, Stage

DAYS = 14
BAR, GAP, HEIGHT, TOP, FOOT = 34, 24, 120, 22, 26  # units of the chart's own drawing


@dataclass(frozen=True)
class Card:
    title: str
    count: int
    help: str
    url: str
    icon: str
    tone: str


@dataclass(frozen=True)
class Bar:
    """A day's column, in units of the drawing."""

    day: str
    name: str
    count: int
    x: int
    y: int
    height: int
    middle: int
    today: bool


@dataclass(frozen=True)
class Chart:
    bars: tuple[Bar, ...]
    total: int
    width: int
    height: int
    base: int


def cards(user: User) -> list[Card]:
    """Walled by `visible_to`; each count is the length of the list its card links to."""
    parcels = Shipment.objects.visible_to(user)
    packable = parcels.filter(stage=Stage.OPEN)
    late = LateCase.objects.visible_to(user).filter(closed_at__isnull=True)
    dead = Notice.objects.visible_to(user).filter(state=NoticeState.DEAD)
    moving = sorted(MOVING)
    return [
        _card("New orders", _new(user), "Not started", "orders_order", "list", status__exact="pending"),
        _card(
            "To pack",
            packable.count(),
            "Parcels waiting",
            "shipping_shipment",
            "box",
            stage__exact=Stage.OPEN,
        ),
        _card(
            "Packed",
            parcels.filter(stage=Stage.PACKED).count(),
            "Not handed over yet",
            "shipping_shipment",
            "label",
            stage__exact=Stage.PACKED,
        ),
        _card(
            "Moving",
            parcels.filter(tracking_status__in=moving).count(),
            "With their carriers",
            "shipping_shipment",
            "truck",
            tracking_status__in=",".join(moving),
        ),
        _card("Late", late.count(), "Worst first", "shipping_latecase", "clock", alarm="warn"),
        _card(
            "Not accepted",
            late.filter(rule=LateRule.HANDOVER_GAP).count(),
            "Handed over, no carrier scan",
            "shipping_latecase",
            "truck",
            alarm="warn",
            rule__exact=LateRule.HANDOVER_GAP,
        ),
        _card(
            "Notices given up",
            dead.count(),
            "Customers not told",
            "notifications_notice",
            "mail",
            alarm="bad",
            state__exact=NoticeState.DEAD,
        ),
    ]


def _new(user: User) -> int:
    return Order.objects.visible_to(user).filter(status=OrderStatus.PENDING).count()


def _card(
    title: str, count: int, text: str, model: str, icon: str, alarm: str = "calm", **filters: str
) -> Card:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    url = reverse(f"admin:{model}_changelist") + (f"?{query}" if query else "")
    return Card(title, count, text, url, icon, alarm if count else "calm")


def chart(user: User, *, now: datetime) -> Chart:
    """Orders placed on each of the last days, by the calendar of the person's shop (UTC for several shops)."""
    zone = _zone(user)
    today = now.astimezone(zone).date()
    first = today - timedelta(days=DAYS - 1)
    since = datetime.combine(first, datetime.min.time(), tzinfo=zone)
    rows = Order.objects.visible_to(user).filter(placed_at__gte=since, placed_at__lte=now).order_by()
    counted = dict(
        rows.annotate(day=TruncDate("placed_at", tzinfo=zone)).values_list("day").annotate(Count("pk"))
    )
    highest = max([*counted.values(), 1])

    def bars() -> Iterator[Bar]:
        for index in range(DAYS):
            day = first + timedelta(days=index)
            count = counted.get(day, 0)
            height = round(HEIGHT * count / highest)
            x = index * (BAR + GAP)
            yield Bar(
                f"{day:%a}"[:2], f"{day:%a} {day.day} {day:%B}", count, x, TOP + HEIGHT - height, height,
                x + BAR // 2, day == today,
            )  # fmt: skip

    width = DAYS * (BAR + GAP) - GAP
    return Chart(tuple(bars()), sum(counted.values()), width, TOP + HEIGHT + FOOT, TOP + HEIGHT)


def _zone(user: User) -> ZoneInfo:
    zones = set(Merchant.objects.visible_to(user).values_list("zone", flat=True)[:2])
    return ZoneInfo(zones.pop()) if len(zones) == 1 else ZoneInfo("UTC")
