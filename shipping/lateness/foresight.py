"""How well "will probably be late" foresaw what happened, on past parcels with no look-ahead (pure; no database).

At the hand-over each parcel gets a chance to come after its promised day by what was known then. Every day after that, while it
has not come, the chance is asked again given that it has not come yet; the first time it reaches the threshold is the alarm,
if that is before the promised day ends."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from shipping.promise.backtest import area_under_curve, top_tenth
from shipping.promise.curve import Curve
from shipping.promise.pace import Floats
from shipping.promise.transit import History

BINS = 10
STEP = 0.25  # days between two looks at a parcel under way


@dataclass
class Foreseen:
    """Of one span: `late` and `risk` at hand-over of each parcel; `lead` is days from the alarm to the broken promise, NaN where
    there was no alarm."""

    late: Any
    risk: Floats
    lead: Floats


def foresee(
    history: History, curves: dict[int, Curve], *, start: float, end: float, threshold: float
) -> Foreseen:
    late, risk, lead = [], [], []
    for at, curve in sorted(curves.items()):
        handed, promised = float(history.handed_over[at]), float(history.lead[at])
        took = float(history.delivered[at]) - handed
        if not start <= handed < end or np.isnan(promised) or np.isnan(took):
            continue
        late.append(took > promised)
        risk.append(curve.chance(promised))
        lead.append(alarm(curve, promised, took, threshold))
    return Foreseen(np.array(late, dtype=bool), np.array(risk), np.array(lead))


def alarm(curve: Curve, promised: float, took: float, threshold: float) -> float:
    """Days before the promise's end at which the chance first reached the threshold; NaN if it never did in time."""
    age = 0.0
    while age < min(promised, took):
        if curve.chance(promised, age) >= threshold:
            return promised - age
        age += STEP
    return float("nan")


def report(found: Foreseen) -> dict[str, Any]:
    late, risk, alarmed = found.late, found.risk, ~np.isnan(found.lead)
    count = int(late.sum())
    if not count or count == len(late):
        return {"n": len(late), "late": count}
    hits = alarmed & late
    lead = found.lead[hits]
    return {
        "n": len(late),
        "late": count,
        "auc": round(area_under_curve(late, risk), 4),
        "calibration_error": round(calibration_error(late, risk), 4),
        **top_tenth(late, risk),
        "alarms": int(alarmed.sum()),
        "precision": round(float(hits.sum() / max(1, alarmed.sum())), 4),
        "recall": round(float(hits.sum() / count), 4),
        "lead_days_median": round(float(np.median(lead)), 2) if len(lead) else None,
        "bins": bins(late, risk),
    }


def calibration_error(late: Any, risk: Floats) -> float:
    """Mean difference between the chance that was told and the share that came late, over ten equal parts by the chance."""
    parts = [part for part in np.array_split(np.argsort(risk, kind="stable"), BINS) if len(part)]
    return float(sum(len(part) * abs(risk[part].mean() - late[part].mean()) for part in parts) / len(risk))


def bins(late: Any, risk: Floats) -> list[dict[str, float]]:
    parts = [part for part in np.array_split(np.argsort(risk, kind="stable"), BINS) if len(part)]
    return [
        {
            "told": round(float(risk[part].mean()), 4),
            "came_late": round(float(late[part].mean()), 4),
            "n": len(part),
        }
        for part in parts
    ]
