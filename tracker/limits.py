"""Counting tries in the shared cache: so many in a window, then no more."""

import hashlib

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest


def too_many(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one more try and say whether that is over the limit. A cache that is away counts nothing."""
    key = f"limit:{what}:{hashlib.sha256(who.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key) > limit
    except ValueError:  # it ran out between the two calls
        return False


def address_of(request: HttpRequest) -> str:
    """Who asks. Behind our own proxy the last hop it names; what comes before that anybody can write."""
    if settings.TRUST_PROXY:
        return (
            request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
            or request.META["REMOTE_ADDR"]
        )
    return request.META["REMOTE_ADDR"]
