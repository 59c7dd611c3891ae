"""Carriers asked by beat: who is asked, when again, what a refusal does, and that nobody asks twice."""

from datetime import timedelta

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from shipping.carriers.registry import ADAPTERS
from shipping.models import CarrierAccount, PollState, QuarantinedReading, Shipment
from shipping.status import TrackingStatus
from shipping.tests.carrier_server import CarrierServer
from shipping.tests.test_polling_clients import CREDENTIALS, TOKEN, TOKENS
from shipping.tracking import polling
from shipping.tracking.polling import account_for
from shipping.tracking.schedule import LONGEST_WAIT, QUIET, back_off, given_up, next_poll
from tests.factories import NOW, make_shipment

S = TrackingStatus
NUMBER = "1Z5R89390357567127"
PATH = f"GET /api/track/v1/details/{NUMBER}"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ups_says(*scans):
    rows = [
        {"date": when.strftime("%Y%m%d"), "time": when.strftime("%H%M%S"), "gmtOffset": "+00:00",
         "status": {"type": kind, "code": "XX", "description": f"scan {kind}"}}
        for kind, when in scans
    ]  # fmt: skip
    return 200, {}, {"trackResponse": {"shipment": [{"package": [{"activity": rows}]}]}}


@pytest.fixture
def server(settings):
    server = CarrierServer()
    settings.CARRIER_URLS = dict.fromkeys(ADAPTERS, server.url)
    for key in TOKENS.values():
        server.answers[key] = (200, {}, TOKEN)
    server.answers[PATH] = ups_says(("P", NOW + HOUR))
    yield server
    server.close()


def open_account(merchant, provider):
    account = CarrierAccount(merchant=merchant, provider=provider)
    account.open_with(CREDENTIALS)
    account.save()
    return account


def hand_over(merchant, number=NUMBER, carrier="UPS", when=NOW):
    parcel = make_shipment(merchant, tracking_number=number, carrier=carrier)
    Shipment.objects.filter(pk=parcel.pk).update(stage="handed_over", handed_over_at=when, created_at=when)
    parcel.refresh_from_db()
    return parcel


@pytest.fixture
def ups(merchant):
    return open_account(merchant, "ups")


def run(now):
    polling.enrol(now=now)
    return sum(polling.ask(account, claim, now=now) for account, claim in polling.dispatch(now=now))


@pytest.mark.django_db
class TestPolling:
    def test_a_parcel_handed_over_is_asked_about_and_moves(self, server, ups, merchant):
        parcel = hand_over(merchant)
        make_shipment(merchant, tracking_number="1Z5R89390357567128", carrier="UPS")  # still in the house
        assert run(NOW + 2 * HOUR) == 1
        parcel.refresh_from_db()
        state = PollState.objects.get()
        assert (parcel.tracking_status, parcel.order.events.filter(new="picked_up").count()) == (
            "picked_up",
            1,
        )
        assert (state.next_at, state.claim, state.failures) == (NOW + 5 * HOUR, None, 0)
        assert run(NOW + 4 * HOUR) == 0
        server.answers[PATH] = ups_says(("P", NOW + HOUR), ("O", NOW + 5 * HOUR))
        assert run(NOW + 6 * HOUR) == 1
        parcel.refresh_from_db()
        assert (parcel.tracking_status, parcel.events.filter(source="poll").count()) == (
            "out_for_delivery",
            2,
        )
        server.answers[PATH] = ups_says(("D", NOW + 7 * HOUR))
        assert run(NOW + 8 * HOUR) == 1
        assert PollState.objects.get().next_at is None and run(NOW + 30 * DAY) == 0

    def test_two_dispatchers_and_a_doubled_message_ask_once(self, server, ups, merchant):
        hand_over(merchant)
        polling.enrol(now=NOW)
        first, second = polling.dispatch(now=NOW), polling.dispatch(now=NOW)
        assert (len(first), second) == (1, [])
        CarrierAccount.objects.update(poll_after=None)
        assert polling.dispatch(now=NOW) == []  # the parcel itself is claimed too
        ((account, claim),) = first
        assert [polling.ask(account, claim, now=NOW) for _ in range(2)] == [1, 0]
        assert server.count(PATH) == 1

    def test_a_dead_workers_parcel_is_asked_about_later(self, server, ups, merchant):
        hand_over(merchant)
        polling.enrol(now=NOW)
        polling.dispatch(now=NOW)  # and nobody asks
        assert run(NOW + polling.LEASE / 2) == 0
        assert run(NOW + polling.LEASE * 2) == 1

    def test_no_more_than_the_limit_at_once(self, server, merchant):
        open_account(merchant, "dhl")  # 12 calls a minute, one number each
        for n in range(7):
            hand_over(merchant, f"JD{n}", "DHL")
        assert run(NOW) == 3 and run(NOW + timedelta(seconds=1)) == 0
        assert run(NOW + polling.TICK) == 3 and run(NOW + 2 * polling.TICK) == 1
        assert server.count("GET /track/shipments") == 7

    def test_batches(self, server, merchant):
        open_account(merchant, "fedex")
        for n in range(31):
            hand_over(merchant, f"12345{n:07}", "FedEx")
        server.answers["POST /track/v1/trackingnumbers"] = (200, {}, {"output": {"completeTrackResults": []}})
        assert run(NOW) == 31
        asked = [said["trackingInfo"] for key, _, said in server.asked if key.endswith("trackingnumbers")]
        assert [len(numbers) for numbers in asked] == [30, 1]

    def test_a_busy_carrier_is_left_alone_as_long_as_it_asks(self, server, ups, merchant):
        hand_over(merchant)
        hand_over(merchant, "1Z999AA10123456784")
        server.answers[PATH] = server.answers["GET /api/track/v1/details/1Z999AA10123456784"] = (
            429,
            {"Retry-After": "1800"},
            b"",
        )
        assert run(NOW) == 0 and len([key for key, _, _ in server.asked if "details" in key]) == 1
        server.answers[PATH] = ups_says(("P", NOW))
        server.answers["GET /api/track/v1/details/1Z999AA10123456784"] = ups_says(("P", NOW))
        assert run(NOW + timedelta(minutes=29)) == 0
        assert run(NOW + timedelta(minutes=31)) == 2
        ups.refresh_from_db()
        assert ups.poll_error == "" and set(PollState.objects.values_list("failures", flat=True)) == {0}

    def test_refused_credentials_rest_the_account_until_there_are_new_ones(
        self, server, ups, merchant, client, alice
    ):
        hand_over(merchant)
        server.answers[TOKENS["ups"]] = (401, {}, b"{}")
        from shipping.carriers import calls

        calls._tokens.clear()
        assert run(NOW) == 0 and run(NOW + HOUR) == 0
        client.force_login(alice)
        page = reverse("admin:shipping_carrieraccount_change", args=[ups.pk])
        assert "credentials are refused" in client.get(page).content.decode()
        server.answers[TOKENS["ups"]] = (200, {}, TOKEN)
        client.post(page, {"secret_client_secret": "new"})
        assert run(NOW + HOUR) == 1
        assert "1 parcel is asked about" in client.get(page).content.decode()

    def test_one_bad_number_does_not_hold_up_the_others(self, server, ups, merchant):
        bad = hand_over(merchant, "1Z999AA10123456784")
        hand_over(merchant)
        server.answers["GET /api/track/v1/details/1Z999AA10123456784"] = (400, {}, b"Invalid inquiry number")
        assert run(NOW) == 2
        state = PollState.objects.get(shipment=bad)
        assert state.failures == 1 and "Invalid inquiry number" in state.error and state.next_at > NOW

    def test_one_bad_number_among_thirty_is_found_and_the_others_have_their_answers(self, server, merchant):
        open_account(merchant, "fedex")
        bad = hand_over(merchant, "000000000013", "FedEx")
        for n in range(29):
            hand_over(merchant, f"12345{n:07}", "FedEx")
        asked = []

        def answer(said):
            numbers = [row["trackingNumberInfo"]["trackingNumber"] for row in said["trackingInfo"]]
            asked.append(numbers)
            if bad.tracking_number in numbers:
                return 400, {}, {"errors": [{"code": "TRACKING.TRACKINGNUMBER.INVALID"}]}
            scan = {"date": (NOW + HOUR).isoformat(), "eventType": "PU"}
            rows = [
                {"trackingNumber": number, "trackResults": [{"scanEvents": [scan]}]} for number in numbers
            ]
            return 200, {}, {"output": {"completeTrackResults": rows}}

        server.answers["POST /track/v1/trackingnumbers"] = answer
        now = NOW + 2 * HOUR
        for _ in range(8):
            run(now)
            now += timedelta(minutes=40)
        assert Shipment.objects.filter(tracking_status="picked_up").count() == 29
        assert [len(numbers) for numbers in asked[:3]] == [30, 15, 15] and [bad.tracking_number] in asked
        assert "HTTP 400" in PollState.objects.get(shipment=bad).error

    @pytest.mark.parametrize("where", ["shipping.tracking.polling.record", "shipping.carriers.ups.read"])
    def test_what_goes_wrong_with_one_parcel_keeps_no_other_from_its_answer(
        self, server, ups, merchant, monkeypatch, where
    ):
        """The carrier's answer is good; what breaks is ours."""
        from shipping.carriers import ups as carrier

        bad, other = hand_over(merchant, "1Z999AA10123456784"), hand_over(merchant)
        server.answers["GET /api/track/v1/details/1Z999AA10123456784"] = ups_says(("P", NOW + HOUR))
        real = polling.record if "record" in where else carrier.read

        def broken(said, *args, **kwargs):
            number = args[0] if args else said[0].tracking_number if said else ""
            if number == bad.tracking_number:
                raise TypeError("a bug of ours")
            return real(said, *args, **kwargs)

        monkeypatch.setattr(where, broken)
        run(NOW + 2 * HOUR)
        other.refresh_from_db()
        state = PollState.objects.get(shipment=bad)
        assert other.tracking_status == "picked_up"
        assert (
            (state.failures, state.claim) == (1, None)
            and "TypeError" in state.error
            and state.next_at > NOW + 2 * HOUR
        )
        monkeypatch.undo()
        run(NOW + 3 * HOUR)
        bad.refresh_from_db()
        assert bad.tracking_status == "picked_up"

    def test_given_up_becomes_expired_and_says_so(self, server, ups, merchant):
        parcel = hand_over(merchant)
        assert run(NOW + 2 * HOUR) == 1
        now = NOW + QUIET + 2 * HOUR
        assert run(now) == 1
        parcel.refresh_from_db()
        state = PollState.objects.get()
        assert (parcel.tracking_status, state.given_up_at, state.next_at) == ("expired", now, None)
        event = parcel.events.get(status="expired")
        assert event.message == "No news for 30 days: we have stopped asking."
        assert parcel.order.events.filter(kind="shipment", old="picked_up", new="expired").count() == 1
        assert run(now + DAY) == 0
        # the carrier speaks after all, by another way
        from shipping.carriers.base import Reading
        from shipping.tracking.record import record

        said = [Reading("in_transit", now + DAY, shipment_id=parcel.pk, source="webhook")]
        record(said, merchant=merchant, now=now + DAY)
        assert run(now + DAY) == 1

    def test_words_of_another_parcel_under_the_same_number_are_left_out(self, server, ups, merchant):
        parcel = hand_over(merchant)
        server.answers[PATH] = ups_says(("D", NOW - 200 * DAY), ("P", NOW + HOUR))
        run(NOW + 2 * HOUR)
        parcel.refresh_from_db()
        assert parcel.tracking_status == "picked_up" and not QuarantinedReading.objects.exists()

    def test_who_is_asked(self, merchant, ups):
        easypost, dhl = open_account(merchant, "easypost"), open_account(merchant, "dhl")
        accounts = [easypost, dhl, ups]
        asked = [
            account_for(Shipment(carrier=carrier, tracking_number=number), accounts)
            for carrier, number in (
                ("UPS Standard", "7"), ("DHL Paket", "7"), ("", NUMBER), ("Hermes", NUMBER), ("", "7")
            )
        ]  # fmt: skip
        assert asked == [ups, dhl, ups, easypost, easypost]
        assert account_for(Shipment(carrier="Hermes"), [dhl, ups]) is None

    def test_with_nobody_to_ask_nothing_is_asked_until_there_is(self, server, ups, merchant, other):
        hand_over(merchant, "H1", "Hermes")
        hand_over(other, NUMBER, "UPS")  # another merchant without an account
        assert run(NOW) == 0 and PollState.objects.get().account is None
        polling.forget(open_account(merchant, "easypost"))
        server.answers["POST /v2/trackers"] = (200, {}, {"tracking_code": "H1", "tracking_details": []})
        assert run(NOW) == 1

    def test_dispatching_costs_the_same_for_many_parcels(
        self, server, ups, merchant, django_assert_max_num_queries
    ):
        for n in range(12):
            hand_over(merchant, f"1Z{n}")
        with django_assert_max_num_queries(8):
            polling.enrol(now=NOW)
        with django_assert_max_num_queries(8):
            assert len(polling.dispatch(now=NOW)) == 1


class TestSchedule:
    @pytest.mark.parametrize(
        ("status", "age", "wait"),
        [
            (S.OUT_FOR_DELIVERY, DAY, HOUR), (S.IN_TRANSIT, DAY, 3 * HOUR), (S.IN_TRANSIT, 10 * DAY, 6 * HOUR),
            (S.IN_TRANSIT, 20 * DAY, 12 * HOUR), (S.UNKNOWN, DAY, 6 * HOUR), (S.PRE_TRANSIT, 8 * DAY, 24 * HOUR),
            (S.AVAILABLE_FOR_PICKUP, DAY, 6 * HOUR), (S.DELIVERED, DAY, None), (S.EXPIRED, DAY, None),
        ],
    )  # fmt: skip
    def test_the_table(self, status, age, wait):
        assert next_poll(status, age=age, quiet=DAY) == wait

    @given(
        st.sampled_from(list(S)), st.timedeltas(timedelta(), 400 * DAY), st.timedeltas(timedelta(), 60 * DAY)
    )
    def test_every_parcel_is_asked_about_again_or_at_its_end(self, status, age, quiet):
        wait = next_poll(status, age=age, quiet=quiet)
        over = status in (S.DELIVERED, S.RETURNED, S.CANCELLED, S.EXPIRED)
        assert (wait is None) == (over or given_up(status, quiet=quiet))
        assert wait is None or HOUR <= wait <= DAY

    @given(st.integers(0, 5000), st.integers(0, 86400))
    def test_the_wait_grows_to_a_limit_and_is_never_less_than_asked(self, failures, asked):
        assert back_off(failures) <= back_off(failures + 1) <= LONGEST_WAIT
        assert back_off(failures, retry_after=asked) >= timedelta(seconds=asked)


@pytest.mark.django_db
def test_beat_dispatches_and_a_worker_asks(server, merchant):
    from celery import current_app as app
    from django.utils import timezone

    from shipping.tasks import dispatch_polls

    open_account(merchant, "ups")
    hand_over(merchant, when=timezone.now())
    server.answers[PATH] = ups_says(("P", timezone.now()))
    app.conf.task_always_eager = True
    try:
        dispatch_polls.delay()
    finally:
        app.conf.task_always_eager = False
    assert Shipment.objects.get().tracking_status == "picked_up"
