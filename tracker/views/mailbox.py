"""/dev/outbox/: what would have been sent, for development. Not there unless DEBUG is on."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from tracker.mailbox import Mail, entries, read

PAGE = 25
View = Callable[..., HttpResponseBase]


def _in_development(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEBUG:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@_in_development
@never_cache
def outbox(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:100]
    asked = request.GET.get("page", "1")
    page = min(int(asked), 10_000) if asked.isascii() and asked.isdigit() and int(asked) > 0 else 1
    shown, more = entries(query, first=(page - 1) * PAGE, count=PAGE)
    return render(
        request, "tracker/outbox.html", {"entries": shown, "query": query, "page": page, "more": more}
    )


@require_safe
@_in_development
@never_cache
def mail(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "tracker/mail.html", {"mail": _mail_or_404(name)})


@require_safe
@_in_development
@never_cache
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]  # typed for views of a request alone
    {
        "default-src": [NONE],
        "script-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "img-src": ["data:"],
        "form-action": [NONE],
        "frame-ancestors": [SELF],
    }
)
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part as a mail client shows it: styles, no scripts, nothing fetched. Links open a new tab."""
    return HttpResponse('<base target="_blank">' + _mail_or_404(name).html)


def _mail_or_404(name: str) -> Mail:
    found = read(name)
    if found is None:
        raise Http404
    return found
