from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from orders.models import User
from orders.roles import Can


class PortalAdminSite(admin.AdminSite):
    """The stock admin under the portal's own skin; its first page is the day's work."""

    site_header = "Tracker"
    site_title = "Tracker"
    index_title = "Today"
    enable_nav_sidebar = False  # the header names the rooms; the first page lists everything

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from tracker.today import cards, chart  # models: not loaded yet when the site is made

        context = dict(extra_context or {})
        if isinstance(request.user, User):
            context |= {"cards": cards(request.user), "chart": chart(request.user, now=timezone.now())}
        return super().index(request, context)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        user = request.user
        may_scan = isinstance(user, User) and user.may(Can.SCAN)
        may_import = isinstance(user, User) and user.may(Can.EDIT)
        return super().each_context(request) | {"may_scan": may_scan, "may_import": may_import}
