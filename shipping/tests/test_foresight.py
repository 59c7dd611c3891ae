import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from shipping.lateness.foresight import alarm, calibration_error
from shipping.promise.curve import LEVELS, Curve
from shipping.promise.sheet import COLUMNS

START = datetime(2026, 1, 1, tzinfo=UTC)
EVEN = Curve(LEVELS * 10.0, 100.0)  # arrives evenly over ten days


def test_the_alarm_comes_when_the_chance_reaches_the_threshold():
    """Of those not there after `age` days, (10 - 8) / (10 - age) come after the eighth: a half at six days."""
    assert alarm(EVEN, 8.0, 9.0, 0.5) == pytest.approx(2.0, abs=0.26)
    assert np.isnan(alarm(EVEN, 8.0, 5.0, 0.5)), "it was there before"
    assert np.isnan(alarm(EVEN, 8.0, 6.5, 0.95))


def test_calibration_error_of_right_and_wrong_chances():
    late = np.array([True, False] * 500)
    assert calibration_error(late, np.full(1000, 0.5)) < 0.01
    assert calibration_error(late, np.full(1000, 0.9)) == pytest.approx(0.4)


def history(path, *, slow_after: int):
    """One lane: two days, and from some day on every fourth parcel takes six with a promise of five."""
    with path.open("w", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(COLUMNS)
        for number in range(1500):
            at = START + timedelta(hours=2 * number)
            slow = number % 4 == 0 and number > slow_after
            lane = "FAR" if number % 4 == 0 else "NEAR"
            took = timedelta(days=6 if slow else 2, hours=number % 5)
            sheet.writerow(
                [
                    number,
                    "c",
                    "",
                    "A",
                    lane,
                    at.isoformat(),
                    (at + took).isoformat(),
                    (at + timedelta(days=5)).date(),
                    "",
                ]
            )


def test_the_command_prints_what_came_of_the_alarms(tmp_path):
    history(tmp_path / "h.csv", slow_after=0)
    out = StringIO()
    call_command("backtest_late", history=tmp_path / "h.csv", start=datetime(2026, 3, 1).date(), end=datetime(2026, 4, 20).date(),
                 json=True, stdout=out)  # fmt: skip
    said = json.loads(out.getvalue())
    assert set(said) == {"threshold", "2026-03", "2026-04", "all"}
    assert said["all"]["auc"] > 0.97 and said["all"]["recall"] > 0.95 and said["all"]["precision"] > 0.9
    assert said["all"]["lead_days_median"] > 4
    assert said["all"]["precision_top_tenth"] > 0.9 and 0.3 < said["all"]["recall_top_tenth"] < 0.5, (
        "a quarter is late"
    )
    assert said["2026-03"]["n"] + said["2026-04"]["n"] == said["all"]["n"]


def test_a_span_without_parcels_and_nonsense_are_answered_in_words(tmp_path):
    history(tmp_path / "h.csv", slow_after=0)
    span = {"start": datetime(2025, 3, 1).date(), "end": datetime(2025, 4, 1).date()}
    with pytest.raises(CommandError, match="No delivered parcel"):
        call_command("backtest_late", history=tmp_path / "h.csv", **span)
    with pytest.raises(CommandError, match="between 0 and 1"):
        call_command("backtest_late", history=tmp_path / "h.csv", threshold=2.0, **span)
    with pytest.raises(CommandError, match="before --from"):
        call_command("backtest_late", history=tmp_path / "h.csv", start=span["end"], end=span["start"])
