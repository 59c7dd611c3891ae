"""Letters: written by people, sent by the outbox."""

from datetime import timedelta

import pytest
from django.core import mail

from notifications import delivery, letters, wishes
from notifications.models import Letter, Notice
from notifications.status import NoticeState
from tests.factories import NOW, make_order

pytestmark = pytest.mark.django_db


def write(merchant, **changes):
    said = {
        "to": "ada@example.com", "subject": "Your parcel", "text": "Dear Ada,\n\nwe <b>look</b> into it.", "about": "case:1",
        "key": "one", "now": NOW,
    }  # fmt: skip
    return letters.post(merchant=merchant, **(said | changes))


def sent_at(later=timedelta(0)):
    return delivery.drain(clock=lambda: NOW + later)


def test_a_letter_goes_out_once_with_its_files_and_the_shops_answer_address(merchant):
    order = make_order(merchant)
    Notice.objects.all().delete()
    files = [("claim.pdf", "application/pdf", b"%PDF-1.7")]
    first = write(merchant, order=order, attachments=files, reply_to="care@kiosk.example")
    assert write(merchant, text="another") == first
    assert sent_at() == 1
    (sent,) = mail.outbox
    assert sent.subject == "Your parcel"
    assert sent.reply_to == ["care@kiosk.example"]
    assert f"/t/{order.public_key}/" in sent.body
    assert "List-Unsubscribe" in sent.extra_headers
    html = sent.alternatives[0][0]
    assert "&lt;b&gt;look" in html and "<b>look" not in html
    assert sent.attachments[0][:2] == ("claim.pdf", b"%PDF-1.7")
    assert sent_at() == 0


def test_a_letter_of_no_order_has_no_link_to_one(merchant):
    write(merchant, to="sales@supplier.example", reply_to="")
    sent_at()
    (sent,) = mail.outbox
    assert "/t/" not in sent.body
    assert sent.reply_to == ["help@kiosk.example"]
    assert "List-Unsubscribe" not in sent.extra_headers


def test_a_closed_address_is_not_written_to(merchant):
    wishes.suppress(merchant, "email", "ada@example.com", "bounce", now=NOW)
    write(merchant)
    sent_at()
    assert not mail.outbox
    assert Notice.objects.get().state == NoticeState.SKIPPED


def test_what_could_not_be_sent_for_a_week_is_not_sent(merchant):
    write(merchant)
    sent_at(timedelta(days=8))
    assert not mail.outbox
    assert Notice.objects.get().state == NoticeState.EXPIRED


@pytest.mark.parametrize(
    "wrong", [{"to": ""}, {"text": " \n"}, {"subject": " "}, {"attachments": [("a", "b", b"0" * 9_000_000)]}]
)
def test_a_letter_that_cannot_be_is_refused_in_words(merchant, wrong):
    with pytest.raises(letters.LetterError):
        write(merchant, **wrong)
    assert not Letter.objects.exists()


def test_one_shops_key_is_not_anothers(merchant, other):
    assert write(merchant) != write(other)


def test_the_notice_shows_its_text(client, merchant, alice):
    write(merchant)
    client.force_login(alice)
    page = client.get(f"/admin/notifications/notice/{Notice.objects.get().pk}/change/").content.decode()
    assert "Your parcel" in page and "&lt;b&gt;look" in page
