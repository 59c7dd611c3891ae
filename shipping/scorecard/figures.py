"""Sums of finished parcels as figures that people read (pure)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

from shipping.lateness.blame import PARTS

MOST_HOURS = 24 * 90
COUNTS = (
    "parcels",
    "delivered",
    "judged",
    "on_time",
    "kept",
    "first_attempt",
    "exception",
    "returned",
    "late",
)
FEWEST = 5  # parcels of each carrier on a lane below which the lane is not compared
_Z = 1.959964  # of 95 %


class Share(NamedTuple):
    """`of` such, `many` of them so, and the interval in which the true share lies with 95 % certainty (Wilson 1927,
    "Probable inference, the law of succession, and statistical inference"). The last three are None where there is none."""

    many: int
    of: int
    value: float | None
    low: float | None
    high: float | None


def share(count: int, of: int) -> Share:
    if not of:
        return Share(count, of, None, None, None)
    part, square = count / of, _Z * _Z
    middle = (part + square / (2 * of)) / (1 + square / of)
    half = _Z * sqrt(part * (1 - part) / of + square / (4 * of * of)) / (1 + square / of)
    return Share(count, of, part, max(0.0, min(part, middle - half)), min(1.0, max(part, middle + half)))


@dataclass
class Sums:
    """What can be added up. `hours` counts deliveries by whole hours of transit, `ratings` by score, `late_ratings` those of
    parcels that came late."""

    counts: Counter[str] = field(default_factory=Counter)
    blame: Counter[str] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)
    ratings: Counter[int] = field(default_factory=Counter)
    late_ratings: Counter[int] = field(default_factory=Counter)

    def add(
        self,
        counts: Mapping[str, int],
        blame: Mapping[str, int],
        hours: Mapping[str, int],
        ratings: Mapping[str, int],
        late_ratings: Mapping[str, int],
    ) -> None:
        for name in COUNTS:
            self.counts[name] += counts[name]
        for part, seconds in blame.items():
            self.blame[part] += seconds
        for hour, count in hours.items():
            self.hours[int(hour)] += count
        for score, count in ratings.items():
            self.ratings[int(score)] += count
        for score, count in late_ratings.items():
            self.late_ratings[int(score)] += count


@dataclass(frozen=True)
class Figures:
    """Of one group. Days are of 24 hours; `blame` is days by part, for all its late parcels together."""

    key: str
    parcels: int
    on_time: Share
    kept: Share
    first_attempt: Share
    exception: Share
    returned: Share
    half: float | None
    most: float | None
    late_days: float
    blame: dict[str, float]
    ratings: dict[int, int]
    rated: int
    rating: float | None
    low: int
    in_time: "Score"
    too_late: "Score"


def figures(key: str, sums: Sums) -> Figures:
    count = sums.counts
    score = score_of(sums.ratings)
    return Figures(
        key=key,
        parcels=count["parcels"],
        on_time=share(count["on_time"], count["judged"]),
        kept=share(count["kept"], count["judged"]),
        first_attempt=share(count["first_attempt"], count["delivered"]),
        exception=share(count["exception"], count["parcels"]),
        returned=share(count["returned"], count["parcels"]),
        half=quantile(sums.hours, 0.5),
        most=quantile(sums.hours, 0.9),
        late_days=round(count["late"] / 86_400, 1),
        blame={part: round(sums.blame[part] / 86_400, 1) for part in PARTS},
        ratings={score: sums.ratings[score] for score in range(1, 6)},
        rated=score.many,
        rating=score.mean,
        low=score.low,
        in_time=score_of(sums.ratings - sums.late_ratings),
        too_late=score_of(sums.late_ratings),
    )


class Score(NamedTuple):
    """What `many` customers gave, 1 to 5, and how many of them 1 or 2."""

    many: int
    mean: float | None
    low: int


def score_of(ratings: Mapping[int, int]) -> Score:
    many = sum(ratings.values())
    stars = sum(score * count for score, count in ratings.items())
    return Score(many, round(stars / many, 2) if many else None, ratings.get(1, 0) + ratings.get(2, 0))


def quantile(hours: Mapping[int, int], level: float) -> float | None:
    """Days of transit, read off whole hours: at most an hour too long."""
    total = sum(hours.values())
    wanted, seen = level * total, 0
    for hour in sorted(hours):
        seen += hours[hour]
        if seen >= wanted and seen:
            return round((hour + 1) / 24, 2)
    return None


class Pair(NamedTuple):
    """How two carriers did on one lane."""

    lane: str
    first: Share
    second: Share


class Compared(NamedTuple):
    """On-time shares of two carriers on the lanes that both serve, each lane weighed by both carriers' parcels on it; the
    lanes with most parcels first. `parcels` is both carriers' together."""

    parcels: int
    first: Share
    second: Share
    by_lane: tuple[Pair, ...]


def like_for_like(first: Mapping[str, Sums], second: Mapping[str, Sums]) -> Compared | None:
    """By direct standardisation, from each carrier's sums by lane. None where they share no lane with enough parcels."""
    shared = [
        Pair(lane, _on_time(first[lane]), _on_time(second[lane]))
        for lane in first.keys() & second.keys()
        if min(first[lane].counts["judged"], second[lane].counts["judged"]) >= FEWEST
    ]
    if not shared:
        return None
    shared.sort(key=lambda pair: (-(pair.first.of + pair.second.of), pair.lane))
    weights = [pair.first.of + pair.second.of for pair in shared]
    return Compared(
        sum(weights),
        _weighed([pair.first for pair in shared], weights),
        _weighed([pair.second for pair in shared], weights),
        tuple(shared),
    )


def _on_time(sums: Sums) -> Share:
    return share(sums.counts["on_time"], sums.counts["judged"])


def _weighed(shares: Sequence[Share], weights: Sequence[int]) -> Share:
    """The weighed mean, as sure as its lanes are (each from its Wilson interval, so that no lane counts as certain)."""
    total = sum(weights)
    value = sum(weight * (one.value or 0) for one, weight in zip(shares, weights, strict=True)) / total
    below = sqrt(
        sum(
            (weight * ((one.value or 0) - (one.low or 0))) ** 2
            for one, weight in zip(shares, weights, strict=True)
        )
    )
    above = sqrt(
        sum(
            (weight * ((one.high or 0) - (one.value or 0))) ** 2
            for one, weight in zip(shares, weights, strict=True)
        )
    )
    many, of = sum(one.many for one in shares), sum(one.of for one in shares)
    return Share(many, of, value, max(0.0, value - below / total), min(1.0, value + above / total))


def together(all_sums: Iterable[Sums]) -> Sums:
    found = Sums()
    for one in all_sums:
        found.add(
            one.counts,
            one.blame,
            {str(hour): count for hour, count in one.hours.items()},
            {str(score): count for score, count in one.ratings.items()},
            {str(score): count for score, count in one.late_ratings.items()},
        )
    return found


def worst_first(groups: Sequence[Figures]) -> list[Figures]:
    """Groups with most parcels first; weeks and the like are sorted by their keys instead."""
    return sorted(groups, key=lambda one: (-one.parcels, one.key))
