"""How long parcels like this one take (pure): a weighted Kaplan-Meier curve over a shop's recent parcels.

Each past parcel counts by how like it is: the same destination, origin, carrier, service and length of promise weigh
more, and so does the recent past. So a busy lane speaks for itself, and a thin one is filled up
by its destination, then its carrier, then by all: the factors below are that ladder. Parcels still under way count too,
as "at least so long": without them each sudden delay would be learned only when the delayed parcels have arrived
(Kaplan & Meier 1958, "Nonparametric estimation from incomplete observations").

Times are days (24 h) from the hand-over to the carrier; inside they are ticks of the deliveries' own clock (`Clock`).
Moments are days since 1970-01-01 UTC as floats.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shipping.promise.estimate import Parcel

Floats = NDArray[np.float64]

WINDOW = 45.0  # days of hand-overs that are looked at; longer where a shop sends little
ENOUGH = 400  # parcels below which the window grows
LONGEST = 730.0
MOST = 40_000  # parcels in a snapshot; beyond that every second, third ... is left out
GIVEN_UP = 40.0  # a parcel without a word for so long is lost or was never scanned: it teaches nothing
RECENCY = 3.0  # the window is so many times the time in which a parcel's weight falls to 1/e
OTHER_DESTINATION, OTHER_ORIGIN, OTHER_CARRIER, OTHER_SERVICE = 0.02, 0.3, 0.05, 0.2
LEAD_SCALE, OTHER_LEAD = 3.0, 0.01  # days between the lengths of two promises
TAIL = 6.0  # mean days beyond the longest time seen, where some are still under way
RUSH_DAYS = 5.0
SLOWEST = 0.3  # how fast the clock runs at least
_MONDAY = 4.0  # 1970-01-05
_HOURS: Floats = np.arange(169.0)
LEVELS: Floats = np.concatenate([[0.0], np.linspace(0.01, 0.99, 99), [0.995, 0.999]])


@dataclass
class History:
    """Parcels in columns, in the order of their hand-over. `delivered` is NaN while a parcel is under way."""

    carrier: NDArray[Any]
    service: NDArray[Any]
    origin: NDArray[Any]
    destination: NDArray[Any]
    handed_over: Floats
    delivered: Floats
    lead: Floats

    def __len__(self) -> int:
        return len(self.handed_over)

    def parcel(self, at: int) -> Parcel:
        lead = float(self.lead[at])
        return Parcel(
            str(self.carrier[at]), str(self.service[at]), str(self.origin[at]), str(self.destination[at]),
            float(self.handed_over[at]), None if np.isnan(lead) else lead,
        )  # fmt: skip


@dataclass
class Curve:
    """The share of such parcels that has arrived after so many days: `days` at each of `LEVELS`. `like` is the number
    of parcels, after weighing, that it rests on."""

    days: Floats
    like: float

    def quantile(self, level: float) -> float:
        return float(np.interp(level, LEVELS, self.days))

    def share(self, days: float) -> float:
        """The share that has arrived after so many days, 0 to 1."""
        return float(np.interp(days, self.days, LEVELS, left=0.0, right=1.0))

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


@dataclass
class Snapshot:
    """What a shop knew at a moment, ready to be asked. Columns are sorted by `ticks`."""

    at: float
    ticks: Floats  # to the delivery, or until `at` for those still under way
    arrived: NDArray[np.bool_]
    weight: Floats
    codes: dict[str, NDArray[np.int32]]
    lead: Floats
    names: dict[str, dict[str, int]]
    clock: "Clock"
    levels: tuple[float, float] = field(default=(0.5, 0.9))  # calibrated: what to read off for p50 and p90

    def __len__(self) -> int:
        return len(self.ticks)

    def curve(self, parcel: Parcel) -> Curve | None:
        """None when nothing is known at all."""
        if not len(self):
            return None
        weight = self.weight.copy()
        for name, other in _OTHERS.items():
            code = self.names[name].get(getattr(parcel, name), -1)
            weight *= np.where(self.codes[name] == code, 1.0, other)
        if parcel.lead is not None:
            with np.errstate(invalid="ignore"):
                near = np.exp(-np.abs(self.lead - parcel.lead) / LEAD_SCALE) + OTHER_LEAD
            weight *= np.where(np.isnan(near), OTHER_LEAD * 10, near)
        total = float(weight.sum())
        if total <= 0:
            return None
        ticks = _quantiles(self.ticks, self.arrived, weight, total)
        days = self.clock.moments(self.clock.ticks(parcel.handed_over) + ticks) - parcel.handed_over
        days[0] = 0.0
        return Curve(np.maximum.accumulate(days), total**2 / float((weight**2).sum()))

    def to_bytes(self) -> bytes:
        out = io.BytesIO()
        arrays: dict[str, Any] = {f"code_{name}": code for name, code in self.codes.items()}
        words = json.dumps({"names": self.names, "levels": self.levels, "at": self.at}).encode()
        np.savez_compressed(
            out, ticks=self.ticks, arrived=self.arrived, weight=self.weight, lead=self.lead, clock=self.clock.ticked,
            words=np.frombuffer(words, np.uint8), **arrays,
        )  # fmt: skip
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Snapshot":
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            words = json.loads(kept["words"].tobytes())
            return cls(
                at=words["at"], ticks=kept["ticks"], arrived=kept["arrived"], weight=kept["weight"], lead=kept["lead"],
                codes={name: kept[f"code_{name}"] for name in _OTHERS}, names=words["names"],
                clock=Clock(kept["clock"]), levels=tuple(words["levels"]),
            )  # fmt: skip


_OTHERS = {
    "destination": OTHER_DESTINATION,
    "origin": OTHER_ORIGIN,
    "carrier": OTHER_CARRIER,
    "service": OTHER_SERVICE,
}


def rush(history: History, *, at: float) -> float:
    """How many times as many parcels a day left lately as in the weeks before; 1 at least, 4 at most. A rush fills the
    carriers' depots days before the first parcel is seen to be late."""

    def left(start: float, end: float) -> float:
        first, last = np.searchsorted(history.handed_over, [at - start, at - end])
        return float(last - first) / (start - end)

    usual = left(WINDOW, RUSH_DAYS)
    return float(np.clip(left(RUSH_DAYS, 0.0) / usual, 1.0, 4.0)) if usual else 1.0


def widened(level: float, times: float) -> float:
    """The level to read off in a rush: the share that may come later shrinks as the rush grows."""
    return 1.0 - (1.0 - level) / times


def fit(history: History, *, at: float) -> Snapshot:
    """What was known at `at`: parcels handed over before, and of those only deliveries before it."""
    end = int(np.searchsorted(history.handed_over, at, side="left"))
    start = int(np.searchsorted(history.handed_over, at - WINDOW, side="left"))
    if end - start < ENOUGH:
        start = max(int(np.searchsorted(history.handed_over, at - LONGEST)), end - ENOUGH, 0)
    chosen = np.arange(start, end)
    if len(chosen) > MOST:
        chosen = chosen[:: -(-len(chosen) // MOST)]
    handed, delivered = history.handed_over[chosen], history.delivered[chosen]
    age = at - handed
    arrived = delivered < at
    took = np.where(arrived, delivered - handed, age)
    keep = (took > 0) & (arrived | (age < GIVEN_UP))
    clock = Clock.of(delivered[keep & arrived])
    ticks = clock.ticks(np.where(arrived, delivered, at)) - clock.ticks(handed)
    chosen, ticks, arrived, age = chosen[keep], ticks[keep], arrived[keep], age[keep]
    window = max(WINDOW, float(age.max()) if len(age) else 0.0)
    order = np.lexsort((~arrived, ticks))
    chosen, ticks, arrived, age = chosen[order], ticks[order], arrived[order], age[order]
    codes, names = {}, {}
    for name in _OTHERS:
        values, code = np.unique(getattr(history, name)[chosen], return_inverse=True)
        codes[name] = code.astype(np.int32)
        names[name] = {str(value): index for index, value in enumerate(values)}
    return Snapshot(
        at=at,
        ticks=ticks,
        arrived=arrived,
        weight=np.exp(-age / (window / RECENCY)),
        codes=codes,
        lead=history.lead[chosen],
        names=names,
        clock=clock,
    )


def _quantiles(ticks: Floats, arrived: NDArray[np.bool_], weight: Floats, total: float) -> Floats:
    """Ticks at each of LEVELS by the product-limit estimate; they come sorted, arrivals before others of the same."""
    at_risk = total - np.cumsum(weight) + weight
    hazard = np.where(arrived, weight / np.maximum(at_risk, 1e-300), 0.0)
    left = np.cumprod(1.0 - np.minimum(hazard, 1.0))
    share = 1.0 - left
    spots = np.searchsorted(share, LEVELS, side="left")
    inside = spots < len(ticks)
    found = np.empty(len(LEVELS))
    found[inside] = ticks[spots[inside]]
    if not inside.all():
        last = max(1.0 - float(share[-1]), 1e-9)
        found[~inside] = ticks[-1] + TAIL * np.log(last / np.minimum(1.0 - LEVELS[~inside], last))
    found[0] = 0.0
    return np.maximum.accumulate(found)


def calibrate(
    curves: Sequence[Curve], days: Floats, arrived: NDArray[np.bool_], weight: Floats
) -> tuple[float, float]:
    """The levels of our own curves below which half, and nine tenths, of the recent parcels really came.

    `days` are those that each parcel took, or has taken so far where it has not `arrived`. Where each came on its own
    curve is a number from 0 to 1, and even if the curves are right; the quantiles of these numbers (with those under way
    as "at least") are what to read off for an honest p50 and p90."""
    if len(curves) < 60:
        return 0.5, 0.9
    place = np.array([curve.share(float(took)) for curve, took in zip(curves, days, strict=True)])
    order = np.lexsort((~arrived, place))
    place, arrived, weight = place[order], arrived[order], weight[order]
    at_risk = np.cumsum(weight[::-1])[::-1]
    share = 1.0 - np.cumprod(1.0 - np.where(arrived, weight / np.maximum(at_risk, 1e-300), 0.0))

    def level(wanted: float, low: float, high: float) -> float:
        spot = int(np.searchsorted(share, wanted))
        return float(np.clip(place[min(spot, len(place) - 1)], low, high))

    return level(0.5, 0.35, 0.65), level(0.9, 0.8, 0.99)
