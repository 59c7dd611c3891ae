"""When a parcel should arrive (pure). A carrier's date beats the shop's, the shop's beats what past
parcels teach, and that beats the service table."""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shipping.promise.days import after, next_brought

# Business days from hand-over to delivery, p50 and p90, where nothing better is known. Conservative readings
# of what carriers publish for ground parcels; a merchant's own figures replace them once learned.
SERVICE_TABLE = {"same day": (0, 1), "express": (1, 2), "standard": (2, 4), "economy": (4, 8)}
ABROAD = (2, 6)  # added when the parcel crosses a border


class Parcel(NamedTuple):
    """What is known of a parcel at its hand-over. `lead` is the days from then to the end of the day that the shop
    promised, None without a promise."""

    carrier: str
    service: str
    origin: str
    destination: str
    handed_over: float
    lead: float | None = None


class Estimate(NamedTuple):
    """Days in the recipient's zone."""

    from_day: date
    to_day: date
    source: str
    reason: str


def chance(by_deadline: float, by_now: float, rush: float = 1.0) -> float:
    """To come after the deadline, for one that has not come yet. Both are shares of parcels that have arrived by then. In a
    rush the odds of being late grow with it: the late ones of a crowd are seen only weeks later."""
    still = max(1.0 - by_now, 1e-3)
    late = min(max((1.0 - by_deadline) / still, 0.0), 1.0)
    return late * rush / (1.0 - late + late * rush)


def service_kind(service: str) -> str:
    text = service.lower()
    if "same" in text and "day" in text:
        return "same day"
    if any(word in text for word in ("express", "next", "overnight", "priority", "24")):
        return "express"
    if any(word in text for word in ("economy", "eco", "slow", "saver")):
        return "economy"
    return "standard"


def first_estimate(
    *,
    leaves_on: date,
    service: str,
    origin: str,
    destination: str,
    promised_on: date | None,
    carrier: str = "",
) -> Estimate:
    """The promise an order starts with. `leaves_on` is the merchant's day of hand-over."""
    if promised_on:
        return Estimate(promised_on, promised_on, "merchant", "promised by the shop")
    kind = service_kind(service)
    early, late = SERVICE_TABLE[kind]
    if origin != destination:
        early, late = early + ABROAD[0], late + ABROAD[1]
    return Estimate(
        after(leaves_on, early, carrier=carrier, origin=origin, destination=destination),
        after(leaves_on, late, carrier=carrier, origin=origin, destination=destination),
        "table",
        f"{kind} service, {'abroad' if origin != destination else 'domestic'}",
    )


def learned_estimate(
    leaves_at: datetime,
    half: float,
    most: float,
    *,
    zone: ZoneInfo,
    country: str,
    like: float,
    carrier: str = "",
) -> Estimate:
    """From `half` to `most` days after the hand-over, as days where the recipient is and on which somebody comes."""
    first, last = (
        next_brought((leaves_at + timedelta(days=days)).astimezone(zone).date(), carrier, country)
        for days in (half, most)
    )
    return Estimate(first, max(first, last), "learned", f"by {like:,.0f} parcels like it")
