"""The first page of the admin: a board per role, behind the walls, each number the length of the list it links to."""

import itertools
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from notifications.models import Notice
from orders.models import Merchant
from shipping.models import CustomerReport, LateCase, Manifest, PrintRun, Rating, Scan, Shipment, Wave
from shipping.scorecard.rollup import rebuild
from shipping.status import LateRule
from tests.factories import make_order, make_shipment, make_user
from tracker.dashboards.draw import HEIGHT, TOP, WIDTH, Point, columns, lines, nice, stack
from tracker.dashboards.front import allowed, board_of

pytestmark = pytest.mark.django_db


def told(client, board=""):
    page = client.get(f"/admin/?board={board}" if board else "/admin/")
    assert page.status_code == 200
    return page, page.context["board"]


def links(board):
    for tile in board.tiles:
        yield tile.title, tile.count, tile.url
    for panel in board.panels:
        for row in panel.rows:
            yield f"{panel.title}: {row.title}", row.count, row.url
        for bar in panel.picture.drawing.bars if panel.picture and panel.key != "kept" else ():
            if bar.point.url:
                yield f"{panel.title}: {bar.point.name}", bar.point.value, bar.point.url


def put(shop, now, **fields):
    row = make_shipment(shop, now=now, placed_at=now)
    Shipment.objects.filter(pk=row.pk).update(**fields)
    row.refresh_from_db()
    return row


def fill(shop, now):
    """Parcels in every place of the house, cases of two rules, words and ratings of customers."""
    hour = timedelta(hours=1)
    wave = Wave.objects.create(merchant=shop, name="w", state="done", created_at=now, finished_at=now)
    put(shop, now, ship_by=now - hour)
    put(shop, now, ship_by=now + 9 * 24 * hour, wave=wave)
    put(shop, now, stage="packed", carrier="DHL", ship_by=now - 30 * hour, packed_at=now)
    put(shop, now, stage="packed", ship_by=now + 9 * 24 * hour)
    put(shop, now, stage="packed", carrier="DHL", ship_by=now + 9 * 24 * hour)
    out = put(shop, now, stage="handed_over", handed_over_at=now, tracking_status="in_transit",
              promised_from=now.date(), promised_to=now.date() + timedelta(days=1))  # fmt: skip
    gone = put(shop, now, stage="handed_over", handed_over_at=now, tracking_status="delivered", delivered_at=now - hour,
               promised_from=now.date(), promised_to=now.date())  # fmt: skip
    missed = put(shop, now, stage="handed_over", handed_over_at=now, tracking_status="delivered", delivered_at=now - hour,
                 promised_from=now.date(), promised_to=now.date())  # fmt: skip
    day = timedelta(days=1)
    missed.promises.update(from_day=now.date() - 3 * day, to_day=now.date() - 2 * day)
    rebuild(shop, now.date() - day, now.date() + day)
    for row, rule, closed in (
        (out, "silent", None),
        (gone, "past_promise", now),
        (missed, "handover_gap", None),
        (put(shop, now), "at_risk", None),
        (put(shop, now), "low_rating", None),
    ):
        LateCase.objects.create(merchant=shop, shipment=row, rule=rule, since=now, score=1, explanation="x", opened_at=now,
                                closed_at=closed)  # fmt: skip
    LateCase.objects.create(merchant=shop, shipment=put(shop, now), rule="silent", since=now, score=1, explanation="x",
                            opened_at=now, snoozed_until=now + hour)  # fmt: skip
    for row, score in ((gone, 5), (missed, 1)):
        Rating.objects.create(
            merchant=shop, shipment=row, score=score, destination="DE", created_at=now, changed_at=now
        )
    CustomerReport.objects.create(merchant=shop, shipment=out, kind="not_arrived", tier=1, created_at=now)
    Manifest.objects.create(merchant=shop, number=1, carrier="DHL", opened_at=now)
    PrintRun.objects.create(merchant=shop, kind="slips", state="failed", created_at=now)
    PrintRun.objects.create(merchant=shop, kind="slips", state="queued", created_at=now - hour)
    PrintRun.objects.create(merchant=shop, kind="slips", state="queued", created_at=now)
    Notice.objects.for_merchant(shop).filter(
        pk__in=Notice.objects.for_merchant(shop).values("pk")[:1]
    ).update(state="dead", error="x")


@pytest.mark.parametrize("board", ["shop", "warehouse"])
def test_each_number_is_the_length_of_its_list_and_ones_own(client, merchant, other, alice, board):
    now = timezone.now()
    for shop in (merchant, other):
        fill(shop, now)
    client.force_login(alice)
    _, page = told(client, board)
    wrong = {}
    for title, count, url in links(page):
        found = client.get(url)
        assert found.status_code == 200, url
        if found.context["cl"].result_count != count:
            wrong[title] = (count, found.context["cl"].result_count, url)
    assert not wrong, wrong
    shown = {title: count for title, count, _ in links(page)}
    expected = {
        "shop": {"New orders": 11, "Late now": 2, "At risk": 1, "Promises kept": 2, "Satisfaction": 2, "Customers’ words": 1,
                 "Notices given up": 1,
                 "Since yesterday: Orders came in": 11, "Since yesterday: Off the late list": 1, "Since yesterday: Low ratings": 1,
                 "Satisfaction, 30 days: 5 of 5": 1},
        "warehouse": {"To pick": 4, "To pack": 1, "To hand over": 3, "Overdue": 2, "Loading": 1, "Print trouble": 2,
                      "Packed, by carrier: DHL": 2, "Packed, by carrier: No carrier yet": 1, "Time to leave: Another day": 6},
    }[board]  # fmt: skip
    assert {title: shown.get(title) for title in expected} == expected


def test_each_weeks_column_leads_to_its_parcels(client, merchant, alice):
    fill(merchant, timezone.now())
    client.force_login(alice)
    page, board = told(client)
    [kept] = [panel.picture for panel in board.panels if panel.key == "kept"]
    urls = [bar.point.url for bar in kept.drawing.bars]
    assert sum(client.get(url).context["cl"].result_count for url in urls) == 2
    body = page.content.decode().replace("&amp;", "&")
    assert all(body.count(url) >= 2 for url in urls), "on the column, and in the table behind it"


def test_promises_kept_and_satisfaction_are_said_as_people_say_them(client, merchant, alice):
    fill(merchant, timezone.now())
    client.force_login(alice)
    page, board = told(client)
    texts = {tile.title: tile.text for tile in board.tiles}
    assert texts["Promises kept"] == "50 %" and texts["Satisfaction"] == "3.0"
    body = page.content.decode()
    assert "50 % of 2" in body and body.count("<title id=") == body.count("<desc id=") >= 3
    assert body.count('class="behind"') >= 3  # a table behind each picture


def test_late_rules_are_named_whatever_rules_there_are(client, merchant, alice):
    now = timezone.now()
    for rule in LateRule.values:
        row = put(merchant, now)
        LateCase.objects.create(
            merchant=merchant, shipment=row, rule=rule, since=now, score=1, explanation="x", opened_at=now
        )
    client.force_login(alice)
    rows = {row.title for panel in told(client)[1].panels if panel.key == "late" for row in panel.rows}
    assert rows == {str(rule.label) for rule in LateRule}


@pytest.mark.parametrize(
    ("role", "first", "both"),
    [("owner", "shop", True), ("manager", "shop", True), ("viewer", "shop", False), ("warehouse", "warehouse", False)],
)  # fmt: skip
def test_a_board_for_each_role(client, merchant, role, first, both):
    client.force_login(make_user("anna", merchant, role))
    page, board = told(client)
    assert board.name == first and bool(page.context["switch"]) is both
    assert ('href="?board=warehouse"' in page.content.decode()) is both
    other = {"shop": "warehouse", "warehouse": "shop"}[first]
    assert told(client, other)[1].name == (other if both else first)
    assert told(client, "nonsense")[1].name == first


def test_who_packs_here_and_looks_on_there_has_both(merchant, other):
    user = make_user("both", merchant, "warehouse")
    user.memberships.create(merchant=other, role="viewer")
    assert allowed(user) == ["shop", "warehouse"]


def test_platform_staff_see_every_shop_and_nobody_sees_none(client, merchant, other, django_user_model):
    for shop in (merchant, other):
        make_order(shop, now=timezone.now())
    client.force_login(django_user_model.objects.create_superuser("root"))
    page, board = told(client)
    assert board.tiles[0].count == 2 and len(page.context["switch"]) == 2
    client.force_login(make_user("nobody"))
    assert client.get("/admin/").context["board"] is None


@pytest.mark.parametrize("board", ["shop", "warehouse"])
def test_a_board_costs_the_same_with_much_and_with_little(
    client, merchant, alice, board, django_assert_max_num_queries
):
    client.force_login(alice)
    now = timezone.now()
    fill(merchant, now)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost():
        with CaptureQueriesContext(connection) as queries:
            told(client, board)
        return len(queries)

    cost()
    few = cost()
    for _ in range(5):
        put(merchant, now, stage="packed", carrier=f"C{_}")
        make_order(merchant, now=now, placed_at=now)
    assert cost() == few <= 26


def test_the_day_counts_scans_once_and_takes_back_what_was_undone(client, merchant, bob):
    import uuid

    now = timezone.now().astimezone(Merchant.objects.get(pk=merchant.pk).tz)
    noon = now.replace(hour=12, minute=30)
    row, taken = put(merchant, now, stage="packed", ship_by=noon), put(merchant, now, ship_by=noon)

    def pull(parcel, outcome):
        return Scan.objects.create(
            merchant=merchant, shipment=parcel, client_id=uuid.uuid4(), mode="pack", code="x", outcome=outcome, scanned_at=noon
        )  # fmt: skip

    pull(row, "packed"), pull(row, "packed")
    back = pull(taken, "packed")
    Scan.objects.filter(pk=pull(taken, "undone").pk).update(undoes=back)
    board, _ = board_of(bob, asked="", now=noon + timedelta(hours=1))
    day = next(panel.picture for panel in board.panels if panel.key == "day")
    assert ("move", "Packed 1") in day.legend and ("12:00", "1", "0", "2") in day.rows
    assert day.total == "0 out, 2 to go"


def test_an_empty_shop_says_what_to_do_first(client, merchant, alice):
    client.force_login(alice)
    page, board = told(client)
    assert [step.title for step in board.steps] == ["Import orders", "Set the brand", "Connect a carrier"]
    for step in board.steps:
        assert client.get(step.url).status_code == 200
    assert "Start here" in page.content.decode()
    make_order(merchant, now=timezone.now())
    assert told(client)[1].steps == ()


def test_volume_is_fourteen_days_of_ones_own(client, merchant, other, alice):
    now = timezone.now()
    for days in (0, 1, 13, 15):
        for shop in (merchant, other):
            make_order(shop, now=now, placed_at=now - timedelta(days=days))
    client.force_login(alice)
    picture = next(panel.picture for panel in told(client)[1].panels if panel.key == "volume")
    assert [bar.point.value for bar in picture.drawing.bars] == [1, *[0] * 11, 1, 1] and picture.total == "3"


def test_no_inline_style_or_script_anywhere(client, merchant, alice):
    shipment = make_shipment(merchant)
    client.force_login(alice)
    for path in (
        "/", f"/t/{shipment.order.public_key}/", "/scan/", "/admin/", "/admin/?board=warehouse", "/admin/orders/order/",
    ):  # fmt: skip
        body = client.get(path).content.decode()
        assert not re.search(r"<style|\sstyle=|<script>|\son\w+=", body), path


def test_a_viewer_is_not_shown_doors_that_are_shut(client, merchant):
    client.force_login(make_user("vera", merchant, "viewer"))
    body = client.get("/admin/").content.decode()
    assert 'href="/scan/"' not in body and 'href="/admin/orders/importjob/"><svg' not in body


# --- the drawings, pure -----------------------------------------------------------------------------------

counts = st.lists(st.integers(0, 10**7), max_size=40)


@given(counts)
def test_columns_stay_in_the_drawing_and_keep_their_order(values):
    bars = columns([Point("", "", value) for value in values]).bars
    for bar in bars:
        assert bar.x >= 0 and bar.x + bar.width <= WIDTH + 0.2
        assert bar.y >= TOP - 0.01 and abs(bar.y + bar.height - TOP - HEIGHT) < 0.2
        assert (bar.height > 0) == (bar.point.value > 0)
    for left, right in itertools.pairwise(bars):
        assert left.x + left.width <= right.x + 0.2
        assert left.point.value > right.point.value or left.height <= right.height


@given(st.lists(st.integers(0, 10**7), max_size=12))
def test_the_parts_of_a_bar_fill_it_and_each_is_seen(values):
    bars = stack([Point("", "", value) for value in values]).bars
    assert [bar.point.value for bar in bars] == [value for value in values if value]
    for bar in bars:
        assert bar.width >= 13.9 and bar.x + bar.width <= WIDTH + 1


@given(st.integers(0, 10**9))
def test_an_axis_ends_at_a_round_even_number_at_or_above(value):
    assert nice(value) >= value and nice(value) % 2 == 0 and nice(value) <= max(2, value * 2)


@given(st.lists(st.one_of(st.none(), st.integers(0, 5000)), min_size=1, max_size=24))
def test_lines_have_a_spot_for_each_value(values):
    drawing = lines([("x", "good", values)], [str(index) for index in range(len(values))])
    (line,) = drawing.lines
    assert line.path.count("L") == max(sum(value is not None for value in values) - 1, 0)
    assert bool(line.path) == any(value is not None for value in values)


def test_a_day_of_25_hours_is_a_day(merchant, alice):
    board, _ = board_of(alice, asked="shop", now=datetime(2026, 10, 26, 9, tzinfo=UTC))
    volume = next(panel.picture for panel in board.panels if panel.key == "volume")
    assert len({bar.point.name for bar in volume.drawing.bars}) == 14
