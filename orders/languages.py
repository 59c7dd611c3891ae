"""Which of our languages a locale stands for (pure): for pages, notices and whatever else speaks to a customer."""

from django.conf import settings
from django.utils import translation


def known(locale: str) -> str:
    """“de” for “de-AT” and “de_AT”; empty for a language that we do not speak."""
    try:
        return translation.get_supported_language_variant(locale.replace("_", "-").lower())
    except LookupError:
        return ""


def spoken(*locales: str) -> str:
    """The first of these that we speak, such as the order's, then the shop's; English where there is none."""
    return next(filter(None, map(known, locales)), settings.LANGUAGE_CODE)
