"""Digits as people type them: Arabic-Indic, Persian, fullwidth and all others are the ten we know (pure)."""

import unicodedata


def plain_digits(text: str) -> str:
    """Each decimal digit of any script as 0 to 9; everything else as it is, so that places in the text stay."""
    if text.isascii():
        return text
    return "".join(
        char if (value := unicodedata.decimal(char, None)) is None else str(value) for char in text
    )
