from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipping.lateness.blame import PARTS, Journey, Span, blame
from shipping.lateness.heard import is_customs
from shipping.status import TrackingStatus

T = datetime(2026, 3, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def days(journey: Journey) -> dict[str, float]:
    return {part: seconds / 86_400 for part, seconds in blame(journey).items() if seconds}


def journey(end: timedelta, deadline: timedelta = 5 * DAY, **changes) -> Journey:
    plan = {
        "ship_by": T + DAY, "handed_over_at": T + DAY, "first_scan_at": T + DAY + HOUR, "acceptance_due": T + 2 * DAY,
    } | changes  # fmt: skip
    return Journey(deadline=T + deadline, end=T + end, **plan)


def test_nothing_is_late_in_time():
    assert days(journey(4 * DAY)) == {}


def test_a_late_hand_over_is_the_shops():
    assert days(
        journey(7 * DAY, handed_over_at=T + 3 * DAY, first_scan_at=T + 3 * DAY, acceptance_due=T + 4 * DAY)
    ) == {"merchant": 2}


def test_what_a_supplier_sends_late_is_the_suppliers():
    late = {"handed_over_at": T + 3 * DAY, "first_scan_at": T + 3 * DAY, "acceptance_due": T + 4 * DAY}
    assert days(journey(7 * DAY, by_supplier=True, **late)) == {"supplier": 2}


def test_what_nobody_ran_over_is_transit():
    assert days(journey(8 * DAY)) == {"transit": 3}
    assert days(journey(8 * DAY, handed_over_at=T + 2 * DAY, acceptance_due=T + 3 * DAY)) == {
        "merchant": 1,
        "transit": 2,
    }


def test_waiting_for_the_first_scan():
    assert days(journey(8 * DAY, first_scan_at=T + 4 * DAY)) == {"acceptance": 2, "transit": 1}


def test_a_first_attempt_in_time_is_in_time():
    tried = [Span("attempt_failed", T + 4 * DAY, T + 9 * DAY)]
    assert days(journey(9 * DAY, spans=tried)) == {}
    later = [Span("attempt_failed", T + 6 * DAY, T + 9 * DAY)]
    assert days(journey(9 * DAY, spans=later)) == {"recipient": 3, "transit": 1}


def test_customs_and_the_carriers_own_trouble():
    spans = [
        Span("on_hold", T + 2 * DAY, T + 4 * DAY, "Held by customs"),
        Span("exception", T + 4 * DAY, T + 5 * DAY, "Missort"),
    ]
    assert days(journey(8 * DAY, spans=spans)) == {"customs": 2, "carrier": 1}


def test_more_run_over_than_late_is_shared():
    """Two days too late out and two in customs, but only one day late: a day each was made good."""
    spans = [Span("on_hold", T + 4 * DAY, T + 6 * DAY, "Import scan")]
    said = days(
        journey(
            6 * DAY,
            handed_over_at=T + 3 * DAY,
            first_scan_at=T + 3 * DAY,
            acceptance_due=T + 4 * DAY,
            spans=spans,
        )
    )
    assert said == {"merchant": 0.5, "customs": 0.5}


@pytest.mark.parametrize(
    "words", ["Clearance processing", "Zollabfertigung", "dédouanement", "通関手続中", "Import Charges due"]
)  # fmt: skip
def test_customs_in_many_words(words):
    assert is_customs(words)
    assert not is_customs("Delivered, front door. Customer was at home")


at = st.integers(0, 40 * 86_400).map(lambda seconds: T + timedelta(seconds=seconds))
spans = st.lists(
    st.builds(
        lambda status, start, long, words: Span(status, start, start + timedelta(seconds=long), words),
        st.sampled_from(TrackingStatus.values), at, st.integers(0, 10**6), st.sampled_from(["", "customs"]),
    ),
    max_size=5,
)  # fmt: skip


@given(st.builds(Journey, st.none() | at, at, at, st.none() | at, st.none() | at, st.none() | at, spans))
def test_the_parts_add_up_to_the_whole(journey):
    shares = blame(journey)
    assert tuple(shares) == PARTS and min(shares.values()) >= 0
    late = int((journey.end - journey.deadline).total_seconds()) if journey.deadline else 0
    assert sum(shares.values()) in (0, max(0, late))
    tried = [
        span.start for span in journey.spans if span.status in ("attempt_failed", "available_for_pickup")
    ]
    if late > 0 and not any(start < journey.deadline for start in tried):
        assert sum(shares.values()) == late
