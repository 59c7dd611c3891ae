"""The queue as of a day of a real winter: some hundred parcels of a Brazilian marketplace, replayed through the portal by the
same doors as in life. The replay stops on the morning of 26 February 2018 and writes down what is known; when all has happened,
the queue of that morning must still say just that, and what became of the parcels must be what the data says."""

import csv
import json
from datetime import date, datetime
from importlib.util import module_from_spec, spec_from_file_location
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from shipping.lateness.backthen import queue_then
from shipping.lateness.cases import review
from shipping.models import LateCase
from tracker.replay import Replay, replay_merchant

ROOT = Path(__file__).resolve().parents[1]
OLIST = ROOT.parent / "shared" / "data" / "olist"
DAY = date(2018, 2, 26)
ZONE = ZoneInfo("America/Sao_Paulo")
AT = datetime(2018, 2, 26, 7, tzinfo=ZONE)
FIRST, EACH = "2017-12-20", 4  # some 280 orders: six seconds of one core
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not (OLIST / "orders.csv.gz").exists(), reason="no Olist data beside the project"),
]


def olist():
    spec = spec_from_file_location("olist", ROOT / "benchmarks" / "olist.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def chosen(module):
    """Every fourth order of the weeks before that came from the state of São Paulo, and the rows of the files of all of them."""
    customers = {row["customer_id"]: row for row in module.table(OLIST, "customers")}
    products = {row["product_id"]: row for row in module.table(OLIST, "products")}
    items = {}
    for row in module.table(OLIST, "order_items"):
        items.setdefault(row["order_id"], []).append(row)
    orders = sorted(
        (
            row
            for row in module.table(OLIST, "orders")
            if FIRST <= row["order_purchase_timestamp"] < DAY.isoformat()
            and row["order_id"] in items
            and customers[row["customer_id"]]["customer_state"] == "SP"
        ),
        key=lambda row: row["order_purchase_timestamp"],
    )[::EACH]
    events = [event for order in orders for event in module.events_of(order, customers)]
    sheet = [row for order in orders for row in module.rows_of(order, customers, items, products)]
    return orders, sheet, sorted(events, key=lambda event: event["at"])


def written(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, fieldnames=list(rows[0]))
        sheet.writeheader()
        sheet.writerows(rows)
    return path


def truth(order):
    """(open on the morning, days late or None, missed by then), of an order by the data alone; None where it cannot tell."""
    came, due = (
        order["order_delivered_customer_date"],
        date.fromisoformat(order["order_estimated_delivery_date"][:10]),
    )
    if order["order_status"] in ("canceled", "unavailable"):
        return None
    late = (datetime.fromisoformat(came).date() - due).days if came else None
    return not came or came > AT.replace(tzinfo=None).isoformat(" "), late, due < DAY


def seen(merchant):
    """Of each parcel in the queue of the morning: its alarms, what was promised and whether that had passed."""
    return {
        row.shipment.order.external_id: (row.alarms, row.promised, row.missed_already)
        for row in queue_then(merchant, AT)
    }


@pytest.fixture
def year(tmp_path, db):
    module = olist()
    orders, sheet, events = chosen(module)
    merchant = replay_merchant("olist", zone="America/Sao_Paulo", country="BR", currency="BRL", notify=False)
    known = SimpleNamespace(
        merchant=merchant, orders={row["order_id"]: row for row in orders}, then=None, live=None
    )

    def wait(until):
        if until > AT and known.then is None:
            known.then = seen(merchant)
            review(now=AT)
            cases = LateCase.objects.select_related("shipment__order")
            known.live = {
                case.shipment.order.external_id: {case.rule, *(one["rule"] for one in case.also)}
                for case in cases
            }

    replay = Replay(merchant, wait=wait)
    for _ in replay.run(written(tmp_path / "orders.csv", sheet), written(tmp_path / "events.csv", events)):
        pass
    assert not replay.count.refused and replay.count.placed == len(orders) > 250
    return known


def test_the_queue_of_a_day_says_what_was_known_and_what_came_of_it(year):
    rows = {row.shipment.order.external_id: row for row in queue_then(year.merchant, AT)}
    assert seen(year.merchant) == year.then, "nothing that happened afterwards may change it"

    told = {key: found for key, order in year.orders.items() if (found := truth(order))}
    assert {key for key in rows if key in told} == {key for key, (is_open, *_rest) in told.items() if is_open}
    for key, row in rows.items():
        if key in told:
            assert (row.days_late, row.missed_already) == told[key][1:]

    for rule in ("past_promise", "not_handed_over"):  # what the live queue said on that morning
        then = {key for key, row in rows.items() if rule in {alarm.rule for alarm in row.alarms}}
        assert then == {key for key, rules in year.live.items() if rule in rules} and then

    whole = [row for row in rows.values() if row.promised and not row.missed_already]
    broke, kept = [row for row in whole if row.broke], [row for row in whole if not row.broke]
    warned, calm = sum(bool(row.alarms) for row in broke), sum(bool(row.alarms) for row in kept)
    assert warned / len(broke) > calm / len(kept), (
        "alarms came before the promise broke, and mostly where it did"
    )

    out = StringIO()
    call_command("late_on", DAY.isoformat(), "--json", "--limit", "1000", stdout=out)
    said = json.loads(out.getvalue())
    assert (said["open"], said["whole"], said["broke"], said["foreseen"]) == (
        len(rows),
        len(whole),
        len(broke),
        warned,
    )
    assert said["cases"] == len(said["parcels"]) == sum(bool(row.alarms) for row in rows.values())
    scores = [one["score"] for one in said["parcels"]]
    assert scores == sorted(scores, reverse=True)
