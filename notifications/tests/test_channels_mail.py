"""Mails through a real SMTP server: connections are kept, and each way of failing does what it should."""

import time

import pytest

from notifications import delivery, wishes
from notifications.channels import connection
from notifications.models import Notice, Suppression
from notifications.status import NoticeState
from notifications.tests.mail_server import MailServer
from tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    connection.forget()
    with MailServer() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 5
        yield running
        connection.forget()


@pytest.fixture
def notices(merchant):
    for number in range(4):
        make_order(merchant, email=f"ada{number}@example.com")
    return list(Notice.objects.order_by("pk"))


def deliver(notice):
    notice.refresh_from_db()
    went = delivery.deliver(notice.pk, clock=lambda: notice.due_at)
    notice.refresh_from_db()
    return went


def test_many_mails_go_by_one_connection(server, notices):
    assert all(deliver(notice) for notice in notices)
    assert server.connections == 1 and server.begun == 4
    assert [mail["To"] for mail in server.texts()] == [notice.recipient for notice in notices]
    assert [mail["Message-ID"] for mail in server.texts()] == [f"<notice-{n.pk}@localhost>" for n in notices]


@pytest.mark.parametrize(("limit", "value"), [("MOST", 2), ("IDLE", -1.0)])
def test_a_connection_is_not_kept_for_ever(server, notices, monkeypatch, limit, value):
    monkeypatch.setattr(connection, limit, value)
    assert all(deliver(notice) for notice in notices)
    assert server.connections == (2 if limit == "MOST" else 4) and len(server.mails) == 4


def test_another_server_gets_a_connection_of_its_own(server, notices, settings):
    assert deliver(notices[0])
    with MailServer() as second:
        settings.EMAIL_PORT = second.port
        assert deliver(notices[1])
        assert len(server.mails) == len(second.mails) == 1
        connection.forget()


@pytest.mark.parametrize(
    ("answer", "state", "closed"),
    [
        ("RCPT 550 5.1.1 no such user", NoticeState.DEAD, True),
        ("RCPT 550 5.7.1 your network is listed", NoticeState.DEAD, False),
        ("RCPT 451 4.7.1 greylisted, come back", NoticeState.RETRY, False),
        ("RCPT 452 4.2.2 mailbox full", NoticeState.RETRY, False),
        ("MAIL 530 authentication required", NoticeState.RETRY, False),
        ("DATA 554 5.7.1 looks like spam", NoticeState.DEAD, False),
        ("DATA 451 4.3.0 disk full", NoticeState.RETRY, False),
    ],
)
def test_a_refusal_is_kept_in_its_own_words_and_the_next_mail_goes_out(
    server, notices, answer, state, closed
):
    server.answers = ["accept", answer, "accept"]
    assert deliver(notices[0]) and not deliver(notices[1]) and deliver(notices[2])
    assert notices[1].state == state and notices[1].error == answer.partition(" ")[2]
    assert server.connections == 1 and len(server.mails) == 2
    assert [row.address for row in Suppression.objects.all()] == [notices[1].recipient] * closed


def test_greylisting_is_waited_out(server, notices):
    server.answers = ["RCPT 451 come back later", "accept"]
    assert not deliver(notices[0]) and notices[0].state == NoticeState.RETRY
    assert deliver(notices[0]) and len(server.mails) == 1


def test_a_server_that_dawdles_is_asked_again_later(server, notices, settings):
    settings.EMAIL_TIMEOUT = 0.3
    server.answers = [1.2, "accept"]
    assert not deliver(notices[0]) and notices[0].state == NoticeState.RETRY
    assert "timed out" in notices[0].error and server.begun == 1
    assert deliver(notices[0])


def test_a_drop_in_the_text_is_not_tried_again_at_once(server, notices):
    """The server may have the mail: whether to send a second one is the outbox's to say, and to count."""
    for before in ([], ["accept"]):
        server.answers, server.begun = [*before, "cut", "accept"], 0
        for notice in notices[: len(before)]:
            assert deliver(notice)
        broken = notices[2 + len(before)]
        assert not deliver(broken) and broken.state == NoticeState.RETRY
        assert server.begun == len(before) + 1
        assert deliver(broken)
    assert len(server.mails) == 3


@pytest.mark.parametrize("how", ["leave", "gone", "MAIL 421 too many mails"])
def test_a_server_that_hung_up_between_mails_is_called_again(server, notices, how):
    server.answers = ["leave", "accept"] if how == "leave" else ["accept", how, "accept"]
    assert deliver(notices[0])
    if how == "leave":
        time.sleep(0.1)
    assert deliver(notices[1])
    assert notices[1].attempts.count() == 1 and len(server.mails) == 2 and server.connections == 2


def test_it_is_called_again_only_once(server, notices):
    server.answers = ["accept", "gone"]
    assert deliver(notices[0])
    assert not deliver(notices[1]) and notices[1].state == NoticeState.RETRY
    assert server.begun == 3 and server.connections == 2


def test_a_kept_connection_on_which_nothing_moves_costs_one_wait(server, notices, settings):
    settings.EMAIL_TIMEOUT = 0.3
    server.answers = ["accept", "stuck", "accept"]
    assert deliver(notices[0])
    assert not deliver(notices[1]) and notices[1].state == NoticeState.RETRY
    assert server.connections == 1 and deliver(notices[1])


def test_a_server_that_goes_away_is_a_reason_to_wait(server, notices, settings):
    settings.EMAIL_TIMEOUT = 0.3
    with MailServer() as second:
        settings.EMAIL_PORT = second.port
        assert deliver(notices[0])
    for _ in range(2):
        assert not deliver(notices[1]) and notices[1].state == NoticeState.RETRY
    settings.EMAIL_PORT = server.port
    assert deliver(notices[1])


def test_a_goodbye_that_fails_does_not_undo_an_accepted_mail(server, notices, monkeypatch):
    monkeypatch.setattr(connection, "MOST", 1)
    server.answers = ["leave"]
    assert all(deliver(notice) for notice in notices)
    assert len(server.mails) == 4


def test_a_customer_whose_mailbox_is_gone_gets_no_more(server, notices, merchant):
    server.answers = ["RCPT 550 5.1.1 unknown", "accept"]
    assert not deliver(notices[0])
    assert wishes.suppression_of(merchant, "email", "ADA0@example.com").reason == "bounce"
    make_order(merchant, email="ada0@example.com")
    assert Notice.objects.first().state == NoticeState.SKIPPED and server.begun == 1


def test_any_backend_of_django_will_do(notices, settings, tmp_path, mailoutbox):
    connection.forget()
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "files"
    assert deliver(notices[0]) and deliver(notices[1])
    assert sum("Message-ID" in file.read_text() for file in settings.EMAIL_FILE_PATH.iterdir()) == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert deliver(notices[2]) and len(mailoutbox) == 1
    connection.forget()
