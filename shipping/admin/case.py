"""One case: what is wrong, whose days, what was done, and each next step in one go."""

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import accumulate
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from orders.admin.base import WalledAdmin
from orders.models import User
from orders.queue import enqueue
from orders.roles import Can
from shipping.lateness import claims, handle
from shipping.lateness.blame import PART_NAMES, PARTS
from shipping.models import Claim, LateCase
from shipping.status import CaseEntryKind, LateOutcome, LateRule
from shipping.tasks import make_claims
from shipping.warehouse.again import send_again
from shipping.warehouse.reship import NoReship

_WIDE, _HIGH = 120, 12
MOST_DAYS = 90  # that a case may sleep


def urls(site: WalledAdmin) -> list[URLPattern]:
    view = site.admin_site.admin_view
    return [
        path("<int:case_id>/claim/", view(partial(claim_pdf, site)), name="shipping_latecase_claim"),
    ]


def bar(case: LateCase, *, wide: int = _WIDE) -> SafeString:
    """The late days by part, as one bar; its title says them in words."""
    shares = case.blame
    total = sum(shares.values())
    if not total:
        return SafeString("")
    parts = [(part, shares.get(part, 0)) for part in PARTS if shares.get(part)]
    ends = list(accumulate(wide * seconds / total for _part, seconds in parts))
    starts = [0.0, *ends[:-1]]
    rects = format_html_join(
        "",
        '<rect class="blame-{}" x="{}" y="0" width="{}" height="{}"></rect>',
        [
            (part, f"{start:.1f}", f"{end - start:.1f}", _HIGH)
            for (part, _), start, end in zip(parts, starts, ends, strict=True)
        ],
    )
    words = ", ".join(f"{PART_NAMES[part]} {_days(seconds)}" for part, seconds in parts)
    return format_html(
        '<svg class="blame" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}"'
        ' preserveAspectRatio="none"><title>{}</title>{}</svg>',
        words, wide, _HIGH, wide, _HIGH, words, rects,
    )  # fmt: skip


def clock(case: LateCase, now: datetime) -> SafeString | str:
    """How long is left of the shop's own target, or how long it is over."""
    if case.due_at is None:
        return "–"
    until = case.closed_at or now
    left = case.due_at - until
    hours = int(abs(left.total_seconds()) // 3600)
    said = f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"
    if left >= timedelta(0):
        return "in time" if case.closed_at else f"{said} left"
    return format_html('<span class="over">{} over</span>', said)


def _days(seconds: int) -> str:
    return f"{seconds / 86_400:.1f} d"


def case_view(site: WalledAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    if not object_id.isascii() or not object_id.isdigit() or not site.has_view_permission(request):
        raise Http404
    cases = LateCase.objects.visible_to(request.user).select_related(
        "merchant", "owner", "shipment__merchant", "shipment__order__ship_to", "shipment__order__customer",
        "shipment__order__purchase__supplier",
    )  # fmt: skip
    case = cases.filter(pk=int(object_id)).first()
    if case is None:
        raise Http404
    user: Any = request.user
    if request.method == "POST":
        if not user.may(Can.EDIT, case.merchant):
            raise Http404
        _act(request, case)
        return HttpResponseRedirect(request.path)
    return TemplateResponse(request, "shipping/admin/case.html", _context(request, case))


def _context(request: HttpRequest, case: LateCase) -> dict[str, Any]:
    user: Any = request.user
    shipment, now = case.shipment, timezone.now()
    total = sum(case.blame.values())
    people = User.objects.filter(memberships__merchant=case.merchant, is_active=True).order_by("username")
    return admin.site.each_context(request) | {
        "title": f"{case.get_rule_display()}: {shipment.code}",
        "opts": LateCase._meta,
        "case": case,
        "parcel": shipment,
        "order": shipment.order,
        "purchase": getattr(shipment.order, "purchase", None),
        "zone": case.merchant.tz,
        "brief": LateRule(case.rule).brief,
        "also": [(LateRule(one["rule"]).brief, one["explanation"], one["rule"]) for one in case.also],
        "bar": bar(case, wide=480),
        "blame": [
            (part, PART_NAMES[part], _days(case.blame[part]), round(100 * case.blame[part] / total))
            for part in PARTS
            if case.blame.get(part)
        ],
        "late_days": _days(total) if total else "",
        "clock": clock(case, now),
        "soonest": now.astimezone(case.merchant.tz).date() + timedelta(days=1),
        "latest": now.astimezone(case.merchant.tz).date() + timedelta(days=MOST_DAYS),
        "snoozed": case.snoozed_until and case.snoozed_until > now,
        "entries": case.entries.all()[:200],
        "promises": shipment.promises.order_by("pk"),
        "events": shipment.events.order_by("-occurred_at", "-pk")[:12],
        "claims": case.claims.defer("pdf").annotate(made=Q(pdf__isnull=False)),
        "replacements": shipment.replacements.all(),
        "may_edit": user.may(Can.EDIT, case.merchant),
        "people": people,
        "outcomes": LateOutcome.choices,
        "amount": claims.worth(shipment),
        "explanation": explain(case),
        "reports": shipment.customer_reports.order_by("-pk")[:5],
        "rating": getattr(shipment, "rating", None),
    }


def explain(case: LateCase) -> str:
    """The case in a few lines of plain text, to be copied into any other program."""
    shipment, zone = case.shipment, case.merchant.tz
    lines = [
        f"Order {shipment.order.number}, parcel {shipment.code}",
        f"Carrier: {shipment.carrier or '–'} {shipment.tracking_number}".rstrip(),
        f"Status: {shipment.get_tracking_status_display()}",
        f"{case.get_rule_display()}: {case.explanation}",
        *(f"{LateRule(one['rule']).label}: {one['explanation']}" for one in case.also),
    ]
    if shipment.last_event_at:
        lines.append(f"Last heard: {shipment.last_event_at.astimezone(zone):%Y-%m-%d %H:%M %Z}")
    if shipment.promised_to:
        lines.append(f"Promised: {shipment.promised_from} – {shipment.promised_to}")
    lines += [f"{PART_NAMES[part]}: {_days(case.blame[part])}" for part in PARTS if case.blame.get(part)]
    return "\n".join(lines)


def _act(request: HttpRequest, case: LateCase) -> None:
    said, user, now = request.POST, request.user, timezone.now()
    version = said.get("version", "")
    by: dict[str, Any] = {"author": user.get_username(), "now": now, "text": said.get("text", "")}
    by["version"] = int(version) if version.isascii() and version.isdigit() else None
    act = said.get("act", "")
    if act == "note":
        handle.note(case.pk, by["text"], author=by["author"], now=now)
    elif act == "own":
        _tell(
            request, handle.own(case.pk, _person(case, said.get("owner", "")), **by), "The owner is changed."
        )
    elif act == "snooze":
        until = _until(case, said, now)
        words = "Snoozed." if until else "Back in the queue."
        _tell(request, handle.snooze(case.pk, until, **by), words)
    elif act == "settle" and said.get("outcome") in LateOutcome.values:
        _tell(request, handle.settle(case.pk, said["outcome"], **by), "The case is closed.")
    elif act == "reship":
        _reship(request, case, by)
    elif act == "claim":
        _claim(request, case, by)
    else:
        messages.error(request, "Choose what to do.")


def _until(case: LateCase, said: Any, now: datetime) -> datetime | None:
    """The morning that is asked for, by the shop's clock: of a day, or so many days on. None: back into the queue."""
    today = now.astimezone(case.merchant.tz).date()
    days = said.get("days", "")
    on = _day(said.get("until", ""))
    if on is None and not (days.isascii() and days.isdigit() and 0 < int(days) <= MOST_DAYS):
        return None
    ahead = (on - today).days if on else int(days)
    return handle.morning(case.merchant, now, min(ahead, MOST_DAYS))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _tell(request: HttpRequest, done: handle.Done, words: str) -> None:
    messages.warning(request, done.refused) if done.refused else messages.success(request, words)


def _person(case: LateCase, wanted: str) -> User | None:
    if not (wanted.isascii() and wanted.isdigit()):
        return None
    return User.objects.filter(memberships__merchant=case.merchant, pk=int(wanted)).first()


def _reship(request: HttpRequest, case: LateCase, by: dict[str, Any]) -> None:
    try:
        made = send_again(case.pk, **by)
    except NoReship as error:
        handle.note(case.pk, by["text"], author=by["author"], now=by["now"])
        messages.error(request, str(error))
        return
    _tell(request, made.done, f"{made.words}: it is to be packed.")


def _claim(request: HttpRequest, case: LateCase, by: dict[str, Any]) -> None:
    try:
        amount = Decimal(request.POST.get("amount", "").replace(",", ".")).quantize(Decimal("0.01"))
        if not 0 < amount < 10**9:
            raise InvalidOperation
    except InvalidOperation:
        messages.error(request, "Write the amount as a number above 0, like 49.90.")
        return
    claim = claims.ask_claim(case, amount=amount, words=by["text"], author=by["author"], now=by["now"])
    enqueue(make_claims)
    words = f"Claim {claim.pk} of {amount} {case.shipment.order.currency}"
    handle.note(case.pk, words, author=by["author"], now=by["now"], kind=CaseEntryKind.CLAIM)
    messages.success(request, f"{words}: its paper is being made; it appears below.")
    if request.POST.get("close"):
        closed = handle.settle(
            case.pk, LateOutcome.CLAIMED, author=by["author"], now=by["now"], version=by["version"]
        )
        _tell(request, closed, "The case is closed.")


def claim_pdf(site: WalledAdmin, request: HttpRequest, case_id: int) -> HttpResponse:
    """The newest claim's paper of a case."""
    case = LateCase.objects.visible_to(request.user).filter(pk=case_id).first()
    wanted = request.GET.get("claim", "")
    if case is None or not site.has_view_permission(request):
        raise Http404
    mine = Claim.objects.filter(case=case, pdf__isnull=False)
    if wanted.isascii() and wanted.isdigit():
        mine = mine.filter(pk=int(wanted))
    claim = mine.order_by("-pk").first()
    if claim is None or claim.pdf is None:
        messages.info(request, "The paper is not made yet; look again in a moment.")
        return HttpResponseRedirect(reverse("admin:shipping_latecase_change", args=[case_id]))
    answer = HttpResponse(bytes(claim.pdf), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="claim-{claim.pk}.pdf"'
    return answer
