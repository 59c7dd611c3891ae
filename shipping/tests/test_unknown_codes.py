"""A code that no table knows: seen, mapped once by the merchant's people, and the history read again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.roles import Role
from shipping.carriers.registry import adapter
from shipping.models import CarrierAccount, CodeMapping, InboundWebhook, TrackingEvent, UnknownEvent
from shipping.tasks import reread_code, sweep_codes
from shipping.tests.vendors import SECRET, body, dumped, sign
from shipping.tracking import codes, inbound, quarantine, remap
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment, make_user

pytestmark = pytest.mark.django_db
LIST = reverse("admin:shipping_codemapping_changelist")


def beamed(number="AS1", event_id="e1", hours=(), tag="Beamed_001"):
    """An AfterShip body whose parcel was picked up and then beamed, a word that no table knows."""
    data = body("aftership")
    points = data["msg"]["checkpoints"]
    when = NOW + timedelta(hours=5)
    extra = points[3] | {
        "tag": "Beamed",
        "subtag": tag,
        "message": "Beamed to the door",
        "checkpoint_time": when.isoformat(),
    }
    points[1]["checkpoint_time"] = NOW.isoformat()
    data["msg"] |= {"tracking_number": number, "checkpoints": [points[1], extra]}
    data["msg"].pop("latest_estimated_delivery")
    return data | {"event_id": event_id}


def readings(**options):
    return adapter("aftership").parse(dumped(beamed(**options))).readings


@pytest.fixture
def parcel(merchant):
    return make_shipment(merchant, tracking_number="AS1")


@pytest.fixture
def mapping(parcel, merchant):
    record(readings(), merchant=merchant, now=NOW)
    return CodeMapping.objects.get()


def page(row):
    return reverse("admin:shipping_codemapping_change", args=[row.pk])


def read_all(row):
    for _ in range(50):
        if not remap.reread(row.pk, now=timezone.now()):
            return
    raise AssertionError("it never ends")


class TestUnknown:
    def test_it_is_kept_with_its_code_and_listed_once(self, client, alice, merchant, parcel):
        account = CarrierAccount.objects.create(merchant=merchant, provider="aftership", secret=SECRET)
        url = reverse("webhook", args=["aftership", account.key])
        for event_id in ("e1", "e2"):
            raw = dumped(beamed(event_id=event_id))
            headers = sign("aftership", raw, now=NOW)
            assert client.post(url, raw, "application/json", headers=headers).status_code == 200
        for pk in InboundWebhook.objects.values_list("pk", flat=True):
            assert inbound.apply(pk, now=NOW)
        parcel.refresh_from_db()
        event = parcel.events.get(code="Beamed_001")
        assert (event.status, parcel.tracking_status) == ("unknown", "picked_up")
        row = CodeMapping.objects.get()
        assert (row.provider, row.carrier, row.code, row.events.count()) == (
            "aftership",
            "ups",
            "Beamed_001",
            1,
        )
        client.force_login(alice)
        shown = client.get(LIST).content.decode()
        assert "Beamed_001" in shown and "Beamed to the door" in shown and "ups by AfterShip" in shown
        assert str(parcel) in client.get(page(row)).content.decode()

    def test_what_a_carrier_itself_calls_unknown_is_not(self, merchant, parcel):
        record(readings(tag="Pending_001"), merchant=merchant, now=NOW)
        assert not CodeMapping.objects.exists()

    def test_ordinary_codes_cost_nothing_more(self, merchant, parcel, django_assert_max_num_queries):
        said = readings(tag="OutForDelivery_001")
        with django_assert_max_num_queries(30):
            record(said, merchant=merchant, now=NOW)
        assert not UnknownEvent.objects.exists()


class TestMapped:
    def test_once_and_the_history_says_it(self, client, alice, merchant, parcel, mapping, other):
        elsewhere = make_shipment(other, tracking_number="AS1")
        record(readings(), merchant=other, now=NOW)
        client.force_login(alice)
        assert client.post(page(mapping), {"status": "delivered"}).status_code == 302
        reread_code(mapping.pk)
        parcel.refresh_from_db()
        parcel.order.refresh_from_db()
        event = parcel.events.get(code="Beamed_001")
        assert (event.status, event.mapping_version) == ("delivered", 1001)
        assert (parcel.tracking_status, parcel.delivered_at) == ("delivered", event.occurred_at)
        assert parcel.order.status == "delivered"
        assert parcel.order.events.get(kind="shipment", new="delivered").actor == "alice"
        elsewhere.refresh_from_db()
        assert elsewhere.tracking_status == "picked_up"  # another merchant's mapping is not this one's
        shown = client.get(page(mapping)).content.decode()
        assert "Read again" in shown and "by alice" in shown and "1001" in shown
        assert "Beamed_001" not in client.get(LIST).content.decode()
        assert "Beamed_001" in client.get(LIST + "?state=mapped").content.decode()

    def test_what_comes_later_is_read_with_it(self, merchant, mapping, alice):
        remap.map_code(mapping, "delivered", user=alice, now=NOW)
        late = make_shipment(merchant, tracking_number="AS2")
        record(readings(number="AS2"), merchant=merchant, now=NOW)
        late.refresh_from_db()
        assert late.tracking_status == "delivered"
        record(readings(number="AS2"), merchant=merchant, now=NOW)  # told again: the same fact
        assert late.events.count() == 2

    def test_and_what_waits_in_quarantine(self, merchant, mapping, alice):
        record(readings(number="AS3"), merchant=merchant, now=NOW)
        remap.map_code(mapping, "delivered", user=alice, now=NOW)
        late = make_shipment(merchant, tracking_number="AS3")
        quarantine.redrive(merchant.quarantine.all(), now=NOW)
        late.refresh_from_db()
        assert late.tracking_status == "delivered"

    def test_a_mistake_is_mapped_again(self, merchant, parcel, mapping, alice):
        for status, version in (("delivered", 1001), ("out_for_delivery", 1002), ("unknown", 1003)):
            remap.map_code(mapping, status, user=alice, now=NOW)
            read_all(mapping)
            parcel.refresh_from_db()
            event = parcel.events.get(code="Beamed_001")
            assert (event.status, event.mapping_version) == (status, version)
            assert parcel.tracking_status == ("picked_up" if status == "unknown" else status)
        assert parcel.delivered_at is None
        record(readings(number="AS1", event_id="x"), merchant=merchant, now=NOW)
        mapping.refresh_from_db()
        assert mapping.reread_at is not None  # “says nothing” is an answer too

    def test_a_long_history_is_read_in_pieces_by_whoever_is_there(self, merchant, alice, monkeypatch):
        monkeypatch.setattr(remap, "PIECE", 2)
        parcels = [make_shipment(merchant, tracking_number=f"L{n}") for n in range(5)]
        for n in range(5):
            record(readings(number=f"L{n}"), merchant=merchant, now=NOW)
        row = CodeMapping.objects.get()
        remap.map_code(row, "delivered", user=alice, now=NOW)
        assert remap.left(row) == 5
        assert remap.reread(row.pk, now=NOW) is True and remap.left(row) == 3
        CodeMapping.objects.update(claimed_at=NOW)  # a worker took the next piece and died
        assert remap.reread(row.pk, now=NOW) is False
        assert remap.waiting(now=NOW + timedelta(minutes=1)) == []
        assert remap.waiting(now=NOW + timedelta(minutes=3)) == [row.pk]
        CodeMapping.objects.update(claimed_at=NOW - timedelta(days=1), mapped_at=NOW - timedelta(days=1))
        sweep_codes()
        read_all(row)
        assert remap.left(row) == 0 and remap.waiting(now=NOW + timedelta(days=1)) == []
        assert {type(p).objects.get(pk=p.pk).tracking_status for p in parcels} == {"delivered"}

    def test_an_event_that_was_on_its_way_meanwhile_is_not_forgotten(self, merchant, parcel, mapping, alice):
        UnknownEvent.objects.all().delete()  # read before the mapping ...
        remap.map_code(mapping, "delivered", user=alice, now=NOW)
        read_all(mapping)
        codes.note_unknown(parcel, readings(), now=NOW)  # ... and noted after it
        assert remap.waiting(now=NOW + timedelta(minutes=1)) == [mapping.pk]
        read_all(mapping)
        parcel.refresh_from_db()
        assert parcel.tracking_status == "delivered"

    def test_rights_and_nonsense(self, client, alice, bob, mapping, merchant):
        for user in (bob, make_user("vera", merchant, Role.VIEWER)):
            client.force_login(user)
            assert client.post(page(mapping), {"status": "delivered"}).status_code == 403
        client.force_login(alice)
        for status in ("", "teleported"):
            assert client.post(page(mapping), {"status": status}).status_code == 200
        mapping.refresh_from_db()
        assert mapping.status == "" and not TrackingEvent.objects.filter(status="delivered").exists()
