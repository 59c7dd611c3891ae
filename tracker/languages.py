"""In which language a page of the public speaks. What staff read is English for now."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from orders.languages import known, spoken
from orders.models import Order

STAFF = ("/admin/", "/scan/", "/pick/", "/handover/", "/dev/", "/api/", "/webhooks/", "/hooks/")


class PublicLanguage:
    """Of every page but the staff's: `?lang=` if it names one of ours, else what the browser asks for. No cookie remembers it:
    a link on a page carries it on with `{{ request.keep_language }}`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(STAFF):
            return self.get_response(request)
        chosen = asked(request)
        request.keep_language = f"?lang={chosen}" if chosen else ""  # type: ignore[attr-defined]
        with translation.override(chosen or accepted(request) or settings.LANGUAGE_CODE):
            response = self.get_response(request)
            if response.get("Content-Type", "").startswith("text/html"):
                response.headers.setdefault("Content-Language", translation.get_language() or "")
                if not chosen:
                    patch_vary_headers(response, ["Accept-Language"])
        return response


@contextmanager
def of_order(request: HttpRequest, order: Order) -> Iterator[str]:
    """The language of a page about this order, in force: what was asked for, else the order's, the browser's, the shop's."""
    code = asked(request) or spoken(order.locale, accepted(request), order.merchant.locale)
    with translation.override(code):
        yield code


def asked(request: HttpRequest) -> str:
    """By the address; exactly one of our codes, or nothing."""
    return ours(request.GET.get("lang", ""))


def ours(code: str) -> str:
    return code if code in dict(settings.LANGUAGES) else ""


def accepted(request: HttpRequest) -> str:
    """The first of ours that the browser's header names."""
    header = request.headers.get("Accept-Language", "")
    return next(filter(None, (known(code) for code, _ in parse_accept_lang_header(header))), "")
