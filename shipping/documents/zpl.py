"""Labels in ZPL II, for thermal printers of 203 dpi that take no PDF (Zebra, "ZPL II Programming Guide", P1099958).

Text goes as text where the printer's own font can write it; a label in another script goes as one picture of what
the PDF shows, so no letter becomes a box. Lines are UTF-8 (^CI28).
"""

import io
from collections.abc import Iterator, Sequence

from PIL import Image

from shipping.documents.contexts import LabelContext, Papers
from shipping.documents.engine import render_pdf
from shipping.documents.joining import PDFIUM
from shipping.documents.label import SIZES, label_page
from shipping.documents.sheets import UNSOUND, issued_bytes
from shipping.documents.typesetting import fit, wrap
from shipping.models import CarrierLabel

DOTS = 8  # a millimetre
_TO, _SMALL = (16, 14, 12.5, 11, 10, 9, 8, 7, 6), (8, 7, 6, 5)
_WIDE = 1.15  # the printer's font 0 is wider than ours at the same height


def labels_zpl(papers: Sequence[Papers], *, size: str = "4x6", copies: int = 1) -> str:
    """One ^XA…^XZ for each label and copy, the carrier's own where there is one."""
    return "".join(text for paper in papers for text in [_one(paper.label, size)] * copies)


def _one(label: LabelContext, size: str) -> str:
    if label.issued is None:
        return _ours(label, size) if _plain(label) else picture_zpl(_drawn(label, size), size)
    data = issued_bytes(label.issued)
    if label.issued.kind == CarrierLabel.Kind.ZPL:
        return data.decode("utf-8", "replace").strip() + "\n"
    if label.issued.kind == CarrierLabel.Kind.PNG:
        with Image.open(io.BytesIO(data)) as image:
            return picture_zpl(image.convert("L"), size)
    return "".join(picture_zpl(page, size) for page in _drawings(data))


def _plain(label: LabelContext) -> bool:
    """Whether a printer's built-in font has every letter (Latin, Greek and Cyrillic it has; no more is sure)."""
    texts = (*label.to.lines, *label.sender, label.carrier, label.service, label.order)
    return all(ord(char) < 0x250 or char in "–—‘’“”€" for text in texts for char in text)


def _ours(label: LabelContext, size: str) -> str:
    width, height = SIZES[size]
    wide, low = round(width * DOTS), round((height - 73.4) * DOTS)
    lines = [f"^XA^CI28^PW{wide}^LL{round(height * DOTS)}^LH0,0"]
    letters, sender = fit(label.sender, 50 / _WIDE, 17, _SMALL, leading=1.3)
    lines += _text(sender, 40, 40, letters)
    right = wide - 360
    lines.append(f"^FO{right},36^FB320,1,0,R^A0N,56,48{_field(_cut(label.carrier or 'Parcel', 40, 17))}")
    lines.append(f"^FO{right},104^FB320,2,0,R^A0N,32,28{_field(label.service)}")
    letters, to = fit(label.to.lines, (width - 10) / _WIDE, height - 73.4 - 35, _TO, leading=1.3, bold=True)
    lines += _text(to, 40, 256, letters)
    for top in (208, low, low + 120):
        lines.append(f"^FO0,{top}^GB{wide},4,4^FS")
    lines.append(f"^FO40,{low + 30}^A0N,44,40{_field(_cut(label.order, 50, 13))}")
    lines.append(f"^FO464,{low + 30}^A0N,44,40{_field(f'{label.parcel} of {label.parcels}')}")
    lines.append(f"^FO632,{low + 30}^A0N,36,32{_field(label.weight or '-')}")
    lines.append(f"^FO{max(40, (wide - 668) // 2)},{low + 152}^BY4^BCN,232,N,N,N{_field(label.code)}")
    lines.append(f"^FO0,{low + 400}^FB{wide},1,0,C^A0N,56,56{_field(label.code)}")
    if label.tracking_number:
        lines.append(f"^FO0,{low + 480}^GB{wide},4,4^FS")
        lines.append(f"^FO40,{low + 504}^A0N,44,40{_field(_cut(label.tracking_number, 90, 13))}")
    return "\n".join([*lines, "^XZ", ""])


def _text(lines: Sequence[str], x: int, y: int, points: float) -> Iterator[str]:
    dots = round(points * 25.4 / 72 * DOTS)
    for index, line in enumerate(lines):
        yield f"^FO{x},{y + round(index * dots * 1.3)}^A0N,{dots},{dots}{_field(line)}"


def _field(text: str) -> str:
    """Data in which nothing can be a command: what ZPL gives a meaning is written as hex (^FH)."""
    safe = "".join(f"_{ord(char):02X}" if char in "^~_\\" else char for char in text)
    return f"^FH_^FD{safe}^FS"


def _cut(text: str, room: float, points: float) -> str:
    lines = wrap(text, room / _WIDE, points, bold=True)
    return lines[0] if lines else ""


def _drawn(label: LabelContext, size: str) -> Image.Image:
    return _drawings(render_pdf([label_page(label, size)], title="Label").data)[0]


def _drawings(data: bytes) -> list[Image.Image]:
    import pypdfium2

    with PDFIUM:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise ValueError(UNSOUND) from error
        try:
            return [page.render(scale=DOTS * 25.4 / 72).to_pil().convert("L") for page in document]
        finally:
            document.close()


def picture_zpl(image: Image.Image, size: str = "4x6") -> str:
    """A grey picture as black dots filling the label (^GFA, ASCII hex in the guide's run-length form)."""
    wide, high = (round(side * DOTS) for side in SIZES[size])
    scale = min(wide / image.width, high / image.height)
    scaled = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    dots = Image.new("1", ((scaled.width + 7) // 8 * 8, scaled.height), 1)
    dots.paste(scaled.point(lambda grey: 255 if grey > 127 else 0))
    row = dots.width // 8
    data = bytes(byte ^ 0xFF for byte in dots.tobytes())  # in ZPL a set bit is black
    body = "".join(_squeezed(data[at : at + row].hex().upper()) for at in range(0, len(data), row))
    left = (wide - scaled.width) // 2
    return (
        f"^XA^PW{wide}^LL{high}^LH0,0\n^FO{max(0, left)},0^GFA,{len(data)},{len(data)},{row},{body}^FS\n^XZ\n"
    )


def _squeezed(digits: str) -> str:
    """A row of hex digits with its runs counted: G-Y for 1-19, g-z for 20-400; "," fills a row with zeros and "!"
    with ones."""
    if not digits.strip("0"):
        return ","
    if not digits.strip("F"):
        return "!"
    out, at = [], 0
    while at < len(digits):
        char, end = digits[at], at
        while end < len(digits) and digits[end] == char:
            end += 1
        if end == len(digits) and char == "0":
            out.append(",")
            break
        count = end - at
        while count > 400:
            out.append("z" + char)
            count -= 400
        twenties, ones = divmod(count, 20)
        run = (chr(ord("g") + twenties - 1) if twenties else "") + (chr(ord("G") + ones - 1) if ones else "")
        out.append((run if count > 1 else "") + char)
        at = end
    return "".join(out)
