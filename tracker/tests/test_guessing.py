"""Nobody finds an order by counting: 10,000 guesses learn nothing and are slowed."""

import random
import time
from statistics import median

import pytest
from django.core.cache import cache
from django.test import Client

from orders.lookup import find
from orders.models import Order
from tests.factories import make_order
from tracker.limits import counted_as
from tracker.views import lookup

pytestmark = pytest.mark.django_db


@pytest.fixture
def numbers(merchant):
    return [make_order(merchant).number for _ in range(20)]


def guesses(numbers, count):
    draw = random.Random(7)
    for at in range(count):
        number = draw.choice(numbers) if at % 2 else f"KIO-{draw.randrange(9000, 99999)}"
        yield (
            number,
            draw.choice(["80331 ", "ada@example.org", "+49 30 000", str(draw.randrange(10000, 99999))]) + "x",
        )


def test_ten_thousand_guesses_from_one_address(numbers):
    client, answers = Client(), {}
    for number, proof in guesses(numbers, 10_000):
        answer = client.post("/", {"number": number, "proof": proof})
        answers.setdefault(answer.status_code, set()).add(answer.content)
    assert set(answers) == {404, 429}
    assert all(len(bodies) == 1 for bodies in answers.values()), "each kind of answer is the same bytes"
    right = client.post("/", {"number": numbers[0], "proof": Order.objects.first().ship_to.postal_code})
    assert right.status_code == 429, "the right answer of somebody who guessed is not heard either"


def test_guesses_from_many_addresses_are_slowed_by_the_number(numbers):
    client, heard = Client(), 0
    for at in range(200):
        answer = client.post("/", {"number": numbers[0], "proof": str(at)}, REMOTE_ADDR=f"10.{at}.0.1")
        heard += answer.status_code == 404
    assert heard == lookup.PER_NUMBER


def test_one_providers_customer_is_one_address(numbers):
    """Any line with IPv6 has 2^64 addresses."""
    client, heard = Client(), 0
    for at in range(200):
        answer = client.post(
            "/", {"number": f"KIO-{9000 + at}", "proof": "x"}, REMOTE_ADDR=f"2001:db8::{at:x}"
        )
        heard += answer.status_code == 404
    assert heard == lookup.PER_ADDRESS
    assert client.post("/", {"number": "N", "proof": "x"}, REMOTE_ADDR="2001:db8:0:1::1").status_code == 404


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::4]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_whose_tries_are_counted_together(address, counted):
    assert counted_as(address) == counted


def test_links_are_not_found_by_guessing(client, numbers):
    draw = random.Random(3)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bodies = {client.get(f"/t/{''.join(draw.choices(alphabet, k=22))}/").content for _ in range(200)}
    assert len(bodies) == 1
    assert len({len(key) for key in Order.objects.values_list("public_key", flat=True)}) == 1


def test_a_hit_with_the_wrong_proof_takes_as_long_as_a_miss(numbers, monkeypatch):
    """How surely one is told from the other by its time: 0.5 is not at all, 1 is always."""
    monkeypatch.setattr(lookup, "PER_ADDRESS", 10**6)
    monkeypatch.setattr(lookup, "PER_NUMBER", 10**6)
    client, took = Client(), {True: [], False: []}
    for at in range(1200):
        hit = at % 2 == 0
        number = numbers[at % len(numbers)] if hit else f"KIO-{90000 + at}"
        began = time.perf_counter()
        client.post("/", {"number": number, "proof": "99999"})
        took[hit].append(time.perf_counter() - began)
    hits, misses = took[True][100:], sorted(took[False][100:])
    slower = sum(sum(miss < hit for miss in misses) for hit in hits) / (len(hits) * len(misses))
    print(f"hit {median(hits) * 1000:.2f} ms, miss {median(misses) * 1000:.2f} ms, told apart {slower:.2f}")
    assert 0.2 < slower < 0.8
    cache.clear()


def test_both_ask_the_same_question(numbers, django_assert_num_queries):
    for number in (numbers[0], "NOPE-1"):
        with django_assert_num_queries(1):
            assert find(number, "wrong") is None
