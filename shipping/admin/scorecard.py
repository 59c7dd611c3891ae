"""The scorecard: how the shop's parcels came out, by carrier, service, destination, product and week."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from orders.admin.base import WalledAdmin
from shipping.admin.scorecard_asked import (
    SPANS,
    Asked,
    as_read,
    asked_of,
    links,
    parcels_link,
    shown,
    sorted_rows,
    week_link,
    week_of,
)
from shipping.admin.scorecard_paper import csv_view, pdf_view
from shipping.lateness.blame import PART_NAMES, PARTS
from shipping.models import DailyFigure, Rating
from shipping.scorecard import ask
from shipping.scorecard.draw import bars, columns, linked, parts, stars
from shipping.scorecard.figures import Figures, Score, Sums, figures, like_for_like, together

MOST = 60  # groups in a table
MOST_LANES = 20  # destinations of a comparison
DRAWN_HERE = 12  # bars of the picture on the page


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


def context_of(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    groups = ask.by(asked.question, asked.group)
    # A parcel with two products stands in both their groups.
    whole = ask.by(asked.question, "carrier") if asked.group == "product" else groups
    by_week = groups if asked.group == "week" else ask.by(asked.question, "week", parts=False)
    total = figures("", together(whole.values()))
    before = figures("", together(ask.by(asked.question.before, "carrier").values()))
    rows = sorted_rows(asked, groups)
    choices, pair = ask.choices(asked.question), pair_of(asked, rows)
    return admin.site.each_context(request) | {
        "title": "Scorecard",
        "opts": DailyFigure._meta,
        "asked": asked,
        "spans": SPANS.items(),
        "groups": ask.GROUPS.items(),
        "choices": choices,
        "total": total,
        "cards": cards(asked, total, before),
        "rows": [(as_read(asked, row), links(asked, row.key)) for row in rows[:MOST]],
        "left_out": max(0, len(rows) - MOST),
        "blamed": blamed(asked, rows),
        "felt": felt(asked, total),
        "group_name": ask.GROUPS[asked.group],
        **pictures(asked, by_week, rows, total),
        "pair": pair,
        "compared": compared(asked, pair),
        "csv": f"{reverse('admin:shipping_dailyfigure_csv')}?{asked.query()}",
        "pdf": f"{reverse('admin:shipping_dailyfigure_pdf')}?{asked.query()}",
        "late": reverse("admin:shipping_latecase_changelist"),
        "delayed": parcels_link(asked, outcome="delayed"),
        "rated": parcels_link(asked, outcome="rated"),
        **comments(request, asked),
    }


def pictures(asked: Asked, by_week: dict[str, Sums], rows: list[Figures], total: Figures) -> dict[str, Any]:
    """Each mark with the list of its parcels."""
    named = {key: shown("week", key)[:-5] for key in by_week}
    weeks = columns([(named[key], figures(key, sums).on_time) for key, sums in sorted(by_week.items())])
    groups = bars([(shown(asked.group, row.key), row.on_time) for row in rows[:DRAWN_HERE]])
    shares = parts([(part, PART_NAMES[part], total.blame[part]) for part in PARTS])
    scores = {f"{score} of 5": parcels_link(asked, outcome=f"rated-{score}") for score in range(1, 6)}
    return {
        "weeks": linked(weeks, {named[key]: week_link(asked, key) for key in by_week}),
        "bars": None
        if asked.group == "week"
        else linked(
            groups,
            {shown(asked.group, row.key): links(asked, row.key)["judged"] for row in rows[:DRAWN_HERE]},
        ),
        "blame": linked(
            shares, {PART_NAMES[part]: parcels_link(asked, outcome=f"blame-{part}") for part in PARTS}
        ),
        "stars": linked(stars(total.ratings), scores),
    }


def cards(asked: Asked, total: Figures, before: Figures) -> list[dict[str, Any]]:
    """The headline figures beside those of the span before, each with the list of its parcels."""
    shares = [
        ("On time", total.on_time, before.on_time, "late"),
        ("Promise kept", total.kept, before.kept, "unkept"),
        ("First attempt", total.first_attempt, before.first_attempt, "attempts"),
        ("Exceptions", total.exception, before.exception, "exception"),
    ]
    plain = [
        ("Transit, half within", total.half, before.half, "d", "timed"),
        ("Transit, nine of ten within", total.most, before.most, "d", "timed"),
        ("Late days", total.late_days, before.late_days, "d", "delayed"),
        ("Satisfaction", total.rating, before.rating, "of 5", "rated"),
    ]
    then = asked.question.before
    span = {"first": then.first.isoformat(), "last": then.last.isoformat()}
    found: list[dict[str, Any]] = [
        {"title": title, "share": now, "before": past, "help": f"{now.of:,} parcels", "outcome": outcome}
        for title, now, past, outcome in shares
    ]
    found += [
        {"title": title, "value": now, "was": past, "unit": unit, "outcome": outcome}
        for title, now, past, unit, outcome in plain
    ]
    for card in found:
        card["url"] = parcels_link(asked, outcome=card["outcome"])
        card["then"] = parcels_link(asked, outcome=card["outcome"], **span)
    return found


def blamed(asked: Asked, rows: list[Figures]) -> dict[str, Any]:
    """Late days by part for each group that has any; only parts that somebody is charged with."""
    late = [row for row in rows[:MOST] if row.late_days]
    shown = [part for part in PARTS if any(row.blame[part] for row in late)]

    def changes(key: str) -> dict[str, str]:
        return week_of(asked, key) if asked.group == "week" else {asked.group: key or "-"}

    return {
        "heads": [(part, PART_NAMES[part]) for part in shown],
        "rows": [
            (as_read(asked, row), [(row.blame[part], parcels_link(asked, outcome=f"blame-{part}", **changes(row.key))) for part in shown])
            for row in late
        ],
    }  # fmt: skip


def felt(asked: Asked, total: Figures) -> list[tuple[str, Score, str]]:
    """What customers thought of what came in time and of what did not."""
    return [
        ("Not late", total.in_time, parcels_link(asked, outcome="rated-in-time")),
        ("Late", total.too_late, parcels_link(asked, outcome="rated-late")),
    ]


def pair_of(asked: Asked, rows: list[Figures]) -> tuple[str, str]:
    """The two that were asked for, else the two with most parcels."""
    if all(asked.pair):
        return asked.pair
    if asked.group == "carrier":
        carriers = {row.key: row.parcels for row in rows}
    else:
        found = ask.by(asked.question, "carrier", parts=False)
        carriers = {name: sums.counts["parcels"] for name, sums in found.items()}
    named = sorted(filter(None, carriers), key=lambda name: (-carriers[name], name))
    first, second, *_ = (*named, "", "")
    return first, second


def compared(asked: Asked, pair: tuple[str, str]) -> Any:
    """Two carriers on the destinations that both serve, each destination with the lists behind its figures."""
    first, second = pair
    if not first or not second or first == second:
        return None

    def lanes(carrier: str) -> dict[str, Sums]:
        question = asked.question
        filters = question.filters | {"carrier": carrier}
        return ask.by(
            ask.Question(question.merchants, question.first, question.last, filters), "lane", parts=False
        )

    found = like_for_like(lanes(first), lanes(second))
    if found is None:
        return "none"

    def of(carrier: str, lane: str = "") -> str:
        changes = {"carrier": carrier} | ({"lane": lane} if lane else {})
        return parcels_link(asked, outcome="judged", **changes)

    picture = bars([(first, found.first), (second, found.second)])
    return {
        "found": found,
        "picture": linked(picture, {first: of(first), second: of(second)}),
        "lanes": [(one, of(first, one.lane), of(second, one.lane)) for one in found.by_lane[:MOST_LANES]],
        "left_out": max(0, len(found.by_lane) - MOST_LANES),
    }


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
        found = found.filter(shipment__outcome__judged=True, shipment__outcome__on_time=False)
    elif kind == "low":
        found = found.filter(score__lte=2)
    told = (
        found.exclude(comment="")
        .select_related("shipment__order", "shipment__outcome")
        .order_by("-changed_at", "-pk")
    )
    page = Paginator(told, 10).get_page(request.GET.get("page"))
    return {"comments": page, "comments_kind": kind, "comments_query": asked.query(comments=kind)}
