"""Counting tries in the shared cache: so many in a window, then no more."""

import hashlib
import ipaddress

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


def counted_as(address: str) -> str:
    """Whose tries are counted together (pure): one IPv4 address, or the 64 bits of IPv6 that any one customer of a provider has
    all addresses of."""
    bare = address.partition("]")[0].removeprefix("[") if address.startswith("[") else address
    if bare.count(":") == 1:  # some proxies name the port
        bare = bare.partition(":")[0]
    try:
        known = ipaddress.ip_address(bare)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return f"{ipaddress.IPv6Address(int(known) >> 64 << 64)}/64"


def source_of(request: HttpRequest) -> str:
    """For limits by address."""
    return counted_as(address_of(request))
