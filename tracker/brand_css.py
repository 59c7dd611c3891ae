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
    return hashlib.sha256(f"{merchant.colour}|{merchant.logo.name}|4".encode()).hexdigest()[:12]


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
