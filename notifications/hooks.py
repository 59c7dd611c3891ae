"""The doors for Twilio's word: what became of a message, and what a customer answered.

not signed by our token, 403 · no such notice 404 · else 200 or 204, also for repeats
"""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from phonenumber_field.phonenumber import to_python

from notifications import wishes
from notifications.channels import twilio
from notifications.channels.learning import notice_of
from notifications.heard import keep, written_to
from notifications.models import Consent, Suppression
from notifications.status import Channel
from orders.models import Merchant

KEPT = frozenset({"queued", "sent", "delivered", "undelivered", "failed"})
STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
START = frozenset({"START", "UNSTOP", "YES"})
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
    word = (request.POST.get("OptOutType") or body).strip().upper()
    if word in STOP:
        for merchant in written_to(Channel.SMS, _ways(phone)):
            _heed(merchant, phone, body, stop=True)
    elif word in START:
        for merchant in Merchant.objects.filter(pk__in=_stopped(phone).values("merchant")):
            _heed(merchant, phone, body, stop=False)
    return HttpResponse("<Response></Response>", content_type="text/xml")


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


def _ways(phone: str) -> set[str]:
    """A notice keeps the number as the order shows it, in the international way of writing."""
    number = to_python(phone)
    return {phone, wishes.normal(Channel.SMS, phone), str(number) if number else phone}
