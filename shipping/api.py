"""What programs may ask of parcels. How to ask: `orders.api` and docs/api.md."""

from typing import Any

from django.http import HttpRequest

from orders.api import ApiError, api
from orders.models import Merchant
from shipping.carriers.detect import detect
from shipping.models import Shipment
from shipping.tracking.story import explanation

_MOST = 100


@api
def detect_carrier(request: HttpRequest, merchant: Merchant) -> dict[str, Any]:
    """`?number=…`, up to 100 times: the carriers that each may be of, best first, with what spoke for it."""
    numbers = request.GET.getlist("number")
    if not numbers or len(numbers) > _MOST:
        raise ApiError(400, f"Name 1 to {_MOST} tracking numbers: ?number=…&number=…")
    if any(len(number) > 100 for number in numbers):
        raise ApiError(400, "A tracking number has 100 characters at most.")
    return {
        "numbers": [
            {"number": number, "candidates": [one.to_json() for one in detect(number)]} for number in numbers
        ]
    }


@api
def why(request: HttpRequest, merchant: Merchant, code: str) -> dict[str, Any]:
    """Which words made the parcel's status what it is, by which rule and mapping version."""
    parcel = (
        Shipment.objects.for_merchant(merchant).filter(code=code.upper()).first()
        if "\x00" not in code
        else None
    )
    if parcel is None:
        raise ApiError(404, "You have no parcel with this code.")
    return explanation(parcel)
