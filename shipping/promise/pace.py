"""How much slower than others a parcel is known to be by where it goes and who carries it (pure).

An additive model of the logarithm of the time: an effect for each destination, origin, carrier, service, lane (all four
together) and the length of the promise, beside the level of each ten days, which is taken out because `transit` follows it by
itself. Effects are drawn to nothing where few parcels speak for them, so a thin lane rests on its destination, that on
its carrier, and that on all. They are found by backfitting: each factor in turn explains what the others leave over.

Before the logarithm `HEAD_START` ticks are added. Without them a far lane would be slower by a factor, also when a strike adds the
same five days to near and far; with very many it would be slower by so many days in good times and bad alike. In between is
what parcels do.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = dict[str, NDArray[Any]]

HEAD_START = 10.0
PACE_DAYS = 120.0  # days of hand-overs that the effects are learned from: lanes change slowly
FADES = 60.0  # days in which a parcel's weight in them falls to 1/e
DRAWN = 10.0  # parcels that must speak for an effect until half of it is believed
LEVEL_DAYS = 10.0
ROUNDS = 12
FARTHEST = (
    1.5  # promises that are longer or shorter than usual by more than this (as a logarithm) count as that
)
_LEAD_DRAWN = 5.0


@dataclass
class Pace:
    """Effects by code; `lead` is the usual length of a promise, then the two coefficients of how others differ."""

    effects: dict[str, Floats]
    lead: Floats

    @classmethod
    def none(cls) -> "Pace":
        return cls({}, np.zeros(3))

    @classmethod
    def of(cls, codes: Codes, lead: Floats, ticks: Floats, age: Floats) -> "Pace":
        """Learned from parcels that have arrived, `age` days after their hand-over."""
        if not len(ticks):
            return cls.none()
        known = np.isfinite(lead)
        usual = float(np.median(np.maximum(lead[known], 1.0))) if known.any() else 1.0
        shape = _shape(lead, usual)
        factors = {"": (age // LEVEL_DAYS).astype(np.int64), **codes}
        weight = np.exp(-age / FADES)
        many = {name: np.bincount(code, weight) for name, code in factors.items()}
        effects = {name: np.zeros(len(count)) for name, count in many.items()}
        slope = np.zeros(2)
        weighed = shape.T * weight
        spread = weighed @ shape + _LEAD_DRAWN * np.eye(2)
        left = np.log(ticks + HEAD_START)
        left = left - left.mean()
        for _ in range(ROUNDS):
            for name, code in factors.items():
                left += effects[name][code]
                drawn = DRAWN if name else 1.0
                effects[name] = np.bincount(code, weight * left) / (many[name] + drawn)
                left -= effects[name][code]
            left += shape @ slope
            slope = np.linalg.solve(spread, weighed @ left)
            left -= shape @ slope
        del effects[""]
        return cls(effects, np.array([usual, *slope]))

    def slowness(self, codes: Codes, lead: Floats) -> Floats:
        """By what factor such parcels are slower than others. A code that was not known then has no effect."""
        found: Floats = (
            _shape(lead, float(self.lead[0])) @ self.lead[1:] if self.lead[0] else np.zeros(len(lead))
        )
        for name, effect in self.effects.items():
            code = codes[name]
            known = (code >= 0) & (code < len(effect))
            found = found + np.where(known, effect[np.where(known, code, 0)], 0.0)
        return np.exp(found)


def _shape(lead: Floats, usual: float) -> Floats:
    far = np.log(np.maximum(lead, 0.1) / usual)
    far[np.isnan(far)] = 0.0  # without a promise: as with a usual one
    far = np.minimum(np.maximum(far, -FARTHEST), FARTHEST)
    return np.column_stack([far, far * far])
