"""EasyPost, Shippo, AfterShip and 17TRACK through the webhook's door."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shipping.carriers.base import CarrierError, Incoming
from shipping.carriers.registry import ADAPTERS, adapter
from shipping.carriers.tables import FOLDER, code_table
from shipping.models import CarrierAccount, InboundWebhook, QuarantinedReading, TrackingEvent
from shipping.status import TrackingStatus
from shipping.tests.vendors import MINUTE, SECRET, SHARED, VENDORS, body, dumped, events_of, sign
from shipping.tracking import inbound
from tests.factories import NOW, make_shipment

NUMBERS = {
    "easypost": "1",
    "shippo": "9205590164917337534322",
    "aftership": "1Z023E2X0214323462",
    "17track": "RR123456785CN",
}
SAYS = {
    "easypost": ["pre_transit", "in_transit", "in_transit", "in_transit"],
    "shippo": ["unknown", "unknown", "in_transit", "in_transit", "delivered"],
    "aftership": ["pre_transit", "picked_up", "delayed", "out_for_delivery"],
    "17track": ["picked_up", "in_transit", "on_hold", "delivered"],
}
ETA = {"easypost": "2024-08-05", "shippo": "2016-12-08", "aftership": "2026-03-10", "17track": "2026-03-13"}


def readings(vendor, data):
    return adapter(vendor).parse(dumped(data)).readings


def by_time(found):
    return sorted(found, key=lambda reading: (reading.occurred_at, reading.fingerprint))


@pytest.fixture
def post(client, merchant):
    def send(vendor, raw, headers=None, **options):
        account, _ = CarrierAccount.objects.get_or_create(
            merchant=merchant, provider=vendor.removesuffix("-v2"), defaults={"secret": SECRET}
        )
        url = reverse("webhook", args=[account.provider, account.key])
        signed = sign(vendor, raw, **({"now": timezone.now(), "path": url} | options))
        return client.post(url, raw, "application/json", headers=signed if headers is None else headers)

    return send


def work():
    for pk in InboundWebhook.objects.filter(state="received").values_list("pk", flat=True):
        assert inbound.apply(pk, now=timezone.now())


@pytest.mark.django_db
class TestDoor:
    @pytest.mark.parametrize("vendor", VENDORS)
    def test_a_signed_body_becomes_its_events(self, post, merchant, vendor):
        shipment = make_shipment(merchant, tracking_number=NUMBERS[vendor])
        type(shipment).objects.update(created_at=datetime(2016, 1, 1, tzinfo=UTC))
        assert post(vendor, dumped(body(vendor))).status_code == 200
        work()
        events = list(shipment.events.order_by("occurred_at", "pk"))
        assert [event.status for event in events] == SAYS[vendor]
        assert {event.mapping_version for event in events} == {code_table(vendor).version}
        assert all(event.payload and event.code for event in events)

    @pytest.mark.parametrize("vendor", [*VENDORS, "easypost-v2"])
    def test_what_is_not_signed_with_the_secret_is_refused(self, post, vendor):
        raw = dumped(body(vendor.removesuffix("-v2")))
        assert post(vendor, raw).status_code == 200
        headers = sign(vendor, raw + b" ", now=timezone.now())
        assert post(vendor, raw, headers).status_code == 401
        assert post(vendor, raw, secret="another").status_code == 401
        for header in sign(vendor, raw, now=timezone.now()):
            assert post(vendor, raw, {header: "ü,t=ü,v1=ü"}).status_code == 401
        assert post(vendor, raw, {}).status_code == 401
        assert InboundWebhook.objects.count() == 1

    @pytest.mark.parametrize("vendor", ["shippo", "easypost-v2"])
    def test_a_signature_is_good_for_five_minutes(self, post, vendor):
        raw, now = dumped(body(vendor.removesuffix("-v2"))), timezone.now()
        for minutes, answer in ((-7, 401), (-4, 200), (4, 200), (7, 401)):
            assert post(vendor, raw, now=now + MINUTE * minutes).status_code == answer, minutes

    def test_a_signature_for_another_address_is_not_for_this_one(self, post):
        assert post("easypost-v2", dumped(body("easypost")), path="/webhooks/other/").status_code == 401

    @pytest.mark.parametrize("vendor", VENDORS)
    def test_a_repeat_is_stored_once_and_a_stranger_is_quarantined(self, post, vendor):
        raw = dumped(body(vendor))
        assert [post(vendor, raw).json()["detail"] for _ in range(2)] == ["Stored.", "Seen before."]
        work()
        assert QuarantinedReading.objects.count() == len(SAYS[vendor])
        assert not TrackingEvent.objects.exists()

    @pytest.mark.parametrize("vendor", VENDORS)
    def test_malformed_and_too_big(self, post, vendor, settings):
        for raw in (b"", b"[]", b"{", b"null", b'{"event": "x"}', b'{"event": "x", "data": 5, "msg": 5}'):
            answer = post(vendor, raw)
            assert answer.status_code == 400 and answer.json()["detail"].endswith(".")
        settings.WEBHOOK_MAX_BYTES = 10
        assert post(vendor, dumped(body(vendor))).status_code == 413
        assert not InboundWebhook.objects.exists()

    def test_what_a_database_refuses_is_taken_out(self, post, merchant):
        shipment = make_shipment(merchant, tracking_number=NUMBERS["aftership"])
        data = body("aftership")
        data["msg"]["checkpoints"][0] |= {"message": "a\x00b\ud800", "x\x00": float("inf"), "y": float("nan")}
        assert post("aftership", json.dumps(data).encode()).status_code == 200
        work()
        event = shipment.events.order_by("occurred_at").first()
        assert event.message == "ab?" and event.payload["x"] is None and event.payload["y"] is None


@pytest.mark.parametrize("vendor", VENDORS)
class TestReading:
    def test_the_expected_day_is_told_once(self, vendor):
        found = readings(vendor, body(vendor))
        assert [str(r.eta) for r in by_time(found) if r.eta] == [ETA[vendor]]

    @given(seed=st.integers())
    @settings(max_examples=15)
    def test_shuffled_or_doubled_it_says_the_same(self, vendor, seed):
        plain, data = body(vendor), body(vendor)
        events = events_of(vendor, data)
        random.Random(seed).shuffle(events)
        same = by_time(readings(vendor, data))
        assert same == by_time(readings(vendor, plain))
        events.extend(list(events))
        doubled = readings(vendor, data)
        assert {r.fingerprint for r in doubled} == {r.fingerprint for r in same}

    @given(data=st.data())
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    def test_cut_off_or_mangled_it_is_read_or_refused(self, vendor, data):
        raw = dumped(body(vendor))
        cut = data.draw(st.integers(0, len(raw) - 1))
        for attempt in (raw[:cut], _mangled(body(vendor), data)):
            try:
                adapter(vendor).parse(attempt)
            except CarrierError as refused:
                assert refused.permanent and str(refused).endswith(".")

    @given(now=st.datetimes(timezones=st.just(UTC)), noise=st.text(max_size=40), raw=st.binary(max_size=20))
    @settings(max_examples=40)
    def test_no_header_makes_verify_fall_over(self, vendor, now, noise, raw):
        for template in (*sign(vendor, raw, now=NOW), "X-Hmac-Signature-V2", "X-Timestamp", "X-Path"):
            headers = {template: noise, "X-Hmac-Signature-V2": noise, "X-Timestamp": noise, "X-Path": noise}
            assert adapter(vendor).verify(Incoming(raw, headers), SECRET, now=now) is False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _mangled(tree, data):
    """The body with one of its values replaced by any other JSON."""
    paths = list(_paths(tree))
    path = data.draw(st.sampled_from(paths))
    node = tree
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = data.draw(JSON)
    return json.dumps(tree).encode()


def _paths(node, path=()):
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from _paths(value, (*path, key))


@pytest.mark.django_db
@given(data=st.data())
@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
def test_signed_nonsense_never_makes_an_error_of_ours(merchant, data):
    vendor = data.draw(st.sampled_from(VENDORS))
    account, _ = CarrierAccount.objects.get_or_create(
        merchant=merchant, provider=vendor, defaults={"secret": SECRET}
    )
    raw = data.draw(st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode())))
    if data.draw(st.booleans()):
        raw = _mangled(body(vendor), data)
    url = reverse("webhook", args=[vendor, account.key])
    headers = sign(vendor, raw, now=timezone.now())
    answer = Client(raise_request_exception=False).post(url, raw, "application/json", headers=headers)
    assert answer.status_code in (200, 400)
    work()


class TestZones:
    def test_a_time_without_a_zone_is_the_scan_places(self):
        label, origin, denver, la = by_time(readings("aftership", body("aftership")))
        assert (label.zone, label.zone_assumed) == ("America/New_York", True)  # somewhere in the US
        assert (origin.zone, origin.zone_assumed) == ("UTC-0500", False)
        assert (denver.zone, denver.zone_assumed) == ("America/Denver", True)
        assert denver.occurred_at == datetime(2026, 3, 6, 10, 10, tzinfo=UTC)
        # the night before, America went to summer time
        assert (la.zone, la.occurred_at) == ("America/Los_Angeles", datetime(2026, 3, 9, 15, tzinfo=UTC))

    def test_a_zone_that_17track_only_supposed_is_not_believed(self):
        *_, delivered = by_time(readings("17track", body("17track")))
        assert (delivered.zone, delivered.zone_assumed) == ("Europe/Berlin", True)

    def test_a_hand_over_shows_as_two_carriers(self):
        found = by_time(readings("17track", body("17track")))
        assert [r.carrier for r in found] == ["China Post", "China Post", "DHL Paket", "DHL Paket"]

    @pytest.mark.parametrize("vendor", ["easypost", "aftership"])
    def test_another_zone_moves_the_moment_and_nothing_else(self, vendor):
        data = body(vendor)
        key = {"easypost": "datetime", "aftership": "checkpoint_time"}[vendor]
        for event in events_of(vendor, data):
            told = datetime.fromisoformat(event[key])
            event[key] = told.replace(tzinfo=None).isoformat() + "+05:45"
        moved = readings(vendor, data)
        for before, after in zip(readings(vendor, body(vendor)), moved, strict=True):
            offset = before.occurred_at.utcoffset()
            assert after.occurred_at - before.occurred_at == offset - timedelta(hours=5, minutes=45)
            assert (after.status, after.code, after.zone) == (before.status, before.code, "UTC+0545")


class TestCodes:
    def test_every_table_speaks_our_words_and_has_a_version(self):
        tables = sorted(FOLDER.glob("*.json"))
        assert {path.stem for path in tables} == set(ADAPTERS)
        for path in tables:
            table = code_table(path.stem)
            assert table.version >= 1 and set(table.codes.values()) <= set(TrackingStatus)

    def test_a_new_code_is_unknown_and_kept(self):
        data = body("aftership")
        data["msg"]["checkpoints"][0] |= {"tag": "Teleported", "subtag": "Teleported_001"}
        first = by_time(readings("aftership", data))[0]
        assert (first.status, first.code) == ("unknown", "Teleported_001")
        assert not code_table("aftership").knows(first.code)

    def test_the_finer_word_wins(self):
        table = code_table("easypost")
        assert table.status("in_transit:arrived_at_facility", "in_transit") == "in_transit"
        assert table.status("failure:delivery_attempted", "failure") == "attempt_failed"
        assert table.status("return_to_sender:returned", "return_to_sender") == "returned"
        assert table.status("delivered:damaged", "delivered") == "delivered"
        assert table.status("something new:", "something new") == "unknown"


def test_every_body_of_the_vendors_own_recordings():
    if not SHARED.exists():
        pytest.skip("the vendors' recordings are not beside this checkout")
    trackers = json.loads((SHARED / "easypost/trackers.json").read_text())
    told = 0
    for tracker in trackers:
        event = {"id": "evt", "object": "Event", "result": tracker}
        found = adapter("easypost").parse(dumped(event)).readings
        assert len(found) == len(tracker["tracking_details"]) or not tracker["tracking_details"]
        told += len(found)
        if found:
            last = by_time(found)[-1]
            assert last.status == ("unknown" if tracker["status"] == "error" else tracker["status"])
    assert told > 400
    for event in json.loads((SHARED / "easypost/events.json").read_text()):
        with pytest.raises(CarrierError, match="result"):
            adapter("easypost").parse(dumped(event))
    for file in sorted((SHARED / "shippo").glob("track__*.json")):
        for exchange in json.loads(file.read_text()):
            answer = exchange["response"]["body"]
            wrapped = {"event": "track_updated", "data": answer}
            if exchange["response"]["status"]["code"] < 300:
                found = adapter("shippo").parse(dumped(wrapped)).readings
                assert len(found) == len(answer["tracking_history"])
