"""The merchant's queue through the admin: what is shown, what one does, and that nobody's words are lost."""

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pypdfium2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.models import Order, OrderLine
from orders.roles import Role
from shipping import voice
from shipping.carriers.base import Reading
from shipping.lateness import handle
from shipping.lateness.cases import review
from shipping.lateness.proof import proof_of
from shipping.lateness.queue import FACETS, facets
from shipping.models import (
    CaseEntry,
    Claim,
    CustomerReport,
    LateCase,
    LatePolicy,
    Manifest,
    Rating,
    SavedView,
    Scan,
    Shipment,
)
from shipping.promise.estimate import chance
from shipping.tasks import make_claims
from shipping.tracking.record import record
from shipping.warehouse.reship import NoReship, reship
from tests.factories import NOW, make_order, make_product, make_shipment, make_user

DAY = timedelta(days=1)
QUEUE = "/admin/shipping/latecase/"


@pytest.fixture
def late(merchant):
    """A parcel that left and is past its promise."""
    shipment = make_shipment(merchant, carrier="DHL", tracking_number="T1")
    Shipment.objects.filter(pk=shipment.pk).update(stage="handed_over", handed_over_at=NOW)
    record([Reading("in_transit", NOW + DAY, shipment_id=shipment.pk)], merchant=merchant, now=NOW + DAY)
    review(now=NOW + 20 * DAY)
    return LateCase.objects.get()


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def act(client, case, **said):
    case.refresh_from_db()
    said = {"version": case.version} | said
    return client.post(f"{QUEUE}{case.pk}/change/", said, follow=True).content.decode()


def paper(pdf) -> str:
    return "\n".join(sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(pdf))


class TestReview:
    def test_blame_and_lesser_alarms_are_kept_with_the_case(self, late):
        assert late.rule == "past_promise" and [one["rule"] for one in late.also] == ["silent"]
        assert sum(late.blame.values()) > 0 and late.blame["transit"] > 0
        assert late.carrier == "DHL" and late.lane == "DE-80" and late.value == Decimal("23.00")

    def test_a_worse_alarm_is_noted_and_wakes_a_snoozed_case(self, late, merchant):
        handle.snooze(late.pk, NOW + 90 * DAY, author="alice", now=NOW + 20 * DAY)
        later = NOW + 21 * DAY
        said = Reading("exception", later, shipment_id=late.shipment_id, message="Parcel lost")
        record([said], merchant=merchant, now=later)
        review(now=later)
        late.refresh_from_db()
        assert late.rule == "lost" and late.snoozed_until is None and late.worsened_at == later
        assert late.entries.first().text == "Lost: The carrier calls it lost: “Parcel lost”"

    def test_what_a_person_has_ended_does_not_come_back(self, late):
        handle.settle(late.pk, "refunded", author="alice", now=NOW + 20 * DAY)
        assert review(now=NOW + 30 * DAY)["opened"] == 0

    def test_a_false_alarm_comes_back_only_when_it_is_worse(self, late, merchant):
        handle.settle(late.pk, "false_alarm", author="alice", now=NOW + 20 * DAY)
        assert review(now=NOW + 30 * DAY)["opened"] == 0
        said = Reading("exception", NOW + 31 * DAY, shipment_id=late.shipment_id, message="lost")
        record([said], merchant=merchant, now=NOW + 31 * DAY)
        assert review(now=NOW + 31 * DAY)["opened"] == 1

    def test_what_the_customer_says_after_the_end_is_a_new_case(self, late, merchant):
        end = NOW + 20 * DAY
        record([Reading("delivered", end, shipment_id=late.shipment_id)], merchant=merchant, now=end)
        handle.settle(late.pk, "arrived", author="alice", now=end + DAY)
        assert review(now=end + 2 * DAY)["opened"] == 0
        at = end + 3 * DAY
        Rating.objects.create(
            merchant=merchant,
            shipment_id=late.shipment_id,
            score=1,
            destination="DE",
            created_at=at,
            changed_at=at,
        )
        assert review(now=end + 3 * DAY)["opened"] == 1
        case = LateCase.objects.get(closed_at=None)
        assert case.rule == "low_rating"
        handle.settle(case.pk, "refunded", author="alice", now=end + 4 * DAY)
        assert review(now=end + 5 * DAY)["opened"] == 0, "answered"

    def test_the_customers_word_counts_though_the_worst_was_a_false_alarm(self, late, merchant):
        handle.settle(late.pk, "false_alarm", author="alice", now=NOW + 20 * DAY)
        CustomerReport.objects.create(
            merchant=merchant, shipment=late.shipment, kind="address_wrong", tier=1, created_at=NOW + 21 * DAY
        )
        assert review(now=NOW + 21 * DAY)["opened"] == 1
        assert LateCase.objects.get(closed_at=None).rule == "address"

    def test_a_review_that_comes_too_late_says_nothing_twice(self, late, merchant, monkeypatch):
        """Both reviews, and a person, have read the open case before the first of them writes."""
        from shipping.lateness import cases

        end = NOW + 20 * DAY
        record([Reading("delivered", end, shipment_id=late.shipment_id)], merchant=merchant, now=end)
        gathered = cases.gather.facts_of_all

        def meanwhile(*given):
            monkeypatch.undo()
            review(now=end)
            return gathered(*given)

        monkeypatch.setattr(cases.gather, "facts_of_all", meanwhile)
        review(now=end)
        assert late.entries.filter(kind="closed").count() == 1

    def test_a_low_rating_by_the_customer_opens_a_case(self, late, merchant):
        end = NOW + 20 * DAY
        record([Reading("delivered", end, shipment_id=late.shipment_id)], merchant=merchant, now=end)
        handle.settle(late.pk, "arrived", author="alice", now=end)
        voice.rate(Shipment.objects.get(pk=late.shipment_id), score=1, comment="", now=end + DAY)
        assert review(now=end + DAY)["opened"] == 1
        assert LateCase.objects.get(closed_at=None).rule == "low_rating"
        voice.rate(Shipment.objects.get(pk=late.shipment_id), score=5, comment="", now=end + DAY)
        assert review(now=end + 2 * DAY)["closed"] == 1, "the customer has changed their mind"

    def test_a_parcel_that_is_back_is_a_case_until_somebody_settles_it(self, late, merchant):
        for status, day in (("returning", 21), ("returned", 25)):
            at = NOW + day * DAY
            record([Reading(status, at, shipment_id=late.shipment_id)], merchant=merchant, now=at)
            review(now=at)
        late.refresh_from_db()
        assert late.closed_at is None and late.rule == "returning"
        assert late.explanation == "Back since 29 Mar: send it again, or pay it back"
        handle.settle(late.pk, "refunded", author="alice", now=NOW + 26 * DAY)
        assert review(now=NOW + 27 * DAY)["opened"] == 0

    def test_one_that_comes_back_without_a_word_before_is_a_case_too(self, merchant):
        row = make_shipment(merchant, carrier="DHL", tracking_number="T1")
        Shipment.objects.filter(pk=row.pk).update(stage="handed_over", handed_over_at=NOW)
        record([Reading("returned", NOW + 2 * DAY, shipment_id=row.pk)], merchant=merchant, now=NOW + 2 * DAY)
        assert review(now=NOW + 2 * DAY)["opened"] == 1

    def test_a_label_that_the_carrier_cancels_leaves_the_parcel_to_be_sent(self, merchant):
        row = make_shipment(merchant, carrier="DHL", tracking_number="T1")
        record([Reading("cancelled", NOW, shipment_id=row.pk)], merchant=merchant, now=NOW)
        review(now=NOW + 20 * DAY)
        case = LateCase.objects.get()
        said = [case.explanation, *(one["explanation"] for one in case.also)]
        assert any("the carrier has cancelled its label" in words for words in said)

    def test_what_was_cancelled_is_no_value(self, late, merchant):
        order = late.shipment.order
        make_order(merchant, email=order.email)
        Order.objects.exclude(pk=order.pk).update(status="cancelled")
        review(now=NOW + 21 * DAY)
        late.refresh_from_db()
        assert late.value == order.total == Decimal("23.00")

    def test_a_shops_own_thresholds(self, late, merchant):
        LatePolicy.objects.create(merchant=merchant, off=["past_promise", "silent"])
        assert review(now=NOW + 21 * DAY)["closed"] == 1
        late.refresh_from_db()
        assert late.closed_at and late.outcome == "" and late.entries.first().kind == "closed"

    def test_a_chance_is_of_those_that_have_not_come_yet(self):
        assert chance(0.9, 0.0) == pytest.approx(0.1)
        assert chance(0.9, 0.8) == pytest.approx(0.5)
        assert chance(1.0, 1.0) == 0.0


class TestList:
    def test_facets_count_what_the_filters_show(self, page, merchant, late):
        other = make_shipment(merchant, carrier="UPS", address={"country": "AT", "postal_code": "1010"})
        review(now=NOW + 20 * DAY)
        answer = page.get(QUEUE)
        html = answer.content.decode()
        for words in (
            "DHL (1)",
            "DE-80 (1)",
            "AT-10 (1)",
            "Nobody (2)",
            "Past its promise (2)",
            "Under 50 (2)",
        ):
            assert words in html, words
        assert answer.context["cl"].result_count == 2
        found = page.get(QUEUE, {"carrier": "UPS"})
        assert [case.shipment for case in found.context["cl"].result_list] == [other]
        assert "DE-80 (" not in found.content.decode()
        for wrong in (
            {"owner": "x"},
            {"age": "x"},
            {"value": "x"},
            {"merchant": "x"},
            {"rule": "x"},
            {"lane": "x'"},
        ):
            assert page.get(QUEUE, wrong).status_code in (200, 302)

    def test_facets_count_what_the_search_finds(self, page, merchant, late):
        make_shipment(merchant, carrier="UPS", address={"country": "AT", "postal_code": "1010"})
        review(now=NOW + 20 * DAY)
        for words, found in (("DE-80", 1), ("ups", 1), ("nobody-xyz", 0)):
            answer = page.get(QUEUE, {"q": words})
            assert answer.context["cl"].result_count == found
            counted = "(1)" in answer.content.decode()
            assert counted == bool(found) and "(2)" not in answer.content.decode()

    def test_a_rare_destination_is_found_by_the_search(self, page, merchant, late):
        for place in range(30):
            make_shipment(merchant, address={"country": "DE", "postal_code": f"{10 + place}000"})
        review(now=NOW + 20 * DAY)
        assert "DE-39 (1)" not in page.get(QUEUE).content.decode()
        assert page.get(QUEUE, {"q": "de-39"}).context["cl"].result_count == 1

    @pytest.mark.parametrize("name", ["carrier", "lane", "owner", "rule", "state", "merchant", "q", "age"])
    def test_a_nul_is_no_traceback(self, page, late, name):
        assert page.get(QUEUE, {name: "a\0b"}).status_code in (200, 302, 400)

    def test_a_nul_in_a_note_is_refused_in_words(self, page, late):
        answer = page.post(f"{QUEUE}{late.pk}/change/", {"act": "note", "text": "called\0"})
        if connection.vendor == "postgresql":
            assert answer.status_code == 400 and b"Nothing was changed" in answer.content
        else:
            assert answer.status_code == 302

    def test_snoozed_mine_and_overdue(self, page, alice, late):
        def found(**query):
            return page.get(QUEUE, query).context["cl"].result_count

        assert (found(), found(state="mine"), found(state="snoozed"), found(state="overdue")) == (1, 0, 0, 1)
        handle.own(late.pk, alice, author="alice", now=NOW)
        assert (found(), found(state="mine"), found(owner=alice.pk)) == (1, 1, 1)
        handle.snooze(late.pk, timezone.now() + DAY, author="alice", now=NOW)
        assert (found(), found(state="mine"), found(state="snoozed")) == (0, 0, 1)
        handle.settle(late.pk, "arrived", author="alice", now=NOW)
        assert (found(), found(state="closed"), found(state="all")) == (0, 1, 1)

    def test_worst_and_most_valuable_first(self, page, merchant, late):
        rich = make_shipment(merchant, email="rich@example.com", external_id="R")
        rich.order.customer.orders.update(total=5000)
        review(now=NOW + 20 * DAY)
        first = page.get(QUEUE).context["cl"].result_list[0]
        assert first.shipment == rich and first.value == 5000

    def test_as_many_queries_for_many_cases(self, page, merchant, late, django_assert_max_num_queries):
        for _ in range(12):
            make_shipment(merchant)
        review(now=NOW + 20 * DAY)
        with django_assert_max_num_queries(20):
            assert page.get(QUEUE).context["cl"].result_count == 13

    def test_views_are_ones_own(self, page, client, late, bob):
        page.post(f"{QUEUE}views/", {"name": "DHL's", "query": "carrier=DHL"})
        view = SavedView.objects.get()
        html = page.get(QUEUE, {"carrier": "DHL"}).content.decode()
        assert "?carrier=DHL" in html and 'aria-current="page"' in html
        assert (
            "Give the view a name" in page.post(f"{QUEUE}views/", {"name": " "}, follow=True).content.decode()
        )
        client.force_login(bob)
        assert "DHL&#x27;s" not in client.get(QUEUE).content.decode()
        client.post(f"{QUEUE}views/", {"forget": view.pk})
        assert SavedView.objects.exists()
        assert client.get(f"{QUEUE}views/").status_code == 405

    @pytest.mark.parametrize(
        ("action", "words"),
        [
            ("take", "taken"),
            ("tomorrow", "snoozed"),
            ("next_week", "snoozed"),
            ("false_alarm", "closed"),
            ("arrived", "closed"),
        ],
    )
    def test_many_at_once(self, page, merchant, late, action, words):
        make_shipment(merchant)
        review(now=NOW + 20 * DAY)
        ids = list(LateCase.objects.values_list("pk", flat=True))
        html = page.post(QUEUE, {"action": action, "_selected_action": ids}, follow=True).content.decode()
        assert f"2 cases {words}." in html
        assert CaseEntry.objects.filter(author="alice").count() == 2

    @pytest.mark.parametrize("action", ["take", "three_days", "arrived", "give"])
    def test_as_many_statements_for_many_as_for_two(self, page, alice, merchant, late, action):
        def statements(many):
            LateCase.objects.all().delete()
            for _ in range(many):
                make_shipment(merchant)
            review(now=NOW + 20 * DAY)
            ids = list(LateCase.objects.values_list("pk", flat=True))
            with CaptureQueriesContext(connection) as asked:
                page.post(QUEUE, {"action": action, "_selected_action": ids, "to": alice.pk})
            assert CaseEntry.objects.filter(author="alice").count() == len(ids) > many
            return len(asked)

        assert abs(statements(2) - statements(12)) <= (1 if connection.vendor == "postgresql" else 0)

    def test_a_case_that_was_closed_meanwhile_is_left_and_said_so(self, page, merchant, late):
        make_shipment(merchant)
        review(now=NOW + 20 * DAY)
        handle.settle(late.pk, "reshipped", author="bob", now=NOW)
        ids = list(LateCase.objects.values_list("pk", flat=True))
        done = handle.settle_all(ids, "arrived", author="alice", now=NOW)
        assert [bool(one.refused) for one in done].count(True) == 1 and len(done) == 2
        late.refresh_from_db()
        assert late.outcome == "reshipped" and not late.entries.filter(author="alice").exists()

    def test_many_ended_answer_what_their_customers_said(self, page, merchant, late):
        CustomerReport.objects.create(
            merchant=merchant, shipment=late.shipment, kind="not_arrived", tier=1, created_at=NOW
        )
        page.post(QUEUE, {"action": "arrived", "_selected_action": [late.pk]})
        assert CustomerReport.objects.get().settled_by == "alice"

    def test_given_to_a_colleague(self, page, client, merchant, late, charlie):
        carla = make_user("carla", merchant, Role.MANAGER, first_name="Carla", last_name="Núñez")
        chosen = {"action": "give", "_selected_action": [late.pk], "select_across": "0"}
        asked = page.post(QUEUE, chosen).content.decode()
        assert "Give 1 case to a colleague" in asked and "Carla Núñez" in asked and "charlie" not in asked
        for nonsense in (charlie.pk, "x", "9" * 30):
            assert "Choose a colleague" in page.post(QUEUE, chosen | {"to": nonsense}).content.decode()
        said = page.post(QUEUE, chosen | {"to": carla.pk}, follow=True).content.decode()
        assert "1 case given to Carla Núñez." in said
        late.refresh_from_db()
        assert late.owner == carla and late.entries.get().text == "Owner: Carla Núñez"

    def test_who_only_looks_changes_nothing(self, client, merchant, late):
        client.force_login(make_user("vera", merchant, Role.VIEWER))
        client.post(QUEUE, {"action": "false_alarm", "_selected_action": [late.pk]})
        assert client.post(f"{QUEUE}{late.pk}/change/", {"act": "note", "text": "x"}).status_code == 404
        assert client.get(f"{QUEUE}{late.pk}/change/").status_code == 200
        late.refresh_from_db()
        assert late.closed_at is None and not late.entries.exists()


class TestCase:
    def test_it_shows_all_that_is_known(self, page, late):
        html = page.get(f"{QUEUE}{late.pk}/change/").content.decode()
        for words in (
            "Past its promise",
            "No scan for too long",
            "Whose days",
            "In transit",
            "To copy",
            "T1",
        ):
            assert words in html, words
        assert '<svg class="blame"' in html

    def test_owner_snooze_note_and_outcome_leave_entries(self, page, alice, late):
        act(page, late, act="own", owner=alice.pk, text="mine")
        act(page, late, act="snooze", days="3")
        act(page, late, act="note", text="<b>called</b> them")
        html = act(page, late, act="settle", outcome="arrived", text="neighbour had it")
        late.refresh_from_db()
        assert late.owner == alice and late.outcome == "arrived" and late.closed_at
        sleeps = timezone.now().astimezone(late.merchant.tz).date() + 3 * DAY
        assert f"Snoozed until {sleeps.day} {sleeps:%b %Y} 07:00" in html
        said = [(one.kind, one.text) for one in reversed(late.entries.all())]
        assert [kind for kind, _ in said] == ["note", "owner", "snooze", "note", "note", "outcome"]
        assert "&lt;b&gt;called" in html and "neighbour had it" in html

    def test_a_false_alarm_is_said_on_its_page(self, page, late):
        act(page, late, act="settle", outcome="false_alarm")
        late.refresh_from_db()
        assert late.outcome == "false_alarm" and late.closed_at

    def test_it_wakes_by_itself(self, page, late):
        handle.snooze(late.pk, timezone.now() + DAY, author="alice", now=timezone.now())
        assert page.get(QUEUE).context["cl"].result_count == 0
        LateCase.objects.update(snoozed_until=timezone.now() - timedelta(minutes=1))
        assert page.get(QUEUE).context["cl"].result_count == 1

    def test_snoozed_until_the_morning_of_a_day(self, page, late):
        today = timezone.now().astimezone(late.merchant.tz).date()
        act(page, late, act="snooze", days="1", until=(today + 9 * DAY).isoformat())
        late.refresh_from_db()
        wakes = late.snoozed_until.astimezone(late.merchant.tz)
        assert (wakes.date(), wakes.hour) == (today + 9 * DAY, 7)
        assert "still to come" in act(page, late, act="snooze", days="1", until=(today - DAY).isoformat())
        act(page, late, act="snooze", days="1", until="2999-01-01")
        late.refresh_from_db()
        assert late.snoozed_until.astimezone(late.merchant.tz).date() == today + 90 * DAY
        act(page, late, act="snooze", days="1", until="31 June")
        late.refresh_from_db()
        assert late.snoozed_until.astimezone(late.merchant.tz).date() == today + DAY

    def test_an_outcome_answers_the_customers_word(self, page, late):
        CustomerReport.objects.create(
            merchant=late.merchant, shipment=late.shipment, kind="not_arrived", tier=1, created_at=NOW
        )
        act(page, late, act="settle", outcome="refunded")
        assert CustomerReport.objects.get().settled_by == "alice"

    def test_two_people_at_once_lose_no_words(self, page, alice, late):
        seen = late.version
        act(page, late, act="own", owner=alice.pk, text="I take it")
        html = act(page, late, act="settle", outcome="refunded", text="paid back 20", version=seen)
        late.refresh_from_db()
        assert "was changed while you looked at it" in html and late.outcome == ""
        assert {"I take it", "paid back 20"} <= set(late.entries.values_list("text", flat=True))
        assert late.owner == alice

    def test_nonsense_is_answered_in_words(self, page, late):
        assert "Choose what to do" in act(page, late, act="explode")
        assert "Choose what to do" in act(page, late, act="settle", outcome="explode")
        assert "number above 0" in act(page, late, act="claim", amount="-3")
        assert "number above 0" in act(page, late, act="claim", amount="NaN")
        assert page.get(f"{QUEUE}x/change/").status_code == 404

    def test_sent_again_with_stock_and_one_parcel_less_to_wait_for(self, page, merchant, late):
        product = make_product(merchant, "MUG-1X", on_hand=10)
        OrderLine.objects.filter(sku="MUG-1").update(product=product)
        html = act(page, late, act="reship", text="as agreed")
        new = Shipment.objects.get(replaces=late.shipment)
        assert new.code in html and new.stage == "open" and new.promised_to
        assert [(line.quantity, line.order_line.unit_price) for line in new.lines.all()] == [(2, 0), (1, 0)]
        product.refresh_from_db()
        assert product.reserved == 2
        late.refresh_from_db()
        assert late.outcome == "reshipped"
        with pytest.raises(NoReship, match="already"):
            reship(late.shipment_id, now=NOW)
        record(
            [Reading("delivered", NOW + 30 * DAY, shipment_id=new.pk)], merchant=merchant, now=NOW + 30 * DAY
        )
        new.order.refresh_from_db()
        assert new.order.status == "delivered", "the lost one is not waited for"

    def test_who_has_the_money_back_gets_no_second_parcel(self, page, late):
        seen = late.version
        handle.settle(late.pk, "refunded", author="bob", now=NOW)
        assert "Send it again" not in page.get(f"{QUEUE}{late.pk}/change/").content.decode()
        html = act(page, late, act="reship", version=seen, text="she asked for it")
        assert "closed meanwhile: refunded" in html
        assert not Shipment.objects.filter(replaces=late.shipment).exists()
        late.refresh_from_db()
        assert late.outcome == "refunded" and late.entries.filter(text="she asked for it").exists()

    def test_a_snooze_meanwhile_is_seen_before_it_is_sent_again(self, page, late):
        seen = late.version
        handle.snooze(late.pk, NOW + 40 * DAY, author="bob", now=NOW)
        assert "was changed while you looked" in act(page, late, act="reship", version=seen)
        assert not Shipment.objects.filter(replaces=late.shipment).exists()

    def test_a_claim_says_when_the_case_was_not_closed(self, page, late, alice):
        seen = late.version
        handle.own(late.pk, alice, author="bob", now=NOW)
        html = act(page, late, act="claim", amount="5", close="1", version=seen)
        assert "its paper is being made" in html and "was changed while you looked" in html
        late.refresh_from_db()
        assert late.closed_at is None and Claim.objects.filter(case=late).exists()

    def test_a_parcel_that_has_not_left_is_not_sent_again(self, page, merchant):
        make_shipment(merchant)
        review(now=NOW + 20 * DAY)
        assert "has not left yet" in act(page, LateCase.objects.get(), act="reship")

    def test_a_claim_with_its_evidence(self, page, client, late, charlie):
        act(page, late, act="claim", amount="19,90", text="Lost: 木村 claims it", close="1")
        claim = Claim.objects.get()
        assert claim.amount == Decimal("19.90")
        make_claims()
        late.refresh_from_db()
        assert late.outcome == "claimed"
        answer = page.get(f"{QUEUE}{late.pk}/claim/")
        assert answer["content-type"] == "application/pdf"
        text = paper(answer.content)
        for words in ("T1", "19.90 EUR", "In transit", "Blue mug", "What was promised", "木村"):
            assert words in text, words
        assert "processing" not in text, "whose late days they are is not the carrier's to know"
        client.force_login(charlie)
        assert client.get(f"{QUEUE}{late.pk}/claim/").status_code == 404

    def test_proof_of_who_packed_who_drove_and_who_signed(self, merchant, alice, late):
        manifest = Manifest.objects.create(
            merchant=merchant, number=7, carrier="DHL", driver="Novák", dock="3", opened_at=NOW
        )
        row = late.shipment
        Shipment.objects.filter(pk=row.pk).update(packed_at=NOW, weight_g=750, manifest=manifest)
        for mode, outcome in (
            ("station", "right_item"),
            ("station", "wrong_item"),
            ("handover", "on_manifest"),
        ):
            Scan.objects.create(
                merchant=merchant, shipment=row, mode=mode, code="x", client_id=uuid4(), outcome=outcome,
                operator=alice, scanned_at=NOW,
            )  # fmt: skip
        said = Reading(
            "delivered",
            NOW + DAY,
            shipment_id=row.pk,
            message="Left in porch",
            payload={"a": [{"signed_by": "M. Ito"}]},
        )
        record([said], merchant=merchant, now=NOW + DAY)
        told = [(one.what, one.by, one.words) for one in proof_of(Shipment.objects.get(pk=row.pk))]
        assert told[:2] == [
            ("Packed", "alice", "1 piece scanned into it, 750 g"),
            ("Handed over", "alice", "manifest M-7, driver Novák, dock 3"),
        ]
        assert told[2][0].startswith("Delivered") and told[2][2] == "Left in porch, signed by M. Ito"
        Claim.objects.create(case=late, amount=5, created_at=NOW)
        make_claims()
        text = " ".join(paper(bytes(Claim.objects.get().pdf)).split())
        for words in (
            "1 piece scanned into it, 750 g", "manifest M-7, driver Novák, dock 3", "Left in porch, signed by M. Ito",
            "Handed over", "2026-03-09 – 2026-03-11", "standard service, domestic", "Hauptstr. 5, 80331 München",
        ):  # fmt: skip
            assert words in text, words

    def test_the_paper_that_is_not_made_yet(self, page, late):
        assert "not made yet" in page.get(f"{QUEUE}{late.pk}/claim/", follow=True).content.decode()


people = st.sampled_from(["ann", "ben"])
steps = st.lists(
    st.tuples(people, st.sampled_from(["own", "snooze", "settle", "note"]), st.text("abc ", min_size=1)),
    max_size=8,
)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(steps=steps, seen=st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_whatever_two_people_do_each_word_is_kept(steps, seen, django_db_blocker):
    from django.db import transaction

    from tests.factories import make_merchant

    with transaction.atomic():
        merchant = make_merchant("two")
        shipment = make_shipment(merchant)
        case = LateCase.objects.create(
            merchant=merchant,
            shipment=shipment,
            rule="silent",
            since=NOW,
            score=1,
            explanation="x",
            opened_at=NOW,
        )
        for (who, what, text), version in zip(steps, seen, strict=False):
            by = {"author": who, "now": NOW, "text": text}
            if what == "note":
                handle.note(case.pk, text, author=who, now=NOW)
            elif what == "own":
                handle.own(case.pk, None, version=version, **by)
            elif what == "snooze":
                handle.snooze(case.pk, NOW + DAY, version=version, **by)
            else:
                handle.settle(case.pk, "arrived", version=version, **by)
        kept = sorted(case.entries.filter(kind="note").values_list("author", "text"))
        assert kept == sorted((who, text.strip()) for who, _what, text in steps[: len(seen)] if text.strip())
        transaction.set_rollback(True)


@pytest.mark.parametrize("seed", range(4))
def test_a_facets_counts_are_those_of_the_rows_the_others_leave(merchant, alice, bob, seed):
    draw, now = random.Random(seed), timezone.now()
    shipments = [make_shipment(merchant, now=now) for _ in range(12)]
    hours = {"day": 3, "three": 50, "week": 100, "older": 900}
    worth = {"thousands": 1000, "hundreds": "999.99", "some": 50, "little": "49.99"}
    rows = []
    for shipment in shipments:
        row = {
            "rule": draw.choice(["lost", "silent"]), "carrier": draw.choice(["DHL", "UPS", ""]),
            "lane": draw.choice(["DE-80", "AT-10"]), "owner": draw.choice([alice, bob, None]),
            "age": draw.choice(list(hours)), "value": draw.choice(list(worth)),
        }  # fmt: skip
        more = {name: row[name] for name in ("rule", "carrier", "lane", "owner")}
        LateCase.objects.create(
            merchant=merchant, shipment=shipment, since=now - timedelta(hours=hours[row["age"]]), opened_at=now,
            value=worth[row["value"]], score=1, **more,
        )  # fmt: skip
        rows.append(row | {"owner": str(row["owner"].pk) if row["owner"] else "none"})
    for _ in range(12):
        chosen = {name: draw.choice(rows)[name] for name in FACETS if draw.random() < 0.4}
        found = facets(LateCase.objects.all(), chosen, now=now)
        for facet in FACETS:
            others = [(name, value) for name, value in chosen.items() if value and name != facet]
            left = Counter(row[facet] for row in rows if all(row[name] == value for name, value in others))
            assert found[facet] == left, (facet, chosen)
