"""What those who run a shop look at in the morning: late, at risk, promises kept, volume, satisfaction."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Avg, Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse

from notifications.models import Notice
from notifications.status import NoticeState
from orders.models import Order
from orders.status import OrderStatus
from shipping.admin.late_filters import NOT_YET, in_state
from shipping.models import CustomerReport, DailyFigure, LateCase, Rating, Shipment
from shipping.status import LateRule
from tracker.dashboards.draw import Picture, Point, columns
from tracker.dashboards.parts import Asker, Board, Panel, Row, Step, Tile, alarm, listed, moment, shares

DAYS, WEEKS, RATED = 14, 8, 30
LATE, ORDERS, PARCELS, RATINGS = "shipping_latecase", "orders_order", "shipping_shipment", "shipping_rating"


class Week(NamedTuple):
    """From a Monday: finished parcels that had a promise, and those that came (or were tried) by the day first promised."""

    monday: date
    parcels: int
    kept: int


def board(asker: Asker) -> Board:
    orders = Order.objects.visible_to(asker.user)
    late = _late(asker)
    kept = _kept(asker)
    ratings = _ratings(asker)
    tiles = _tiles(asker, orders, late, kept, ratings)
    panels = (
        Panel("late", "Late or at risk, by cause", _late_rows(late), empty="Nothing is late.", more=("The whole list", listed(LATE))),
        Panel("kept", "Promises kept, by week", picture=kept_picture(kept)),
        Panel("volume", "Orders a day", picture=volume(asker, orders)),
        Panel("ratings", "Satisfaction, 30 days", picture=_ratings_picture(ratings, asker)),
        Panel("news", "Since yesterday", _news(asker, orders), empty="Nothing has changed since yesterday."),
    )  # fmt: skip
    return Board("shop", "Shop", tiles, panels, steps=() if orders.exists() else _steps(asker))


def _late(asker: Asker) -> dict[str, int]:
    """What the queue shows when nothing is asked of it: open and not snoozed."""
    cases = LateCase.objects.visible_to(asker.user).filter(in_state(None, asker.user)).order_by()
    return dict(cases.values_list("rule").annotate(Count("pk")))


def _late_rows(late: dict[str, int]) -> tuple[Row, ...]:
    rows = [
        Row(str(LateRule(rule).label), count, listed(LATE, rule=rule), tone="warn" if rule in NOT_YET else "bad")
        for rule, count in sorted(late.items(), key=lambda pair: (-pair[1], pair[0]))
    ]  # fmt: skip
    return shares(rows)


def _tiles(
    asker: Asker,
    orders: QuerySet[Order],
    late: dict[str, int],
    kept: list[Week],
    ratings: dict[str, Any],
) -> tuple[Tile, ...]:
    new = orders.filter(status=OrderStatus.PENDING).count()
    dead = Notice.objects.visible_to(asker.user).filter(state=NoticeState.DEAD).count()
    words = CustomerReport.objects.visible_to(asker.user).filter(settled_at__isnull=True).count()
    parcels, in_time = sum(week.parcels for week in kept[-4:]), sum(week.kept for week in kept[-4:])
    rated = ratings["n"]
    return (
        Tile("New orders", new, "Not started", listed(ORDERS, status__exact=OrderStatus.PENDING), "list"),
        Tile("Late now", _late_now(late), "Worst first", listed(LATE, state="late"), "clock", alarm(_late_now(late), "bad")),
        _risk(late),
        Tile("Promises kept", parcels, f"of {parcels:,} in 4 weeks", _finished(asker, 3), "check",
             _kept_tone(parcels, in_time), _share(in_time, parcels)),
        Tile("Satisfaction", rated, f"of 5, {rated:,} rated" if rated else "Nobody has rated", _rated(asker), "star",
             "warn" if rated and ratings["mean"] < 3.5 else "calm", f"{ratings['mean']:.1f}" if rated else "–"),
        Tile("Customers’ words", words, "Want an answer", listed("shipping_customerreport", state="open"), "question",
             alarm(words, "warn")),
        Tile("Notices given up", dead, "Customers not told", listed("notifications_notice", state__exact=NoticeState.DEAD), "mail",
             alarm(dead, "bad")),
    )  # fmt: skip


def _late_now(late: dict[str, int]) -> int:
    return sum(count for rule, count in late.items() if rule not in NOT_YET)


def _risk(late: dict[str, int]) -> Tile:
    count = late.get(LateRule.AT_RISK, 0)
    return Tile(
        "At risk",
        count,
        "Will probably be late",
        listed(LATE, rule=LateRule.AT_RISK),
        "alert",
        alarm(count, "warn"),
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _kept_tone(parcels: int, kept: int) -> str:
    return "calm" if not parcels or kept / parcels >= 0.9 else "warn"


def _week_start(asker: Asker, weeks_back: int) -> int:
    """Days since the Monday that many weeks ago."""
    return asker.midnight.weekday() + 7 * weeks_back


def _ended(monday: date) -> str:
    return listed(PARCELS, came="judged", ended=f"{monday}~{monday + timedelta(days=6)}")


def _finished(asker: Asker, weeks_back: int) -> str:
    first = asker.days_ago(_week_start(asker, weeks_back)).date()
    return listed(PARCELS, came="judged", ended=f"{first}~{asker.midnight.date()}")


def _kept(asker: Asker) -> list[Week]:
    """Each of the last weeks, the oldest first. From the daily sums, so however many parcels there are."""
    first = asker.days_ago(_week_start(asker, WEEKS - 1)).date()
    days = DailyFigure.objects.visible_to(asker.user).filter(day__gte=first, sku="").order_by()
    weeks = {first + timedelta(weeks=week): [0, 0] for week in range(WEEKS)}
    for day, judged, on_time in days.values_list("day").annotate(Sum("judged"), Sum("on_time")):
        week = weeks.get(day - timedelta(days=day.weekday()))
        if week is not None:
            week[0] += judged
            week[1] += on_time
    return [Week(monday, parcels, kept) for monday, (parcels, kept) in weeks.items()]


def kept_picture(weeks: list[Week]) -> Picture:
    months = [monday.month for monday, _, _ in weeks]
    points = [
        Point(f"{monday.day} {monday:%b}" if monday.month not in months[max(index - 1, 0) : index] else str(monday.day),
              f"Week from {monday.day} {monday:%B}", 100 * kept / parcels if parcels else 0,
              f"{100 * kept / parcels:.0f}" if parcels else "", _ended(monday), "good" if parcels and kept / parcels >= 0.9 else "warn")
        for index, (monday, parcels, kept) in enumerate(weeks)
    ]  # fmt: skip
    parcels, in_time = sum(week.parcels for week in weeks), sum(week.kept for week in weeks)
    return Picture(
        "kept-picture", "Share of promises kept, by week of delivery",
        f"{_share(in_time, parcels)} of {parcels:,} parcels arrived by the day first promised.", "columns",
        columns(points, highest=100), ("Week from", "Parcels", "In time", "Share"),
        tuple((f"{monday.day} {monday:%b}", f"{n:,}", f"{kept:,}", _share(kept, n)) for monday, n, kept in weeks),
        f"{_share(in_time, parcels)} of {parcels:,}" if parcels else "",
        empty="" if parcels else "No parcel with a promise has been delivered in these weeks.",
    )  # fmt: skip


def volume(asker: Asker, orders: QuerySet[Order]) -> Picture:
    """Orders placed on each of the last days, by the calendar of the person's shop."""
    since = asker.days_ago(DAYS - 1)
    rows = orders.filter(placed_at__gte=since, placed_at__lte=asker.now).order_by()
    counted = dict(
        rows.annotate(day=TruncDate("placed_at", tzinfo=asker.zone)).values_list("day").annotate(Count("pk"))
    )
    points = []
    for index in range(DAYS):
        day = since.date() + timedelta(days=index)
        count = counted.get(day, 0)
        points.append(
            Point(f"{day:%a}"[:2], f"{day:%a} {day.day} {day:%B}", count, f"{count:,}" if count else "",
                  listed(ORDERS, placed_at__gte=moment(asker.days_ago(DAYS - 1 - index)),
                         placed_at__lt=moment(asker.days_ago(DAYS - 2 - index))),
                  "today" if index == DAYS - 1 else "")
        )  # fmt: skip
    total = sum(counted.values())
    return Picture(
        "volume-picture", "Orders placed on each of the last 14 days",
        ", ".join(f"{point.name}: {point.value:g}" for point in points), "columns", columns(points),
        ("Day", "Orders"), tuple((point.name, f"{point.value:g}") for point in points), f"{total:,}",
        empty="" if total else "No orders in the last 14 days.",
    )  # fmt: skip


def _ratings(asker: Asker) -> dict[str, Any]:
    rows = Rating.objects.visible_to(asker.user).filter(created_at__gte=asker.days_ago(RATED)).order_by()
    stars = {f"s{score}": Count("pk", filter=Q(score=score)) for score in range(1, 6)}
    return rows.aggregate(n=Count("pk"), mean=Avg("score"), **stars)


def _rated(asker: Asker, **more: object) -> str:
    return listed(RATINGS, created_at__gte=moment(asker.days_ago(RATED)), **more)


def _ratings_picture(ratings: dict[str, Any], asker: Asker) -> Picture:
    points = [
        Point("★" * score, f"{score} of 5", ratings[f"s{score}"], str(ratings[f"s{score}"]), _rated(asker, score__exact=score),
              "bad" if score <= 2 else "good" if score >= 4 else "")
        for score in range(1, 6)
    ]  # fmt: skip
    return Picture(
        "ratings-picture", "Ratings of the last 30 days, from one star to five",
        ", ".join(f"{point.name}: {point.value:g}" for point in points), "columns", columns(points),
        ("Rating", "Customers"), tuple((point.name, f"{point.value:g}") for point in points),
        f"{ratings['mean']:.1f} of 5" if ratings["n"] else "", empty="" if ratings["n"] else "Nobody has rated a delivery yet.",
    )  # fmt: skip


def _news(asker: Asker, orders: QuerySet[Order]) -> tuple[Row, ...]:
    """What came in since yesterday's midnight, each with its list."""
    user, since = asker.user, asker.days_ago(1)
    at = moment(since)
    cases = LateCase.objects.visible_to(user)
    asked: list[tuple[str, QuerySet[Any], str, str]] = [
        ("Orders came in", orders.filter(placed_at__gte=since), listed(ORDERS, placed_at__gte=at), "calm"),
        ("Parcels delivered", Shipment.objects.visible_to(user).filter(delivered_at__gte=since),
         listed(PARCELS, delivered_at__gte=at), "good"),
        ("New on the late list", cases.filter(in_state(None, user), opened_at__gte=since), listed(LATE, opened_at__gte=at), "bad"),
        ("Off the late list", cases.filter(closed_at__gte=since), listed(LATE, state="closed", closed_at__gte=at), "good"),
        ("Customers wrote", CustomerReport.objects.visible_to(user).filter(created_at__gte=since),
         listed("shipping_customerreport", created_at__gte=at), "warn"),
        ("Low ratings", Rating.objects.visible_to(user).filter(created_at__gte=since, score__lte=2),
         listed(RATINGS, created_at__gte=at, score__lte=2), "bad"),
        ("Notices given up", Notice.objects.visible_to(user).filter(state=NoticeState.DEAD, created_at__gte=since),
         listed("notifications_notice", state__exact=NoticeState.DEAD, created_at__gte=at), "bad"),
    ]  # fmt: skip
    counted = [Row(title, rows.order_by().count(), url, tone=tone) for title, rows, url, tone in asked]
    return tuple(row for row in counted if row.count)


def _steps(asker: Asker) -> tuple[Step, ...]:
    merchant = asker.merchants[0] if asker.merchants else None
    brand = (
        reverse("admin:orders_merchant_change", args=[merchant.pk]) if merchant else listed("orders_merchant")
    )
    return (
        Step("Import orders", "A CSV file of your shop; it is tried out first", reverse("admin:orders_importjob_add"), "upload"),
        Step("Set the brand", "Name, logo and colours of the customers’ page", brand, "shop"),
        Step("Connect a carrier", "So that its scans come in by themselves", reverse("admin:shipping_carrieraccount_add"), "truck"),
    )  # fmt: skip
