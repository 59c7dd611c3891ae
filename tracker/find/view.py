"""The command search as a page, and as JSON for the dialog that opens with a key."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from tracker.find.ask import SHORTEST, ask, cleaned

if TYPE_CHECKING:
    from tracker.adminsite import PortalAdminSite


@require_safe
def find(request: HttpRequest, site: "PortalAdminSite") -> HttpResponse:
    """`?q=` is what was typed; `?as=json` answers with data."""
    user: Any = request.user
    typed = request.GET.get("q", "")
    context = site.each_context(request)
    answers = ask(user, typed, context["rooms"])
    response: HttpResponse
    if request.GET.get("as") == "json":
        response = JsonResponse({"q": cleaned(typed), "groups": [asdict(group) for group in answers]})
    else:
        context |= {"title": "Find", "typed": cleaned(typed), "answers": answers, "shortest": SHORTEST}
        response = TemplateResponse(request, "admin/find.html", context)
    patch_cache_control(response, private=True, no_store=True)
    return response
