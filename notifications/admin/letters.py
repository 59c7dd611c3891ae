"""Letters that went out, a shop's templates for them, and the page that writes one to many."""

import re
import uuid
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from notifications import case_letters
from notifications.admin.ask import PARCELS, PURCHASES, letter_view
from notifications.letters import LetterError
from notifications.models import Letter, LetterTemplate
from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import pill
from orders.roles import Can
from shipping.admin.chosen import choose, chosen_of
from shipping.models import Claim, LateCase

MOST = 500  # letters in one go, which one waits for
MOST_CHOSEN = 10_000
SHOWN = 20
DEFAULTS = {"customer": case_letters.CUSTOMER, "carrier": case_letters.CARRIER}
FIELDS = {
    "customer": ("name", "order", "shop", "carrier", "number", "when", "link"),
    "carrier": ("order", "shop", "carrier", "number", "facts", "events"),
}


@admin.register(Letter)
class LetterAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = ["created_at", "subject", "recipient", "state", "author", "merchant"]
    list_filter = [("notice__state", admin.ChoicesFieldListFilter), MerchantFilter]
    list_select_related = ["notice", "merchant"]
    search_fields = ["subject", "=notice__recipient", "=notice__order__number", "=about"]
    search_help_text = "Subject, recipient or order number"
    ordering = ["-pk"]
    fields = readonly_fields = ("merchant", "about", "subject", "text", "reply_to", "author", "created_at")

    @admin.display(description="to")
    def recipient(self, letter: Letter) -> str:
        return letter.notice.recipient

    @admin.display(description="state", ordering="notice__state")
    def state(self, letter: Letter) -> SafeString:
        return pill(letter.notice.state, letter.notice.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(write_view, self))
        wrap = self.admin_site.admin_view
        return [
            path("write/", view, name="notifications_letter_write"),
            path("ask/", wrap(partial(letter_view, PURCHASES, self)), name="notifications_letter_ask"),
            path("send-for-us/", wrap(partial(letter_view, PARCELS, self)), name="notifications_letter_drop"),
            *super().get_urls(),
        ]


@admin.register(LetterTemplate)
class LetterTemplateAdmin(WalledAdmin):
    delete_right = Can.EDIT
    list_display = ["name", "to", "subject", "merchant"]
    list_filter = ["to", MerchantFilter]
    search_fields = ["name", "subject"]


def write_view(site: WalledAdmin, request: HttpRequest) -> HttpResponse:
    """`?to=customer|carrier&cases=1,2`: shows the letters; posted with `send`, sends them."""
    asked = request.POST if request.method == "POST" else request.GET
    kind, user = asked.get("to", ""), request.user
    chosen = asked.get("cases", "") or chosen_of(request, asked.get("chosen", ""))
    cases, rest = _cases(request, chosen, kind)
    if kind not in DEFAULTS or not cases or not site.has_view_permission(request):
        raise Http404
    may = [case for case in cases if user.may(Can.EDIT, case.merchant)]  # type: ignore[union-attr]
    if not may:
        messages.error(request, "You may look at these cases, not write about them.")
        return HttpResponseRedirect(reverse("admin:shipping_latecase_changelist"))
    form = _Form(asked, kind, may)
    drafted = case_letters.drafts(may, kind, form.subject, form.body, addresses=form.addresses)
    if request.method == "POST" and "send" in asked and not form.errors:
        return _send(request, form, drafted, rest)
    context = admin.site.each_context(request) | {
        "title": "Write to customers" if kind == "customer" else "Ask carriers",
        "opts": Letter._meta,
        "form": form,
        "kind": kind,
        "cases": ",".join(str(pk) for pk in (*(case.pk for case in may), *rest)),
        "drafts": drafted[:SHOWN],
        "more": max(0, len(drafted) - SHOWN),
        "rest": len(rest),
        "ready": sum(bool(draft.to) for draft in drafted),
        "silent": [draft.case for draft in drafted if not draft.to],
        "templates": LetterTemplate.objects.filter(merchant__in={case.merchant_id for case in may}, to=kind),
        "names": FIELDS[kind],
        "form_id": asked.get("form_id") or uuid.uuid4().hex[:16],
        "previewed": request.method == "POST" and not form.errors,
    }
    return TemplateResponse(request, "notifications/admin/write.html", context)


class _Form:
    """What was typed, or what to begin with."""

    def __init__(self, asked: Any, kind: str, cases: list[LateCase]) -> None:
        self.kind, self.errors = kind, list[str]()
        wanted = asked.get("template", "")
        shops = {case.merchant_id for case in cases}
        template = (
            LetterTemplate.objects.filter(merchant__in=shops, to=kind, pk=int(wanted)).first()
            if wanted.isascii() and wanted.isdigit()
            else None
        )
        self.template = template.pk if template else None
        begin = (template.subject, template.body) if template else DEFAULTS[kind]
        fresh = "subject" not in asked or "use" in asked
        self.subject = begin[0] if fresh else " ".join(asked["subject"].split())[:200]
        self.body = begin[1] if fresh else asked.get("body", "").replace("\r\n", "\n")[:8_000]
        self.carriers = sorted({case.carrier for case in cases}) if kind == "carrier" else []
        known = case_letters.addresses_of(cases[0].merchant, self.carriers) if self.carriers else {}
        self.addresses = {
            name.lower(): asked.get(f"address-{place}", known.get(name.lower(), "")).strip()
            for place, name in enumerate(self.carriers)
        }
        claim = asked.get("claim", "")
        of_these = Claim.objects.filter(case__in=cases, pdf__isnull=False)
        self.claim = of_these.filter(pk=int(claim)).first() if claim.isascii() and claim.isdigit() else None
        self._check(fresh)

    def _check(self, fresh: bool) -> None:
        if fresh:
            return
        if not self.subject or not self.body.strip():
            self.errors.append("Write a subject and a text.")
        asked_for = re.findall(r"\{([^{}]*)\}", self.subject + self.body)
        wrong = [name for name in asked_for if name not in FIELDS[self.kind]]
        rest = re.sub(r"\{[^{}]*\}", "", self.subject + self.body)
        if wrong or "{" in rest or "}" in rest:
            names = ", ".join(f"{{{name}}}" for name in FIELDS[self.kind])
            self.errors.append(f"Nothing is known of {{{wrong[0] if wrong else ''}}}. Use {names}.")
        for address in filter(None, self.addresses.values()):
            try:
                validate_email(address)
            except ValidationError:
                self.errors.append(f"“{address}” is no e-mail address.")

    def rows(self) -> list[tuple[int, str, str]]:
        """The carriers' fields: place, name, address."""
        return [
            (place, name or "No carrier", self.addresses[name.lower()])
            for place, name in enumerate(self.carriers)
        ]


def _cases(request: HttpRequest, ids: str, kind: str) -> tuple[list[LateCase], list[int]]:
    """Those of this go, and the numbers of those that are left for the next."""
    wanted = [
        int(pk) for pk in ids.split(",")[:MOST_CHOSEN] if pk.isascii() and pk.isdigit() and len(pk) < 19
    ]
    now, rest = wanted[:MOST], wanted[MOST:]
    rows = LateCase.objects.visible_to(request.user).select_related(
        "merchant", "shipment__merchant", "shipment__manifest", "shipment__order__ship_to"
    )
    if kind == "carrier":
        rows = rows.prefetch_related("shipment__events", "shipment__lines__order_line")
    found = rows.in_bulk(now)
    return [found[pk] for pk in now if pk in found], rest


def _send(
    request: HttpRequest, form: _Form, drafted: list[case_letters.Draft], rest: list[int]
) -> HttpResponse:
    try:
        sent = case_letters.send(
            drafted,
            form.kind,
            form=request.POST.get("form_id", "")[:16] or uuid.uuid4().hex[:16],
            author=request.user.get_username(),
            now=timezone.now(),
            claim=form.claim,
        )
    except LetterError as error:
        messages.error(request, str(error))
    else:
        left = len([draft for draft in drafted if not draft.to])
        none = f" {left} have no address and got none." if left else ""
        letters = f"{sent} letter{'' if sent == 1 else 's'}"
        messages.success(request, f"{letters} on the way; each stands in its case’s notes.{none}")
        if rest:
            token = choose(request, rest)
            page = reverse("admin:notifications_letter_write")
            return HttpResponseRedirect(f"{page}?to={form.kind}&chosen={token}")
    if len(drafted) == 1:
        return HttpResponseRedirect(reverse("admin:shipping_latecase_change", args=[drafted[0].case.pk]))
    return HttpResponseRedirect(reverse("admin:shipping_latecase_changelist"))
