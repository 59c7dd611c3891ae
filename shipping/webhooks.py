"""The door for carriers: verify the raw bytes, store, answer; a worker does the rest.

unknown provider or key 404 · too big 413 · bad signature, or signed too long ago, 401 · malformed 400 · else
200, also for parcels that are not ours (they go to quarantine) and for repeats
"""

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from orders.queue import enqueue
from shipping.carriers.base import CarrierError, Incoming
from shipping.carriers.registry import adapter
from shipping.models import CarrierAccount
from shipping.tasks import drain_webhooks
from shipping.tracking import inbound

FRESH = 2.0  # seconds
MOST_KNOWN = 1000
_nudged_at = float("-inf")
_known: dict[tuple[str, str], tuple[float, CarrierAccount]] = {}


def _answer(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)


def _account(provider: str, key: str) -> CarrierAccount | None:
    """Asked of the database at most every two seconds: so soon a new secret is believed and an old one is not."""
    now = time.monotonic()
    asked_at, account = _known.get((provider, key), (0.0, None))
    if account is None or now - asked_at > FRESH:
        account = CarrierAccount.objects.filter(provider=provider, key=key).first()
        if len(_known) > MOST_KNOWN:
            _known.clear()
        if account is not None:
            _known[provider, key] = now, account
    return account


@csrf_exempt
@require_POST
def receive(request: HttpRequest, provider: str, key: str) -> JsonResponse:
    carrier = adapter(provider)
    listens = carrier is not None and carrier.capabilities.webhooks
    account = _account(provider, key) if listens else None
    if carrier is None or account is None:
        return _answer(404, "There is no such webhook address.")
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        length = 0
    if length > settings.WEBHOOK_MAX_BYTES:
        return _answer(413, f"The body is over {settings.WEBHOOK_MAX_BYTES} bytes.")
    body = request.read(settings.WEBHOOK_MAX_BYTES + 1)
    if len(body) > settings.WEBHOOK_MAX_BYTES:
        return _answer(413, f"The body is over {settings.WEBHOOK_MAX_BYTES} bytes.")
    now = timezone.now()
    incoming = Incoming(body, request.headers, request.method or "POST", request.path)
    if not carrier.verify(incoming, account.secret, now=now):
        return _answer(
            401, "The signature does not match or is too old, or no secret is set for this address."
        )
    try:
        parsed = carrier.parse(body)
    except CarrierError as error:
        return _answer(400, str(error))
    if inbound.store(account, parsed.event_id, body, now=now) is None:
        return _answer(200, "Seen before.")
    _nudge()
    return _answer(200, "Stored.")


def _nudge() -> None:
    """Have a worker look, unless one is about to. Within a moment of the last time nobody need be asked: who was sent then looks
    once more after that moment is over."""
    global _nudged_at  # noqa: PLW0603
    now = time.monotonic()
    if now - _nudged_at < inbound.MOMENT:
        return
    _nudged_at = now
    if cache.add(inbound.ON_ITS_WAY, 1, 1):
        enqueue(drain_webhooks)
