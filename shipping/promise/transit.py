"""How long parcels like this one take (pure): a weighted Kaplan-Meier curve over a shop's recent parcels.

Each past parcel's time is first divided by how slow its lane is known to be and multiplied by how slow this one's is
(`pace`). Then it counts by how like it is: the same destination, origin, carrier, service and length of promise weigh
more, and so does the recent past. So a busy lane speaks for itself, and a thin one is filled up
by its destination, then its carrier, then by all: the factors below are that ladder. Parcels still under way count too,
as "at least so long": without them each sudden delay would be learned only when the delayed parcels have arrived
(Kaplan & Meier 1958, "Nonparametric estimation from incomplete observations").

Times are days (24 h) from the hand-over to the carrier; inside they are ticks of the deliveries' own clock (`Clock`).
Moments are days since 1970-01-01 UTC as floats.
"""

import io
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shipping.promise.curve import Clock, Curve, quantiles
from shipping.promise.estimate import Parcel
from shipping.promise.pace import HEAD_START, PACE_DAYS, Codes, Floats, Pace

WINDOW = 60.0  # days of hand-overs that are looked at; longer where a shop sends little
ENOUGH = 400  # parcels below which the window grows
LONGEST = 730.0
MOST = 40_000  # parcels in a snapshot; beyond that every second, third ... is left out
GIVEN_UP = 40.0  # a parcel without a word for so long is lost or was never scanned: it teaches nothing
RECENCY = 5.0  # the window is so many times the time in which a parcel's weight falls to 1/e
OTHER_DESTINATION, OTHER_ORIGIN, OTHER_CARRIER, OTHER_SERVICE = 0.1, 0.5, 0.1, 0.3
LEAD_SCALE, OTHER_LEAD = 3.0, 0.03  # days between the lengths of two promises
RUSH_DAYS, USUAL_DAYS = 5.0, 45.0


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

    @cached_property
    def coded(self) -> tuple[dict[str, dict[str, int]], Codes]:
        """The words of each column by number, and the columns in these numbers; `lane` is all four together."""
        names: dict[str, dict[str, int]] = {}
        codes: Codes = {}
        for name in _OTHERS:
            values, code = np.unique(getattr(self, name), return_inverse=True)
            names[name] = {str(value): number for number, value in enumerate(values)}
            codes[name] = code.astype(np.int64)
        lanes = _lane(names, codes)
        values, codes["lane"] = np.unique(lanes, return_inverse=True)
        names["lane"] = {str(value): number for number, value in enumerate(values)}
        return names, codes

    def parcel(self, at: int) -> Parcel:
        lead = float(self.lead[at])
        return Parcel(
            str(self.carrier[at]), str(self.service[at]), str(self.origin[at]), str(self.destination[at]),
            float(self.handed_over[at]), None if np.isnan(lead) else lead,
        )  # fmt: skip


@dataclass
class Snapshot:
    """What a shop knew at a moment, ready to be asked. Columns are sorted by `even`."""

    at: float
    even: Floats  # ticks to the delivery, or until `at` for those still under way, as if all lanes were equally slow
    arrived: NDArray[np.bool_]
    weight: Floats
    codes: Codes
    lead: NDArray[np.floating[Any]]  # in half the precision: its likeness is most of the work of an answer
    names: dict[str, dict[str, int]]
    clock: Clock
    pace: Pace
    rush: float = 1.0
    levels: tuple[float, float] = field(default=(0.5, 0.9))  # calibrated: what to read off for p50 and p90

    def __len__(self) -> int:
        return len(self.even)

    def curve(self, parcel: Parcel) -> Curve | None:
        """None when nothing is known at all."""
        if not len(self):
            return None
        asked = {name: np.array([self.names[name].get(getattr(parcel, name), -1)]) for name in _OTHERS}
        asked["lane"] = np.array([self.names["lane"].get(str(_lane(self.names, asked)[0]), -1)])
        weight = self._likeness(asked, parcel.lead)
        total = float(weight.sum())
        if total <= 0:
            return None
        lead = np.array([np.nan if parcel.lead is None else parcel.lead])
        slowness = self.pace.slowness(asked, lead)[0]
        even = quantiles(self.even, self.arrived, weight, total)
        ticks = np.maximum(even * slowness - HEAD_START, 0.0)
        days = self.clock.moments(self.clock.ticks(parcel.handed_over) + ticks) - parcel.handed_over
        days[0] = 0.0
        return Curve(np.maximum.accumulate(days), total**2 / float((weight**2).sum()), self.rush)

    def _likeness(self, asked: Codes, lead: float | None) -> Floats:
        weight = self.weight.copy()
        for name, other in _OTHERS.items():
            factor = np.full(len(self.names[name]) + 1, other)
            factor[asked[name][0]] = 1.0 if asked[name][0] >= 0 else other
            weight *= factor[self.codes[name]]
        if lead is not None:
            near = self.lead - lead
            np.abs(near, out=near)
            near *= -1.0 / LEAD_SCALE
            np.exp(near, out=near)
            near += OTHER_LEAD
            np.copyto(near, OTHER_LEAD * 10, where=np.isnan(near))
            weight *= near
        return weight

    def to_bytes(self) -> bytes:
        out = io.BytesIO()
        arrays: dict[str, Any] = {f"code_{name}": self.codes[name] for name in _OTHERS}
        arrays |= {f"pace_{name}": effect for name, effect in self.pace.effects.items()}
        words = json.dumps(
            {"names": self.names, "levels": self.levels, "at": self.at, "rush": self.rush}
        ).encode()
        np.savez_compressed(
            out, even=self.even, arrived=self.arrived, weight=self.weight, lead=self.lead, clock=self.clock.ticked,
            usual_lead=self.pace.lead, words=np.frombuffer(words, np.uint8), **arrays,
        )  # fmt: skip
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Snapshot":
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            words = json.loads(kept["words"].tobytes())
            old = "even" not in kept  # of a portal before 0.2: good until the next fit
            return cls(
                at=words["at"], even=kept["ticks"] + HEAD_START if old else kept["even"], arrived=kept["arrived"],
                weight=kept["weight"], lead=kept["lead"], clock=Clock(kept["clock"]), levels=tuple(words["levels"]),
                codes={name: kept[f"code_{name}"] for name in _OTHERS}, names={"lane": {}} | words["names"],
                rush=words.get("rush", 1.0),
                pace=Pace.none() if old else Pace(
                    {key[5:]: kept[key] for key in kept.files if key.startswith("pace_")}, kept["usual_lead"]
                ),
            )  # fmt: skip


_OTHERS = {
    "destination": OTHER_DESTINATION,
    "origin": OTHER_ORIGIN,
    "carrier": OTHER_CARRIER,
    "service": OTHER_SERVICE,
}


def _lane(names: dict[str, dict[str, int]], codes: Codes) -> NDArray[np.int64]:
    """One number for each four of codes; negative where one of them is not known."""
    lane = np.zeros(len(codes["destination"]), dtype=np.int64)
    for name in _OTHERS:
        lane = np.where(codes[name] < 0, -1, np.where(lane < 0, -1, lane * len(names[name]) + codes[name]))
    return lane


def rush(history: History, *, at: float) -> float:
    """How many times as many parcels a day left lately as in the weeks before; 1 at least, 4 at most. A rush fills the
    carriers' depots days before the first parcel is seen to be late."""

    def left(start: float, end: float) -> float:
        first, last = np.searchsorted(history.handed_over, [at - start, at - end])
        return float(last - first) / (start - end)

    usual = left(USUAL_DAYS, RUSH_DAYS)
    return float(np.clip(left(RUSH_DAYS, 0.0) / usual, 1.0, 4.0)) if usual else 1.0


def fit(history: History, *, at: float) -> Snapshot:
    """What was known at `at`: parcels handed over before, and of those only deliveries before it."""
    names, codes = history.coded
    chosen = _lately(history, at, WINDOW)
    handed, delivered = history.handed_over[chosen], history.delivered[chosen]
    age = at - handed
    arrived = delivered < at
    took = np.where(arrived, delivered - handed, age)
    keep = (took > 0) & (arrived | (age < GIVEN_UP))
    clock = Clock.of(delivered[keep & arrived])
    ticks = clock.ticks(np.where(arrived, delivered, at)) - clock.ticks(handed)
    chosen, ticks, arrived, age = chosen[keep], ticks[keep], arrived[keep], age[keep]
    pace = _pace(history, clock, at)
    even = (ticks + HEAD_START) / pace.slowness(
        {name: code[chosen] for name, code in codes.items()}, history.lead[chosen]
    )
    window = max(WINDOW, float(age.max()) if len(age) else 0.0)
    order = np.lexsort((~arrived, even))
    chosen, even, arrived, age = chosen[order], even[order], arrived[order], age[order]
    return Snapshot(
        at=at,
        even=even,
        arrived=arrived,
        weight=np.exp(-age / (window / RECENCY)),
        codes={name: codes[name][chosen].astype(np.int32) for name in _OTHERS},
        lead=history.lead[chosen].astype(np.float32),
        names=names,
        clock=clock,
        pace=pace,
        rush=rush(history, at=at),
    )


def _lately(history: History, at: float, days: float) -> NDArray[np.int64]:
    end = int(np.searchsorted(history.handed_over, at, side="left"))
    start = int(np.searchsorted(history.handed_over, at - days, side="left"))
    if end - start < ENOUGH:
        start = max(int(np.searchsorted(history.handed_over, at - LONGEST)), end - ENOUGH, 0)
    chosen = np.arange(start, end)
    return chosen[:: -(-len(chosen) // MOST)] if len(chosen) > MOST else chosen


def _pace(history: History, clock: Clock, at: float) -> Pace:
    chosen = _lately(history, at, PACE_DAYS)
    handed, delivered = history.handed_over[chosen], history.delivered[chosen]
    known = (delivered < at) & (delivered > handed)
    chosen, handed, delivered = chosen[known], handed[known], delivered[known]
    ticks = clock.ticks(delivered) - clock.ticks(handed)
    codes = {name: code[chosen] for name, code in history.coded[1].items()}
    return Pace.of(codes, history.lead[chosen], ticks, at - handed)
