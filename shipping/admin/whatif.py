"""What if: other thresholds on last quarter's parcels, before one changes anything."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.models import Merchant
from orders.queue import enqueue
from orders.roles import Can
from shipping.lateness.gather import Shops
from shipping.lateness.whatif import ask
from shipping.models import WhatIf
from shipping.status import LateRule
from shipping.tasks import answer_what_ifs

NAMES = {
    "handover_grace_hours": "Grace after the hand-over day, business hours",
    "acceptance_hours": "Carrier’s hours to scan what it was handed, business hours",
    "silent_days": "Silence where nothing is learned, business days",
    "silent_times": "Silence, times the learned one",
    "promise_grace_days": "Grace after the promise, business days",
    "slipped_days": "Slip of the promise, business days",
    "risk_from": "Likely to be late from a chance of",
    "attempt_hours": "After a failed attempt, business hours",
    "carrier_word_hours": "After a problem or a return, business hours",
    "customs_days": "In customs’ hands, business days",
    "hold_days": "On hold, business days",
    "low_rating": "Low rating, of 5",
    "handling_days": "Handling time, business days",
    "cutoff": "Cut-off",
    "later_days": "Promise so many days later",
    "sure": "Promise what so many of 100 parcels keep (0: as it is)",
}
GROUPS = {
    "The shop": ("merchant", "cutoff", "handling_days", "handover_grace_hours"),
    "The promise": ("later_days", "sure", "promise_grace_days", "slipped_days", "risk_from"),
    "The carrier": (
        "acceptance_hours",
        "silent_times",
        "silent_days",
        "attempt_hours",
        "carrier_word_hours",
        "customs_days",
        "hold_days",
    ),
    "The customer": ("low_rating",),
}
_MOST = {"risk_from": 0.99, "silent_times": 10.0, "low_rating": 5, "sure": 99}


class WhatIfForm(forms.Form):
    """Filled with what is in force; only what differs is asked."""

    merchant = forms.ModelChoiceField(queryset=Merchant.objects.none(), label="Shop")
    off = forms.MultipleChoiceField(
        choices=LateRule.choices, required=False, widget=forms.CheckboxSelectMultiple, label="Rules not used"
    )

    def __init__(self, *args: Any, shops: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["merchant"]
        chosen.queryset = shops
        for name, label in NAMES.items():
            self.fields[name] = _field(name, label)
        self.order_fields(["merchant", *NAMES, "off"])

    def changes(self, current: dict[str, Any]) -> dict[str, Any]:
        said = self.cleaned_data
        found = {
            name: said[name] for name in NAMES if said.get(name) is not None and said[name] != current[name]
        }
        if "cutoff" in found:
            found["cutoff"] = found["cutoff"].isoformat("minutes")
        if set(said["off"]) != set(current["off"]):
            found["off"] = sorted(said["off"])
        return found


def _field(name: str, label: str) -> forms.Field:
    if name == "cutoff":
        return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    if name in ("risk_from", "silent_times"):
        return forms.FloatField(label=label, min_value=0.05, max_value=_MOST[name])
    return forms.IntegerField(label=label, min_value=0, max_value=int(_MOST.get(name, 500)))


def current_of(merchant: Merchant) -> dict[str, Any]:
    policy = Shops().policy(merchant)
    known = {name: getattr(policy, name) for name in NAMES if hasattr(policy, name)}
    cutoff = Merchant.objects.get(pk=merchant.pk).cutoff
    return known | {
        "handling_days": merchant.handling_days,
        "cutoff": cutoff,
        "later_days": 0,
        "sure": 0,
        "off": sorted(policy.off),
    }


@admin.register(WhatIf)
class WhatIfAdmin(WalledAdmin):
    change_right = None
    add_right = Can.EDIT
    list_display = ["created_at", "question", "outcome", "asked_by", "merchant"]
    list_filter = [MerchantFilter]
    search_fields = ["asked_by"]
    ordering = ["-pk"]

    @admin.display(description="what if")
    def question(self, row: WhatIf) -> str:
        return words_of(row.changes)

    @admin.display(description="cases")
    def outcome(self, row: WhatIf) -> str:
        if row.error:
            return row.error
        if not row.answered_at:
            return f"Being worked out: {row.done} of {row.total}"
        return f"{row.answer['now']['cases']} → {row.answer['then']['cases']}"

    def get_urls(self) -> list[URLPattern]:
        return [
            path("ask/", self.admin_site.admin_view(partial(ask_view, self)), name="shipping_whatif_ask"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:shipping_whatif_ask"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_queryset(request).filter(pk=int(object_id) if object_id.isdigit() else None).first()
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        context = admin.site.each_context(request) | {
            "title": f"What if {words_of(row.changes)}",
            "opts": WhatIf._meta,
            "row": row,
            "sampled": row.answer.get("looked_at", 0) < row.answer.get("parcels", 0),
            "figures": figures_of(row) if row.answered_at else [],
        }
        return TemplateResponse(request, "shipping/admin/whatif.html", context)


def words_of(changes: dict[str, Any]) -> str:
    said = [f"{NAMES[name]}: {value}" for name, value in changes.items() if name in NAMES]
    if "off" in changes:
        off = ", ".join(LateRule(rule).label.lower() for rule in changes["off"])
        said.append(f"without {off}" if off else "with all rules")
    return "; ".join(said) or "nothing were changed"


def figures_of(row: WhatIf) -> list[tuple[str, int, int, int, int, int]]:
    """Name, now, then, their difference, and the lengths of both bars in parts of 300."""
    now, then = row.answer["now"], row.answer["then"]
    rows = [
        ("Cases", now["cases"], then["cases"]),
        ("Late parcels", now["late"], then["late"]),
        ("“Delayed” messages to customers", now["notices"], then["notices"]),
        *(
            (rule.label, now["rules"].get(rule, 0), then["rules"].get(rule, 0))
            for rule in LateRule
            if rule in now["rules"] or rule in then["rules"]
        ),
    ]
    most = max([1, *(max(before, after) for _name, before, after in rows)])
    return [
        (str(name), before, after, after - before, round(300 * before / most), round(300 * after / most))
        for name, before, after in rows
    ]


def ask_view(site: WalledAdmin, request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not site.has_add_permission(request):
        raise Http404
    shops = Merchant.objects.visible_to(user)
    if not user.is_superuser:
        shops = shops.filter(pk__in=user.merchants_where(Can.EDIT))
    first = shops.order_by("pk").first()
    if first is None:
        raise Http404
    wanted = request.GET.get("merchant", "")
    shop = (shops.filter(pk=int(wanted)).first() if wanted.isascii() and wanted.isdigit() else None) or first
    form = WhatIfForm(request.POST or None, shops=shops, initial=current_of(shop) | {"merchant": shop})
    if request.method == "POST" and form.is_valid():
        merchant = form.cleaned_data["merchant"]
        changes = form.changes(current_of(merchant))
        if changes:
            row = ask(merchant, changes, asked_by=user.get_username(), now=timezone.now())
            enqueue(answer_what_ifs)
            return HttpResponseRedirect(reverse("admin:shipping_whatif_change", args=[row.pk]))
        form.add_error(None, "Change at least one of them: this is what is in force.")
    context = admin.site.each_context(request) | {
        "title": "What if",
        "opts": WhatIf._meta,
        "form": form,
        "groups": [(title, [form[name] for name in names]) for title, names in GROUPS.items()],
    }
    return TemplateResponse(request, "shipping/admin/whatif_ask.html", context)
