from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shipping.status import POSSESSED, TrackingStatus
from shipping.tracking.reduce import RANK, Event, reduce

S = TrackingStatus
T0 = datetime(2026, 3, 1, tzinfo=UTC)


def event(status, minutes, key=None):
    return Event(status, T0 + timedelta(minutes=minutes), key or f"{status}@{minutes}")


events = st.lists(
    st.builds(event, st.sampled_from(TrackingStatus.values), st.integers(0, 50)),
    max_size=12,
)


@given(events, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_arrival_matters(said, random):
    shuffled = said + random.choices(said, k=5) if said else []
    random.shuffle(shuffled)
    assert reduce(shuffled) == reduce(said)


@given(events)
def test_delivered_is_left_only_by_a_return_leg(said):
    ordered = sorted(said, key=lambda e: (e.occurred_at, RANK[e.status], e.key))
    was = None
    for count in range(1, len(ordered) + 1):
        status = reduce(ordered[:count]).status
        if was == S.DELIVERED and status != S.DELIVERED:
            assert status in (S.RETURNING, S.RETURNED)
            assert ordered[count - 1].status in (S.RETURNING, S.RETURNED)
        was = status


@given(events)
def test_knowledge_only_grows(said):
    """Once the carrier had the parcel it never reads as if it had not; returned is the end."""
    state = reduce(said)
    if any(e.status in POSSESSED for e in said):
        assert state.status not in (S.UNKNOWN, S.PRE_TRANSIT, S.CANCELLED)
        assert state.first_scan_at == min(e.occurred_at for e in said if e.status in POSSESSED)
    if any(e.status == S.RETURNED for e in said):
        assert state.status == S.RETURNED


@given(events)
def test_every_state_is_explained_by_an_event_that_happened(said):
    state = reduce(said)
    keys = {e.key for e in said}
    assert (state.decided_by in keys) if said else state.rule == "nothing-known"
    assert set(state.ignored) <= keys and state.decided_by not in state.ignored


def status_after(*steps):
    return reduce([event(status, minute) for minute, status in enumerate(steps)]).status


def test_the_table():
    assert status_after() == S.UNKNOWN
    assert status_after(S.PRE_TRANSIT, S.IN_TRANSIT, S.PRE_TRANSIT) == S.IN_TRANSIT
    assert status_after(S.OUT_FOR_DELIVERY, S.IN_TRANSIT) == S.IN_TRANSIT
    assert status_after(S.CANCELLED, S.PICKED_UP) == S.PICKED_UP
    assert status_after(S.IN_TRANSIT, S.CANCELLED) == S.IN_TRANSIT
    assert status_after(S.EXCEPTION, S.DELIVERED, S.EXCEPTION) == S.DELIVERED
    assert status_after(S.DELIVERED, S.RETURNING, S.IN_TRANSIT) == S.RETURNING
    assert reduce([event(S.RETURNING, 0), event(S.DELIVERED, 60 * 12)]).status == S.RETURNED
    assert reduce([event(S.RETURNING, 0), event(S.DELIVERED, 60 * 12 - 1)]).status == S.RETURNING
    assert status_after(S.IN_TRANSIT, S.EXPIRED) == S.EXPIRED
    assert status_after(S.IN_TRANSIT, S.EXPIRED, S.IN_TRANSIT) == S.IN_TRANSIT
    assert status_after(S.PRE_TRANSIT, S.UNKNOWN) == S.PRE_TRANSIT


WAYS = [
    [S.PRE_TRANSIT, S.PICKED_UP, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED],
    [S.PRE_TRANSIT, S.PICKED_UP, S.OUT_FOR_DELIVERY, S.ATTEMPT_FAILED, S.AVAILABLE_FOR_PICKUP, S.DELIVERED],
    [S.PICKED_UP, S.OUT_FOR_DELIVERY, S.DELIVERED, S.RETURNING],
    [S.PICKED_UP, S.OUT_FOR_DELIVERY, S.DELIVERED, S.RETURNING, S.RETURNED],
    [S.PICKED_UP, S.IN_TRANSIT, S.ATTEMPT_FAILED, S.RETURNING, S.IN_TRANSIT, S.RETURNED],
]


@given(
    st.sampled_from(WAYS),
    st.lists(st.integers(30, 60 * 6), min_size=6, max_size=6),
    st.sets(st.integers(0, 5)),
    st.integers(-5 * 60, 5 * 60),
)
@settings(max_examples=500)
def test_a_clock_that_is_hours_off_reorders_no_legs(way, gaps, wrong, skew):
    """Whatever depots' clocks are off by up to five hours either way, a parcel that has arrived, turned or come home reads so."""
    at, said = 0, []
    for place, (status, gap) in enumerate(zip(way, gaps, strict=False)):
        at += gap
        said.append(event(status, at + (skew if place in wrong else 0), f"{place}"))
    assert reduce(said).status == way[-1]


def test_of_two_events_in_one_second_the_one_further_along_wins():
    pair = [event(S.DELIVERED, 5), event(S.OUT_FOR_DELIVERY, 5)]
    assert reduce(pair).status == reduce(pair[::-1]).status == S.DELIVERED
