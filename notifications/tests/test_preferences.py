"""What a customer chooses holds; what a scanner opens changes nothing; each merchant keeps its own list."""

import email
import re
from datetime import timedelta
from email import policy

import pytest
from django.urls import reverse

from notifications import delivery, wishes
from notifications.models import Consent, Notice, NoticeSettings, Preference, Suppression
from notifications.status import OFF_AT_FIRST
from orders.lifecycle import change_status
from orders.models import Order
from orders.status import OrderStatus
from tests.factories import NOW, make_order

pytestmark = pytest.mark.django_db
ADDRESS = "ada@example.com"


@pytest.fixture(autouse=True)
def _folder(settings):
    settings.EMAIL_BACKEND = "notifications.channels.folder.FolderBackend"


@pytest.fixture
def order(merchant):
    return make_order(merchant)


def page(order, name="wishes", channel="email", address=ADDRESS):
    return reverse(name, args=[wishes.sign(order, channel, address)])


def sent_mail(settings, notice):
    delivery.deliver(notice.pk, clock=lambda: NOW)
    (file,) = settings.MAIL_DIR.glob("*.eml")
    return email.message_from_bytes(file.read_bytes(), policy=policy.default)


def path_of(link, settings):
    assert link.startswith(settings.BASE_URL)
    return link.removeprefix(settings.BASE_URL)


def test_one_click_of_a_mail_stops_mails_and_a_scanner_cannot(client, order, settings):
    mail = sent_mail(settings, Notice.objects.get())
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = path_of(mail["List-Unsubscribe"].replace("\n", "").replace(" ", "").strip("<>"), settings)
    for method in (client.get, client.head):
        assert method(link).status_code == 200
    assert not Suppression.objects.exists() and not Consent.objects.exists()
    answer = client.post(link, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and not answer.cookies
    assert Suppression.objects.get().reason == "unsubscribed"
    proof = Consent.objects.get()
    assert proof.way == "one_click" and "confirmed" in proof.before and proof.after == []
    client.post(link, {"List-Unsubscribe": "One-Click"})
    assert Consent.objects.count() == 1
    change_status(order.pk, OrderStatus.PROCESSING, actor="test", now=NOW)
    assert Notice.objects.exclude(state="skipped").count() == 1


def test_the_mail_links_to_the_choices_in_both_its_parts(client, order, settings):
    mail = sent_mail(settings, Notice.objects.get())
    for kind in ("plain", "html"):
        (link,) = re.findall(r"http[^\s\"]+/n/[^\s\"]+", mail.get_body((kind,)).get_content())
        assert client.get(path_of(link, settings)).status_code == 200


def test_a_choice_holds_for_its_milestone_and_its_proof_is_kept(client, order):
    others = [one.value for one in wishes.offered(order.merchant, "email") if one != "processing"]
    answer = client.post(page(order), {"milestone": others}, REMOTE_ADDR="203.0.113.77")
    assert answer.status_code == 303
    change_status(order.pk, OrderStatus.PROCESSING, actor="test", now=NOW)
    change_status(order.pk, OrderStatus.CANCELLED, actor="test", now=NOW)
    said = dict(Notice.objects.values_list("milestone", "state"))
    assert said == {"confirmed": "queued", "cancelled": "queued", "processing": "skipped"}
    assert Notice.objects.get(milestone="processing").error == "The customer does not want this message."
    proof = Consent.objects.get()
    assert "processing" in proof.before and "processing" not in proof.after and proof.network == "203.0.x.x"
    assert "Being prepared" in proof.shown and proof.way == "page"


def test_a_choice_made_after_planning_is_honoured_at_sending(client, order, settings):
    notice = Notice.objects.get()
    client.post(page(order, "unsubscribe"))
    assert not delivery.deliver(notice.pk, clock=lambda: NOW)
    notice.refresh_from_db()
    assert notice.state == "skipped" and "unsubscribed" in notice.error
    assert not list(settings.MAIL_DIR.glob("*.eml"))


def test_who_stopped_can_start_again_but_not_over_a_bounce(client, order, merchant):
    client.post(page(order, "unsubscribe"))
    client.post(page(order), {"milestone": ["shipped"]})
    assert wishes.chosen(merchant, "email", ADDRESS) == ["shipped"]
    wishes.suppress(merchant, "email", ADDRESS, "bounce", now=NOW)
    assert b"contact the shop" in client.get(page(order)).content
    client.post(page(order), {"milestone": ["shipped"]})
    assert wishes.chosen(merchant, "email", ADDRESS) == []


def test_addresses_are_the_same_however_written(merchant):
    wishes.suppress(merchant, "email", " ADA@Example.com", "hand", now=NOW)
    wishes.suppress(merchant, "sms", "+49 (89) 123-4567", "stop", now=NOW)
    found = wishes.preferences_of(make_order(merchant))
    assert len(found.suppressed) == 2 and Notice.objects.get().state == "skipped"


def test_another_merchants_lists_are_not_ours(merchant, other, order):
    wishes.suppress(other, "email", ADDRESS, "complaint", now=NOW)
    Preference.objects.create(
        merchant=other, channel="email", address=ADDRESS, milestone="shipped", wanted=False, changed_at=NOW
    )
    NoticeSettings.objects.create(merchant=other, off=[["shipped", "email"]])
    found = wishes.preferences_of(order)
    assert found.off == frozenset(OFF_AT_FIRST) and not found.suppressed


def test_the_link_opens_its_own_address_only(client, order, other):
    signed = wishes.sign(order, "email", ADDRESS)
    for forged in ("x", signed[:-2], signed + "A", "a:b:c"):
        for name in ("wishes", "unsubscribe"):
            assert client.get(reverse(name, args=[forged])).status_code == 404
            assert client.post(reverse(name, args=[forged])).status_code == 404
    client.post(page(order, "unsubscribe"))
    assert not Suppression.objects.for_merchant(other).exists()


def test_two_queries_whatever_there_is(order, django_assert_num_queries):
    order = Order.objects.select_related("merchant").get(pk=order.pk)
    for milestone in ("shipped", "delivered"):
        Preference.objects.create(
            merchant=order.merchant, channel="email", address=ADDRESS, milestone=milestone, wanted=False,
            changed_at=NOW,
        )  # fmt: skip
    with django_assert_num_queries(2):
        wishes.preferences_of(order)


def test_the_page_speaks_the_orders_language(client, merchant):
    order = make_order(merchant, locale="de-AT")
    assert "Welche Nachrichten möchten Sie?" in client.get(page(order)).content.decode()
    assert 'dir="rtl"' in client.get(page(order) + "?lang=ar").content.decode()


HOURS = {"quiet_from": "21:00", "quiet_to": "08:00", "per_person_a_day": "12"}

# --- staff ----------------------------------------------------------------------------------------------------


def test_a_merchant_switches_milestones_off_by_ticks(client, alice, merchant):
    client.force_login(alice)
    url = reverse("admin:notifications_noticesettings_add")
    on = [one.value for one in wishes.offered(merchant, "email") if one != "confirmed"]
    answer = client.post(
        url, {"merchant": merchant.pk, "email": on, "sms": ["shipped", "delivered"], **HOURS}
    )
    assert answer.status_code == 302
    off = NoticeSettings.objects.get().off
    assert ["confirmed", "email"] in off and ["shipped", "email"] not in off and ["delayed", "sms"] in off
    merchant.refresh_from_db()
    make_order(merchant)
    assert not Notice.objects.exists()
    row = NoticeSettings.objects.get()
    form = client.get(reverse("admin:notifications_noticesettings_change", args=[row.pk])).context[
        "adminform"
    ]
    assert "confirmed" not in form.form.initial["email"] and "shipped" in form.form.initial["email"]


def test_staff_close_and_open_addresses(client, alice, merchant):
    client.force_login(alice)
    url = reverse("admin:notifications_suppression_add")
    told = {
        "merchant": merchant.pk,
        "channel": "email",
        "address": "Ada@Example.com ",
        "detail": "asked by phone",
    }
    assert client.post(url, told).status_code == 302
    row = Suppression.objects.get()
    assert (row.address, row.reason) == (ADDRESS, "hand")
    assert b"on the list already" in client.post(url, told).content
    assert b"has an @" in client.post(url, told | {"address": "ada"}).content
    make_order(merchant)
    assert Notice.objects.get().state == "skipped"
    listing = reverse("admin:notifications_suppression_changelist")
    assert b"ada@example.com" in client.get(listing, {"q": "ADA@example.com"}).content
    client.post(listing, {"action": "lift", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.lifted_at
    make_order(merchant, now=NOW + timedelta(minutes=1))
    assert Notice.objects.exclude(state="skipped").count() == 1
