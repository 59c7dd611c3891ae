"""The door for a mail service's word of deliveries, bounces and complaints, by django-anymail.

not the service in use, or nothing that proves who calls, 404 · wrong proof 400 · else 200
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from anymail.exceptions import AnymailConfigurationError
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.signals import tracking as told
from django.conf import settings
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import resolve
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from notifications.channels.learning import notice_of
from notifications.heard import keep, written_to
from notifications.models import Notice, Suppression
from notifications.status import Channel
from notifications.wishes import normal, suppress

log = logging.getLogger(__name__)
Reason = Suppression.Reason
FAILED = frozenset({EventType.BOUNCED, EventType.REJECTED, EventType.FAILED, EventType.COMPLAINED})
_WHY: Mapping[str, str] = {
    RejectReason.INVALID: Reason.BOUNCE,
    RejectReason.BOUNCED: Reason.BOUNCE,
    RejectReason.SPAM: Reason.COMPLAINT,
    RejectReason.UNSUBSCRIBED: Reason.UNSUBSCRIBED,
}
"""Blocked, timed out and other reasons are about the sender or the hour, not the address."""

_SOFT_CLASSES = frozenset({"20", "21", "22", "23", "24", "40", "60", "70", "100"})  # SparkPost's


@csrf_exempt
def tracking(request: HttpRequest, service: str) -> HttpResponse:
    if not service or service != settings.EMAIL_SERVICE:
        raise Http404
    view = resolve(f"/{service}/tracking/", urlconf="anymail.urls").func
    if not _guarded(view.view_class):  # type: ignore[attr-defined]
        raise Http404
    answer: HttpResponse = view(request)
    return answer


def _guarded(view_class: Any) -> bool:
    """By the service's signature or by ANYMAIL_WEBHOOK_SECRET. A door open to all would let anybody close addresses."""
    if settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return True
    try:
        return not view_class().warn_if_no_basic_auth
    except AnymailConfigurationError as error:
        log.warning("mail service's webhooks are not set up: %s", error)
        return False


@receiver(told, dispatch_uid="notifications.hooks_mail")
def on_told(event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """Kept with the notice it is about. Without one (mail from before, or a code) it goes by the recipient."""
    closes = reason_to_close(event)
    if not closes and event.event_type not in FAILED | {EventType.DELIVERED}:
        return
    said = " ".join((event.mta_response or event.description or event.reject_reason or "").split())
    detail = f"{esp_name}: {event.event_type} {said}".strip()
    to = normal(Channel.EMAIL, event.recipient or "")
    notice = _notice(event, to)
    if notice:
        keep(notice, detail, failed=event.event_type in FAILED, closes=closes)
    elif closes and to:
        for merchant in written_to(Channel.EMAIL, to):
            suppress(merchant, Channel.EMAIL, to, closes, now=timezone.now(), detail=detail)


def _notice(event: AnymailTrackingEvent, to: str) -> Notice | None:
    """The key went out as metadata; some services keep our Message-ID. The recipient must be the same: a test
    system on the same account counts its notices from 1 as well."""
    key = (event.metadata or {}).get("notice") or (event.message_id or "").strip("<>").partition("@")[0]
    notice = notice_of(str(key))
    same = notice and notice.channel == Channel.EMAIL and normal(Channel.EMAIL, notice.recipient) == to
    return notice if same else None


def reason_to_close(event: AnymailTrackingEvent) -> str:
    """Why this address is written to no more; "" while it may be (pure)."""
    if event.event_type == EventType.COMPLAINED:
        return Reason.COMPLAINT
    if event.event_type == EventType.UNSUBSCRIBED:
        return Reason.UNSUBSCRIBED
    if event.event_type == EventType.BOUNCED:
        return "" if _soft(event.esp_event) else _WHY.get(event.reject_reason or RejectReason.BOUNCED, "")
    return _WHY.get(event.reject_reason or "", "") if event.event_type == EventType.REJECTED else ""


def _soft(said: Any) -> bool:
    """Whether it may yet arrive: a full mailbox, a server that is away. anymail calls both kinds "bounced"."""
    for name, value in _fields(said):
        word = str(value).lower()
        if name in ("type", "event", "bouncetype", "bounce_type") and ("soft" in word or word == "transient"):
            return True
        if (name == "hard_bounce" and value is False) or (name == "bounce_class" and word in _SOFT_CLASSES):
            return True
    return False


def _fields(said: Any, depth: int = 4) -> Iterator[tuple[str, Any]]:
    if not isinstance(said, Mapping) or not depth:
        return
    for name, value in said.items():
        yield str(name).lower(), value
        yield from _fields(value, depth - 1)
