"""EasyPost signs twice; where the second signature is there, it alone decides."""

import pytest
from django.urls import reverse
from django.utils import timezone

from shipping.models import CarrierAccount, InboundWebhook
from shipping.tests.vendors import MINUTE, SECRET, body, dumped, sign
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(client, merchant):
    account = CarrierAccount.objects.create(merchant=merchant, provider="easypost", secret=SECRET)
    url = reverse("webhook", args=["easypost", account.key])

    def send(vendor, raw, headers=None):
        signed = sign(vendor, raw, now=timezone.now(), path=url) if headers is None else headers
        return client.post(url, raw, "application/json", headers=signed)

    return send


@pytest.mark.parametrize("bad", ["", " ", "hmac-sha256-hex=00", "stale", "elsewhere", "another secret"])
def test_a_good_v1_does_not_make_up_for_a_bad_v2(post, bad):
    raw, now = dumped(body("easypost")), timezone.now()
    assert post("easypost", raw).status_code == 200  # v1 by itself is good
    path = reverse("webhook", args=["easypost", CarrierAccount.objects.get().key])
    second = {
        "stale": sign("easypost-v2", raw, now=now - 7 * MINUTE, path=path),
        "elsewhere": sign("easypost-v2", raw, now=now, path="/elsewhere/"),
        "another secret": sign("easypost-v2", raw, now=now, path=path, secret="another"),
    }.get(bad) or sign("easypost-v2", raw, now=now, path=path) | {"X-Hmac-Signature-V2": bad}
    first = sign("easypost", raw, now=now)
    assert post("easypost", raw, second | first).status_code == 401
    assert InboundWebhook.objects.count() == 1


@pytest.mark.parametrize("first", ["", "hmac-sha256-hex=00", "another secret"])
def test_where_both_are_there_only_v2_counts(post, first):
    raw = dumped(body("easypost"))
    assert post("easypost-v2", raw).status_code == 200
    path = reverse("webhook", args=["easypost", CarrierAccount.objects.get().key])
    forged = (
        sign("easypost", raw, now=NOW, secret="another")["X-Hmac-Signature"]
        if first == "another secret"
        else first
    )
    headers = sign("easypost-v2", raw, now=timezone.now(), path=path) | {"X-Hmac-Signature": forged}
    assert post("easypost", raw, headers).status_code == 200
    for part in ("X-Timestamp", "X-Path", "X-Hmac-Signature-V2"):
        assert post("easypost", raw, headers | {part: ""}).status_code == 401
