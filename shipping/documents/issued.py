"""Labels that carriers issue: what a file is, by its bytes, and whether a run can print it."""

import hashlib
import io
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from orders.models import User
from shipping.models import CarrierLabel, Shipment

MOST_BYTES = 5_000_000
MOST_PAGES = 10
MOST_DOTS = 6_000  # a side of a picture: 10 inches at 600 dpi
_KINDS = CarrierLabel.Kind


class LabelError(ValueError):
    """The file is no label that can be printed; the message is for the person who sent it."""


def kind_of(data: bytes) -> CarrierLabel.Kind:
    """What the bytes are, whatever the file is called. Raises LabelError unless all of it can be printed."""
    if not data:
        raise LabelError("The file is empty.")
    if len(data) > MOST_BYTES:
        raise LabelError(f"The file is over {MOST_BYTES // 1_000_000} MB; a label is far smaller.")
    if data.lstrip()[:5] == b"%PDF-":
        _check_pdf(data)
        return _KINDS.PDF
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        _check_png(data)
        return _KINDS.PNG
    if b"^XA" in data[:2_000]:
        _check_zpl(data)
        return _KINDS.ZPL
    raise LabelError(
        "This is no PDF, PNG or ZPL file. Take the label from the carrier’s site in one of these."
    )


def attach(shipment: Shipment, data: bytes, *, user: User | None, now: datetime) -> CarrierLabel:
    """Make this the parcel's label in place of any other. Raises LabelError; nothing is changed then."""
    kind = kind_of(data)
    file = default_storage.save(f"carrier-labels/{shipment.code}.{kind}", ContentFile(data))
    try:
        with transaction.atomic():
            Shipment.objects.select_for_update().get(pk=shipment.pk)
            old = CarrierLabel.objects.filter(shipment=shipment).first()
            fields = {
                "kind": kind, "file": file, "sha256": hashlib.sha256(data).hexdigest(), "added_by": user, "added_at": now,
            }  # fmt: skip
            label, _ = CarrierLabel.objects.update_or_create(shipment=shipment, defaults=fields)
            if old:
                _drop_once_committed(old)
    except BaseException:
        default_storage.delete(file)
        raise
    return label


def detach(shipment: Shipment) -> bool:
    """Our own label prints again. Whether there was another."""
    with transaction.atomic():
        old = CarrierLabel.objects.select_for_update().filter(shipment=shipment).first()
        if old is None:
            return False
        old.delete()
        _drop_once_committed(old)
    return True


def _drop_once_committed(label: CarrierLabel) -> None:
    name = label.file.name or ""
    transaction.on_commit(lambda: default_storage.delete(name))


def _check_pdf(data: bytes) -> None:
    from pypdf import PdfReader, PdfWriter

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise LabelError("The PDF is locked with a password; save it without one and add it again.")
        pages = len(reader.pages)
        if 0 < pages <= MOST_PAGES:
            PdfWriter().append(reader, import_outline=False)  # what printing does with it
    except LabelError:
        raise
    except Exception as error:  # of damage the library says anything, from its own errors to AssertionError
        raise LabelError("The PDF is damaged; fetch it from the carrier again.") from error
    if pages == 0:
        raise LabelError("The PDF has no page.")
    if pages > MOST_PAGES:
        raise LabelError(f"The PDF has {pages} pages; a parcel’s label has {MOST_PAGES} at most.")


def _check_png(data: bytes) -> None:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            wide, high = image.size
            if max(wide, high) > MOST_DOTS:
                raise LabelError(f"The picture has {wide} × {high} dots; {MOST_DOTS:,} a side is the most.")
            image.verify()  # load() alone forgives a picture cut short once WeasyPrint has told Pillow to
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            image.load()
    except LabelError:
        raise
    except (OSError, SyntaxError, ValueError) as error:
        raise LabelError("The picture is damaged; fetch it from the carrier again.") from error


def _check_zpl(data: bytes) -> None:
    """Complete formats in UTF-8. Commands that change the printer for those who come next are refused
    (^JU saves settings, ~JR resets: "ZPL II Programming Guide", P1099958)."""
    try:
        text = data.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise LabelError(
            "The ZPL is not in UTF-8; ask the carrier’s site for UTF-8, a PDF or a PNG."
        ) from error
    opened, closed = text.count("^XA"), text.count("^XZ")
    if opened != closed or not text.endswith("^XZ"):
        raise LabelError("The ZPL is cut off: each ^XA needs its ^XZ. Fetch it from the carrier again.")
    if opened > MOST_PAGES:
        raise LabelError(f"The file has {opened} labels; a parcel has {MOST_PAGES} at most.")
    for command in ("^JU", "~JR"):
        if command in text.upper():
            raise LabelError(f"The ZPL has {command}, which changes the printer; ask for a plain label.")
