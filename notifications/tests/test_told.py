"""What a mail and an SMS say of their fact: the same as the page, and what the customer must know to act."""

import re
from datetime import date

import pytest
import time_machine

from notifications.gsm import segments
from notifications.models import Notice, NoticeSettings
from notifications.render import loaded, render
from orders.models import Merchant
from shipping.carriers.base import Reading
from shipping.models import Rating
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def parcel(merchant):
    return make_shipment(merchant, carrier="DHL", tracking_number="JD1")


def say(parcel, status):
    record([Reading(status, NOW, shipment_id=parcel.pk)], merchant=parcel.merchant, now=NOW)


class TestWhatTheCustomerMustKnow:
    """The day where one can be promised and none where not; the place where the parcel waits; the button that leads to the deed."""

    def told(self, parcel, milestone, channel="email"):
        return render(loaded([Notice.objects.get(milestone=milestone, channel=channel).pk])[0])

    def test_a_parcel_to_collect_says_where_and_promises_no_day(self, parcel):
        Merchant.objects.update(notify_sms=True)
        parcel.merchant.refresh_from_db()
        waits = Reading("available_for_pickup", NOW, shipment_id=parcel.pk, carrier="DHL", city="München", country="DE",
                        message="Kiosk am Markt, Mo-Sa 8-20 h")  # fmt: skip
        record([waits], merchant=parcel.merchant, now=NOW)
        mail = self.told(parcel, "ready_for_pickup")
        for said in (mail.text, mail.html):
            assert "Kiosk am Markt, Mo-Sa 8-20 h, München, DE" in said and "Expected" not in said
        sms = self.told(parcel, "ready_for_pickup", "sms").text
        assert "Kiosk am Markt, Mo-Sa 8-20 h" in sms
        assert Notice.objects.get(milestone="ready_for_pickup", channel="sms").segments == segments(sms).count

    @pytest.mark.parametrize("status", ["out_for_delivery", "exception", "on_hold", "returning", "delivered"])
    def test_no_mail_promises_a_day_that_the_page_does_not(self, parcel, status):
        say(parcel, status)
        milestone = {"on_hold": "exception", "returning": "returned"}.get(status, status)
        assert "Expected" not in self.told(parcel, milestone).text

    def test_the_sms_of_a_delay_says_the_new_day(self, parcel):
        Merchant.objects.update(notify_sms=True)
        parcel.merchant.refresh_from_db()
        later = Reading("delayed", NOW, shipment_id=parcel.pk, carrier="DHL", eta=date(2026, 3, 20))
        record([later], merchant=parcel.merchant, now=NOW)
        assert "Delayed. Now expected Fri 20 March (order" in self.told(parcel, "delayed", "sms").text

    def test_a_day_that_would_cost_another_part_is_left_out_where_it_is_not_the_news(self, parcel):
        Merchant.objects.update(
            notify_sms=True, name="A shop with a name that goes on and on and leaves no room"
        )
        parcel.merchant.refresh_from_db()
        say(parcel, "in_transit")
        sms = self.told(parcel, "shipped", "sms").text
        assert segments(sms).count == 1 and "Expected" not in sms

    @pytest.mark.parametrize(
        ("status", "milestone", "anchor"),
        [
            ("attempt_failed", "attempt_failed", "#address-p"),
            ("delivered", "rating_request", "#rate-p"),
            ("exception", "exception", ""),
        ],
    )
    def test_the_button_leads_to_the_deed_and_changes_nothing(
        self, parcel, client, status, milestone, anchor
    ):
        NoticeSettings.objects.create(merchant=parcel.merchant, off=[])
        parcel.merchant.refresh_from_db()
        say(parcel, status)
        mail = self.told(parcel, milestone)
        link = re.search(r'<a class="button" href="([^"]+)"', mail.html)[1]
        assert link in mail.text
        path, _, part = link.partition("/t/")[2].partition("#")
        page = client.get(f"/t/{path}").content.decode()
        assert part == (f"{anchor}{parcel.pk}".lstrip("#") if anchor else "") and (
            not part or f'id="{part}"' in page
        )
        assert not Rating.objects.exists()
