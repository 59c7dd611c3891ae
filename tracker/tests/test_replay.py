from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from orders.models import Merchant, Order, OrderEvent
from shipping.models import Shipment
from tracker import demo
from tracker.management.commands import replay as command
from tracker.replay import replay_merchant

ORDERS = """order_id,placed_at,email,name,address1,city,country,sku,quantity
A,2017-01-02T10:00,a@x.example,Ana,Rua 1,Recife,BR,S1,1
B,2017-01-03T10:00,b@x.example,Bia,Rua 2,Recife,BR,S1,1
C,2017-01-04T10:00,c@x.example,Cid,Rua 3,Recife,BR,,
"""
EVENTS = """at,order_id,what,message,city,region,country
2017-01-02T09:00,A,picked_up,before the purchase,,,
2017-01-02T12:00,A,approved,,,,
2017-01-03T12:00,B,cancelled,,,,
2017-01-05T12:00,B,picked_up,,,,
2017-01-06T12:00,A,delivered,,Recife,PE,BR
2017-01-06T12:00,C,delivered,,,,
"""


@pytest.fixture
def files(tmp_path):
    for name, text in (
        ("orders", ORDERS), ("events", EVENTS), ("right", "order_id,status\nA,delivered\nB,cancelled\nC,delivered\n"),
        ("wrong", "order_id,status\nA,shipped\n"),
    ):  # fmt: skip
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


@pytest.mark.django_db
class TestReplay:
    def run(self, files, **options):
        call_command("replay", files / "orders.csv", files / "events.csv", merchant="brasil", **options)

    def test_each_thing_happens_at_its_own_time(self, files, capsys):
        self.run(files, expect=files / "right.csv")
        said = capsys.readouterr().out
        assert "orders: 3 = 2 came in, 0 were in, 1 refused" in said and "the order has no lines" in said
        assert "end status: 2 as the data says, 0 not" in said
        order = Order.objects.get(external_id="A")
        assert order.delivered_at == datetime(2017, 1, 6, 14, tzinfo=UTC)  # noon in São Paulo's summer time
        delivered = OrderEvent.objects.get(order=order, new="delivered", kind="status")
        assert delivered.recorded_at == delivered.occurred_at
        assert Shipment.objects.get(order__external_id="B").stage == "void"

    def test_again_nothing_is_doubled(self, files):
        self.run(files)
        before = OrderEvent.objects.count()
        self.run(files)
        assert (Order.objects.count(), OrderEvent.objects.count()) == (2, before)

    def test_what_ends_otherwise_is_an_error(self, files):
        with pytest.raises(CommandError, match="did not end as the data says"):
            self.run(files, expect=files / "wrong.csv")

    def test_a_file_that_is_none_says_where(self, files):
        (files / "events.csv").write_text("at,order_id,what\n2017-01-02,A,exploded\n")
        with pytest.raises(CommandError, match=r"events\.csv, row 2: “exploded” is nothing that can happen"):
            self.run(files)


def test_a_chosen_speed_waits_as_long_as_it_says(monkeypatch):
    now, slept = [100.0], []
    monkeypatch.setattr(command.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(command.time, "sleep", slept.append)
    clock = command.Clock(speed=3600)
    clock.wait(datetime(2017, 1, 1, 0, tzinfo=UTC))
    clock.wait(datetime(2017, 1, 1, 5, tzinfo=UTC))
    now[0] = 104.0
    clock.wait(datetime(2017, 1, 1, 6, tzinfo=UTC))
    assert slept == [0, 5, 2]
    assert clock.at == datetime(2017, 1, 1, 6, tzinfo=UTC)


@pytest.mark.django_db
def test_the_demo_is_the_same_on_every_machine(monkeypatch):
    monkeypatch.setattr(demo, "PER_SHOP", 12)
    now = datetime(2026, 3, 4, 10, tzinfo=UTC)

    def loaded():
        demo.load(now=now)
        fields = (
            "number",
            "public_key",
            "status",
            "ship_to__name",
            "shipments__code",
            "shipments__tracking_status",
            "placed_at",
        )
        return list(Order.objects.order_by("merchant__slug", "number").values_list(*fields))

    from django.db import transaction

    seen = []
    for _ in range(2):
        with transaction.atomic():
            seen.append(loaded())
            transaction.set_rollback(True)
    assert seen[0] == seen[1] and len(seen[0]) == 3 * (
        12 + 2 * 2
    )  # two orders have a parcel from a supplier too
    assert not Merchant.objects.exists()


@pytest.mark.django_db
def test_a_replays_merchant_tells_nobody_unless_asked():
    assert replay_merchant("x", zone="UTC", country="BR", currency="BRL", notify=False).notify_email is False
    assert replay_merchant("x", zone="UTC", country="BR", currency="BRL", notify=True).notify_email is True
