"""Papers of several parcels as one PDF, and the sheet that names the parcels which could not be printed."""

import base64
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.core.files.storage import default_storage

from shipping.documents.contexts import Brand, CarrierPaper, LabelContext, Papers
from shipping.documents.engine import Pdf, render_pdf
from shipping.documents.label import issued_page, label_page, zpl_only_page
from shipping.documents.options import Options
from shipping.documents.page import Page
from shipping.documents.returns import return_pages
from shipping.documents.slip import LEFT, PAPERS, slip_pages
from shipping.documents.stickers import sheet_pages
from shipping.documents.typesetting import wrap
from shipping.models import CarrierLabel
from shipping.status import DocumentKind

UNSOUND = "The carrier’s label is no sound PDF; add it again."
_LINES_A_SHEET = 46


class Failure(NamedTuple):
    order: str
    code: str
    reason: str


def papers_pdf(kind: str, papers: Sequence[Papers], options: Options | None = None) -> Pdf:
    """One document of one merchant's parcels: a function of its arguments and of the carriers' labels they name.
    Raises ValueError when a carrier's label cannot be read."""
    options = options or Options()
    title = str(DocumentKind(kind).label)
    if kind == DocumentKind.LABELS and options.sheet:
        labels = [paper.label for paper in papers]
        pages = sheet_pages(labels, options.sheet, start=options.start, copies=options.copies)
        return render_pdf(pages, title=title)
    pages, counts, issued = [], [], {}
    for paper in papers:
        before = len(pages)
        for page in _pages(kind, paper, options):
            if isinstance(page, CarrierPaper):
                issued[len(pages)] = page
                page = Page(1, 1)  # noqa: PLW2901
            pages.append(page)
        counts.append(len(pages) - before)
    pdf = render_pdf(pages, title=title)
    if issued:
        return _with_issued(pdf.data, issued, counts)
    return Pdf(pdf.data, pdf.pages, tuple(counts))


def failures_pdf(brand: Brand, failures: Sequence[Failure], paper: str = "a4") -> Pdf:
    return render_pdf(list(_error_pages(brand, failures, paper)), title="Not printed")


def _pages(kind: str, paper: Papers, options: Options) -> Iterator[Page | CarrierPaper]:
    if kind in (DocumentKind.SLIPS, DocumentKind.BOTH):
        yield from slip_pages(paper.slip, options.paper)
    if kind == DocumentKind.RETURNS:
        yield from return_pages(paper.slip, options.paper)
    if kind in (DocumentKind.LABELS, DocumentKind.BOTH):
        for _ in range(options.copies):
            yield _label(paper.label, options)


def _label(label: LabelContext, options: Options) -> Page | CarrierPaper:
    """The carrier's own label where there is one: a PDF's pages take this place once all is rendered."""
    if label.issued is None:
        return label_page(label, options.label_size)
    if label.issued.kind == CarrierLabel.Kind.PDF:
        return label.issued
    if label.issued.kind == CarrierLabel.Kind.ZPL:
        return zpl_only_page(label, options.label_size)
    data = base64.b64encode(issued_bytes(label.issued)).decode()
    return issued_page(f"data:image/png;base64,{data}", options.label_size)


def issued_bytes(issued: CarrierPaper) -> bytes:
    try:
        with default_storage.open(issued.name, "rb") as file:
            data: bytes = file.read()
    except FileNotFoundError as error:
        raise ValueError("The carrier’s label is gone from the disk; add it to the parcel again.") from error
    return data


def _with_issued(data: bytes, issued: dict[int, CarrierPaper], counts: list[int]) -> Pdf:
    """The carriers' PDFs in the places of the pages that stand for them."""
    from pypdf import PdfReader, PdfWriter
    from pypdf.errors import PyPdfError

    ours, writer, at = PdfReader(io.BytesIO(data)), PdfWriter(), 0
    final = []
    for count in counts:
        before = len(writer.pages)
        for index in range(at, at + count):
            if index not in issued:
                writer.add_page(ours.pages[index])
                continue
            try:
                writer.append(io.BytesIO(issued_bytes(issued[index])), import_outline=False)
            except PyPdfError as error:
                raise ValueError(UNSOUND) from error
        at += count
        final.append(len(writer.pages) - before)
    out = io.BytesIO()
    writer.metadata = None
    writer.write(out)
    return Pdf(out.getvalue(), len(writer.pages), tuple(final))


def _error_pages(brand: Brand, failures: Sequence[Failure], paper: str) -> Iterator[Page]:
    width, height = PAPERS[paper]
    page, used = None, _LINES_A_SHEET
    for failure in failures:
        cells = (
            wrap(failure.order, 44, 9.5, bold=True),
            wrap(failure.code, 33, 9.5),
            wrap(failure.reason, width - 97 - LEFT, 9.5),
        )
        high = max(map(len, cells))
        if used + high > _LINES_A_SHEET:
            if page:
                yield page
            page, used = Page(width, height), 0
            page.write("Not printed", LEFT, 16, 18, bold=True)
            page.write("These parcels are missing from this run. The others are complete.", LEFT, 27, 10)
            page.caption("Order", LEFT, 35)
            page.caption("Parcel", 62, 35)
            page.caption("Why", 97, 35)
            page.write(brand.name, LEFT, height - 14, 8, colour=brand.colour)
        assert page is not None
        for (left, bold), cell in zip(((LEFT, True), (62, False), (97, False)), cells, strict=True):
            page.write(cell, left, 42 + used * 5, 9.5, leading=1.492, bold=bold)
        used += high + (1 if high > 1 else 0)
    if page:
        yield page
