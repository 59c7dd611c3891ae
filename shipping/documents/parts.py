"""A stretch of a print run as one PDF. What cannot be printed is named and left out; the rest comes out whole."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError

from shipping.documents.contexts import Papers, contexts_for
from shipping.documents.engine import PRESS, Pdf
from shipping.documents.lists import list_pdf
from shipping.documents.options import Options
from shipping.documents.sheets import papers_pdf
from shipping.documents.stickers import sheet_of
from shipping.documents.zpl import labels_zpl
from shipping.models import PrintItem, PrintRun
from shipping.status import DocumentKind

log = logging.getLogger(__name__)

LISTS = (DocumentKind.PICKS, DocumentKind.MANIFEST)
KILLER = "Printing it stopped the worker each time. Look at its address, its lines and its carrier’s label."
NOT_THE_PARCELS_FAULT = (SoftTimeLimitExceeded, MemoryError, DatabaseError, OSError)
State = PrintItem.State


class Made(NamedTuple):
    pdf: Pdf
    zpl: str


def make(run: PrintRun, items: Sequence[PrintItem], *, careful: bool = False) -> Made | None:
    """The items' papers in one PDF, None when there is none; each item is marked, not saved. When they cannot be
    made together each is tried alone, so that only the bad ones are missing.

    `careful` is for a part that has brought down its workers: every parcel is written down as the culprit before
    it is tried, and cleared after; the next worker passes over the one that stayed."""
    left = [item for item in items if item.state != State.FAILED]
    if not careful:
        try:
            return _together(run, left)
        except NOT_THE_PARCELS_FAULT:
            raise
        except Exception:
            log.exception("print run %s: a part failed; going parcel by parcel", run.pk)
    sound = [item for item in left if (_tried_openly if careful else _is_sound)(run, item)]
    return _together(run, sound)


def _tried_openly(run: PrintRun, item: PrintItem) -> bool:
    PrintItem.objects.filter(pk=item.pk).update(state=State.FAILED, error=KILLER)
    sound = _is_sound(run, item)
    PrintItem.objects.filter(pk=item.pk).update(state=State.WAITING, error="")
    return sound


def _is_sound(run: PrintRun, item: PrintItem) -> bool:
    try:
        _together(run, [item])
    except NOT_THE_PARCELS_FAULT:
        raise
    except ValueError as error:
        item.error = str(error)[:300]
    except Exception as error:
        item.error = f"Its paper could not be made: {error!r}"[:300]
    else:
        return item.state == State.DONE
    item.state = State.FAILED
    return False


def _together(run: PrintRun, items: Sequence[PrintItem]) -> Made | None:
    papers = contexts_for(run.merchant, [item.shipment_id for item in items])
    with PRESS:
        made = _render(run, papers) if papers else None
    at = {paper.shipment_id: index for index, paper in enumerate(papers)}
    places = _places(run, made.pdf, len(papers)) if made else []
    for item in items:
        done = item.shipment_id in at
        item.state = State.DONE if done else State.FAILED
        item.error = "" if done else "The parcel has been cancelled."
        item.first_page, item.pages = places[at[item.shipment_id]] if done else (0, 0)
    return made


def _render(run: PrintRun, papers: list[Papers]) -> Made:
    if run.kind in LISTS:
        return Made(list_pdf(run, [paper.shipment_id for paper in papers]), "")
    options = options_of(run)
    zpl = ""
    if run.kind in (DocumentKind.LABELS, DocumentKind.BOTH) and not options.sheet:
        zpl = labels_zpl(papers, size=options.label_size, copies=options.copies)
    return Made(papers_pdf(run.kind, papers, options), zpl)


def options_of(run: PrintRun) -> Options:
    return Options(
        paper=run.paper,
        label_size=run.label_size,
        sheet=sheet_of(run.sheet) if run.sheet and run.kind == DocumentKind.LABELS else None,
        start=run.sheet_start,
        copies=run.copies,
    )


def _places(run: PrintRun, pdf: Pdf, papers: int) -> list[tuple[int, int]]:
    """First page and number of pages of each paper; (0, 0) where many share a list."""
    if run.kind in LISTS:
        return [(0, 0)] * papers
    options, places, page = options_of(run), [], 1
    if options.sheet:
        room = options.sheet.rows * options.sheet.columns
        for index in range(papers):
            first = options.start - 1 + index * options.copies
            last = first + options.copies - 1
            places.append((first // room + 1, last // room - first // room + 1))
        return places
    for count in pdf.counts:
        places.append((page, count))
        page += count
    return places
