"""The doors for Twilio's word, or a gateway's: what became of a message, and what a customer answered.

not signed by our token, 403 · no such notice 404 · else 200 or 204, also for repeats
"""

import hmac
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications import wishes
from notifications.channels import twilio
from notifications.channels.learning import notice_of
from notifications.heard import keep, written_to
from notifications.models import Consent, Suppression
from notifications.status import Channel
from notifications.stop_words import START, STOP, word_of
from orders.models import Merchant

KEPT = frozenset({"queued", "sent", "delivered", "undelivered", "failed"})
View = Callable[..., HttpResponse]


def _signed(view: View) -> View:
    """The address is the one that Twilio was given: behind a proxy the request's own may differ."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def checked(request: HttpRequest, *args: str, **named: str) -> HttpResponse:
        form = {name: [str(value) for value in values] for name, values in request.POST.lists()}
        given = request.headers.get("X-Twilio-Signature", "")
        if not twilio.signed(given, settings.BASE_URL + request.get_full_path(), form):
            return HttpResponse("The signature does not match.", status=403, content_type="text/plain")
        return view(request, *args, **named)

    return checked


@_signed
def status(request: HttpRequest, key: str) -> HttpResponse:
    """Kept as an attempt of the notice, once for each status of each message."""
    notice = notice_of(key)
    if notice is None:
        return HttpResponse("There is no such notice.", status=404, content_type="text/plain")
    state, code = request.POST.get("MessageStatus", ""), request.POST.get("ErrorCode", "")
    if state in KEPT:
        failed = state in ("undelivered", "failed")
        detail = " ".join(filter(None, ["Twilio:", state, code, request.POST.get("MessageSid", "")]))
        keep(notice, detail, failed=failed, closes=twilio.CLOSES.get(code, "") if failed else "")
    return HttpResponse(status=204)


@_signed
def incoming(request: HttpRequest) -> HttpResponse:
    """STOP closes the number for every merchant that has written to it, START opens what a STOP closed.
    Twilio itself answers the customer, so we say nothing."""
    phone, body = request.POST.get("From", ""), request.POST.get("Body", "")
    _answered(phone, body, request.POST.get("OptOutType") or body)
    return HttpResponse("<Response></Response>", content_type="text/xml")


@csrf_exempt
@require_POST
def gateway(request: HttpRequest, secret: str) -> HttpResponse:
    """The same of any gateway, which proves itself by the secret in its address; fields as of SMS_HTTP_INCOMING_FIELDS."""
    ours = settings.SMS_HTTP_INCOMING_SECRET
    if not ours or not hmac.compare_digest(secret.encode(), ours.encode()):
        raise Http404
    said = _fields(request)
    phone, body = (str(said.get(name) or "")[:2000] for name in settings.SMS_HTTP_INCOMING_FIELDS)
    _answered(f"+{phone}" if phone[:1].isdigit() else phone, body, body)
    return HttpResponse(status=204)


def _fields(request: HttpRequest) -> Mapping[str, Any]:
    if "json" not in (request.content_type or ""):
        return request.POST
    try:
        said = json.loads(request.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _answered(phone: str, body: str, said: str) -> None:
    word = word_of(said)
    if word in STOP:
        for merchant in written_to(Channel.SMS, phone):
            _heed(merchant, phone, body, stop=True)
    elif word in START:
        for merchant in Merchant.objects.filter(pk__in=_stopped(phone).values("merchant")):
            _heed(merchant, phone, body, stop=False)


@transaction.atomic
def _heed(merchant: Merchant, phone: str, body: str, *, stop: bool) -> None:
    """With the proof, as for a choice on the page."""
    now, address = timezone.now(), wishes.normal(Channel.SMS, phone)
    Merchant.objects.select_for_update().get(pk=merchant.pk)
    before = wishes.chosen(merchant, Channel.SMS, address)
    if stop:
        wishes.suppress(merchant, Channel.SMS, address, Suppression.Reason.STOP, now=now)
    else:
        _stopped(phone).filter(merchant=merchant).update(lifted_at=now)
    after = wishes.chosen(merchant, Channel.SMS, address)
    if before == after:
        return
    Consent.objects.create(
        merchant=merchant, channel=Channel.SMS, address=address, way="sms", before=before, after=after,
        shown=body[:1600], at=now,
    )  # fmt: skip


def _stopped(phone: str) -> QuerySet[Suppression]:
    address = wishes.normal(Channel.SMS, phone)
    return Suppression.objects.filter(
        channel=Channel.SMS, address=address, reason=Suppression.Reason.STOP, lifted_at=None
    )
