"""The scorecard: how the shop's parcels came out, by carrier, service, destination, product and week."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from orders.admin.base import WalledAdmin
from orders.models import Merchant
from shipping.documents.claim import Bar, Chart, ClaimContext, Table, claim_pages
from shipping.documents.contexts import brand_of
from shipping.lateness.blame import PART_NAMES, PARTS
from shipping.models import DailyFigure, Rating
from shipping.scorecard import ask
from shipping.scorecard.draw import Picture, bars, columns, linked, parts, stars
from shipping.scorecard.figures import Figures, Share, Sums, figures, like_for_like, together, worst_first

SPANS = {"28": "4 weeks", "91": "a quarter", "365": "a year"}
MOST = 60  # groups in a table
DRAWN_HERE = 12  # bars of the picture on the page
DRAWN = 14  # bars of a chart on paper


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


@admin.register(DailyFigure)
class ScorecardAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = ["day", "carrier", "lane", "parcels", "merchant"]
    search_fields = ["carrier"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("csv/", view(partial(csv_view, self)), name="shipping_dailyfigure_csv"),
            path("pdf/", view(partial(pdf_view, self)), name="shipping_dailyfigure_pdf"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        asked = asked_of(self, request)
        return TemplateResponse(request, "shipping/admin/scorecard.html", context_of(request, asked))


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
    found = [figures(key, sums) for key, sums in ask.by(asked.question, asked.group).items()]
    return sorted(found, key=lambda one: one.key) if asked.group == "week" else worst_first(found)


def context_of(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    by_week = ask.by(asked.question, "week")
    total = figures("", together(by_week.values()))
    before = figures("", together(ask.by(asked.question.before, "carrier").values()))
    rows = rows_of(asked)
    choices = ask.choices(asked.question)
    return admin.site.each_context(request) | {
        "title": "Scorecard",
        "opts": DailyFigure._meta,
        "asked": asked,
        "spans": SPANS.items(),
        "groups": ask.GROUPS.items(),
        "choices": choices,
        "total": total,
        "cards": cards(asked, total, before),
        "rows": [(row, links(asked, row.key)) for row in rows[:MOST]],
        "left_out": max(0, len(rows) - MOST),
        "group_name": ask.GROUPS[asked.group],
        **pictures(asked, by_week, rows, total),
        "compared": compared(asked),
        "csv": f"{reverse('admin:shipping_dailyfigure_csv')}?{asked.query()}",
        "pdf": f"{reverse('admin:shipping_dailyfigure_pdf')}?{asked.query()}",
        "late": reverse("admin:shipping_latecase_changelist"),
        **comments(request, asked),
    }


def pictures(asked: Asked, by_week: dict[str, Sums], rows: list[Figures], total: Figures) -> dict[str, Any]:
    """Each mark with the list of its parcels."""
    weeks = columns([(key[5:], figures(key, sums).on_time) for key, sums in sorted(by_week.items())])
    groups = bars([(row.key or "–", row.on_time) for row in rows[:DRAWN_HERE]])
    shares = parts([(part, PART_NAMES[part], total.blame[part]) for part in PARTS])
    scores = {f"{score} of 5": parcels_link(asked, outcome=f"rated-{score}") for score in range(1, 6)}
    return {
        "weeks": linked(weeks, {key[5:]: week_link(asked, key) for key in by_week}),
        "bars": None
        if asked.group == "week"
        else linked(groups, {row.key or "–": links(asked, row.key)["all"] for row in rows[:DRAWN_HERE]}),
        "blame": linked(
            shares, {PART_NAMES[part]: parcels_link(asked, outcome=f"blame-{part}") for part in PARTS}
        ),
        "stars": linked(stars(total.ratings), scores),
    }


def cards(asked: Asked, total: Figures, before: Figures) -> list[dict[str, Any]]:
    """The headline figures beside those of the span before."""
    found = [
        ("On time", total.on_time, before.on_time, "late"),
        ("Promise kept", total.kept, before.kept, "unkept"),
        ("First attempt", total.first_attempt, before.first_attempt, "attempts"),
        ("Exceptions", total.exception, before.exception, "exception"),
    ]
    shares = [
        {
            "title": title,
            "share": now,
            "before": then,
            "url": parcels_link(asked, outcome=outcome),
            "help": f"{now.of:,} parcels",
        }
        for title, now, then, outcome in found
    ]
    plain = [
        ("Transit, half within", total.half, before.half, "d"),
        ("Transit, nine of ten within", total.most, before.most, "d"),
        ("Late days", total.late_days, before.late_days, "d"),
        ("Satisfaction", total.rating, before.rating, "of 5"),
    ]
    return shares + [
        {"title": title, "value": now, "was": then, "unit": unit, "url": parcels_link(asked)}
        for title, now, then, unit in plain
    ]


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


def week_link(asked: Asked, key: str) -> str:
    return parcels_link(asked, **week_of(asked, key))


def links(asked: Asked, key: str) -> dict[str, str]:
    """Where each figure of a row leads."""
    changes = week_of(asked, key) if asked.group == "week" else {asked.group: key or "-"}
    kinds = ("", "late", "unkept", "attempts", "exception", "returned", "rated")
    return {kind or "all": parcels_link(asked, outcome=kind, **changes) for kind in kinds}


def compared(asked: Asked) -> Any:
    """Two carriers on the destinations that both serve."""
    first, second = asked.pair
    if not first or not second or first == second:
        return None

    def lanes(carrier: str) -> dict[str, Sums]:
        question = asked.question
        filters = question.filters | {"carrier": carrier}
        return ask.by(ask.Question(question.merchants, question.first, question.last, filters), "lane")

    return like_for_like(lanes(first), lanes(second)) or "none"


def comments(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """What customers wrote, the newest first; `?late=yes` or `?low=yes` of those only."""
    found = Rating.objects.for_merchant(asked.shop).filter(
        shipment__outcome__day__gte=asked.question.first, shipment__outcome__day__lte=asked.question.last
    )
    for name in ("carrier", "service", "lane"):
        if value := asked.question.filters[name]:
            found = found.filter(**{f"shipment__outcome__{name}": value})
    if product := asked.question.filters["product"]:
        found = found.filter(shipment__lines__order_line__sku=product).distinct()
    kind = request.GET.get("comments", "")
    if kind == "late":
        found = found.filter(late=True)
    elif kind == "low":
        found = found.filter(score__lte=2)
    told = found.exclude(comment="").select_related("shipment__order").order_by("-changed_at", "-pk")
    page = Paginator(told, 10).get_page(request.GET.get("page"))
    return {"comments": page, "comments_kind": kind, "comments_query": asked.query(comments=kind)}


HEADS = (
    "parcels", "on time", "on time of", "on time, %", "on time from, %", "on time to, %", "promise kept, %", "first attempt, %",
    "exceptions, %", "returned, %", "transit p50, days", "transit p90, days", "late days",
    *(f"late days: {PART_NAMES[part].lower()}" for part in PARTS), "ratings", "mean rating", "low ratings",
)  # fmt: skip


def table_rows(rows: Iterable[Figures]) -> Iterable[list[str]]:
    for row in rows:
        yield [
            row.key or "–", str(row.parcels), str(row.on_time.many), str(row.on_time.of), _percent(row.on_time.value),
            _percent(row.on_time.low), _percent(row.on_time.high), _percent(row.kept.value),
            _percent(row.first_attempt.value), _percent(row.exception.value), _percent(row.returned.value),
            _text(row.half), _text(row.most), _text(row.late_days), *(_text(row.blame[part]) for part in PARTS),
            str(row.rated), _text(row.rating), str(row.low),
        ]  # fmt: skip


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _text(value: float | None) -> str:
    return "" if value is None else str(value)


def csv_view(site: WalledAdmin, request: HttpRequest) -> HttpResponse:
    asked = asked_of(site, request)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"scorecard-{asked.shop.slug}-{asked.question.first}-{asked.question.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.write("\ufeff")
    sheet = csv.writer(answer)
    sheet.writerow([ask.GROUPS[asked.group], *HEADS])
    for row in table_rows(rows_of(asked)):
        sheet.writerow([harmless(row[0]), *row[1:]])
    return answer


def harmless(cell: str) -> str:
    """A spreadsheet would run what begins like a formula."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell != "–" else cell


def pdf_view(site: WalledAdmin, request: HttpRequest) -> HttpResponse:
    from shipping.documents.engine import render_pdf

    asked = asked_of(site, request)
    context = paper_of(asked)
    pdf = render_pdf(claim_pages(context, asked.shop.paper), title=context.title)
    answer = HttpResponse(pdf.data, content_type="application/pdf")
    name = f"scorecard-{asked.shop.slug}-{asked.question.first}-{asked.question.last}.pdf"
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


def paper_of(asked: Asked) -> ClaimContext:
    """One table by the group asked for; at most so many rows, so that it is made while one waits."""
    rows = rows_of(asked)
    total = figures("All", together(ask.by(asked.question, "carrier").values()))
    heads = (
        ask.GROUPS[asked.group],
        "Parcels",
        "On time, 95 % sure",
        "Kept",
        "1st attempt",
        "Exceptions",
        "p50 / p90 d",
        "Rating",
    )
    widths = (0.2, 0.09, 0.21, 0.09, 0.11, 0.1, 0.12, 0.08)
    days = [(PART_NAMES[part], f"{total.blame[part]:.1f}") for part in PARTS]
    return ClaimContext(
        brand=brand_of(asked.shop),
        title="Scorecard",
        subtitle=f"{asked.question.first} – {asked.question.last}",
        facts=[(ask.GROUPS[name], value) for name, value in asked.question.filters.items() if value],
        words="",
        charts=[
            Chart(f"On time by {ask.GROUPS[asked.group].lower()}", _bars(rows[:DRAWN])),
            *([Chart("On time by week", _bars(_weeks(asked)[-DRAWN:]))] if asked.group != "week" else []),
        ],
        tables=[
            Table("How parcels came out", heads, widths, [_paper(one) for one in (*rows[:MOST], total)]),
            Table("Whose late days", ("Part", "Days"), (0.6, 0.4), days),
        ],
    )


def _weeks(asked: Asked) -> list[Figures]:
    return [figures(key, sums) for key, sums in sorted(ask.by(asked.question, "week").items())]


def _bars(rows: Iterable[Figures]) -> list[Bar]:
    found = []
    for row in rows:
        share = row.on_time
        if share.value is not None and share.low is not None and share.high is not None:
            text = f"{_short(share)} of {share.of:,}"
            found.append(Bar(row.key or "–", text, share.value, share.low, share.high))
    return found


def _paper(row: Figures) -> tuple[str, ...]:
    return (
        row.key or "–", f"{row.parcels:,}", _sure(row.on_time), _short(row.kept), _short(row.first_attempt), _short(row.exception),
        f"{_text(row.half) or '–'} / {_text(row.most) or '–'}", _text(row.rating) or "–",
    )  # fmt: skip


def _short(share: Share) -> str:
    return "–" if share.value is None else f"{100 * share.value:.1f} %"


def _sure(share: Share) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "–"
    return f"{100 * share.value:.1f} % ({100 * share.low:.0f}–{100 * share.high:.0f})"


__all__ = ["Picture", "ScorecardAdmin"]
