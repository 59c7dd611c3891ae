"""Accounts with providers and the quarantine, as their merchants see them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from orders.roles import Role
from shipping.carriers.base import Reading
from shipping.carriers.registry import ADAPTERS, adapter
from shipping.models import CarrierAccount, QuarantinedReading, TrackingEvent
from shipping.tasks import redrive_number, sweep_quarantine
from shipping.tracking import quarantine
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment, make_user

pytestmark = pytest.mark.django_db
LIST = reverse("admin:shipping_carrieraccount_changelist")
ADD = reverse("admin:shipping_carrieraccount_add")
QUARANTINE = reverse("admin:shipping_quarantinedreading_changelist")


def page(account):
    return reverse("admin:shipping_carrieraccount_change", args=[account.pk])


@pytest.fixture
def owner(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def ups(merchant):
    return CarrierAccount.objects.create(merchant=merchant, provider="ups")


class TestCredentials:
    def test_an_account_is_made_in_two_steps(self, owner, merchant):
        answer = owner.post(ADD, {"merchant": merchant.pk, "provider": "ups"})
        account = CarrierAccount.objects.get()
        assert answer["Location"] == page(account)
        shown = owner.get(page(account)).content.decode()
        assert "Client ID" in shown and "Client secret" in shown and "Webhook secret" not in shown
        data = {"secret_client_id": " me ", "secret_client_secret": "very-s3cret"}
        assert owner.post(page(account), data).status_code == 302
        account.refresh_from_db()
        assert account.opened_with() == {"client_id": "me", "client_secret": "very-s3cret"}

    def test_they_are_ciphertext_at_rest_and_never_shown_again(self, owner, ups):
        owner.post(page(ups), {"secret_client_id": "me-myself", "secret_client_secret": "very-s3cret"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT credentials FROM shipping_carrieraccount")
            (stored,) = cursor.fetchone()
        assert stored.startswith("gAAAA") and "s3cret" not in stored
        for url in (page(ups), LIST, reverse("admin:shipping_carrieraccount_history", args=[ups.pk])):
            shown = owner.get(url).content.decode()
            assert "very-s3cret" not in shown and "me-myself" not in shown
        assert "It is set." in owner.get(page(ups)).content.decode()

    def test_what_is_left_empty_is_kept_and_forgetting_is_asked_for(self, owner, ups):
        owner.post(page(ups), {"secret_client_id": "me", "secret_client_secret": "one"})
        owner.post(page(ups), {"secret_client_id": "", "secret_client_secret": "two"})
        ups.refresh_from_db()
        assert ups.opened_with() == {"client_id": "me", "client_secret": "two"}
        owner.post(page(ups), {"forget": "on"})
        ups.refresh_from_db()
        assert ups.opened_with() == {} and ups.credentials == ""

    def test_an_account_keeps_its_provider_and_merchant(self, owner, ups, other):
        owner.post(page(ups), {"provider": "dhl", "merchant": other.pk, "secret_client_id": "me"})
        ups.refresh_from_db()
        assert (ups.provider, ups.merchant_id != other.pk) == ("ups", True)

    def test_a_second_account_with_one_provider_is_explained(self, owner, ups, merchant):
        answer = owner.post(ADD, {"merchant": merchant.pk, "provider": "ups"})
        assert answer.status_code == 200 and "change that one" in answer.content.decode()

    def test_every_provider_has_a_page(self, owner, merchant):
        for name in ADAPTERS:
            account = CarrierAccount.objects.create(merchant=merchant, provider=name, secret="hush")
            shown = owner.get(page(account)).content.decode()
            for secret in adapter(name).capabilities.secrets:
                assert f'name="secret_{secret.name}"' in shown
            assert ('name="new_secret"' in shown) == adapter(name).capabilities.webhooks
            assert (account.key in shown) == adapter(name).capabilities.webhooks

    def test_who_only_packs_changes_none(self, client, ups, bob, merchant):
        for user in (bob, make_user("mona", merchant, Role.VIEWER)):
            client.force_login(user)
            client.post(page(ups), {"secret_client_id": "mine"})
        ups.refresh_from_db()
        assert ups.opened_with() == {}

    def test_a_carrier_without_webhooks_has_no_door(self, client, ups):
        ups.secret = "s"
        ups.save()
        assert (
            client.post(reverse("webhook", args=["ups", ups.key]), b"{}", "application/json").status_code
            == 404
        )

    def test_a_lost_key_reads_as_not_set(self, ups, settings):
        ups.open_with({"client_id": "me"})
        ups.save()
        settings.FIELD_KEY = "another"
        assert CarrierAccount.objects.get().opened_with() == {}


@pytest.fixture
def stray(merchant):
    said = [
        Reading("in_transit", NOW + timedelta(hours=n), tracking_number="LOST-1", carrier="UPS", code="I:DP",
                message=f"Left <b>Wayne</b> {n}", city="Wayne", region="NJ", country="US", zone_assumed=True)
        for n in range(2)
    ]  # fmt: skip
    record(said, merchant=merchant, now=NOW)
    return QuarantinedReading.objects.order_by("pk").first()


def row_page(row):
    return reverse("admin:shipping_quarantinedreading_change", args=[row.pk])


class TestQuarantine:
    def test_its_page_says_what_the_carrier_said(self, owner, stray):
        shown = owner.get(row_page(stray)).content.decode()
        for words in ("LOST1", "I:DP", "Left &lt;b&gt;Wayne&lt;/b&gt; 0", "Wayne, NJ, US", "named no zone"):
            assert words in shown
        assert "<b>Wayne" not in shown and "In transit" in shown

    def test_it_is_matched_by_hand_with_its_like(self, owner, stray, merchant):
        parcel = make_shipment(merchant)
        answer = owner.post(
            row_page(stray), {"parcel_code": parcel.code.lower(), "with_others": "on"}, follow=True
        )
        assert "The parcel has it now" in answer.content.decode()
        parcel.refresh_from_db()
        assert (parcel.tracking_status, parcel.tracking_number, parcel.events.count()) == (
            "in_transit",
            "LOST1",
            2,
        )
        assert parcel.order.events.filter(new="in_transit").get().actor == "alice"
        assert not QuarantinedReading.objects.filter(resolved_at=None).exists()
        assert "parcel_code" not in owner.get(row_page(stray)).content.decode()  # done: nothing to match

    def test_or_alone(self, owner, stray, merchant):
        owner.post(row_page(stray), {"parcel_code": make_shipment(merchant).code})
        assert QuarantinedReading.objects.filter(resolved_at=None).count() == 1

    def test_not_with_another_merchants_parcel_or_none(self, owner, stray, other):
        for code in (make_shipment(other).code, "P000", ""):
            answer = owner.post(row_page(stray), {"parcel_code": code})
            assert answer.status_code == 200 and "errorlist" in answer.content.decode()
        assert not TrackingEvent.objects.exists()

    def test_twice_is_once(self, stray, merchant):
        parcel = make_shipment(merchant)
        for left in (2, 0):
            assert quarantine.match_by_hand(stray, parcel, with_others=True, now=NOW, actor="a") == left
        assert parcel.events.count() == 2

    def test_one_is_driven_again(self, owner, stray, merchant):
        answer = owner.post(row_page(stray), {"_again": "1"}, follow=True)
        assert "No parcel of yours has this tracking number yet" in answer.content.decode()
        parcel = make_shipment(merchant, tracking_number="LOST1")
        answer = owner.post(row_page(stray), {"_again": "1"}, follow=True)
        assert "It found its parcel" in answer.content.decode()
        assert parcel.events.count() == 1

    def test_and_all_of_them(self, owner, stray, merchant, monkeypatch, django_capture_on_commit_callbacks):
        parcel = make_shipment(merchant, tracking_number="LOST1")
        data = {"action": "try_again", "select_across": "1", "_selected_action": [stray.pk]}
        assert "2 found their parcel" in owner.post(QUARANTINE, data, follow=True).content.decode()
        assert parcel.events.count() == 2

    def test_very_many_are_driven_by_a_worker(self, owner, stray, merchant, monkeypatch):
        from shipping.tasks import redrive_quarantine

        monkeypatch.setattr("shipping.admin.quarantine.AT_ONCE", 1)
        make_shipment(merchant, tracking_number="LOST1")
        data = {"action": "try_again", "select_across": "1", "_selected_action": [stray.pk]}
        assert "in the background" in owner.post(QUARANTINE, data, follow=True).content.decode()
        redrive_quarantine(merchant.pk)
        assert not QuarantinedReading.objects.filter(resolved_at=None).exists()

    def test_it_finds_its_parcel_by_itself_once_the_parcel_has_the_number(
        self, owner, stray, merchant, other, django_capture_on_commit_callbacks
    ):
        record([Reading("delivered", NOW, tracking_number="LOST-1", carrier="UPS")], merchant=other, now=NOW)
        parcel = make_shipment(merchant)
        with django_capture_on_commit_callbacks() as sent:
            page = reverse("admin:shipping_shipment_change", args=[parcel.pk])
            form = {"carrier": "UPS", "service": "", "tracking_number": "lost 1", "weight_g": "500"}
            for name in ("lines", "events", "promises", "scans"):
                form |= {f"{name}-TOTAL_FORMS": 0, f"{name}-INITIAL_FORMS": 0}
            answer = owner.post(page, form)
            assert answer.status_code == 302, answer.context["errors"]
        assert len(sent) == 1
        redrive_number(merchant.pk, "LOST1")
        parcel.refresh_from_db()
        assert (parcel.events.count(), parcel.tracking_status) == (2, "in_transit")
        assert (
            not merchant.quarantine.filter(resolved_at=None).exists()
            and other.quarantine.get().resolved_at is None
        )

    def test_or_when_the_sweep_sees_it(self, stray, merchant):
        from celery import current_app

        make_shipment(merchant, tracking_number="LOST1", carrier="UPS")
        assert quarantine.found_since() == [(merchant.pk, "LOST1")]
        current_app.conf.task_always_eager = True
        try:
            sweep_quarantine()
        finally:
            current_app.conf.task_always_eager = False
        assert quarantine.found_since() == [] and not merchant.quarantine.filter(resolved_at=None).exists()

    def test_why_it_is_nobodys_is_said_truly_and_nobody_looks_twice_for_nothing(self, merchant):
        one, long_ago = make_shipment(merchant, tracking_number="X1", carrier="UPS"), NOW - timedelta(days=90)
        make_shipment(merchant, tracking_number="X2", carrier="UPS")
        make_shipment(merchant, tracking_number="X2", carrier="DHL")
        record([Reading("delivered", NOW, shipment_id=one.pk)], merchant=merchant, now=NOW)
        strays = {
            ("X1", "UPS", long_ago): "It happened before the parcel",
            ("X1", "UPS", NOW + timedelta(days=90)): "had ended long before",
            ("X2", "GLS", NOW): "none of them is with this carrier",
            ("", "UPS", NOW): "names no tracking number",
            ("X3", "UPS", NOW): "No parcel of yours",
        }
        said = [
            Reading("in_transit", at, tracking_number=number, carrier=carrier)
            for number, carrier, at in strays
        ]
        record(said, merchant=merchant, now=NOW + timedelta(days=90))
        for row, words in zip(merchant.quarantine.order_by("pk"), strays.values(), strict=True):
            assert words in row.reason
        make_shipment(merchant, tracking_number="X3", carrier="UPS", now=NOW + timedelta(days=400))
        assert quarantine.found_since() == [(merchant.pk, "X3")]
        redrive_number(merchant.pk, "X3")
        assert quarantine.found_since() == [] and "before the parcel" in merchant.quarantine.last().reason

    def test_one_that_cannot_be_driven_again_holds_up_no_other(self, stray, merchant, caplog):
        QuarantinedReading.objects.filter(pk=stray.pk).update(reading={"nonsense": True})
        make_shipment(merchant, tracking_number="LOST1", carrier="UPS")
        assert quarantine.redrive(merchant.quarantine.all(), now=NOW) == 1
        assert f"reading {stray.pk} could not be driven again" in caplog.text

    def test_the_list_starts_with_those_that_wait(self, owner, stray, merchant):
        assert owner.get(QUARANTINE).content.decode().count("LOST1") >= 2
        assert owner.get(QUARANTINE, {"q": " lost-1"}).content.decode().count("LOST1") >= 2
        quarantine.match_by_hand(stray, make_shipment(merchant), with_others=True, now=NOW, actor="a")
        assert "LOST-1" not in owner.get(QUARANTINE).content.decode()
        assert "LOST1" in owner.get(QUARANTINE + "?state=resolved").content.decode()

    def test_a_viewer_sees_and_changes_nothing(self, client, stray, merchant):
        client.force_login(make_user("vera", merchant, Role.VIEWER))
        shown = client.get(row_page(stray)).content.decode()
        assert "LOST1" in shown and "parcel_code" not in shown
        code = make_shipment(merchant).code
        assert client.post(row_page(stray), {"parcel_code": code}).status_code == 403
        assert client.post(row_page(stray), {"_again": "1"}).status_code == 403
