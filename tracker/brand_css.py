"""A merchant's stylesheet: its colours as custom properties, made readable, and its logo made small.

Inline styles are forbidden by the content security policy; this file is what they would have said.
"""

import base64
import hashlib
import io
import logging
from string import Template

from django.core.cache import cache
from PIL import Image, UnidentifiedImageError

from orders.brand import contrast, text_on
from orders.models import Merchant

log = logging.getLogger(__name__)
LIGHT, DARK = "#f4f5f7", "#22262d"  # of portal.css's surfaces the ones hardest to read on
AA = 4.6

_SHEET = Template(""":root {
  --brand: $brand;
  --on-brand: $on_brand;
  --brand-words: $on_light;
}
@media (prefers-color-scheme: dark) {
  :root { --brand-words: $on_dark; }
}
$logo""")


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with a share (0 to 1) of `other` in it."""
    pairs = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def readable(colour: str, surface: str) -> str:
    """The colour, moved towards black or white until it can be read on the surface."""
    towards = text_on(surface)
    for step in range(21):
        moved = mix(colour, towards, step / 20)
        if contrast(moved, surface) >= AA:
            return moved
    return towards


def version(merchant: Merchant) -> str:
    """Changes when the sheet would."""
    return hashlib.sha256(f"{merchant.colour}|{merchant.logo.name}|3".encode()).hexdigest()[:12]


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
    """The logo travels inside the sheet: uploads are never served by themselves."""
    if not merchant.logo:
        return ""
    try:
        with merchant.logo.open("rb") as file, Image.open(file) as image:
            small = image.convert("RGBA")
            small.thumbnail((360, 112))
            out = io.BytesIO()
            small.save(out, "PNG", optimize=True)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        log.warning("the logo of merchant %s cannot be shown: %s", merchant.pk, error)
        return ""
    data = base64.b64encode(out.getvalue()).decode()
    return f'.brand-logo {{ background-image: url("data:image/png;base64,{data}"); }}\n'
