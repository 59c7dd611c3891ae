"""A NUL character, which PostgreSQL keeps in no text: people type none, scanners of weak places and broken programs send it. It
is answered as what it is, a bad request, wherever it comes in."""

from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

WORDS = (
    "This request holds a character that no text has (NUL). Nothing was changed; type it again without it."
)


class NoNul:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What psycopg says of it; transactions are over by now, so nothing is half written."""
        if isinstance(exception, DataError | ValueError) and "NUL" in str(exception):
            return HttpResponseBadRequest(WORDS, content_type="text/plain; charset=utf-8")
        return None
