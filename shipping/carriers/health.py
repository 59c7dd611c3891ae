"""`manage.py check` reads the courier files: each must be usable, and its own examples must fit it."""

from typing import Any

from django.core.checks import CheckMessage, Warning

from shipping.carriers.detect import fits
from shipping.carriers.formats import Format, formats, problems


def courier_files(**_: Any) -> list[CheckMessage]:
    """A file that cannot be used stops nothing; its numbers are not found, and that must not be a secret."""
    hint = "See the files beside it for the form; until then its numbers are not recognised."
    return [
        *(Warning(words, hint=hint, id="shipping.W001") for words in problems()),
        *(Warning(words, id="shipping.W002") for known in formats() for words in _broken_examples(known)),
    ]


def _broken_examples(known: Format) -> list[str]:
    return [
        f"{known.courier}, {known.name}: the file calls {number!r} {'valid' if valid else 'invalid'}, its rules do not."
        for number, valid in known.examples
        if fits(known, number) is not valid
    ]
