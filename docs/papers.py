"""Pictures of papers that need no running portal: python docs/papers.py [folder]

`scripts.png` is every script that papers must carry, on one sheet of stickers.
"""

import os
import sys
from decimal import Decimal
from pathlib import Path

import pypdfium2
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

import django  # noqa: E402

django.setup()

from orders.models import ShippingAddress  # noqa: E402
from shipping.documents.addresses import address_lines, language_of  # noqa: E402
from shipping.documents.contexts import Brand, LabelContext, Recipient  # noqa: E402
from shipping.documents.engine import render_pdf  # noqa: E402
from shipping.documents.options import Sheet  # noqa: E402
from shipping.documents.stickers import sheet_pages  # noqa: E402
from tests.scripts import SAMPLES, Sample  # noqa: E402

SHEET = Sheet("a4", 7, 2, Decimal(8), Decimal(5), Decimal(98), Decimal(38), Decimal(4), Decimal(2))


def label_of(index: int, sample: Sample) -> LabelContext:
    address = ShippingAddress(
        name=sample.name, line1=sample.line1, city=sample.city, postal_code=sample.postal_code, country=sample.country
    )  # fmt: skip
    return LabelContext(
        brand=Brand("Kiosk", "#1f4e8c", "", "", ""),
        order=f"{sample.script}: {sample.item}",
        to=Recipient(sample.name, address_lines(address), language_of(sample.country)),
        sender=(), carrier="", service="", weight="", parcel=1, parcels=1, tracking_number="",
        code=f"P0SCR1PT5{index:03d}",
    )  # fmt: skip


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pages = sheet_pages([label_of(index, sample) for index, sample in enumerate(SAMPLES, 1)], SHEET)
    page = pypdfium2.PdfDocument(render_pdf(pages, title="Scripts").data)[0]
    picture = page.render(scale=130 / 72).to_pil().convert("RGB")
    picture.quantize(64, dither=Image.Dither.NONE).save(folder / "scripts.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
