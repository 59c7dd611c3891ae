"""Where parcels go from and to, in the words of a lane, and times as the learned promise counts them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orders.models import Location, Merchant


def region_of(country: str, region: str, postal_code: str) -> str:
    """Where a place is on a lane: its state, or the first two characters of its postal code, or its country."""
    part = (region.strip() or postal_code.strip()[:2]).upper().removeprefix(f"{country}-")
    return f"{country}-{part}" if part else country


def origin_of(merchant: Merchant) -> str:
    sender = Location.objects.filter(merchant=merchant, kind=Location.Kind.SENDER).first()
    if sender is None:
        return merchant.holiday_country
    return region_of(sender.country, sender.region, sender.postal_code)


def lead_of(handed_over: datetime, promised: date, zone: str) -> float:
    """Days from the hand-over to the end of the promised day where the recipient is."""
    end = datetime.combine(promised + timedelta(days=1), time(0), tzinfo=ZoneInfo(zone))
    return day_of(end) - day_of(handed_over)


def day_of(moment: datetime) -> float:
    """Days since 1970-01-01 UTC."""
    return moment.timestamp() / 86_400
