"""How slow a lane is, and the chance to be late: right where much is known, careful where little is, and blind to the future."""

import gzip
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipping.promise.curve import Curve
from shipping.promise.pace import HEAD_START, Pace
from shipping.promise.sheet import SheetError, read_history
from shipping.promise.transit import History, Snapshot, fit
from shipping.tests.test_transit import MONDAY, ask, history, made_up, sheet

COLUMNS = ("carrier", "service", "origin", "destination", "handed_over", "delivered", "lead")
NO_LEAD = np.array([np.nan])


def pace_of(ticks, **codes) -> Pace:
    return Pace.of(codes, np.full(len(ticks), np.nan), np.asarray(ticks, float), np.zeros(len(ticks)))


def busy(seed=4, count=1500, names=6) -> History:
    draw = np.random.default_rng(seed)
    lane = draw.integers(0, names, count)
    handed = MONDAY + np.sort(draw.uniform(0, 60, count))
    lead = np.where(draw.random(count) < 0.3, np.nan, 6.0 + lane)
    return history(
        handed, draw.gamma(4.0, 0.5 + lane / 4), destination=np.char.add("DE-", lane.astype(str)), lead=lead
    )


def test_a_slow_lane_is_known_as_slow_and_a_lone_parcel_is_not_believed():
    near, far, lone = np.full(300, 2.0), np.full(300, 14.0), [40.0]
    pace = pace_of([*near, *far, *lone], destination=np.array([0] * 300 + [1] * 300 + [2]))
    slow = pace.slowness({"destination": np.array([0, 1, 2, -1, 99])}, np.full(5, np.nan))
    assert slow[1] / slow[0] == pytest.approx((14 + HEAD_START) / (2 + HEAD_START), rel=0.05)
    assert slow[2] / slow[0] < 1.6, "one parcel of forty days"
    assert slow[3] == slow[4] == 1.0, "of a lane that nobody knows nothing is said"


def test_a_longer_promise_is_of_a_slower_parcel():
    lead = np.tile([5.0, 10.0, 20.0, np.nan], 200)
    ticks = np.where(np.isnan(lead), 6.0, np.nan_to_num(lead) / 2)
    pace = Pace.of({}, lead, ticks, np.zeros(800))
    short, usual, long, none = pace.slowness({}, np.array([5.0, 10.0, 20.0, np.nan]))
    assert short < usual < long and none == pytest.approx(1.0)
    assert np.isfinite(pace.slowness({}, np.array([-30.0, 0.0, 1e6]))).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(5, 58))
def test_later_parcels_and_lanes_change_no_answer(seed, at):
    """Also not by names that come up only later, which are numbered among the earlier ones."""
    past, moment = busy(seed, 400), MONDAY + at
    keep = past.handed_over < moment
    before = fit(History(*(getattr(past, name)[keep] for name in COLUMNS)), at=moment)
    past.destination = np.where(keep, past.destination, "AA-new")
    past.delivered[past.delivered >= moment] = np.nan
    after = fit(past, at=moment)
    for asked in (
        ask(destination="DE-1", lead=7.0),
        ask(destination="AA-new"),
        ask(carrier="nobody", lead=-3.0),
    ):
        one, two = before.curve(asked), after.curve(asked)
        assert one is not None and two is not None
        np.testing.assert_array_equal(one.days, two.days)


@given(
    st.lists(st.floats(0.01, 60), min_size=101, max_size=101),
    st.floats(0, 70),
    st.floats(0, 70),
    st.floats(0, 70),
    st.floats(1, 4),
)
def test_a_chance_is_one_and_falls_with_more_slack(days, by, slack, age, rush):
    curve = Curve(np.concatenate([[0.0], np.sort(days)]), 50.0, rush)
    chance = curve.chance(by, age)
    assert 0.0 <= curve.chance(by + slack, age) <= chance <= 1.0
    assert curve.chance(by, 0.0) <= curve.chance(by, min(age, by)) + 1e-9, "who has not come yet is later"
    assert Curve(curve.days, 50.0).chance(by, age) <= chance + 1e-9, "a rush makes nobody earlier"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-5, 40) | st.none())
def test_the_promise_is_in_order_and_the_same_when_asked_again(seed, lead):
    past = busy(seed, 300)
    asked = ask(destination="DE-2", lead=lead)
    curve, again = (fit(past, at=MONDAY + 60).curve(asked) for _ in range(2))
    assert (np.diff(curve.days) >= 0).all() and np.isfinite(curve.days).all() and curve.days[0] == 0
    assert curve.quantile(0.5) <= curve.quantile(0.9)
    np.testing.assert_array_equal(curve.days, again.days)


def test_what_is_kept_answers_as_what_was_fitted():
    model = fit(busy(), at=MONDAY + 60)
    kept = Snapshot.from_bytes(model.to_bytes())
    for asked in (ask(destination="DE-5", lead=11.0), ask(destination="ES-MD")):
        np.testing.assert_array_equal(kept.curve(asked).days, model.curve(asked).days)
    assert kept.rush == model.rush


def test_what_an_earlier_portal_kept_is_still_read():
    """Its parcels stand in ticks, not evened out, and it knew no pace: until the next fit it answers as it did."""
    past = busy()
    model = fit(past, at=MONDAY + 60)
    out = io.BytesIO()
    words = {name: model.names[name] for name in ("carrier", "service", "origin", "destination")}
    np.savez_compressed(
        out, ticks=np.linspace(1, 9, len(model)), arrived=np.ones(len(model), bool), weight=np.ones(len(model)),
        lead=model.lead, clock=model.clock.ticked,
        words=np.frombuffer(json.dumps({"names": words, "levels": [0.5, 0.9], "at": model.at}).encode(), np.uint8),
        **{f"code_{name}": model.codes[name] for name in words},
    )  # fmt: skip
    curve = Snapshot.from_bytes(out.getvalue()).curve(ask())
    assert 4 < curve.quantile(0.5) < 6 and curve.days[-1] < 12


def test_a_lane_that_takes_longer_is_told_so_though_its_parcels_are_few():
    """Its destination and its origin are each known well, the two together hardly."""
    draw = np.random.default_rng(8)
    count = 2400
    origin, destination = draw.integers(0, 2, count), draw.integers(0, 2, count)
    rare = (origin == 1) & (destination == 1)
    keep = ~rare | (np.cumsum(rare) <= 4)
    took = 2.0 + 3.0 * origin + 3.0 * destination + draw.normal(0, 0.2, count)
    days = MONDAY + np.sort(draw.uniform(0, 60, count))
    names = np.array(["A", "B"])
    past = history(days[keep], took[keep], origin=names[origin][keep], destination=names[destination][keep])
    model = fit(past, at=MONDAY + 60)
    assert model.curve(ask(origin="B", destination="B")).quantile(0.5) > 6.5
    assert model.curve(ask(origin="A", destination="A")).quantile(0.5) < 3.2


def test_rows_in_any_order_make_the_same_history(tmp_path):
    rows = list(made_up(200))
    one = read_history(sheet(tmp_path / "one.csv", rows))
    two = read_history(sheet(tmp_path / "two.csv.gz", rows[::-1]))
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_a_time_without_a_zone_is_in_that_of_its_rows_hand_over(tmp_path):
    row = ("1", "dhl", "", "", "BR-SP", "2026-02-01T21:00:00-03:00", "2026-02-03 21:00", "2026-02-05", "")
    bare = ("2", "dhl", "", "", "BR-SP", "2026-02-02 00:00", "2026-02-04", "2026-02-05", "")
    past = read_history(sheet(tmp_path / "past.csv", [row, bare]))
    np.testing.assert_allclose(past.delivered - past.handed_over, 2.0)
    np.testing.assert_allclose(past.lead, [4.125, 4.0])  # until the end of the fifth of February there
    assert past.handed_over[0] == past.handed_over[1]


@pytest.mark.parametrize("moment", ["0001-01-01", "9999-12-31", "2026-02-30", "31.12.2026"])
def test_an_impossible_time_is_named_with_its_line(tmp_path, moment):
    rows = [*made_up(3), ("4", "dhl", "", "", "DE-BY", "2026-02-01", moment, "", "")]
    with pytest.raises(SheetError, match=f"Line 5: delivered_at “{moment}"):
        read_history(sheet(tmp_path / "past.csv", rows))


def test_a_damaged_archive_is_told_in_words(tmp_path):
    packed = bytearray(gzip.compress(b"shipment_id,carrier\n" * 500))
    packed[12:30] = bytes(18)
    (tmp_path / "past.csv.gz").write_bytes(packed)
    with pytest.raises(SheetError, match="cut off"):
        read_history(tmp_path / "past.csv.gz")
