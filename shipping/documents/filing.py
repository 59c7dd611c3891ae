"""Where papers lie on the disk, and when they are cleared away."""

import errno
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from shipping.models import PrintPart, PrintRun

_PARTS = "prints/parts"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def part_name(part: PrintPart) -> str:
    """Each try has a file of its own, so a worker that was given up overwrites nothing."""
    return f"{_PARTS}/{part.run_id}-{part.number}-{part.attempts}.pdf"


def zpl_name(name: str) -> str:
    return name.removesuffix(".pdf") + ".zpl"


def write(name: str, data: bytes) -> None:
    default_storage.delete(name)  # left by a worker that died between the file and its row
    try:
        default_storage.save(name, ContentFile(data))
    except OSError:
        drop([name])
        raise


def read(name: str) -> bytes:
    with default_storage.open(name, "rb") as file:
        data: bytes = file.read()
    return data


def drop(names: Iterable[str]) -> None:
    for name in filter(None, names):
        default_storage.delete(name)


def is_there(name: str) -> bool:
    return default_storage.exists(name)


def trouble_with(error: OSError) -> str:
    """What stands in the way of writing, in words for the person who waits."""
    if error.errno in _FULL:
        return "There is no room to write the PDF. Make room on the disk; the run goes on by itself."
    why = error.strerror or type(error).__name__
    return f"The PDF could not be written ({why}). The run goes on by itself once that is mended."


def clear_old(now: datetime) -> int:
    """Forget the PDFs of runs that ended PRINT_KEEP_DAYS ago (0 keeps them for ever), what cancelled runs had
    rendered by then, and files that a dead worker left. The runs themselves and their hashes stay."""
    cleared = _clear_runs(now - timedelta(days=settings.PRINT_KEEP_DAYS)) if settings.PRINT_KEEP_DAYS else 0
    _clear_strays(now - timedelta(days=2))
    return cleared


def _clear_runs(before: datetime) -> int:
    ended = PrintRun.objects.filter(finished_at__lt=before)
    cancelled = PrintPart.objects.filter(run__in=ended, run__state=PrintRun.State.CANCELLED, file__gt="")
    for part in cancelled.order_by("pk")[:1000]:
        drop([part.file, zpl_name(part.file)])
        PrintPart.objects.filter(pk=part.pk).update(file="")
    rows = list(ended.filter(file__gt="").order_by("finished_at")[:500])
    for run in rows:
        drop([run.file.name or "", run.zpl.name or ""])
        PrintRun.objects.filter(pk=run.pk).update(file="", zpl="")
    return len(rows)


def _clear_strays(before: datetime) -> None:
    try:
        names = [f"{_PARTS}/{name}" for name in default_storage.listdir(_PARTS)[1]]
    except FileNotFoundError:
        return
    known = set(PrintPart.objects.exclude(file="").values_list("file", flat=True))
    for name in names:
        kept = name in known or f"{name.removesuffix('.zpl')}.pdf" in known
        if not kept and default_storage.get_modified_time(name) < before:
            default_storage.delete(name)
