import pytest

from orders.models import Order
from tests.factories import make_order
from tracker.views import lookup

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(merchant):
    return make_order(merchant)


def ask(client, number, proof, **extra):
    return client.post("/", {"number": number, "proof": proof}, **extra)


def test_the_door_opens(client, order):
    for path in ("/", "/track/"):
        assert b"Where is my order?" in client.get(path).content
    found = ask(client, order.number.lower(), "80331")
    assert (found.status_code, found["Location"]) == (303, f"/t/{order.public_key}/")


def test_every_miss_is_the_same_bytes(client, order, merchant, django_assert_num_queries):
    no_phone = make_order(merchant, phone="")
    answers = set()
    for number, proof in [
        ("NOPE-1", "ada@example.com"),
        (order.number, "eve@example.com"),
        (order.number, "99999"),
        (order.number, "+49 30 999999"),
        (no_phone.number, ""),
        ("", ""),
        ("<script>", "\x00"),
    ]:
        with django_assert_num_queries(2):
            miss = ask(client, number, proof)
        answers.add((miss.status_code, miss.content, tuple(sorted(miss.headers.items()))))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


def test_so_many_tries_from_an_address(client, order, monkeypatch):
    monkeypatch.setattr(lookup, "PER_ADDRESS", 3)
    for attempt in range(3):
        assert ask(client, f"N{attempt}", "x").status_code == 404
    refused = ask(client, order.number, "80331")
    assert (
        refused.status_code == 429
        and refused["Retry-After"] == "600"
        and b"Too many tries" in refused.content
    )
    assert ask(client, order.number, "80331", REMOTE_ADDR="10.0.0.9").status_code == 303


def test_so_many_tries_on_a_number_from_anywhere(client, order, monkeypatch):
    monkeypatch.setattr(lookup, "PER_NUMBER", 3)
    spelled = [order.number, order.number.lower(), order.number.replace("-", " ")]
    for attempt, number in enumerate(spelled):
        assert ask(client, number, "x", REMOTE_ADDR=f"10.0.0.{attempt}").status_code == 404
    assert ask(client, order.number, "80331", REMOTE_ADDR="10.0.1.1").status_code == 429


def test_behind_a_proxy_its_own_word_counts(client, settings, monkeypatch):
    settings.TRUST_PROXY = True
    monkeypatch.setattr(lookup, "PER_ADDRESS", 1)
    for attempt, status in enumerate([404, 429]):
        answer = ask(client, f"N{attempt}", "x", headers={"X-Forwarded-For": f"1.2.3.{attempt}, 9.9.9.9"})
        assert answer.status_code == status


def test_no_cookie_and_no_person_is_asked_for(client, order):
    assert not client.get("/").cookies and not ask(client, "x", "y").cookies
    assert Order.objects.count() == 1
