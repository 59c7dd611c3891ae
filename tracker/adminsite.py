from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone

from orders.models import User
from orders.roles import Can


class PortalAdminSite(admin.AdminSite):
    """The stock admin under the portal's own skin: rooms by work, a board for the first page, a command search."""

    site_header = "Tracker"
    site_title = "Tracker"
    index_title = "Today"
    enable_nav_sidebar = False  # Django's own; ours lists the rooms by work

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.empty_value_display = "–"  # as our own columns write it

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from tracker.find.view import find  # models: not loaded yet when the site is made

        return [path("find/", self.admin_view(partial(find, site=self)), name="find"), *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from tracker.dashboards.front import board_of

        context = dict(extra_context or {})
        if isinstance(request.user, User):
            board, switch = board_of(request.user, asked=request.GET.get("board", ""), now=timezone.now())
            context |= {"board": board, "switch": switch}
        return super().index(request, context)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from tracker.rooms import rooms_for

        user = request.user
        context = super().each_context(request)
        may_scan = isinstance(user, User) and user.may(Can.SCAN)
        may_import = isinstance(user, User) and user.may(Can.EDIT)
        rooms = rooms_for(user, context["available_apps"], request.path)
        return context | {"may_scan": may_scan, "may_import": may_import, "rooms": rooms}
