"""The share of parcels that has arrived after so many days, as a curve; the clock it is drawn in; and what to read off it (pure)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shipping.promise.estimate import chance
from shipping.promise.pace import Floats

TAIL = 6.0  # mean days beyond the longest time seen, where some are still under way
DOUBT = 200.0  # parcels that must have come otherwise than their curves say until half of that is believed
SLOWEST = 0.3  # how fast the clock runs at least
_MONDAY = 4.0  # 1970-01-05
_HOURS: Floats = np.arange(169.0)
LEVELS: Floats = np.concatenate([[0.0], np.linspace(0.01, 0.99, 99), [0.995, 0.999]])


@dataclass
class Curve:
    """The share of such parcels that has arrived after so many days: `days` at each of `LEVELS`. `like` is the number
    of parcels, after weighing, that it rests on; `rush` how many times as many as usual left when it was drawn."""

    days: Floats
    like: float
    rush: float = 1.0

    def quantile(self, level: float) -> float:
        return float(np.interp(level, LEVELS, self.days))

    def share(self, days: float) -> float:
        """The share that has arrived after so many days, 0 to 1."""
        return float(np.interp(days, self.days, LEVELS, left=0.0, right=1.0))

    def chance(self, by: float, age: float = 0.0) -> float:
        """To come more than `by` days after the hand-over, for one that has not come after `age` days."""
        return chance(self.share(by), self.share(age), self.rush)

    def after(self, days: float, level: float) -> float:
        """The quantile among those that have not arrived after so many days: for a parcel that is overdue."""
        gone = min(self.share(days), 0.999)
        return max(self.quantile(gone + level * (1 - gone)), days)


@dataclass
class Clock:
    """Time as deliveries see it: it runs fast in the hours of the week in which they come, and all but stands still at
    night and on Sundays. A week has seven ticks, as many as days, so that ticks read like days."""

    ticked: (
        Floats  # at the start of each hour of the week, Monday first, and at its end: 169 numbers from 0 to 7
    )

    @classmethod
    def of(cls, delivered: Floats) -> "Clock":
        hour = (np.floor((delivered - _MONDAY) * 24).astype(int)) % 168
        many = np.bincount(hour, minlength=168).astype(float) + SLOWEST * max(len(delivered), 168) / 168
        return cls(np.concatenate([[0.0], np.cumsum(many) * 7 / many.sum()]))

    def ticks(self, moment: Any) -> Any:
        week, part = np.divmod(np.asarray(moment) - _MONDAY, 7.0)
        return week * 7.0 + np.interp(part * 24, _HOURS, self.ticked)

    def moments(self, ticks: Any) -> Any:
        week, part = np.divmod(ticks, 7.0)
        return _MONDAY + week * 7.0 + np.interp(part, self.ticked, _HOURS) / 24


def quantiles(ticks: Floats, arrived: NDArray[np.bool_], weight: Floats, total: float) -> Floats:
    """Ticks at each of LEVELS by the product-limit estimate; they come sorted, arrivals before others of the same."""
    at_risk = total - np.cumsum(weight) + weight
    hazard = weight / np.maximum(at_risk, 1e-300)
    hazard *= arrived
    left = np.cumprod(1.0 - np.minimum(hazard, 1.0))
    share = 1.0 - left
    spots = np.searchsorted(share, LEVELS, side="left")
    inside = spots < len(ticks)
    found = np.empty(len(LEVELS))
    found[inside] = ticks[spots[inside]]
    if not inside.all():
        last = max(1.0 - float(share[-1]), 1e-9)
        found[~inside] = ticks[-1] + TAIL * np.log(last / np.minimum(1.0 - LEVELS[~inside], last))
    return np.maximum.accumulate(found)


def widened(level: float, times: float) -> float:
    """The level to read off in a rush: the share that may come later shrinks as the rush grows."""
    return 1.0 - (1.0 - level) / times


def calibrate(
    place: Floats, arrived: NDArray[np.bool_], weight: Floats, doubt: float = DOUBT
) -> tuple[float, float]:
    """The levels of our own curves below which half, and nine tenths, of the recent parcels really came.

    `place` is where each parcel came on its own curve, or where it is by now if it has not `arrived`: a number from 0 to 1,
    and even if the curves are right. The quantiles of these numbers (with those under way as "at least") are what to read off
    for an honest p50 and p90. Besides what came there are `doubt` parcels as the curves say: few parcels prove little."""
    even = (np.arange(100) + 0.5) / 100
    place = np.concatenate([place, even])
    arrived = np.concatenate([arrived, np.ones(100, bool)])
    weight = np.concatenate([weight, np.full(100, max(doubt, 1e-9) / 100)])
    order = np.lexsort((~arrived, place))
    place, arrived, weight = place[order], arrived[order], weight[order]
    at_risk = np.cumsum(weight[::-1])[::-1]
    share = 1.0 - np.cumprod(1.0 - np.where(arrived, weight / np.maximum(at_risk, 1e-300), 0.0))

    def level(wanted: float, low: float, high: float) -> float:
        spot = int(np.searchsorted(share, wanted))
        return float(np.clip(place[min(spot, len(place) - 1)], low, high))

    return level(0.5, 0.35, 0.65), level(0.9, 0.8, 0.99)
