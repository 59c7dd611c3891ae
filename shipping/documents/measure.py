"""Text that can go on paper."""

import re

from orders.incoming import clean_text

MM = 25.4 / 72  # one point

_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]{3})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]+"
)


def printable(text: str) -> str:
    """One line of text that cannot break the page: no control characters, no towers of accents."""
    return _MARKS.sub(r"\1", clean_text(text))
