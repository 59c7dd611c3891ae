"""Rows chosen on one page and used on the next. Thousands of numbers fit into no address, so they wait in the session."""

import uuid
from collections.abc import Iterable

from django.http import HttpRequest

_KEY, _KEPT = "chosen", 3  # the last few choices, for as many open tabs


def choose(request: HttpRequest, ids: Iterable[int]) -> str:
    """The word by which `chosen_of` finds them again."""
    token = uuid.uuid4().hex[:12]
    before = list(request.session.get(_KEY, {}).items())[-(_KEPT - 1) :]
    request.session[_KEY] = dict(before) | {token: ",".join(str(pk) for pk in ids)}
    return token


def chosen_of(request: HttpRequest, token: str) -> str:
    """The numbers with commas between, "" where the choice is not known any more."""
    return str(request.session.get(_KEY, {}).get(token, ""))
