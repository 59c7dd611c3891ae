import email
import smtplib
from datetime import timedelta
from email import policy

import kombu.pools
import pytest
from celery import current_app as app
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from notifications import delivery, outbox
from notifications.decide import Fact, Preferences, decide
from notifications.models import Attempt, Notice
from notifications.status import NoticeState
from notifications.wishes import settings_of
from orders import queue
from orders.lifecycle import change_status
from orders.models import Merchant
from tests.factories import NOW, make_order


def mails(settings):
    files = sorted(settings.MAIL_DIR.glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


@pytest.fixture(autouse=True)
def _folder(settings):
    settings.EMAIL_BACKEND = "notifications.channels.folder.FolderBackend"


@pytest.fixture
def notice(merchant):
    make_order(merchant)
    return Notice.objects.get()


def send(notice, at=NOW):
    went = delivery.deliver(notice.pk, clock=lambda: at)
    notice.refresh_from_db()
    return went


@pytest.mark.django_db
class TestOutbox:
    def test_each_status_change_writes_one_notice_in_its_own_transaction(self, merchant):
        order = make_order(merchant)
        with pytest.raises(RuntimeError), transaction.atomic():
            change_status(order.pk, "processing", actor="alice", now=NOW)
            raise RuntimeError
        assert [n.milestone for n in Notice.objects.all()] == ["confirmed"]
        for status in ("processing", "pending", "processing", "shipped", "delivered"):
            change_status(order.pk, status, actor="alice", now=NOW)
        milestones = Notice.objects.order_by("pk").values_list("milestone", flat=True)
        assert list(milestones) == ["confirmed", "processing", "shipped", "delivered"]

    def test_the_same_fact_put_twice_is_one_notice(self, notice):
        plan = decide(Fact("placed", "pending", NOW, NOW), Preferences(True, False, "a@b.example", ""))
        assert outbox.put(notice.event, plan, settings_of(notice.merchant)) == []
        assert Notice.objects.count() == 1

    def test_a_broker_that_is_away_loses_nothing_and_hurts_nobody(
        self, merchant, monkeypatch, caplog, django_capture_on_commit_callbacks
    ):
        monkeypatch.setattr(queue, "_away_until", 0.0)
        away = app.connection_for_write(url="redis://127.0.0.1:1/0")
        monkeypatch.setattr(app.amqp, "_producer_pool", kombu.pools.producers[away])
        with caplog.at_level("WARNING"), django_capture_on_commit_callbacks(execute=True):
            make_order(merchant)
        notice = Notice.objects.get()
        assert "the sweep will" in caplog.text
        with django_capture_on_commit_callbacks(execute=True):
            make_order(merchant, now=NOW + timedelta(days=1))
        assert caplog.text.count("the sweep will") == 1, "a broker that is away is not asked for every row"
        assert notice.due_at == NOW and delivery.sweep(now=NOW + timedelta(seconds=30))

    def test_the_mail_has_text_html_brand_and_link(self, notice, settings):
        Merchant.objects.update(colour="#ffe14d", footer="Kiosk GmbH, Berlin")
        assert send(notice) and notice.state == NoticeState.SENT
        (mail,) = mails(settings)
        html, text = (mail.get_body([kind]).get_content() for kind in ("html", "plain"))
        link = f"/t/{notice.order.public_key}/"
        assert mail["Subject"] == f"We have your order · Order {notice.order.number}"
        assert (
            mail["To"] == "ada@example.com"
            and "Kiosk" in mail["From"]
            and mail["Reply-To"] == "help@kiosk.example"
        )
        assert mail["Message-ID"].startswith(f"<notice-{notice.pk}@")
        for part in (html, text):
            assert link in part and "Blue mug" in part and "Kiosk GmbH" in part
        assert "#ffe14d" in html and "color: #000000" in html, "text on a light brand colour must be dark"
        assert (
            "prefers-color-scheme" in html
            and "<img" not in html
            and html.count("http")
            == html.count(f"http://127.0.0.1:8000{link}") + html.count("http://127.0.0.1:8000/n/")
        )

    def test_a_promise_that_was_over_before_the_fact_is_not_repeated(self, merchant, settings):
        late = make_order(merchant, promised_on=NOW.date())
        change_status(late.pk, "shipped", actor="alice", now=NOW + timedelta(days=3))
        send(late.notices.get(milestone="confirmed"))
        send(late.notices.get(milestone="shipped"), NOW + timedelta(days=3))
        first, second = (mail.get_body(["plain"]).get_content() for mail in mails(settings))
        assert "Expected Wed 4 March" in first.replace("\u00a0", " ") and "xpected" not in second

    def test_naughty_names_neither_break_headers_nor_markup(self, merchant, settings):
        Merchant.objects.update(name="Evil\r\nBcc: all@example.com")
        order = make_order(merchant, address={"name": "<script>alert(1)</script> & Söhne"})
        send(order.notices.get())
        (mail,) = mails(settings)
        assert mail["Bcc"] is None
        assert "<script>" not in mail.get_body(["html"]).get_content()
        assert "<script>alert(1)</script> & Söhne" in mail.get_body(["plain"]).get_content()

    def test_it_is_sent_once(self, notice, settings):
        assert send(notice) is True
        assert send(notice) is False
        assert len(mails(settings)) == 1 and Attempt.objects.count() == 1

    def test_another_workers_notice_is_left_alone_until_that_worker_is_given_up(self, notice, settings):
        Notice.objects.update(state="sending", claimed_at=NOW, tries=1)
        assert not delivery.sweep(now=NOW + timedelta(minutes=1)) and send(notice) is False
        later = NOW + timedelta(minutes=6)
        assert delivery.sweep(now=later)
        assert send(notice, later) is True

    @pytest.mark.parametrize(
        ("error", "state"),
        [
            (smtplib.SMTPRecipientsRefused({"a": (550, b"no such user")}), "dead"),
            (smtplib.SMTPRecipientsRefused({"a": (451, b"greylisted")}), "retry"),
            (smtplib.SMTPDataError(554, b"spam"), "dead"),
            (smtplib.SMTPAuthenticationError(535, b"bad login"), "retry"),
            (smtplib.SMTPServerDisconnected("gone"), "retry"),
            (ConnectionRefusedError(111, "refused"), "retry"),
        ],
    )
    def test_errors_that_can_pass_are_retried_and_others_stop_at_once(
        self, notice, monkeypatch, error, state
    ):
        def refuse(self, fail_silently=False):
            raise error

        monkeypatch.setattr(EmailMultiAlternatives, "send", refuse)
        assert send(notice) is False
        assert notice.state == state and notice.error and notice.attempts.get().permanent == (state == "dead")

    def test_tries_end_in_the_dead_letters(self, notice, monkeypatch):
        monkeypatch.setattr(delivery, "render", lambda notice: 1 / 0)
        at = NOW
        for _ in range(delivery.MAX_TRIES):
            assert notice.state in ("queued", "retry")
            send(notice, at)
            assert notice.state == "dead" or notice.due_at > at
            at = notice.due_at
        assert (notice.state, notice.tries) == ("dead", delivery.MAX_TRIES)
        assert notice.error == "ZeroDivisionError: division by zero"

    def test_old_news_is_not_sent(self, notice, settings):
        assert send(notice, NOW + timedelta(days=4)) is False
        assert notice.state == "expired" and mails(settings) == []

    def test_sms_goes_to_the_file(self, merchant, settings):
        Merchant.objects.update(notify_sms=True)
        merchant.refresh_from_db()
        order = make_order(merchant)
        change_status(order.pk, "shipped", actor="alice", now=NOW)
        assert send(order.notices.get(channel="sms"))
        assert (
            f"Kiosk: On its way. Expected Mon 9 - Wed 11 March (order {order.number})."
            in (settings.MAIL_DIR / "sms.jsonl").read_text()
        )


@given(st.integers(1, 8))
def test_backoff_grows_and_stays_under_celerys_visibility(tries):
    assert 20 <= delivery.backoff(tries).total_seconds() <= 3600 * 1.25
