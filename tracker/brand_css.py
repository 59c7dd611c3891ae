"""A merchant's stylesheet: its colours as custom properties, made readable, and where its small logo is.

Inline styles are forbidden by the content security policy; this file is what they would have said.
"""

import hashlib
import io
import logging
from string import Template

from django.core.cache import cache
from django.urls import reverse
from PIL import Image, UnidentifiedImageError

from orders.brand import DARK, LIGHT, readable, text_on
from orders.models import Merchant

log = logging.getLogger(__name__)

_SHEET = Template(""":root {
  --brand: $brand;
  --on-brand: $on_brand;
  --brand-words: $on_light;
  --brand-words-light: $on_light;
  --brand-words-dark: $on_dark;
}
@media (prefers-color-scheme: dark) {
  :root { --brand-words: $on_dark; }
}
$logo""")


def version(merchant: Merchant) -> str:
    """Changes when the sheet would."""
    return hashlib.sha256(f"{merchant.colour}|{merchant.logo.name}|5".encode()).hexdigest()[:12]


def sheet(merchant: Merchant) -> str:
    key = f"brand:{merchant.pk}:{version(merchant)}"
    text = cache.get(key)
    if text is None:
        text = _SHEET.substitute(
            brand=merchant.colour,
            on_brand=text_on(merchant.colour),
            on_light=readable(merchant.colour, LIGHT),
            on_dark=readable(merchant.colour, DARK),
            logo=_logo_rule(merchant),
        )
        cache.set(key, text, 3600)
    return text


def _logo_rule(merchant: Merchant) -> str:
    """By an address that names the revision: a browser keeps the picture and asks no more."""
    if not logo(merchant):
        return ""
    there = reverse("brand-logo", args=[merchant.slug, version(merchant)])
    return f'.brand-logo {{ background-image: url("{there}"); }}\n'


def logo(merchant: Merchant) -> bytes:
    """Made small for the page, as WebP; uploads are never served by themselves. Empty for none, or one that cannot be read."""
    if not merchant.logo:
        return b""
    key = f"brand-logo:{merchant.pk}:{version(merchant)}"
    drawn: bytes | None = cache.get(key)
    if drawn is None:
        drawn = _small(merchant)
        cache.set(key, drawn, 3600)
    return drawn


def _small(merchant: Merchant) -> bytes:
    """Drawn logos are smallest and sharpest without loss, photographs with it."""
    try:
        with merchant.logo.open("rb") as file, Image.open(file) as image:
            small = image.convert("RGBA")
            small.thumbnail((360, 112))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        log.warning("the logo of merchant %s cannot be shown: %s", merchant.pk, error)
        return b""
    kept = [io.BytesIO(), io.BytesIO()]
    small.save(kept[0], "WEBP", lossless=True)
    small.save(kept[1], "WEBP", quality=82)
    return min((out.getvalue() for out in kept), key=len)
