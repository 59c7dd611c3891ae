"""What the learned promise would have said, day by day, and how it came out (pure; no database, no look-ahead)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from shipping.promise.curve import Curve, calibrate, widened
from shipping.promise.pace import Floats
from shipping.promise.transit import History, Snapshot, fit

REFIT = 0.25  # days: as often as the model is refitted
MEMORY = 42.0  # days of our own estimates that the calibration looks back on
FADES = 14.0  # days in which an estimate's weight in it falls to 1/e
NOBODY_KNOWS = (10.0, 20.0)  # p50 and p90 in days before the first parcel is known


@dataclass
class Said:
    """What was said at each parcel's hand-over. NaN where nothing was asked."""

    p50: Floats
    p90: Floats
    risk: Floats  # of coming after the promised day


def trained(history: History, *, at: float, most: int = 2_000) -> Snapshot:
    """The model as of `at`, calibrated by what it would have said of `most` parcels of the last weeks."""
    places = Places(history)
    replay(history, start=at, end=at, most=most, places=places)
    snapshot = fit(history, at=at)
    snapshot.levels = places.levels(snapshot)
    return snapshot


def replay(
    history: History,
    *,
    start: float,
    end: float,
    told: Callable[[float], None] | None = None,
    most: int | None = None,
    places: "Places | None" = None,
) -> Said:
    """Estimates for hand-overs from `start` until before `end`. The model is refitted every six hours with what was
    known then, so an estimate knows at most what it could have known. With `most`, only so many parcels, evenly spread,
    are asked of; `places` keeps what was said of each."""
    size = len(history)
    said = Said(np.full(size, np.nan), np.full(size, np.nan), np.full(size, np.nan))
    places = places or Places(history)
    first = int(np.searchsorted(history.handed_over, start - MEMORY))
    last = int(np.searchsorted(history.handed_over, end))
    every = -(-(last - first) // most) if most and last > first else 1
    snapshot, day = None, None
    for at in range(first, last, every):
        moment = float(history.handed_over[at])
        if snapshot is None or moment - moment % REFIT != day:
            day = moment - moment % REFIT
            snapshot = fit(history, at=day)
            snapshot.levels = places.levels(snapshot)
            if told:
                told(day)
        _say(history, snapshot, at, said, places)
    outside = (history.handed_over < start) | (history.handed_over >= end)
    for column in (said.p50, said.p90, said.risk):
        column[outside] = np.nan
    return said


def _say(history: History, snapshot: Snapshot, at: int, said: Said, places: "Places") -> None:
    parcel = history.parcel(at)
    curve = snapshot.curve(parcel)
    if curve is None:
        said.p50[at], said.p90[at] = NOBODY_KNOWS
        said.risk[at] = 0.5
        return
    places.curves[at] = curve
    said.p50[at], said.p90[at] = (curve.quantile(level) for level in snapshot.levels)
    if parcel.lead is not None:
        said.risk[at] = curve.chance(parcel.lead)


class Places:
    """Where the parcels came on their own curves, 0 to 1. For one that has arrived it is worked out once."""

    def __init__(self, history: History):
        self.history = history
        self.curves: dict[int, Curve] = {}  # by the parcel's number in the history
        self._settled: dict[int, float] = {}

    def levels(self, snapshot: Snapshot) -> tuple[float, float]:
        """What to read off for p50 and p90, by what is known when the snapshot is taken."""
        history, day = self.history, snapshot.at
        first, last = (int(at) for at in np.searchsorted(history.handed_over, [day - MEMORY, day]))
        mine = [at for at in range(first, last) if at in self.curves]
        handed = history.handed_over[mine]
        arrived = history.delivered[mine] < day
        place = np.array([self._place(at, day) for at in mine])
        half, most = calibrate(place, arrived, np.exp(-(day - handed) / FADES))
        return half, widened(most, snapshot.rush)

    def _place(self, at: int, day: float) -> float:
        if at in self._settled:
            return self._settled[at]
        end = float(self.history.delivered[at])
        place = self.curves[at].share((end if end < day else day) - float(self.history.handed_over[at]))
        if end < day:
            self._settled[at] = place
        return place


def report(history: History, said: Said) -> dict[str, Any]:
    """Figures by month of hand-over and in all. Parcels that never arrived have no figures but are counted."""
    asked = ~np.isnan(said.p50)
    months: dict[str, list[int]] = {}
    for at in np.nonzero(asked)[0]:
        moment = datetime.fromtimestamp(float(history.handed_over[at]) * 86_400, tz=UTC)
        months.setdefault(f"{moment:%Y-%m}", []).append(int(at))
    return {
        "months": {month: figures(history, said, np.array(rows)) for month, rows in sorted(months.items())},
        "all": figures(history, said, np.nonzero(asked)[0]),
    }


def figures(history: History, said: Said, rows: Any) -> dict[str, Any]:
    took = history.delivered[rows] - history.handed_over[rows]
    known = took > 0
    rows, took = rows[known], took[known]
    if not len(rows):
        return {"n": 0, "not_delivered": int((~known).sum())}
    p50, p90 = said.p50[rows], said.p90[rows]
    return {
        "n": len(rows),
        "not_delivered": int((~known).sum()),
        "mae_p50_days": _round(np.abs(took - p50).mean()),
        "pinball_50": _round(_pinball(took, p50, 0.5)),
        "pinball_90": _round(_pinball(took, p90, 0.9)),
        "coverage_p50": _round((took <= p50).mean()),
        "coverage_p90": _round((took <= p90).mean()),
        "mean_width_days": _round((p90 - p50).mean()),
        **_lateness(took, history.lead[rows], said.risk[rows]),
    }


def _pinball(took: Floats, said: Floats, level: float) -> float:
    miss = took - said
    return float(np.maximum(level * miss, (level - 1) * miss).mean())


def _lateness(took: Floats, lead: Floats, risk: Floats) -> dict[str, Any]:
    """How well the risk at hand-over told the late ones (came after the promised day) from the others. Precision and
    recall are of the tenth with the highest risk."""
    asked = ~np.isnan(lead) & ~np.isnan(risk)
    late, risk = (took > lead)[asked], risk[asked]
    count, n = int(late.sum()), len(late)
    if not count or count == n:
        return {"late": count, "auc": None, "precision_top_tenth": None, "recall_top_tenth": None}
    return {"late": count, "auc": _round(area_under_curve(late, risk)), **top_tenth(late, risk)}


def top_tenth(late: Any, risk: Floats) -> dict[str, float]:
    """How many of the tenth with the highest risk came late, and how many of the late were in it."""
    top = np.argsort(-risk, kind="stable")[: max(1, len(late) // 10)]
    return {
        "precision_top_tenth": _round(late[top].mean()),
        "recall_top_tenth": _round(late[top].sum() / late.sum()),
    }


def area_under_curve(late: Any, risk: Floats) -> float:
    """By ranks (Mann-Whitney); equal risks share their rank."""
    _, place, many = np.unique(risk, return_inverse=True, return_counts=True)
    rank = (np.cumsum(many) - (many - 1) / 2)[place]
    count = int(late.sum())
    return float((rank[late].sum() - count * (count + 1) / 2) / (count * (len(late) - count)))


def _round(value: Any) -> float:
    return round(float(value), 4)
