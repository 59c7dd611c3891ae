"""The door for programs: a token in the `Authorization` header, JSON answers, the token's merchant and nobody else's.

    curl -H "Authorization: Bearer trk_…" https://track.shop.example/api/v1/…

401 without a good token · 404 for what is not there or not yours · 400 with the reason · each as {"error": "…"}
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orders.models import ApiToken, Merchant
from orders.models.token import digest_of

_SELDOM = timedelta(minutes=10)  # how exact "last used" is


class ApiError(Exception):
    """What the caller is told, and with which status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def api(view: Callable[..., Any]) -> Callable[..., JsonResponse]:
    """A view that takes (request, merchant, …) and returns what becomes JSON. It may raise ApiError."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        try:
            return JsonResponse(
                view(request, _merchant(request), *args, **kwargs), json_dumps_params={"ensure_ascii": False}
            )
        except ApiError as error:
            headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
            return JsonResponse({"error": str(error)}, status=error.status, headers=headers)

    return never_cache(require_safe(answer))


def _merchant(request: HttpRequest) -> Merchant:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise ApiError(401, "Send an API token: “Authorization: Bearer trk_…”. Tokens are made in the admin.")
    row = (
        ApiToken.objects.filter(digest=digest_of(token.strip()), revoked_at=None)
        .select_related("merchant")
        .first()
    )
    if row is None:
        raise ApiError(401, "This API token is not known, or was revoked.")
    now = timezone.now()
    if row.used_at is None or now - row.used_at > _SELDOM:
        ApiToken.objects.filter(pk=row.pk).update(used_at=now)
    return row.merchant
