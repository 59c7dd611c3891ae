"""A shop's square picture for a phone's home screen: its logo on white, or the parcel in its colours."""

import io
import logging

from django.core.cache import cache
from PIL import Image, ImageDraw, UnidentifiedImageError

from orders.brand import text_on
from orders.models import Merchant
from tracker.brand_css import version

log = logging.getLogger(__name__)
SIZES = (180, 192, 512)
_SAFE = 0.6  # phones cut icons to circles and drops: what is further out may be lost
_GRID = 32
_PARCEL: list[list[tuple[float, float]]] = [
    [(7, 11.5), (16, 7), (25, 11.5), (25, 20.5), (16, 25), (7, 20.5), (7, 11.5)],
    [(7, 11.5), (16, 16), (25, 11.5)],
    [(16, 16), (16, 25)],
]
"""The lines of static/img/mark.svg."""


def icon(merchant: Merchant, size: int) -> bytes:
    key = f"brand-icon:{merchant.pk}:{version(merchant)}:{size}"
    drawn: bytes | None = cache.get(key)
    if drawn is None:
        out = io.BytesIO()
        (_with_logo(merchant, size) or _with_parcel(merchant.colour, size)).save(out, "PNG", optimize=True)
        drawn = out.getvalue()
        cache.set(key, drawn, 3600)
    return drawn


def _with_logo(merchant: Merchant, size: int) -> Image.Image | None:
    if not merchant.logo:
        return None
    try:
        with merchant.logo.open("rb") as file, Image.open(file) as image:
            logo = image.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        log.warning("the logo of merchant %s cannot be shown: %s", merchant.pk, error)
        return None
    room = round(size * _SAFE)
    scale = min(room / logo.width, room / logo.height)
    logo = logo.resize(
        (max(1, round(logo.width * scale)), max(1, round(logo.height * scale))), Image.Resampling.LANCZOS
    )
    whole = Image.new("RGB", (size, size), "white")
    whole.paste(logo, ((size - logo.width) // 2, (size - logo.height) // 2), logo)
    return whole


def _with_parcel(colour: str, size: int) -> Image.Image:
    """Drawn four times as big and made small, for smooth edges."""
    scale = size * 4 / _GRID
    whole = Image.new("RGB", (size * 4, size * 4), colour)
    draw = ImageDraw.Draw(whole)
    for line in _PARCEL:
        points = [(x * scale, y * scale) for x, y in line]
        draw.line(points, fill=text_on(colour), width=round(1.8 * scale), joint="curve")
    return whole.resize((size, size), Image.Resampling.LANCZOS)
