"""What the queue does to many cases at once: snoozed, closed, taken, given to a colleague. Cases that the person may not
change are counted, not changed."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from orders.models import Membership, User
from orders.roles import Can
from shipping.lateness import handle
from shipping.models import LateCase

Act = Callable[..., list[handle.Done]]


def each(
    site: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[LateCase], verb: str, act: Act
) -> None:
    """Do `act` to those of the cases that the person may change, and say how many."""
    user: Any = request.user
    cases = list(queryset.select_related("merchant").order_by("pk"))
    mine, others = handle.allowed(cases, user, Can.EDIT)
    done = act([case.pk for case in mine], author=user.get_username(), now=timezone.now())
    refused = [one.refused for one in done if one.refused]
    changed = len(done) - len(refused)
    said = f"{changed:,} case{'' if changed == 1 else 's'} {verb}."
    said += f" {others:,} you may not change." if others else ""
    said += f" {len(refused):,} not: {refused[0]}" if refused else ""
    site.message_user(request, said)


def give(site: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[LateCase]) -> HttpResponse | None:
    """Asks to whom, then gives; cases of a shop in which that person has no part stay as they are."""
    user: Any = request.user
    shops = [pk for pk in set(queryset.order_by().values_list("merchant", flat=True)) if may_give(user, pk)]
    people = _colleagues(shops)
    wanted = request.POST.get("to", "")
    if not wanted:
        return _ask(site, request, queryset, people)
    chosen = next((person for person in people if str(person.pk) == wanted), None)
    if chosen is None:
        messages.error(request, "Choose a colleague who works in this shop.")
        return _ask(site, request, queryset, people)
    theirs = Membership.objects.filter(user=chosen).values("merchant")
    name = chosen.get_full_name() or chosen.get_username()
    left = queryset.exclude(merchant__in=theirs).count()
    each(
        site,
        request,
        queryset.filter(merchant__in=theirs),
        f"given to {name}",
        lambda ids, **by: handle.own_all(ids, chosen, **by),
    )
    if left:
        messages.warning(request, f"{left:,} stay as they are: {name} does not work in their shop.")
    return None


def may_give(user: User, shop: int) -> bool:
    return user.is_superuser or shop in user.merchants_where(Can.EDIT)


def _colleagues(shops: list[int]) -> list[User]:
    found = User.objects.filter(memberships__merchant__in=shops, is_active=True).distinct()
    return list(found.order_by("first_name", "last_name", "username"))


def _ask(
    site: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[LateCase], people: list[User]
) -> HttpResponse:
    count = queryset.count()
    context = site.admin_site.each_context(request) | {
        "title": f"Give {count:,} case{'' if count == 1 else 's'} to a colleague",
        "opts": LateCase._meta,
        "count": count,
        "people": people,
        "across": request.POST.get("select_across", "0"),
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
    }
    return TemplateResponse(request, "shipping/admin/give.html", context)
