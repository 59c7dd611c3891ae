"""A shop's own thresholds, as the rules read them (pure)."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Policy:
    """Days and hours are business days and hours by the shop's holidays, where nothing else is said. `off` are rules that the
    shop does not use."""

    handover_grace_hours: int = 0
    acceptance_hours: int = 12
    silent_days: int = 4  # where nothing is learned of this carrier and stage
    silent_times: float = 1.0  # times the learned silence that 19 of 20 parcels keep within
    promise_grace_days: int = 0
    slipped_days: int = 1
    risk_from: float = 0.5
    attempt_hours: int = 0
    carrier_word_hours: int = 0  # after the carrier's word that it goes back, or of a problem
    customs_days: int = 2
    hold_days: int = 1
    low_rating: int = 2
    off: frozenset[str] = field(default_factory=frozenset)
