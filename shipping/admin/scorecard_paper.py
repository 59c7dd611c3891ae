"""The scorecard to take away: CSV for a spreadsheet, PDF for the printer."""

import csv
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse

from orders.admin.base import WalledAdmin
from shipping.admin.scorecard_asked import Asked, as_read, asked_of, rows_of, shown
from shipping.documents.claim import Bar, Chart, ClaimContext, Table, claim_pages
from shipping.documents.contexts import brand_of
from shipping.lateness.blame import PART_NAMES, PARTS
from shipping.scorecard import ask
from shipping.scorecard.figures import Figures, Share, figures, together

MOST = 60  # groups in the table on paper
DRAWN = 14  # bars of a chart


_BRIEF = {
    "merchant": "Ours",
    "supplier": "Supplier",
    "acceptance": "1st scan",
    "transit": "Transit",
    "recipient": "Recipient",
    "customs": "Customs",
    "carrier": "Carrier",
}
HEADS = (
    "parcels", "on time", "on time of", "on time, %", "on time from, %", "on time to, %", "promise kept, %", "first attempt, %",
    "exceptions, %", "returned, %", "transit p50, days", "transit p90, days", "late days",
    *(f"late days: {PART_NAMES[part].lower()}" for part in PARTS), "ratings", "mean rating", "low ratings",
    "ratings of late parcels", "mean rating of late parcels", "mean rating of the others",
)  # fmt: skip


def table_rows(rows: Iterable[Figures]) -> Iterable[list[str]]:
    for row in rows:
        yield [
            row.key or "–", str(row.parcels), str(row.on_time.many), str(row.on_time.of), _percent(row.on_time.value),
            _percent(row.on_time.low), _percent(row.on_time.high), _percent(row.kept.value),
            _percent(row.first_attempt.value), _percent(row.exception.value), _percent(row.returned.value),
            _text(row.half), _text(row.most), _text(row.late_days), *(_text(row.blame[part]) for part in PARTS),
            str(row.rated), _text(row.rating), str(row.low),
            str(row.too_late.many), _text(row.too_late.mean), _text(row.in_time.mean),
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
    rows = [as_read(asked, row) for row in rows_of(asked)]
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
            _blamed(asked, rows),
            Table(
                "Satisfaction",
                ("Parcels", "Ratings", "Mean, of 5", "1 or 2"),
                (0.4, 0.2, 0.2, 0.2),
                [
                    (
                        name,
                        f"{score.many:,}",
                        "–" if score.mean is None else str(score.mean),
                        f"{score.low:,}",
                    )
                    for name, score in (("Not late", total.in_time), ("Late", total.too_late))
                ],
            ),
        ],
    )


def _blamed(asked: Asked, rows: list[Figures]) -> Table:
    group = ask.GROUPS[asked.group]
    late = [row for row in rows if row.late_days][:MOST]
    heads = tuple(_BRIEF[part] for part in PARTS)
    lines = [(row.key or "–", *(f"{row.blame[part]:.1f}" for part in PARTS)) for row in late]
    title = f"Late days by {group.lower()}"
    return Table(title, (group, *heads), (0.23, *(0.11 for _ in PARTS)), lines, none="No late days.")


def _weeks(asked: Asked) -> list[Figures]:
    return [
        figures(shown("week", key), sums)
        for key, sums in sorted(ask.by(asked.question, "week", parts=False).items())
    ]


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
