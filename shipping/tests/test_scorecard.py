"""The scorecard: figures from daily sums, the same as from the raw rows; each leads to its parcels."""

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from html import unescape
from math import sqrt
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.handling import business_hours_after
from shipping import voice
from shipping.carriers.base import Reading
from shipping.lateness.blame import Journey, Span, blame
from shipping.models import DailyFigure, ParcelOutcome, Promise, Rating, Shipment, StaleDay, TrackingEvent
from shipping.scorecard import ask
from shipping.scorecard.figures import Sums, figures, like_for_like, quantile, share
from shipping.scorecard.rollup import refresh
from shipping.tracking.record import record
from tests.factories import NOW, make_merchant, make_shipment

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PAGE = "/admin/shipping/dailyfigure/"
SPAN = {"from": "2026-02-01", "to": "2026-05-31"}


def sent(merchant, *steps, carrier="DHL", promised=6, **order):
    """A parcel that left on the first day; `steps` are (status, days later)."""
    shipment = make_shipment(merchant, carrier=carrier, **order)
    to = NOW.date() + timedelta(days=promised)
    Shipment.objects.filter(pk=shipment.pk).update(
        stage="handed_over",
        handed_over_at=NOW + HOUR,
        promised_from=to,
        promised_to=to,
        first_promised_to=to,
        recipient_zone="UTC",
    )
    Promise.objects.filter(shipment=shipment).update(from_day=to, to_day=to)
    said = [
        Reading(status, NOW + after * DAY, shipment_id=shipment.pk, message=status) for status, after in steps
    ]
    record(said, merchant=merchant, now=NOW + max(after for _, after in steps) * DAY)
    return Shipment.objects.get(pk=shipment.pk)


@pytest.fixture
def quarter(merchant):
    """On time; late; failed at first but tried in time; returned; one by another carrier; one on its way."""
    rows = {
        "good": sent(merchant, ("in_transit", 1), ("delivered", 3)),
        "late": sent(merchant, ("in_transit", 1), ("delayed", 2), ("delivered", 9)),
        "tried": sent(merchant, ("in_transit", 1), ("attempt_failed", 5), ("delivered", 9)),
        "back": sent(merchant, ("in_transit", 1), ("returning", 4), ("returned", 12)),
        "other": sent(
            merchant,
            ("in_transit", 1),
            ("delivered", 4),
            carrier="UPS",
            address={"country": "AT", "postal_code": "1010"},
        ),
        "going": sent(merchant, ("in_transit", 1)),
    }
    refresh()
    return rows


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


class TestFigures:
    def test_wilsons_interval(self):
        assert share(0, 0).value is None
        nine = share(9, 10)
        assert (
            nine.value == 0.9
            and nine.low == pytest.approx(0.596, abs=0.001)
            and nine.high == pytest.approx(0.982, abs=0.001)
        )
        assert share(0, 10).low == 0 and share(10, 10).high == 1

    @given(st.integers(0, 500), st.integers(1, 500))
    def test_the_interval_holds_the_share_and_shrinks(self, many, more):
        of = many + more
        one, ten = share(many, of), share(10 * many, 10 * of)
        assert 0 <= one.low <= one.value <= one.high <= 1
        assert ten.high - ten.low < one.high - one.low
        assert one.high - one.low < 4 / sqrt(of)

    def test_quantiles_are_at_most_an_hour_too_long(self):
        hours = {24: 5, 47: 4, 100: 1}
        assert (
            quantile(hours, 0.5) == round(25 / 24, 2)
            and quantile(hours, 0.9) == 2.0
            and quantile({}, 0.5) is None
        )

    def test_like_for_like_weighs_lanes_the_same_for_both(self):
        def sums(on_time, judged):
            return Sums(counts=Counter(on_time=on_time, judged=judged))

        fast = {"NEAR": sums(90, 100), "FAR": sums(5, 10)}
        slow = {"NEAR": sums(9, 10), "FAR": sums(50, 100), "ELSEWHERE": sums(0, 100)}
        found = like_for_like(fast, slow)
        assert [pair.lane for pair in found.by_lane] == ["FAR", "NEAR"] and found.parcels == 220
        assert found.first.value == pytest.approx(found.second.value) == pytest.approx(0.7)
        assert 0.5 < found.first.low < 0.7 < found.first.high < 0.9
        assert (found.first.many, found.first.of) == (95, 110)
        assert like_for_like({"NEAR": sums(1, 4)}, slow) is None


class TestRollUp:
    def test_each_parcel_as_it_came(self, quarter):
        out = {name: getattr(row, "outcome", None) for name, row in quarter.items()}
        assert out["going"] is None
        said = {
            name: (one.on_time, one.kept, one.first_attempt, one.exception, one.returned)
            for name, one in out.items()
            if one
        }
        assert said == {
            "good": (True, True, True, False, False), "late": (False, False, True, True, False),
            "tried": (True, True, False, False, False), "back": (False, False, False, True, True),
            "other": (True, True, True, False, False),
        }  # fmt: skip
        assert out["late"].late == sum(out["late"].blame.values()) > 0 == out["tried"].late
        assert out["other"].lane == "AT-10" and out["good"].transit == int((3 * DAY - HOUR).total_seconds())

    def test_a_corrected_delivery_moves_to_its_day(self, merchant, quarter):
        row = quarter["good"]
        TrackingEvent.objects.filter(shipment=row, status="delivered").delete()
        record(
            [Reading("delivered", NOW + 4 * DAY, shipment_id=row.pk)], merchant=merchant, now=NOW + 5 * DAY
        )
        assert StaleDay.objects.count() == 2, "the old day and the new"
        refresh()
        assert not StaleDay.objects.exists()
        assert ParcelOutcome.objects.get(shipment=row).day == (NOW + 4 * DAY).date()
        assert naive(merchant) == summed(merchant)

    def test_a_rating_counts_from_when_it_is_given(self, merchant, quarter):
        voice.rate(quarter["good"], score=2, comment="Box was torn", now=NOW + 5 * DAY)
        refresh()
        total = figures("", ask.by(question(merchant), "carrier")["DHL"])
        assert (total.rated, total.rating, total.low) == (1, 2.0, 1)

    def test_the_command_makes_the_same_again(self, merchant, quarter, capsys):
        before = summed(merchant)
        DailyFigure.objects.all().delete()
        ParcelOutcome.objects.all().delete()
        call_command("rebuild_figures", merchant=merchant.slug, start=NOW.date(), end=(NOW + 20 * DAY).date())
        assert summed(merchant) == before and "21 days" in capsys.readouterr().out
        with pytest.raises(CommandError, match="no shop"):
            call_command("rebuild_figures", merchant="nobody")


def question(merchant):
    return ask.Question((merchant.pk,), date(2026, 2, 1), date(2026, 5, 31), {})


ALL = ("parcels", "delivered", "judged", "on_time", "kept", "first_attempt", "exception", "returned", "late")


def summed(merchant) -> Counter:
    """What the daily sums say, by day and all that they are kept by."""
    found: Counter = Counter()
    for row in DailyFigure.objects.for_merchant(merchant):
        key = (row.day, row.sku, row.carrier, row.service, row.lane)
        for name in ALL:
            found[(*key, name)] += getattr(row, name)
        for kind in ("hours", "blame", "ratings", "late_ratings"):
            for name, many in getattr(row, kind).items():
                found[(*key, kind, name)] += many
    return +found


def naive(merchant) -> Counter:
    """The same counted slowly from the raw rows, by other means."""
    found: Counter = Counter()
    for row in Shipment.objects.for_merchant(merchant).filter(direction="outbound").exclude(stage="void"):
        returned = row.tracking_status == "returned"
        end = row.status_at if returned else row.delivered_at
        if end is None:
            continue
        told = list(row.events.order_by("occurred_at", "pk").values_list("status", "occurred_at"))
        zone = ZoneInfo(row.recipient_zone)
        tries = [at for status, at in told if status in ("attempt_failed", "available_for_pickup")]
        promises = list(row.promises.order_by("pk"))
        there = min([end, *tries]).astimezone(zone).date()
        first = promises[0].to_day if promises else None
        at_the_door = [one for one in promises if one.made_at <= row.handed_over_at + timedelta(minutes=10)]
        said: Counter = Counter(parcels=1, returned=int(returned), delivered=int(not returned))
        said["judged"] = int(first is not None)
        said["on_time"] = int(bool(first and not returned and there <= first))
        said["kept"] = int(
            bool(first and not returned and there <= (at_the_door[-1].to_day if at_the_door else first))
        )
        said["first_attempt"] = int(not returned and "attempt_failed" not in dict(told))
        said["exception"] = int(
            any(status in ("delayed", "on_hold", "exception", "returning") for status, _ in told)
        )
        if not returned:
            hour = min(2160, int(max(0, (end - row.handed_over_at).total_seconds()) // 3600))
            said["hours", str(hour)] += 1
        shares = charged(row, merchant, told, end) if first and not returned else {}
        said["late"] = sum(shares.values())
        for part, seconds in shares.items():
            said["blame", part] += seconds
        if rating := Rating.objects.filter(shipment=row).first():
            said["ratings", str(rating.score)] += 1
            if said["judged"] and not said["on_time"]:
                said["late_ratings", str(rating.score)] += 1
        to = row.order.ship_to
        day, lane = end.astimezone(merchant.tz).date(), f"{to.country}-{to.postal_code[:2]}"
        for sku in ("", *{line.order_line.sku for line in row.lines.all()}):
            for name, many in said.items():
                key = name if isinstance(name, tuple) else (name,)
                found[(day, sku, row.carrier, row.service, lane, *key)] += many
    return +found


def charged(row, merchant, told, end) -> dict[str, int]:
    midnight = datetime.combine(row.first_promised_to + DAY, datetime.min.time())
    ends = [*(at for _status, at in told[1:]), end]
    spans = [
        Span(status, at, max(at, min(until, end)), status)
        for (status, at), until in zip(told, ends, strict=True)
    ]
    return blame(
        Journey(
            deadline=midnight.replace(tzinfo=ZoneInfo(row.recipient_zone)),
            end=end,
            ship_by=row.ship_by,
            handed_over_at=row.handed_over_at,
            first_scan_at=row.first_scan_at,
            acceptance_due=business_hours_after(
                row.handed_over_at, merchant.acceptance_hours, merchant.tz, merchant.holiday_country
            ),
            spans=spans,
        )
    )


steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "in_transit",
                "out_for_delivery",
                "attempt_failed",
                "delayed",
                "exception",
                "returning",
                "available_for_pickup",
            ]
        ),
        st.integers(1, 9),
    ),
    max_size=3,
)
journeys = st.lists(
    st.tuples(
        steps,
        st.sampled_from(["delivered", "returned", None]),
        st.integers(1, 15),
        st.sampled_from("AB"),
        st.sampled_from([None, 1, 5]),
        st.sampled_from(["DE", "AT"]),
    ),
    max_size=4,
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(journeys)
def test_roll_ups_equal_the_raw_rows(journeys):
    from django.db import transaction

    with transaction.atomic():
        merchant = make_merchant("sums")
        for steps, end, after, carrier, score, country in journeys:
            told = [("in_transit", 0), *((status, min(at, after)) for status, at in steps)]
            told += [(end, after)] if end else []
            row = sent(merchant, *told, carrier=carrier, address={"country": country, "postal_code": "8020"})
            Shipment.objects.filter(pk=row.pk).update(service=f"{carrier}-{country}")
            row.refresh_from_db()
            if score and row.delivered_at:
                voice.rate(row, score=score, comment="", now=NOW + 20 * DAY)
        refresh()
        assert summed(merchant) == naive(merchant)
        transaction.set_rollback(True)


class TestPage:
    def test_it_shows_the_figures_with_their_tables(self, page, quarter):
        html = page.get(PAGE, SPAN).content.decode()
        for words in ("DHL", "UPS", "On time by week", "As a table", "Whose late days", "In transit", "75 %"):
            assert words in html, words

    def test_every_figure_leads_to_its_parcels(self, page, merchant, quarter):
        voice.rate(quarter["good"], score=5, comment="", now=NOW + 5 * DAY)
        refresh()
        for group in ("carrier", "service", "lane", "product", "week"):
            context = page.get(PAGE, SPAN | {"by": group}).context
            for row, url in context["rows"]:
                wanted = {
                    "all": row.parcels, "late": row.on_time.of - row.on_time.many, "unkept": row.kept.of - row.kept.many,
                    "attempts": row.first_attempt.of - row.first_attempt.many, "exception": row.exception.many,
                    "returned": row.returned.many, "rated": row.rated, "judged": row.on_time.of,
                    "delayed": int(row.late_days > 0), "timed": row.first_attempt.of,
                }  # fmt: skip
                found = {name: page.get(url[name]).context["cl"].result_count for name in wanted}
                assert found == wanted, (group, row.key)
        leads = {card["title"]: page.get(card["url"]).context["cl"].result_count for card in context["cards"]}
        assert leads == {
            "On time": 2, "Promise kept": 2, "First attempt": 1, "Exceptions": 2, "Transit, half within": 4,
            "Transit, nine of ten within": 4, "Late days": 1, "Satisfaction": 1,
        }  # fmt: skip
        next_span = SPAN | {"from": "2026-06-01", "to": "2026-08-30"}
        after = page.get(PAGE, next_span).context["cards"][0]
        assert page.get(after["then"]).context["cl"].result_count == 2, "those of the span before"

    def test_late_days_by_group_lead_to_their_parcels(self, page, merchant, quarter):
        context = page.get(PAGE, SPAN | {"by": "carrier"}).context
        [(row, parts)] = context["blamed"]["rows"]
        assert row.key == "DHL" and sum(days for days, _url in parts) == pytest.approx(row.late_days, abs=0.2)
        for days, url in parts:
            assert page.get(url).context["cl"].result_count == int(days > 0)

    def test_satisfaction_by_lateness(self, page, merchant, quarter):
        for name, score in (("good", 5), ("tried", 4), ("late", 1)):
            voice.rate(quarter[name], score=score, comment="", now=NOW + 10 * DAY)
        refresh()
        context = page.get(PAGE, SPAN).context
        assert [(name, score.many, score.mean, score.low) for name, score, _url in context["felt"]] == [
            ("Not late", 2, 4.5, 0), ("Late", 1, 1.0, 1),
        ]  # fmt: skip
        for _name, score, url in context["felt"]:
            assert page.get(url).context["cl"].result_count == score.many
        lines = page.get(PAGE + "csv/", SPAN | {"carrier": "DHL"}).content.decode("utf-8-sig").splitlines()
        [said] = csv.DictReader(lines)
        assert said["ratings of late parcels"] == "1" and said["mean rating of the others"] == "4.5"
        assert (said["parcels"], said["ratings"], said["low ratings"]) == ("4", "3", "1")

    def test_every_mark_of_a_picture_leads_to_its_parcels(self, page, merchant, quarter):
        for name, score in (("good", 5), ("late", 1)):
            voice.rate(quarter[name], score=score, comment="", now=NOW + 10 * DAY)
        refresh()
        context = page.get(PAGE, SPAN | {"by": "carrier"}).context

        def count(mark):
            return page.get(mark.url).context["cl"].result_count

        assert sum(count(mark) for mark in context["weeks"].marks) == context["total"].on_time.of
        assert {mark.name: count(mark) for mark in context["bars"].marks} == {
            row.key: row.on_time.of for row, _url in context["rows"]
        }
        assert [count(mark) for mark in context["stars"].marks] == [1, 0, 0, 0, 1]
        late = {mark.tone: count(mark) for mark in context["blame"].marks}
        blamed = list(ParcelOutcome.objects.values_list("blame", flat=True))
        assert late == {part: sum(part in shares for shares in blamed) for part in late} and any(
            late.values()
        )

    def test_filters_and_nonsense(self, page, quarter):
        total = page.get(PAGE, SPAN | {"carrier": "UPS"}).context["total"]
        assert total.parcels == 1
        assert page.get(PAGE, SPAN | {"product": "MUG-1"}).context["total"].parcels == 5
        assert page.get(PAGE, SPAN | {"product": "NOPE"}).context["total"].parcels == 0
        for wrong in (
            {"from": "x", "to": "9"},
            {"by": "x"},
            {"merchant": "x"},
            {"from": "2026-05-01", "to": "2020-01-01"},
            {"page": "x"},
        ):
            assert page.get(PAGE, wrong).status_code == 200
        assert (
            "No parcel has ended"
            in page.get(PAGE, {"from": "2020-01-01", "to": "2020-02-01"}).content.decode()
        )
        assert page.get("/admin/shipping/shipment/", {"ended": "x~y"}).context["cl"].result_count == 0

    def test_two_carriers_on_the_same_destinations(self, page, merchant, quarter):
        assert page.get(PAGE, SPAN).context["pair"] == ("DHL", "UPS"), "those with most parcels, unasked"
        assert page.get(PAGE, SPAN | {"a": "DHL", "b": "UPS"}).context["compared"] == "none"
        for _ in range(5):
            sent(merchant, ("delivered", 3), carrier="UPS")
            sent(merchant, ("delivered", 3))
        refresh()
        said = page.get(PAGE, SPAN | {"a": "DHL", "b": "UPS"})
        found = said.context["compared"]["found"]
        assert found.second.value == 1.0 and found.first.value == pytest.approx(7 / 9)
        [(pair, ours, theirs)] = said.context["compared"]["lanes"]
        for url, came in ((ours, pair.first), (theirs, pair.second)):
            assert url in unescape(said.content.decode())
            assert page.get(url).context["cl"].result_count == came.of

    def test_comments_by_lateness(self, page, merchant, quarter):
        voice.rate(quarter["late"], score=1, comment="Far too <late>", now=NOW + 10 * DAY)
        voice.rate(quarter["good"], score=5, comment="Lovely", now=NOW + 10 * DAY)
        assert Rating.objects.get(late=True).shipment == quarter["late"]
        html = page.get(PAGE, SPAN).content.decode()
        assert "Far too &lt;late&gt;" in html and "Lovely" in html
        assert "Lovely" not in page.get(PAGE, SPAN | {"comments": "late"}).content.decode()
        assert "Lovely" not in page.get(PAGE, SPAN | {"comments": "low"}).content.decode()

    def test_csv_that_no_spreadsheet_runs(self, page, merchant, quarter):
        Shipment.objects.filter(pk=quarter["good"].pk).update(carrier="=HYPERLINK(1)")
        call_command("rebuild_figures", merchant=merchant.slug, start=NOW.date(), end=(NOW + 20 * DAY).date())
        text = page.get(PAGE + "csv/", SPAN).content.decode("utf-8-sig")
        assert text.splitlines()[0].startswith("Carrier,parcels,on time,") and "'=HYPERLINK" in text

    def test_a_pdf_to_print(self, page, quarter):
        answer = page.get(PAGE + "pdf/", SPAN)
        text = pypdfium2.PdfDocument(answer.content)[0].get_textpage().get_text_range()
        assert "On time by carrier" in text and "On time by week" in text
        assert "Scorecard" in text and "DHL" in text and "Whose late days" in text
        shown = page.get(PAGE, SPAN).context
        lines = [" ".join(line.split()) for line in text.splitlines()]
        for row, _urls in shown["rows"]:
            kept, first = (f"{100 * one.value:.1f} %" for one in (row.kept, row.first_attempt))
            [line] = [line for line in lines if line.startswith(f"{row.key} {row.parcels} ")]
            assert kept in line and first in line and f"{row.half} / {row.most}" in line, line
        late = next(row for row, _urls in shown["rows"] if row.late_days)
        assert any(line.startswith(f"DHL {late.blame['merchant']} ") for line in lines), (
            "late days by carrier"
        )

    def test_another_shops_figures_are_not_shown(self, client, charlie, quarter):
        client.force_login(charlie)
        for path in (PAGE, PAGE + "csv/", PAGE + "pdf/"):
            answer = client.get(path, SPAN | {"merchant": str(quarter["good"].merchant_id)})
            assert b"DHL" not in answer.content

    def test_as_many_queries_for_a_year_as_for_a_month(
        self, page, merchant, quarter, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(20):
            page.get(PAGE, SPAN)
        with django_assert_max_num_queries(20):
            page.get(PAGE, {"from": "2025-01-01", "to": "2026-12-31"})


def test_a_day_is_the_shops_day(merchant):
    row = sent(merchant, ("delivered", 1))
    late_evening = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)  # the eleventh in Berlin
    record([Reading("delivered", late_evening, shipment_id=row.pk)], merchant=merchant, now=late_evening)
    Shipment.objects.filter(pk=row.pk).update(delivered_at=late_evening)
    call_command("rebuild_figures", merchant=merchant.slug, start=date(2026, 3, 1), end=date(2026, 3, 12))
    assert [one.day for one in DailyFigure.objects.filter(sku="")] == [date(2026, 3, 11)]
