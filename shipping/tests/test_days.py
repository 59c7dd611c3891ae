"""On which days a promise may fall."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipping.promise.days import DELIVERS, after, brings
from shipping.promise.estimate import first_estimate, learned_estimate

FRIDAY = date(2026, 6, 12)
BERLIN = ZoneInfo("Europe/Berlin")
COUNTRIES = st.sampled_from(["DE", "US", "EG", "IL", "JP", "BR", "XX"])
CARRIERS = st.sampled_from(["", "Own van", *DELIVERS])


def promised(carrier="", *, leaves=FRIDAY, service="express", origin="DE", destination="DE"):
    said = first_estimate(
        leaves_on=leaves, service=service, origin=origin, destination=destination, promised_on=None, carrier=carrier
    )  # fmt: skip
    return said.from_day, said.to_day


@pytest.mark.parametrize(
    ("carrier", "from_day", "to_day"),
    [("", date(2026, 6, 15), date(2026, 6, 16)), ("DHL", date(2026, 6, 13), date(2026, 6, 15)),
     ("Amazon", date(2026, 6, 13), date(2026, 6, 14))],
)  # fmt: skip
def test_the_carriers_delivery_days_count(carrier, from_day, to_day):
    assert promised(carrier) == (from_day, to_day)


def test_the_weekend_is_the_recipients():
    """In Egypt Friday and Saturday are free, Sunday is not."""
    assert not brings("", FRIDAY, "EG") and brings("", date(2026, 6, 14), "EG")
    assert brings("", FRIDAY, "DE") and not brings("", date(2026, 6, 14), "DE")


def test_a_holiday_at_either_end_of_the_way_holds_a_parcel_up():
    """14 July is a holiday in France, 1 July in Canada; neither is one in the other country."""

    def days(leaves, origin, destination):
        return after(leaves, 3, carrier="", origin=origin, destination=destination)

    assert days(date(2026, 7, 13), "CA", "CA") == date(2026, 7, 16)
    assert days(date(2026, 7, 13), "CA", "FR") == days(date(2026, 7, 13), "FR", "CA") == date(2026, 7, 17)
    assert days(date(2026, 6, 30), "FR", "CA") == date(2026, 7, 6)
    assert days(date(2026, 6, 30), "FR", "FR") == date(2026, 7, 3)


def test_what_is_learned_falls_on_no_sunday_of_a_carrier_that_rests_then():
    left = datetime(2026, 6, 12, 10, tzinfo=UTC)

    def said(carrier):
        return learned_estimate(left, 1, 2, zone=BERLIN, country="DE", like=90, carrier=carrier)

    assert (said("DHL").from_day, said("DHL").to_day) == (date(2026, 6, 13), date(2026, 6, 15))
    assert said("Amazon").to_day == said("Own van").to_day == date(2026, 6, 14)


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(0, 12), CARRIERS, COUNTRIES, COUNTRIES)
def test_a_day_more_is_a_later_day_on_which_somebody_comes(start, count, carrier, origin, destination):
    day = after(start, count, carrier=carrier, origin=origin, destination=destination)
    assert start + timedelta(days=count) <= day < start + timedelta(days=3 * count + 20)
    assert brings(carrier, day, destination)
    assert after(start, count + 1, carrier=carrier, origin=origin, destination=destination) > day
