"""Papers of several parcels as one PDF, and the sheet that names the parcels which could not be printed."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.template.loader import render_to_string

from shipping.documents import label, slip
from shipping.documents.contexts import Brand, Papers
from shipping.documents.engine import Pdf, render_pdf
from shipping.documents.measure import wrap
from shipping.status import DocumentKind

_LINES_A_SHEET = 46


class Failure(NamedTuple):
    order: str
    code: str
    reason: str


def papers_pdf(kind: str, papers: Sequence[Papers]) -> Pdf:
    """One document of one merchant's parcels; a pure function of its arguments."""
    sheets = [sheet for paper in papers for sheet in _sheets(kind, paper)]
    return _render(DocumentKind(kind).label, papers[0].slip.brand, sheets)


def failures_pdf(brand: Brand, failures: Sequence[Failure]) -> Pdf:
    return _render("Not printed", brand, list(_error_sheets(failures)))


def _render(title: str, brand: Brand, sheets: list[dict[str, Any]]) -> Pdf:
    """Every sheet is one page: its text goes by HTML, the rest of it as ink."""
    context = {"title": title, "brand": brand, "sheets": sheets}
    return render_pdf(
        render_to_string("shipping/documents/sheets.html", context),
        [sheet.get("ink", []) for sheet in sheets],
    )


def _sheets(kind: str, paper: Papers) -> Iterator[dict[str, Any]]:
    if kind != DocumentKind.LABELS:
        yield from ({"slip": page, "ink": slip.ink_of(page)} for page in slip.pages_of(paper.slip))
    if kind != DocumentKind.SLIPS:
        page = label.label_of(paper.label)
        yield {"label": page, "ink": label.ink_of(page)}


def _error_sheets(failures: Sequence[Failure]) -> Iterator[dict[str, Any]]:
    columns: tuple[list[str], list[str], list[str]] = ([], [], [])
    for failure in failures:
        cells = (
            wrap(failure.order, 44, 9.5, bold=True),
            wrap(failure.code, 33, 9.5),
            wrap(failure.reason, 96, 9.5),
        )
        height = max(map(len, cells))
        if len(columns[0]) + height > _LINES_A_SHEET:
            yield _error_sheet(columns)
            columns = ([], [], [])
        for column, cell in zip(columns, cells, strict=True):
            column.extend(cell + [""] * (height - len(cell)))
    yield _error_sheet(columns)


def _error_sheet(columns: tuple[list[str], list[str], list[str]]) -> dict[str, Any]:
    orders, codes, reasons = ("\n".join(column) for column in columns)
    return {"errors": {"orders": orders, "codes": codes, "reasons": reasons}}
