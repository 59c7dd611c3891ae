"""What the first page counts and the lists filter by: parcels due, picked and promised, print runs in trouble."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from orders.models import Merchant
from shipping.models import PrintRun, Wave
from shipping.models.shipment import FROM_HERE, OPEN
from shipping.status import Stage, TrackingStatus

WITH_THE_DRIVER = [
    TrackingStatus.OUT_FOR_DELIVERY,
    TrackingStatus.AVAILABLE_FOR_PICKUP,
    TrackingStatus.ATTEMPT_FAILED,
]
TO_LEAVE = FROM_HERE & Q(stage__in=[Stage.OPEN, Stage.PACKED])
PICKED = Q(wave__state=Wave.State.DONE)
STANDS_AFTER, LOOK_BACK = timedelta(minutes=10), timedelta(days=7)


def zone_of(user: Any) -> ZoneInfo:
    """The clock of the person's shop; UTC for who has several in different zones."""
    zones = set(Merchant.objects.visible_to(user).values_list("zone", flat=True)[:2])
    return ZoneInfo(zones.pop()) if len(zones) == 1 else ZoneInfo("UTC")


def due(when: str, now: datetime, zone: ZoneInfo) -> Q:
    """Parcels still in the house whose time to leave is past (`overdue`), later `today`, or `later`."""
    tomorrow = (now.astimezone(zone) + timedelta(days=1)).date()
    midnight = datetime.combine(tomorrow, datetime.min.time(), tzinfo=zone)
    moments = {
        "overdue": Q(ship_by__lt=now),
        "today": Q(ship_by__gte=now, ship_by__lt=midnight),
        "later": Q(ship_by__gte=midnight),
    }
    return TO_LEAVE & moments[when]


def promised_soon(now: datetime, zone: ZoneInfo) -> Q:
    """Under way, promised for today or tomorrow, and not yet with the driver."""
    today = now.astimezone(zone).date()
    days = Q(promised_to__gte=today, promised_to__lte=today + timedelta(days=1))
    return OPEN & days & Q(handed_over_at__isnull=False) & ~Q(tracking_status__in=WITH_THE_DRIVER)


def stuck(now: datetime) -> Q:
    """Print runs of the last week that failed, or that no worker has touched for a while."""
    unfinished = Q(state__in=[PrintRun.State.QUEUED, PrintRun.State.RUNNING])
    untouched = Q(touched_at__isnull=True, created_at__lt=now - STANDS_AFTER)
    stands = unfinished & (untouched | Q(touched_at__lt=now - STANDS_AFTER))
    return Q(created_at__gte=now - LOOK_BACK) & (Q(state=PrintRun.State.FAILED) | stands)


class DueFilter(admin.SimpleListFilter):
    title, parameter_name = "time to leave", "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "Overdue"), ("today", "Later today"), ("later", "Another day")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in ("overdue", "today", "later"):
            return queryset.filter(due(str(self.value()), timezone.now(), zone_of(request.user)))
        return queryset


class PickedFilter(admin.SimpleListFilter):
    title, parameter_name = "picked", "picked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Not yet"), ("yes", "By a finished wave")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in ("yes", "no"):
            return queryset.filter(PICKED) if self.value() == "yes" else queryset.exclude(PICKED)
        return queryset


class PromisedFilter(admin.SimpleListFilter):
    title, parameter_name = "promised", "promised"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("soon", "Today or tomorrow, not with the driver")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "soon":
            return queryset.filter(promised_soon(timezone.now(), zone_of(request.user)))
        return queryset


class StuckFilter(admin.SimpleListFilter):
    title, parameter_name = "trouble", "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Failed or standing still")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(stuck(timezone.now())) if self.value() == "yes" else queryset
