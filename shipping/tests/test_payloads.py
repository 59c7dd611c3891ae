"""Every recorded body of every provider through the door that it comes in by (the webhook over HTTP, or beat asking a
server), with the events that must come of it; then each body shuffled, doubled, told in another zone, and cut off."""

import json
import random
import re
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.urls import reverse
from django.utils import timezone as clock

from shipping.carriers.parts import moment
from shipping.models import (
    CarrierAccount,
    InboundWebhook,
    PollState,
    QuarantinedReading,
    Shipment,
    TrackingEvent,
)
from shipping.tests.test_polling import hand_over, open_account, run, server  # noqa: F401
from shipping.tests.test_polling_clients import ASKED, PATHS, TOKENS, TOLD, answer_of
from shipping.tests.test_vendors import NUMBERS, SAYS
from shipping.tests.vendors import SECRET, SHARED, VENDORS, body, dumped, events_of, sign
from shipping.tracking import inbound
from tests.factories import make_shipment

pytestmark = pytest.mark.django_db
KATHMANDU = timezone(timedelta(hours=5, minutes=45))
LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)
WHEN = {
    "easypost": "datetime",
    "shippo": "status_date",
    "aftership": "checkpoint_time",
    "17track": "time_iso",
}
DEEPER = {"17track": "events"}
"""Where the list of events is one of carriers, each with its own events."""


def in_another_zone(stamp):
    """The same moment by the clocks of Kathmandu."""
    return moment(stamp).at.astimezone(KATHMANDU).isoformat()


def needs(folder):
    if not (SHARED / folder).exists():
        pytest.skip("the vendors' recordings are not beside this checkout")
    return SHARED / folder


# --- webhooks -------------------------------------------------------------------------------------------------------


def recorded(vendor):
    """(name, body) of what is beside these tests and, where it is there, of the vendors' own recordings."""
    found = [("own", body(vendor))]
    if vendor == "easypost" and SHARED.exists():
        trackers = json.loads((SHARED / "easypost/trackers.json").read_text())
        found += [
            (f"tracker {at}", {"id": f"evt_{at}", "object": "Event", "result": row})
            for at, row in enumerate(trackers)
        ]
        found.append(("event-body.json", json.loads((SHARED / "easypost/event-body.json").read_text())))
    if vendor == "shippo" and SHARED.exists():
        for name, said in exchanges("shippo"):
            if "tracking_history" in said:
                found.append((name, {"event": "track_updated", "data": said}))
    if vendor == "aftership" and SHARED.exists():
        for name, said in exchanges("aftership"):
            data = said.get("data") or {}
            for row in [data.get("tracking"), *(data.get("trackings") or []), data]:
                if isinstance(row, dict) and row.get("tracking_number"):
                    found.append(
                        (name, {"event": "tracking_update", "event_id": f"{name} {len(found)}", "msg": row})
                    )
    return found


def exchanges(vendor):
    for file in sorted((SHARED / vendor).glob("*.json")):
        for at, exchange in enumerate(json.loads(file.read_text())):
            yield f"{file.name} {at}", exchange["response"]["body"]


def renumbered(vendor, data, number):
    """Under a number of its own: the recordings use some of theirs several times."""
    inner, key = {"easypost": ("result", "tracking_code"), "shippo": ("data", "tracking_number"),
                  "aftership": ("msg", "tracking_number"), "17track": ("data", "number")}[vendor]  # fmt: skip
    return data | {inner: data[inner] | {key: number}}


def lists_in(vendor, data):
    """Every list of events in the body."""
    try:
        outer = events_of(vendor, data)
    except KeyError:
        return []
    return [row[DEEPER[vendor]] for row in outer] if vendor in DEEPER else [outer or []]


def shuffled(vendor, data):
    for events in lists_in(vendor, data):
        random.Random(4).shuffle(events)
    return data


def doubled(vendor, data):
    for events in lists_in(vendor, data):
        events.extend(deepcopy(events))
    return data


def elsewhere(vendor, data):
    for event in [event for events in lists_in(vendor, data) for event in events]:
        stamp = event.get(WHEN[vendor])
        if event.get("time_raw", {}).get("timezone") == "" or not stamp or moment(stamp).assumed:
            continue  # who names no zone means another moment when it is told in another
        event[WHEN[vendor]] = in_another_zone(stamp)
        event.pop("time_raw", None)
    return data


@pytest.fixture
def post(client, merchant):
    accounts = {}

    def send(vendor, raw):
        if vendor not in accounts:
            accounts[vendor] = CarrierAccount.objects.create(
                merchant=merchant, provider=vendor, secret=SECRET
            )
        url = reverse("webhook", args=[vendor, accounts[vendor].key])
        return client.post(url, raw, "application/json", headers=sign(vendor, raw, now=clock.now()))

    return send


def drained():
    while inbound.drain(now=clock.now()):
        pass
    assert not InboundWebhook.objects.exclude(state="applied").exists()


def facts():
    rows = TrackingEvent.objects.order_by("shipment_id", "fingerprint")
    parcels = Shipment.objects.order_by("pk").values_list(
        "tracking_status", "status_at", "delivered_at", "promised_to"
    )
    return list(rows.values_list("shipment_id", "fingerprint", "status", "occurred_at", "message")), list(
        parcels
    )


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_webhook_body_as_it_is_and_as_it_may_come(post, merchant, vendor):
    bodies = []
    for at, (_, data) in enumerate(recorded(vendor)):
        number = f"N{at:04}{vendor[:3].upper()}"
        bodies.append(renumbered(vendor, data, number))
        make_shipment(merchant, tracking_number=number)
    Shipment.objects.update(created_at=LONG_AGO)
    for data in bodies:
        assert post(vendor, dumped(data)).status_code == 200
    drained()
    assert not QuarantinedReading.objects.exists()
    told = sum(len(_said(vendor, data)) for data in bodies)
    events, _ = before = facts()
    assert len(events) == told > 0
    for change in (shuffled, doubled, elsewhere):
        for at, data in enumerate(bodies):
            changed = change(vendor, deepcopy(data)) | {
                "id": f"{change.__name__} {at}",
                "event_id": f"{change.__name__} {at}",
            }
            assert post(vendor, dumped(changed)).status_code == 200
        drained()
        assert facts() == before, change.__name__
    stored = InboundWebhook.objects.count()
    for data in bodies:
        raw = dumped(data)
        for cut in (1, len(raw) // 2, len(raw) - 1):
            answer = post(vendor, raw[:cut])
            assert answer.status_code == 400 and answer.json()["detail"].endswith("."), raw[:cut]
    assert InboundWebhook.objects.count() == stored and facts() == before


def _said(vendor, data):
    """The different things that a body says, counted without the adapter."""
    rows = [event for events in lists_in(vendor, data) for event in events if event.get(WHEN[vendor])]
    if vendor == "shippo" and data["data"].get("tracking_status"):
        rows.append(data["data"]["tracking_status"])
    if vendor == "easypost" and not rows and data["result"]["status"] not in ("unknown", "error"):
        rows = [{"datetime": data["result"]["updated_at"]}]
    words = {
        "easypost": "message",
        "shippo": "status_details",
        "aftership": "message",
        "17track": "description",
    }[vendor]
    return {(moment(row[WHEN[vendor]]).at.replace(microsecond=0), row.get(words)) for row in rows}


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_events_of_the_body_beside_these_tests(post, merchant, vendor):
    shipment = make_shipment(merchant, tracking_number=NUMBERS[vendor])
    Shipment.objects.update(created_at=LONG_AGO)
    post(vendor, dumped(shuffled(vendor, body(vendor))))
    drained()
    assert [event.status for event in shipment.events.order_by("occurred_at", "pk")] == SAYS[vendor]


def test_each_easypost_tracker_ends_where_easypost_says(post, merchant):
    needs("easypost")
    trackers = json.loads((SHARED / "easypost/trackers.json").read_text())
    parcels = []
    for at, tracker in enumerate(trackers):
        parcels.append(make_shipment(merchant, tracking_number=f"EZ{at:04}"))
        event = {"id": f"evt_{at}", "object": "Event", "result": tracker | {"tracking_code": f"EZ{at:04}"}}
        assert post("easypost", dumped(event)).status_code == 200
    Shipment.objects.update(created_at=LONG_AGO)
    drained()
    for tracker, parcel in zip(trackers, parcels, strict=True):
        parcel.refresh_from_db()
        assert parcel.tracking_status == ("unknown" if tracker["status"] == "error" else tracker["status"])
        told = sorted(moment(row["datetime"]).at for row in tracker["tracking_details"])
        heard = [event.occurred_at for event in parcel.events.order_by("occurred_at")]
        assert not told or heard == told
    assert {parcel.tracking_status for parcel in parcels} > {
        "delivered",
        "out_for_delivery",
        "pre_transit",
        "unknown",
    }


def test_what_is_no_event_is_refused_with_a_reason_or_taken_without_a_word(post):
    """Answers of the vendors' APIs and events of other kinds, as they were recorded, at the webhooks' door."""
    needs("aftership")
    kept = {vendor: [said for _, said in exchanges(vendor)] for vendor in ("aftership", "shippo")}
    kept["easypost"] = json.loads((SHARED / "easypost/events.json").read_text())
    assert [len(bodies) for bodies in kept.values()] == [13, 13, 65]
    for vendor, bodies in kept.items():
        for said in bodies:
            answer = post(vendor, dumped(said))
            assert answer.status_code == 400 and answer.json()["detail"].startswith("The body is no "), said
    for vendor, said in (
        (
            "easypost",
            {
                "id": "evt_9",
                "object": "Event",
                "description": "refund.successful",
                "result": {"object": "Refund"},
            },
        ),
        ("shippo", {"event": "transaction_created", "data": dict(list(exchanges("shippo"))[-1][1])}),
        ("17track", {"event": "TRACKING_STOPPED", "data": body("17track")["data"]}),
    ):
        assert post(vendor, dumped(said)).status_code == 200
    drained()
    assert not TrackingEvent.objects.exists() and not QuarantinedReading.objects.exists()


# --- carriers that are asked ----------------------------------------------------------------------------------------

LISTS = {"ups": "activity", "usps": "trackingEvents", "fedex": "scanEvents", "dhl": "events"}
ERRORS = [
    ("ups", "ups", "AuthError", 401, "credentials are refused"), ("ups", "ups", "InvalidTrackingNumberResponseJSON", 400, "Invalid"),
    ("ups", "ups", "TrackingNumberNotFoundResponseJSON", 200, "Tracking Information Not Found"),
    ("usps", "usps", "AuthErrorResponse", 401, "credentials are refused"), ("usps", "usps", "ErrorResponse", 400, "HTTP 400"),
    ("fedex", "fedex", "ErrorResponse", 400, "HTTP 400"), ("dhl", "dhl_universal", "TrackingErrorResponseJSON", 404, "Not known there"),
    ("canada_post", "canadapost", "AuthError", 401, "credentials are refused"),
    ("canada_post", "canadapost", "UnknownTrackingNumberResponse", 200, "No Pin History"),
    ("dhl", "dhl_express", "TrackingResponseXML", 200, "not JSON"), ("dhl", "dhl_express", "IntransitTrackingResponseXML", 200, "not JSON"),
]  # fmt: skip
"""What else carriers answer. DHL Express's own XML is another service than DHL's unified one, whose door this is."""


def answers(provider):
    """What is beside these tests, and the recording itself."""
    found = [answer_of(provider)]
    if SHARED.exists():
        file, key = {"ups": ("ups", "TrackingResponseJSON"), "usps": ("usps", "TrackingResponse"),
                     "fedex": ("fedex", "TrackingResponse"), "dhl": ("dhl_universal", "TrackingResponseJSON"),
                     "canada_post": ("canadapost", "TrackingResponseXml")}[provider]  # fmt: skip
        raw = json.loads((SHARED / f"karrio/{file}.json").read_text())["fixtures"][key]
        found.append(raw.encode() if provider == "canada_post" else json.loads(raw))
    return found


def everywhere(node, key, change):
    """Change each list called `key`, wherever it stands."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key and isinstance(value, list):
                node[name] = change(value)
            else:
                everywhere(value, key, change)
    elif isinstance(node, list):
        for item in node:
            everywhere(item, key, change)


def mixed(provider, said, change):
    if provider != "canada_post":
        said = deepcopy(said)
        everywhere(said, LISTS[provider], change)
        return said
    parts = re.split(rb"(<occurrence>.*?</occurrence>)", said, flags=re.DOTALL)
    parts[1::2], between = [b""] * len(parts[1::2]), change(parts[1::2])
    parts[1] = b"".join(between)
    return b"".join(parts)


def told_elsewhere(provider, said):
    """The same moments by other clocks."""

    def moved(rows):
        for row in rows:
            if provider == "ups" and row.get("date"):
                where = row.get("location", {}).get("address", {})
                at = ups_moment(row, where).astimezone(KATHMANDU)
                row |= {"date": f"{at:%Y%m%d}", "time": f"{at:%H%M%S}", "gmtOffset": "+05:45"}
            elif provider == "usps":
                at = datetime.fromisoformat(row["eventTimestamp"] + row["GMTOffset"]).astimezone(KATHMANDU)
                row |= {"eventTimestamp": at.replace(tzinfo=None).isoformat(), "GMTOffset": "+05:45"}
            elif provider == "fedex":
                row["date"] = datetime.fromisoformat(row["date"]).astimezone(KATHMANDU).isoformat()
        return rows

    if provider == "canada_post":
        return re.sub(
            rb"(<event-time>)(\d\d)(:\d\d:\d\d</event-time>\s*<event-time-zone>)EST", _an_hour_back, said
        )
    if provider == "dhl":  # it names no zone: there the place decides
        return said
    return mixed(provider, said, moved)


def ups_moment(row, where):
    stamp = f"{row['date']}T{row['time']}{row.get('gmtOffset') or ''}"
    country = where.get("countryCode") or where.get("country") or ""
    from shipping.carriers.parts import place

    return moment(stamp, place(region=where.get("stateProvince"), country_code=country)).at


def _an_hour_back(found):
    return found[1] + b"%02d" % (int(found[2]) - 1) + found[3] + b"CST"


@pytest.fixture
def ask(server, merchant):  # noqa: F811
    """Beat asks about one parcel after the other; returns the parcel and what is noted of its asking."""

    def about(provider, said, status=200):
        number, at = ASKED[provider], datetime(2026, 3, 2, 9, tzinfo=UTC)
        if not CarrierAccount.objects.filter(provider=provider).exists():
            open_account(merchant, provider)
        label = {"ups": "UPS", "usps": "USPS", "fedex": "FedEx", "dhl": "DHL", "canada_post": "Canada Post"}[
            provider
        ]
        parcel = Shipment.objects.filter(tracking_number=number).first() or hand_over(
            merchant, number, label, when=at
        )
        Shipment.objects.update(created_at=LONG_AGO)
        for key in TOKENS.values():
            server.answers[key] = (200, {}, {"access_token": "T1", "expires_in": "3600"})
        server.answers[PATHS[provider]] = (status, {}, said)
        CarrierAccount.objects.update(poll_after=None)
        PollState.objects.update(next_at=at, given_up_at=None)
        run(at + timedelta(days=1))
        return parcel, PollState.objects.get(shipment=parcel)

    return about


def numbered(provider, said):
    """Under the number that is asked about: FedEx's recording is of another."""
    if provider == "fedex":
        said = deepcopy(said)
        for row in said["output"]["completeTrackResults"]:
            row["trackingNumber"] = (
                ASKED["fedex"] if any(one.get("scanEvents") for one in row["trackResults"]) else "0"
            )
    return said


@pytest.mark.parametrize("which", ["own", "recorded"])
@pytest.mark.parametrize("provider", list(TOLD))
def test_each_answer_of_a_carrier_as_it_is_and_as_it_may_come(ask, provider, which):
    found = answers(provider)
    if which == "recorded" and len(found) == 1:
        pytest.skip("the recorded answers are not beside this checkout")
    said = numbered(provider, found[-1] if which == "recorded" else found[0])
    parcel, state = ask(provider, said)
    rows = parcel.events.values_list("status", "occurred_at", "zone", "zone_assumed")
    told = sorted((row[0], f"{row[1]:%Y-%m-%dT%H:%M:%S}", *row[2:]) for row in rows)
    if (
        provider == "usps"
    ):  # the recording has more scans than the excerpt; USPS says of each which moment it was
        moments = {row["GMTTimestamp"][:16] for row in said["trackingEvents"]}
        assert {row[1][:16] for row in told} == moments and len(told) == len(moments)
        assert {row[0] for row in set(told) - set(TOLD["usps"])} <= {"in_transit"} and set(
            TOLD["usps"]
        ) <= set(told)
    else:
        assert told == sorted(TOLD[provider])
    assert (state.failures, state.error) == (0, "")
    assert {event.source for event in parcel.events.all()} == {"poll"}
    before = facts()
    ways = {
        "shuffled": mixed(provider, said, lambda rows: random.Random(4).sample(rows, len(rows))),
        "doubled": mixed(provider, said, lambda rows: [*rows, *deepcopy(rows)]),
        "elsewhere": told_elsewhere(provider, said),
    }
    for way, changed in ways.items():
        assert changed != said or len(TOLD[provider]) == 1 or provider == "dhl"
        parcel, state = ask(provider, changed)
        assert facts() == before and state.failures == 0, way
    raw = said.strip() if isinstance(said, bytes) else json.dumps(said).encode()
    for cut in (1, len(raw) // 2, len(raw) - 1):
        parcel, state = ask(provider, raw[:cut])
        assert facts() == before and state.failures >= 1 and state.next_at is not None  # it is asked again
        assert "is not XML" in state.error or "not JSON" in state.error


@pytest.mark.parametrize(("provider", "file", "key", "status", "words"), ERRORS)
def test_each_refusal_of_a_carrier_is_kept_with_its_words_and_moves_nothing(
    ask, provider, file, key, status, words
):
    needs("karrio")
    said = json.loads((SHARED / f"karrio/{file}.json").read_text())["fixtures"][key].strip()
    parcel, state = ask(provider, said.encode(), status)
    assert words in state.error and not parcel.events.exists(), state.error
    account = CarrierAccount.objects.get()
    assert bool(account.poll_error) == (status == 401)
