"""Learned transit times: no look-ahead, honest coverage while the world drifts, parcels under way counted."""

import csv
import gzip
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from shipping.promise.backtest import figures, replay, report
from shipping.promise.curve import LEVELS, Clock, Curve, calibrate, widened
from shipping.promise.estimate import Parcel
from shipping.promise.sheet import COLUMNS, SheetError, read_history
from shipping.promise.transit import History, fit, rush

OLIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "olist"
MONDAY = 20_454.0  # 2026-01-05


def history(handed, took, *, destination="DE-BY", origin="DE-BE", carrier="dhl", lead=np.nan) -> History:
    handed = np.asarray(handed, float)
    order = np.argsort(handed, kind="stable")
    took = np.broadcast_to(np.asarray(took, float), handed.shape)[order]

    def column(value):
        return np.broadcast_to(np.asarray(value), handed.shape)[order]

    return History(
        carrier=column(carrier), service=column(""), origin=column(origin), destination=column(destination),
        handed_over=handed[order], delivered=handed[order] + took, lead=column(lead).astype(float),
    )  # fmt: skip


def world(count, seed=1, mean=4.0, start=MONDAY, days=60.0) -> History:
    draw = np.random.default_rng(seed)
    return history(start + np.sort(draw.uniform(0, days, count)), draw.gamma(4.0, mean / 4, count) + 0.2)


def ask(**changes) -> Parcel:
    return Parcel(**({"carrier": "dhl", "service": "", "origin": "DE-BE", "destination": "DE-BY",
                      "handed_over": MONDAY + 60} | changes))  # fmt: skip


def test_an_estimate_is_what_such_parcels_took():
    past = world(3000)
    curve = fit(past, at=MONDAY + 60).curve(ask())
    took = past.delivered - past.handed_over
    for level in (0.5, 0.9):
        assert curve.quantile(level) == pytest.approx(np.quantile(took, level), rel=0.12)
    assert curve.like > 300
    assert curve.share(curve.quantile(0.9)) == pytest.approx(0.9, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 400), st.floats(0.5, 59.0))
def test_nothing_later_is_known(seed, count, at):
    """Whatever is delivered or handed over after a moment changes nothing that was said at it."""
    past, moment = world(count, seed), MONDAY + at
    before = fit(past, at=moment).curve(ask(handed_over=moment))
    late = past.delivered >= moment
    past.delivered[late] += np.random.default_rng(seed).uniform(0, 30, int(late.sum()))
    keep = past.handed_over < moment
    known = History(*(getattr(past, name)[keep] for name in ("carrier", "service", "origin", "destination", "handed_over",
                                                            "delivered", "lead")))  # fmt: skip
    after = fit(known, at=moment).curve(ask(handed_over=moment))
    assert (before is None) == (after is None)
    if before:
        np.testing.assert_array_equal(before.days, after.days)


def test_a_replay_knows_no_later_delivery_either():
    past = world(1500, seed=3)
    middle = MONDAY + 40
    before = replay(past, start=MONDAY + 20, end=middle)
    changed = world(1500, seed=3)
    changed.delivered[changed.delivered > middle] = np.nan
    after = replay(changed, start=MONDAY + 20, end=middle)
    np.testing.assert_array_equal(before.p90, after.p90)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 59), st.floats(0.01, 30)), min_size=1, max_size=60), st.floats(0, 60))
def test_a_curve_only_rises(rows, age):
    past = history([MONDAY + day for day, _ in rows], [took for _, took in sorted(rows)])
    curve = fit(past, at=MONDAY + 60).curve(ask())
    if curve is None:
        return
    assert (np.diff(curve.days) >= 0).all() and np.isfinite(curve.days).all()
    assert 0 <= curve.quantile(0.5) <= curve.quantile(0.9)
    assert curve.after(age, 0.5) >= age


def test_parcels_under_way_count_as_at_least_so_long():
    """A sudden stop: nothing of the last ten days has arrived. Those that have arrived say nothing of it."""
    past = world(2000)
    stuck = past.handed_over > MONDAY + 45
    past.delivered[stuck] += 30
    at = MONDAY + 60
    assert fit(past, at=at).curve(ask()).quantile(0.5) > 6
    arrived = past.delivered < at
    only = history(past.handed_over[arrived], (past.delivered - past.handed_over)[arrived])
    assert fit(only, at=at).curve(ask()).quantile(0.5) < 4


def test_a_busy_lane_speaks_for_itself_and_a_thin_one_is_filled_up():
    draw = np.random.default_rng(5)
    days = MONDAY + np.sort(draw.uniform(0, 60, 2400))
    far = np.arange(2400) % 8 == 0
    rare = np.arange(2400) >= 2398
    names = np.where(rare, "PT-20", np.where(far, "ES-MD", "DE-BY"))
    took = np.where(far, 9.0, 3.0) + draw.normal(0, 0.3, 2400)
    model = fit(history(days, took, destination=names), at=MONDAY + 60)
    assert model.curve(ask()).quantile(0.5) == pytest.approx(3, abs=0.7)
    assert model.curve(ask(destination="ES-MD")).quantile(0.5) == pytest.approx(9, abs=0.9)
    assert 2 < model.curve(ask(destination="PT-20")).quantile(0.5) < 9.5
    assert 2 < model.curve(ask(destination="XX", origin="YY", carrier="new")).quantile(0.5) < 9.5
    assert fit(history([], []), at=MONDAY).curve(ask()) is None


def test_coverage_holds_when_the_world_drifts():
    """Transit times double within three weeks and come back; frozen quantiles would cover 60 % at the worst."""
    draw = np.random.default_rng(11)
    handed = MONDAY + np.sort(draw.uniform(0, 200, 8000))
    slow = 1 + np.clip((handed - MONDAY - 80) / 20, 0, 1) - np.clip((handed - MONDAY - 140) / 20, 0, 1)
    past = history(handed, draw.gamma(6.0, 0.6, 8000) * slow + 0.3)
    said = replay(past, start=MONDAY + 60, end=MONDAY + 200)
    months = report(past, said)["months"]
    assert len(months) >= 4
    for name, row in months.items():
        assert 0.82 <= row["coverage_p90"] <= 0.97, (name, row)
    everything = report(past, said)["all"]
    assert 0.87 <= everything["coverage_p90"] <= 0.94 and 0.4 <= everything["coverage_p50"] <= 0.6


def test_the_clock_stands_still_when_nobody_delivers():
    noons = np.array([MONDAY + week * 7 + day + 0.5 for week in range(20) for day in range(5)])
    clock = Clock.of(noons)
    friday_night, monday_morning = MONDAY + 4.9, MONDAY + 7.3
    assert clock.ticks(monday_morning) - clock.ticks(friday_night) < 1.2
    moments = np.linspace(MONDAY - 3, MONDAY + 30, 500)
    np.testing.assert_allclose(clock.moments(clock.ticks(moments)), moments, atol=1e-9)
    assert (np.diff(clock.ticks(moments)) > 0).all()


def test_a_rush_widens_the_promise():
    calm = world(4500, days=45.0)
    assert rush(calm, at=MONDAY + 45) == pytest.approx(1.0, abs=0.2)
    handed = np.concatenate([calm.handed_over, MONDAY + 40 + np.linspace(0, 5, 1000)])
    times = rush(history(handed, 3.0), at=MONDAY + 45)
    assert 2.5 < times < 3.5
    assert widened(0.9, times) > 0.95 and widened(0.9, 1.0) == 0.9


def test_calibration_reads_off_what_really_came():
    curve = Curve(days=LEVELS * 10, like=100.0)
    took = np.linspace(0.05, 9.95, 400) * 0.8  # all came earlier than the curve says
    place = np.array([curve.share(days) for days in took])
    half, most = calibrate(place, np.ones(400, bool), np.ones(400), doubt=0)
    assert half == pytest.approx(0.4, abs=0.02) and most == pytest.approx(0.8, abs=0.02)
    few = calibrate(place[:5], np.ones(5, bool), np.ones(5))
    assert few == pytest.approx((0.5, 0.9), abs=0.02), "few parcels prove little"


def test_figures_by_hand():
    past = history(MONDAY + np.arange(4.0), [2.0, 4.0, 6.0, 8.0], lead=5.0)
    said = replay(past, start=MONDAY, end=MONDAY + 10)
    said.p50[:], said.p90[:], said.risk[:] = 5.0, 7.0, [0.1, 0.2, 0.8, 0.9]
    row = figures(past, said, np.arange(4))
    assert row["mae_p50_days"] == 2.0 and row["coverage_p50"] == 0.5 and row["coverage_p90"] == 0.75
    assert row["pinball_90"] == pytest.approx((5 * 0.1 + 3 * 0.1 + 1 * 0.1 + 1 * 0.9) / 4)
    assert (row["auc"], row["late"], row["precision_top_tenth"], row["recall_top_tenth"]) == (
        1.0,
        2,
        1.0,
        0.5,
    )


# --- the file and the command -----------------------------------------------------------------------------


def sheet(path, rows):
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    path.write_bytes(
        gzip.compress(text.getvalue().encode()) if path.suffix == ".gz" else text.getvalue().encode()
    )
    return path


def made_up(count=900):
    draw = np.random.default_rng(2)
    start = datetime(2026, 1, 5, tzinfo=UTC)
    for number, day in enumerate(np.sort(draw.uniform(0, 90, count))):
        handed = start + timedelta(days=float(day))
        arrives = handed + timedelta(days=float(draw.gamma(5, 0.6)) + 0.3)
        yield (number, "dhl", "", "DE-BE", "DE-BY", handed.isoformat(), "" if number % 50 == 7 else arrives.isoformat(),
               (handed + timedelta(days=5)).date().isoformat() if number % 3 else "", "")  # fmt: skip


@pytest.mark.parametrize("name", ["past.csv", "past.csv.gz"])
def test_the_command_needs_no_database(tmp_path, name):
    path, out = sheet(tmp_path / name, made_up()), StringIO()
    span = ["--from", "2026-02-15", "--to", "2026-03-31"]
    call_command("backtest_promise", "--history", str(path), *span, "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert set(found["months"]) == {"2026-02", "2026-03"}
    total = found["all"]
    assert total["n"] == sum(row["n"] for row in found["months"].values()) > 300
    assert total["not_delivered"] and 0.8 < total["coverage_p90"] < 0.98 and total["mae_p50_days"] < 1.6
    assert total["late"] and 0 <= total["auc"] <= 1
    table = StringIO()
    call_command("backtest_promise", "--history", str(path), *span, stdout=table)
    assert [line.split()[0] for line in table.getvalue().splitlines()] == ["n", "2026-02", "2026-03", "all"]


@pytest.mark.parametrize(("change", "words"), [
    (lambda text: text.replace("handed_over_at", "handed", 1), "missing: handed_over_at"),
    (lambda text: text.replace("2026-", "yesterday", 1), "Line 2: handed_over_at “yesterday"),
    (lambda text: text.splitlines()[0], "no rows"),
    (lambda text: "", "missing: shipment_id"),
])  # fmt: skip
def test_a_bad_file_is_told_in_words(tmp_path, change, words):
    path = sheet(tmp_path / "past.csv", made_up(5))
    path.write_text(change(path.read_text()))
    with pytest.raises(SheetError, match=words):
        read_history(path)
    with pytest.raises(CommandError, match=words):
        call_command("backtest_promise", "--history", str(path), "--from", "2026-01-01", "--to", "2026-02-01")


def test_other_bad_asks(tmp_path):
    path = sheet(tmp_path / "past.csv", made_up(50))
    for span, words in (("2026-02-01 2026-01-01", "before --from"), ("2020-01-01 2020-02-01", "No parcel")):
        start, end = span.split()
        with pytest.raises(CommandError, match=words):
            call_command("backtest_promise", "--history", str(path), "--from", start, "--to", end)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command(
            "backtest_promise", "--history", "nowhere.csv", "--from", "2026-01-01", "--to", "2026-01-02"
        )
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"x" * 1000)[:20])
    with pytest.raises(SheetError, match="cut off"):
        read_history(cut)
