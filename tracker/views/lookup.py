"""The door for people who have an order number and no link, or a tracking number alone."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from orders.access import Tier, log_view
from orders.lookup import canonical, find
from tracker.limits import address_of, source_of, too_many
from tracker.tracking_status import parcel_of, status_of
from tracker.views.visitor import let_in

WINDOW = 600  # seconds
PER_ADDRESS = 20
PER_NUMBER = 10


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt  # changes nothing and knows nobody; a token in the form would make two misses differ
@cache_control(no_store=True)
def lookup(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "tracker/lookup.html", {"number": request.GET.get("number", "")[:60]})
    number = request.POST.get("number", "")[:60]
    proof = request.POST.get("proof", "")[:254]
    # Both are counted before either is judged: an address over its limit still uses up the number's.
    over = [
        too_many("lookup-address", source_of(request), limit=PER_ADDRESS, seconds=WINDOW),
        too_many("lookup-number", canonical(number), limit=PER_NUMBER, seconds=WINDOW),
    ]
    if any(over):
        answer = render(request, "429.html", status=429)
        answer["Retry-After"] = str(WINDOW)
        return answer
    order, parcel = find(number, proof), parcel_of(number)
    if order is None and parcel is not None and not proof.strip():
        now, agent = timezone.now(), request.headers.get("User-Agent", "")
        log_view(parcel.order_id, tier=Tier.NUMBER, address=address_of(request), agent=agent, now=now)
        return render(request, "tracker/status.html", status_of(parcel, now=now))
    if order is None:
        return render(request, "tracker/lookup.html", {"missed": True}, status=404)
    there = reverse("tracking", args=[order.public_key]) + getattr(request, "keep_language", "")
    return let_in(HttpResponseRedirect(there, status=303), order, Tier.PROVEN, secure=request.is_secure())
