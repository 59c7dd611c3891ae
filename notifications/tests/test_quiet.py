"""Quiet hours are kept when a message leaves, not only when it is planned."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from notifications import delivery
from notifications.channels.base import ChannelError
from notifications.channels.sms import FileSms
from notifications.decide import QUIET, QUIET_TOO_LONG
from notifications.models import Notice, NoticeSettings
from notifications.tests.sms_kit import deliver, notice_to
from orders.models import Merchant
from shipping.models import Shipment
from tests.factories import NOW

EVENING = NOW.replace(hour=19, minute=59, second=50)  # 20:59:50 in Berlin
NIGHT = EVENING + timedelta(hours=2)
MORNING = (NOW + timedelta(days=1)).replace(hour=7)


@pytest.fixture
def notice(merchant):
    notice = notice_to(merchant)
    Notice.objects.exclude(pk=notice.pk).delete()
    return notice


def sent(settings):
    file = settings.MAIL_DIR / "sms.jsonl"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_what_failed_in_the_evening_waits_for_the_morning(notice, settings, monkeypatch):
    def away(self, to, message, *, key):
        raise ChannelError("away", permanent=False)

    with monkeypatch.context() as patch:
        patch.setattr(FileSms, "send", away)
        assert not deliver(notice, EVENING)
    assert (notice.state, notice.tries) == ("retry", 1) and notice.due_at < NIGHT
    assert not deliver(notice, NIGHT) and sent(settings) == 0
    assert (notice.state, notice.tries, notice.due_at, notice.error) == ("retry", 1, MORNING, QUIET)
    assert not deliver(notice, NIGHT + timedelta(hours=1)), "it is not due"
    assert deliver(notice, MORNING) and sent(settings) == 1
    assert notice.attempts.count() == 2, "what was put back was no try"


def test_a_worker_that_was_away_wakes_nobody(notice, settings):
    assert delivery.drain(clock=lambda: NIGHT) == 1 and sent(settings) == 0
    notice.refresh_from_db()
    assert (notice.tries, notice.due_at) == (0, MORNING)
    assert delivery.drain(clock=lambda: NIGHT) == 0, "nobody turns it over and over"


def test_it_is_the_recipients_night(notice, settings):
    Shipment.objects.update(recipient_zone="America/Los_Angeles")
    Notice.objects.update(subject=Shipment.objects.get().subject)
    assert deliver(notice, NIGHT) and sent(settings) == 1


def test_a_mail_goes_at_night_unless_the_shop_wants_it_quiet(notice, settings):
    settings.EMAIL_BACKEND = "notifications.channels.folder.FolderBackend"
    NoticeSettings.objects.create(merchant=notice.merchant, quiet_sms=False, quiet_email=True)
    assert deliver(notice, NIGHT)
    Notice.objects.update(channel="email", recipient="ada@example.com", state="queued", tries=0)
    assert not deliver(notice, NIGHT) and notice.due_at == MORNING


def test_what_the_morning_would_make_worthless_is_not_kept(notice, settings):
    Notice.objects.update(expires_at=MORNING)
    assert not deliver(notice, NIGHT)
    assert (notice.state, notice.error) == ("expired", QUIET_TOO_LONG)


def test_another_workers_claim_is_not_put_back(notice):
    ids = delivery._claim(NIGHT, 1, pk=notice.pk)
    (mine,) = delivery.loaded(ids)
    Notice.objects.update(tries=2)  # the lease ran out and another has it
    delivery._put_back(mine, MORNING)
    notice.refresh_from_db()
    assert (notice.state, notice.tries) == ("sending", 2)


@pytest.mark.parametrize(("action", "goes"), [("again", False), ("again_now", True)])
def test_send_again_waits_for_the_morning_unless_somebody_chooses_otherwise(
    notice, alice, client, settings, action, goes
):
    Notice.objects.update(state="held")
    listing = reverse("admin:notifications_notice_changelist")
    with time_machine.travel(NIGHT, tick=False):
        client.force_login(alice)
        said = client.post(listing, {"action": action, "_selected_action": [notice.pk]}, follow=True)
    assert "1 will be sent again." in said.content.decode()
    assert deliver(notice, NIGHT) is goes and sent(settings) == int(goes)
    assert notice.state == ("sent" if goes else "retry")


def test_what_waits_for_the_morning_can_be_sent_now(notice, alice, client, settings):
    deliver(notice, NIGHT)
    with time_machine.travel(NIGHT, tick=False):
        client.force_login(alice)
        listing = reverse("admin:notifications_notice_changelist")
        client.post(listing, {"action": "again_now", "_selected_action": [notice.pk]})
    assert deliver(notice, NIGHT)


def test_no_query_more_for_a_shop_with_settings_of_its_own(notice, django_assert_num_queries):
    NoticeSettings.objects.create(merchant=Merchant.objects.get())
    (mine,) = delivery.loaded([notice.pk])
    with django_assert_num_queries(0):
        delivery.quiet_until(mine, NIGHT)
