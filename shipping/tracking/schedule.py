"""When a carrier is asked again (pure).

    status                                          asked every
    ----------------------------------------------  -----------------------------------------------------
    out for delivery, delivery attempt failed       1 h
    picked up, in transit, delayed, returning       3 h for three days on the way, 6 h for two weeks, then 12 h
    ready for pick-up, on hold, a problem           6 h
    unknown, label made                             6 h for a week, then 24 h
    delivered, returned, cancelled, expired         never again
    any, no news for QUIET                          given up: the parcel becomes “expired”

An answer that fails waits twice as long each time, from FIRST_WAIT to LONGEST_WAIT, and never less than the
carrier asked for.
"""

from datetime import timedelta

from shipping.status import FINAL, TrackingStatus

S = TrackingStatus
QUIET = timedelta(days=30)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(hours=12)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SOON = {S.OUT_FOR_DELIVERY, S.ATTEMPT_FAILED}
_STANDS = {S.AVAILABLE_FOR_PICKUP, S.ON_HOLD, S.EXCEPTION}
_EARLY = {S.UNKNOWN, S.PRE_TRANSIT}


def next_poll(status: str, *, age: timedelta, quiet: timedelta) -> timedelta | None:
    """How long to wait, or None when asking is over. `age` is since the hand-over, `quiet` since the last news."""
    if status in FINAL or status == S.EXPIRED or quiet >= QUIET:
        return None
    if status in _SOON:
        return _HOUR
    if status in _STANDS:
        return 6 * _HOUR
    if status in _EARLY:
        return 6 * _HOUR if age < 7 * _DAY else 24 * _HOUR
    if age < 3 * _DAY:
        return 3 * _HOUR
    return 6 * _HOUR if age < 14 * _DAY else 12 * _HOUR


def given_up(status: str, *, quiet: timedelta) -> bool:
    return quiet >= QUIET and status not in FINAL and status != S.EXPIRED


def back_off(failures: int, *, retry_after: int | None = None) -> timedelta:
    """The wait after so many failures in a row."""
    wait = min(FIRST_WAIT * 2 ** min(max(failures - 1, 0), 20), LONGEST_WAIT)
    return max(wait, timedelta(seconds=retry_after or 0))
