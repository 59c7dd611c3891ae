"""Every provider asked over real HTTP, at a server on this machine that replays recorded answers."""

import json
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from shipping.carriers import calls, canada_post, dhl, fedex, ups, usps
from shipping.carriers.base import CarrierError, Wanted
from shipping.carriers.registry import ADAPTERS, adapter
from shipping.carriers.tables import code_table
from shipping.tests.carrier_server import CarrierServer
from shipping.tests.test_vendors import JSON, NUMBERS, SAYS, _mangled, by_time
from shipping.tests.vendors import BODIES, SHARED, VENDORS, body, dumped
from tests.factories import NOW

UPS = "1Z023E2X0214323462"
USPS = "9400109104250532908587"
CREDENTIALS = {
    "client_id": "me",
    "client_secret": "s3cret",
    "api_key": "k3y",
    "username": "u",
    "password": "p",
}
TOKEN = {"access_token": "T1", "expires_in": "3600"}
PATHS = {
    "ups": f"GET /api/track/v1/details/{UPS}",
    "usps": f"GET /tracking/v3/tracking/{USPS}",
    "fedex": "POST /track/v1/trackingnumbers",
    "dhl": "GET /track/shipments",
    "canada_post": "GET /vis/track/pin/7023210039414604/detail",
    "easypost": "POST /v2/trackers",
    "shippo": "GET /tracks/usps/9205590164917337534322",
    "aftership": "GET /tracking/2025-07/trackings",
    "17track": "POST /track/v2.2/gettrackinfo",
}
TOKENS = {
    "ups": "POST /security/v1/oauth/token",
    "usps": "POST /oauth2/v3/token",
    "fedex": "POST /oauth/token",
}
ASKED = {
    "ups": UPS,
    "usps": USPS,
    "fedex": "123456789012",
    "dhl": "00340434292135100124",
    "canada_post": "7023210039414604",
} | NUMBERS


def answer_of(provider):
    if provider == "canada_post":
        return (BODIES / "canada_post.xml").read_bytes()
    data = body(provider)
    wrapped = {
        "easypost": lambda: data["result"],
        "shippo": lambda: data["data"],
        "aftership": lambda: {"meta": {"code": 200}, "data": {"trackings": [data["msg"]]}},
        "17track": lambda: {"code": 0, "data": {"accepted": [data["data"]], "rejected": []}},
    }
    return wrapped.get(provider, lambda: data)()


@pytest.fixture
def server(settings):
    server = CarrierServer()
    settings.CARRIER_URLS = dict.fromkeys(ADAPTERS, server.url)
    for provider, key in PATHS.items():
        server.answers[key] = (200, {}, answer_of(provider))
    for key in TOKENS.values():
        server.answers[key] = (200, {}, TOKEN)
    calls._tokens.clear()
    yield server
    server.close()


def poll(provider, *numbers, now=NOW, credentials=CREDENTIALS, carrier="USPS"):
    wanted = [Wanted(number, carrier) for number in numbers or (ASKED[provider],)]
    return adapter(provider).poll(wanted, credentials, now=now)


TOLD = {
    "ups": [("in_transit", "2021-02-10T12:13:56", "America/New_York", True)],
    "usps": [
        ("pre_transit", "2024-11-15T16:32:00", "UTC-0500", False),
        ("picked_up", "2024-11-18T16:10:00", "UTC-0500", False),
        ("in_transit", "2024-11-18T22:01:00", "UTC-0500", False),
        ("in_transit", "2024-11-20T06:13:00", "UTC-0500", False),
        ("out_for_delivery", "2024-11-22T14:10:00", "UTC-0500", False),
        ("delivered", "2024-11-22T18:58:00", "UTC-0500", False),
    ],
    "fedex": [("picked_up", "2018-02-02T19:01:00", "UTC-0700", False)],
    "dhl": [("pre_transit", "2018-03-02T06:53:47", "Europe/Amsterdam", True)],
    "canada_post": [
        ("unknown", "2011-02-01T12:59:52", "UTC-0500", False),
        ("delivered", "2011-02-01T12:59:52", "UTC-0500", False),
        ("delayed", "2011-02-02T11:19:57", "UTC-0500", False),
        ("in_transit", "2011-02-02T19:45:48", "UTC-0500", False),
        ("out_for_delivery", "2011-02-03T13:27:43", "UTC-0500", False),
        ("unknown", "2011-02-03T16:59:59", "UTC-0500", False),
    ],
}
ETA = {"fedex": date(2021, 10, 15), "dhl": date(2018, 8, 3), "canada_post": date(2011, 4, 5)}


class TestAnswers:
    @pytest.mark.parametrize("provider", list(TOLD))
    def test_a_direct_carriers_answer(self, server, provider):
        (answer,) = poll(provider)
        found = sorted(answer.readings, key=lambda r: (r.occurred_at, r.status != "unknown"))
        utc = [
            (
                r.status,
                r.occurred_at.astimezone(UTC).isoformat().removesuffix("+00:00"),
                r.zone,
                r.zone_assumed,
            )
            for r in found
        ]
        assert utc == TOLD[provider] and answer.error == ""
        assert {r.tracking_number for r in found} == {ASKED[provider]}
        assert {r.source for r in found} == {"poll"} and {r.provider for r in found} == {provider}
        assert all(r.code and r.payload for r in found)
        assert [r.eta for r in found if r.eta] == ([ETA[provider]] if provider in ETA else [])

    @pytest.mark.parametrize("provider", VENDORS)
    def test_an_aggregators_answer_is_what_its_webhook_says(self, server, provider):
        (answer,) = poll(provider)
        assert [r.status for r in by_time(answer.readings)] == SAYS[provider]
        told = adapter(provider).parse(dumped(body(provider))).readings
        assert {r.fingerprint for r in answer.readings} == {r.fingerprint for r in told}

    def test_each_is_asked_with_the_merchants_own_credentials(self, server):
        for provider in PATHS:
            poll(provider)
        heads = {key: headers for key, headers, _ in server.asked}
        for provider in TOKENS:
            assert heads[PATHS[provider]]["authorization"] == "Bearer T1"
        assert heads[PATHS["dhl"]]["dhl-api-key"] == "k3y"
        assert heads[PATHS["canada_post"]]["authorization"] == "Basic dTpw"
        assert heads[PATHS["easypost"]]["authorization"] == "Basic azN5Og=="
        assert heads[PATHS["shippo"]]["authorization"] == "ShippoToken k3y"
        assert heads[PATHS["aftership"]]["as-api-key"] == "k3y"
        assert heads[PATHS["17track"]]["17token"] == "k3y"

    def test_many_numbers_in_one_call_have_each_their_own_answer(self, server):
        good, bad = poll("fedex", "123456789012", "39936862321")
        assert len(good.readings) == 1 and not good.error
        assert not bad.readings and bad.error.startswith("Tracking number cannot be found")
        assert server.count(PATHS["fedex"]) == 1

    def test_a_number_that_an_aggregator_does_not_watch_yet_is_given_to_it(self, server):
        server.answers["POST /tracking/2025-07/trackings"] = (201, {}, {"meta": {"code": 201}})
        (answer,) = poll("aftership", "HH19260817")
        assert (answer.readings, answer.error) == ((), "")
        error = {"number": "RR1", "error": {"code": -18019902, "message": "register first"}}
        server.answers[PATHS["17track"]] = (
            200,
            {},
            {"code": 0, "data": {"accepted": [], "rejected": [error]}},
        )
        server.answers["POST /track/v2.2/register"] = (200, {}, {"code": 0, "data": {}})
        (answer,) = poll("17track", "RR1")
        assert (answer.readings, answer.error) == ((), "")
        assert server.asked[-1][2] == [{"number": "RR1"}]

    def test_who_must_know_the_carrier_is_not_asked_without_it(self, server):
        (answer,) = poll("shippo", carrier="")
        assert "must be told the carrier" in answer.error and not server.asked

    @pytest.mark.parametrize("provider", ["ups", "usps", "dhl", "canada_post"])
    def test_a_number_that_nobody_knows_is_an_answer(self, server, provider):
        server.answers.pop(PATHS[provider])
        (answer,) = poll(provider)
        assert not answer.readings and "Not known there" in answer.error

    def test_words_beside_a_good_answer(self, server):
        said = {"trackResponse": {"shipment": [{"warnings": [{"code": "TW0001", "message": "Not Found"}]}]}}
        server.answers[PATHS["ups"]] = (200, {}, said)
        server.answers[PATHS["canada_post"]] = (
            200,
            {},
            b"<m><message><description>No Pin History</description></message></m>",
        )
        assert [poll(p)[0].error for p in ("ups", "canada_post")] == ["Not Found", "No Pin History"]


class TestRefusals:
    @pytest.mark.parametrize("provider", list(PATHS))
    @pytest.mark.parametrize(
        ("status", "headers", "permanent", "wait"),
        [
            (401, {}, True, None),
            (403, {}, True, None),
            (429, {"Retry-After": "120"}, False, 120),
            (429, {"Retry-After": format_datetime(NOW + timedelta(minutes=3))}, False, 180),
            (503, {"Retry-After": "soon"}, False, None),
            (500, {}, False, None),
            (302, {"Location": "/elsewhere"}, True, None),
        ],
    )
    def test_what_a_refusal_means(self, server, provider, status, headers, permanent, wait):
        server.answers[PATHS[provider]] = (status, headers, b"{}")
        with pytest.raises(CarrierError) as refused:
            poll(provider)
        assert (refused.value.permanent, refused.value.retry_after, refused.value.status) == (
            permanent,
            wait,
            status,
        )
        assert "s3cret" not in str(refused.value) and "k3y" not in str(refused.value)
        assert "GET /elsewhere" not in {key for key, _, _ in server.asked}

    @pytest.mark.parametrize("provider", list(PATHS))
    def test_nobody_there_or_nonsense(self, server, settings, provider):
        for said in (b"<html>", b"", b"\xff\xfe", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"):
            server.answers[PATHS[provider]] = (200, {}, said)
            with pytest.raises(CarrierError) as refused:
                poll(provider)
            assert refused.value.permanent
        settings.CARRIER_URLS = {provider: "http://127.0.0.1:1"}
        with pytest.raises(CarrierError) as refused:
            poll(provider)
        assert not refused.value.permanent

    def test_an_endless_answer_is_cut_off(self, server, monkeypatch):
        monkeypatch.setattr(calls, "MAX_BYTES", 1000)
        server.answers[PATHS["dhl"]] = (200, {}, b" " * 2000)
        with pytest.raises(CarrierError, match="over 1000 bytes"):
            poll("dhl")


@pytest.mark.parametrize("provider", list(TOKENS))
class TestTokens:
    def test_one_token_serves_until_it_runs_out(self, server, provider):
        for minutes in (0, 10, 58):
            poll(provider, now=NOW + timedelta(minutes=minutes))
        assert server.count(TOKENS[provider]) == 1
        poll(provider, now=NOW + timedelta(minutes=61))
        assert server.count(TOKENS[provider]) == 2

    def test_one_merchants_token_is_not_anothers(self, server, provider):
        for client in ("me", "you"):
            poll(provider, credentials=CREDENTIALS | {"client_id": client})
        assert server.count(TOKENS[provider]) == 2

    def test_a_token_taken_back_is_replaced_once(self, server, provider):
        poll(provider)
        server.answers[PATHS[provider]] = [(401, {}, b"{}"), (200, {}, answer_of(provider))]
        server.answers[TOKENS[provider]] = (200, {}, {"access_token": "T2", "expires_in": 3600})
        assert poll(provider)[0].readings
        assert server.asked[-1][1]["authorization"] == "Bearer T2"

    def test_no_token(self, server, provider):
        server.answers[TOKENS[provider]] = (401, {}, {"error": "invalid_client"})
        with pytest.raises(CarrierError, match="credentials are refused"):
            poll(provider)
        server.answers[TOKENS[provider]] = (200, {}, {})
        with pytest.raises(CarrierError, match="no access token"):
            poll(provider)


READERS = {"ups": ups.read, "usps": usps.read, "fedex": lambda said, _: fedex.read(said), "dhl": dhl.read}


@pytest.mark.parametrize("provider", list(READERS))
@given(data=st.data())
@examples(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_a_mangled_answer_is_read_or_refused(provider, data):
    said = json.loads(_mangled(answer_of(provider), data))
    try:
        READERS[provider](said, "1")
        ups.warning(said)
        fedex.refused(said)
    except CarrierError as refused:
        assert refused.permanent


@given(cut=st.integers(0, 5000), junk=JSON)
@examples(max_examples=60)
def test_a_cut_off_xml_is_refused(cut, junk):
    raw = answer_of("canada_post")
    for said in (raw[: cut % len(raw)], json.dumps(junk).encode()):
        try:
            canada_post.read(said.replace(b"2011", b"20x1" if cut % 2 else b"2011"), "1")
        except CarrierError as refused:
            assert refused.permanent


class TestCapabilities:
    def test_every_provider_says_what_it_can(self):
        for name in ADAPTERS:
            can = adapter(name).capabilities
            assert can.label and can.polling and can.batch >= 1 and can.per_minute >= 1
            assert {secret.name for secret in can.secrets} <= set(CREDENTIALS)

    def test_detection_and_public_pages(self):
        assert adapter("ups").detect("1z 5r8 9390 35 7567 127") and not adapter("usps").detect(
            "1Z5R89390357567127"
        )
        assert not adapter("easypost").detect("1Z5R89390357567127")
        assert adapter("ups").tracking_url("1Z 5/") == "https://www.ups.com/track?tracknum=1Z5%2F"
        assert adapter("easypost").tracking_url("1") == ""


def test_every_recorded_answer_agrees_with_the_other_parsers_reading():
    """karrio reads the same answers. Its local times are right and its zone is not: it calls all of them UTC."""
    if not SHARED.exists():
        pytest.skip("the recorded answers are not beside this checkout")
    files = {
        "ups": ("ups", "TrackingResponseJSON"),
        "usps": ("usps", "TrackingResponse"),
        "fedex": ("fedex", "TrackingResponse"),
        "dhl": ("dhl_universal", "TrackingResponseJSON"),
        "canada_post": ("canadapost", "TrackingResponseXml"),
    }
    for provider, (file, key) in files.items():
        recorded = json.loads((SHARED / f"karrio/{file}.json").read_text())["fixtures"]
        raw, theirs = recorded[key], recorded["ParsedTrackingResponse"][0][0]["events"]
        read = READERS.get(provider, lambda said, number: canada_post.read(said, number)[0])
        mine = read(json.loads(raw) if provider in READERS else raw.encode(), "1")
        assert len(mine) == len(theirs), provider
        for ours, other in zip(mine, theirs, strict=True):
            assert ours.occurred_at.strftime("%Y-%m-%dT%H:%M") == other["timestamp"][:16]
            assert ours.message == other["description"]
            assert ours.code.split(":")[-1 if provider == "ups" else 0] == other["code"]
            differs = {("ups", "on_hold"), ("dhl", "delivered")}  # released by customs; a label just made
            if other.get("status") and (provider, other["status"]) not in differs:
                assert ours.status == other["status"], (provider, other)
            assert ours.mapping_version == code_table(provider).version


def test_answers_of_summer_and_winter_keep_their_moment():
    winter = {
        "date": "20260115",
        "time": "120000",
        "location": {"address": {"countryCode": "US", "stateProvince": "CA"}},
    }
    summer = winter | {"date": "20260715"}
    said = {"trackResponse": {"shipment": [{"package": [{"activity": [winter, summer]}]}]}}
    one, two = ups.read(said, "1")
    assert one.occurred_at.astimezone(UTC) == datetime(2026, 1, 15, 20, tzinfo=UTC)
    assert two.occurred_at.astimezone(UTC) == datetime(2026, 7, 15, 19, tzinfo=UTC)
    winter["gmtOffset"] = "-05:00"  # named: then it counts, wherever the place is
    (named, _) = ups.read(said, "1")
    assert (named.occurred_at.astimezone(UTC).hour, named.zone_assumed) == (17, False)
