"""What a scorecard's address asks for, and the addresses of the lists that its figures lead to."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from orders.admin.base import WalledAdmin
from orders.models import Merchant
from shipping.scorecard import ask
from shipping.scorecard.figures import Figures, Sums, figures, worst_first

SPANS = {"28": "4 weeks", "91": "a quarter", "365": "a year"}


@dataclass(frozen=True)
class Asked:
    """What the address asks for, with its wrong parts left out."""

    shop: Merchant
    shops: list[Merchant]
    question: ask.Question
    group: str
    span: str
    pair: tuple[str, str]

    def query(self, **changes: str) -> str:
        known = {"merchant": str(self.shop.pk), "by": self.group, **self.question.filters}
        known |= {"from": self.question.first.isoformat(), "to": self.question.last.isoformat()}
        known |= {"a": self.pair[0], "b": self.pair[1]}
        return urlencode({name: value for name, value in (known | changes).items() if value})


def asked_of(site: WalledAdmin, request: HttpRequest) -> Asked:
    shops = list(Merchant.objects.visible_to(request.user).order_by("name")[:200])
    if not shops or not site.has_view_permission(request):
        raise Http404
    given = request.GET
    shop = next((one for one in shops if str(one.pk) == given.get("merchant")), shops[0])
    today = timezone.now().astimezone(shop.tz).date()
    span = given.get("span", "") if given.get("span") in SPANS else ""
    last = _day(given.get("to")) or today
    first = _day(given.get("from")) or last - timedelta(days=int(span or 91) - 1)
    if span:
        first, last = today - timedelta(days=int(span) - 1), today
    if first > last:
        first, last = last, first
    first = max(first, last - timedelta(days=1100))
    filters = {name: given.get(name, "")[:80] for name in ("carrier", "service", "lane", "product")}
    group = given.get("by", "") if given.get("by") in ask.GROUPS else "carrier"
    pair = (given.get("a", "")[:40], given.get("b", "")[:40])
    return Asked(shop, shops, ask.Question((shop.pk,), first, last, filters), group, span, pair)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def rows_of(asked: Asked) -> list[Figures]:
    return sorted_rows(asked, ask.by(asked.question, asked.group))


def sorted_rows(asked: Asked, sums: dict[str, Sums]) -> list[Figures]:
    found = [figures(key, one) for key, one in sums.items()]
    return sorted(found, key=lambda one: one.key) if asked.group == "week" else worst_first(found)


def parcels_link(asked: Asked, *, outcome: str = "", **changes: str) -> str:
    """The parcels' list of just these; `ended` is the span of days."""
    first = changes.pop("first", asked.question.first.isoformat())
    last = changes.pop("last", asked.question.last.isoformat())
    known = {"merchant": str(asked.shop.pk), "ended": f"{first}~{last}", "came": outcome}
    known |= {f"of_{name}": value for name, value in (asked.question.filters | changes).items()}
    query = urlencode({name: value for name, value in known.items() if value})
    return f"{reverse('admin:shipping_shipment_changelist')}?{query}"


def week_of(asked: Asked, key: str) -> dict[str, str]:
    """Its days, as far as they were asked for."""
    monday = date.fromisoformat(key)
    first = max(monday, asked.question.first).isoformat()
    return {"first": first, "last": min(monday + timedelta(days=6), asked.question.last).isoformat()}


def shown(group: str, key: str) -> str:
    """A group's name as people read it: a week by the day of its Monday."""
    if group != "week" or not key:
        return key or "–"
    monday = date.fromisoformat(key)
    return f"{monday.day} {monday:%b %Y}"


def as_read(asked: Asked, row: Figures) -> Figures:
    return replace(row, key=shown(asked.group, row.key))


def week_link(asked: Asked, key: str) -> str:
    return parcels_link(asked, outcome="judged", **week_of(asked, key))


def links(asked: Asked, key: str) -> dict[str, str]:
    """Where each figure of a row leads."""
    changes = week_of(asked, key) if asked.group == "week" else {asked.group: key or "-"}
    kinds = ("", "judged", "late", "unkept", "attempts", "exception", "returned", "timed", "delayed", "rated")
    return {kind or "all": parcels_link(asked, outcome=kind, **changes) for kind in kinds}
