"""The door for programs: tokens, walls, what may be asked."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.models import ApiToken
from orders.models.token import new_token
from orders.roles import Role
from shipping.carriers.base import Reading
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(client, merchant):
    token, hint, digest = new_token()
    ApiToken.objects.create(merchant=merchant, name="shop", hint=hint, digest=digest)

    def get(path, token=token, **query):
        return client.get(f"/api/v1/{path}", query, headers={"Authorization": f"Bearer {token}"})

    return get


def test_a_token_is_made_in_the_admin_shown_once_and_revoked(client, merchant, alice):
    client.force_login(alice)
    add = reverse("admin:orders_apitoken_add")
    page = client.post(add, {"merchant": merchant.pk, "name": "Shop’s own"}, follow=True).content.decode()
    token = re.search(r"trk_[\w-]{43}", page)[0]
    row = ApiToken.objects.get()
    assert token not in client.get(reverse("admin:orders_apitoken_changelist")).content.decode()
    assert token not in str(ApiToken.objects.values()[0]) and row.created_by == alice
    asked = {"headers": {"Authorization": f"Bearer {token}"}}
    assert client.get("/api/v1/carriers/detect/?number=1Z5R89390357567127", **asked).status_code == 200
    row.refresh_from_db()
    assert row.used_at
    client.post(
        reverse("admin:orders_apitoken_changelist"), {"action": "revoke", "_selected_action": [row.pk]}
    )
    refused = client.get("/api/v1/carriers/detect/?number=1Z5R89390357567127", **asked)
    assert refused.status_code == 401 and "revoked" in refused.json()["error"]


def test_who_may_not_manage_makes_none(client, merchant):
    client.force_login(make_user("mona", merchant, Role.WAREHOUSE))
    assert (
        client.post(reverse("admin:orders_apitoken_add"), {"merchant": merchant.pk, "name": "x"}).status_code
        == 403
    )


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer trk_wrong", "Basic YTpi", "Bearer \x00é"]
)
def test_no_token_no_answer(client, header):
    answer = client.get(
        "/api/v1/carriers/detect/?number=1Z5R89390357567127",
        headers={"Authorization": header} if header else {},
    )
    assert answer.status_code == 401 and answer.json()["error"] and answer["WWW-Authenticate"] == "Bearer"


def test_carriers_of_numbers(ask):
    said = ask("carriers/detect/", number=["1z 5r89 3903 5756 7127", "nonsense"]).json()["numbers"]
    assert said[0]["candidates"][0]["carrier"].lower() == "ups" and said[1]["candidates"] == []
    for query, words in (
        ({}, "1 to 100"),
        ({"number": ["1"] * 101}, "1 to 100"),
        ({"number": "x" * 101}, "100 characters"),
    ):
        answer = ask("carriers/detect/", **query)
        assert answer.status_code == 400 and words in answer.json()["error"]


def test_why(ask, merchant, other):
    parcel, theirs = make_shipment(merchant), make_shipment(other)
    record(
        [Reading("in_transit", NOW, shipment_id=parcel.pk, code="AR")], merchant=merchant, now=timezone.now()
    )
    said = ask(f"parcels/{parcel.code.lower()}/why/").json()
    assert (said["status"], said["decided_by"]["code"], said["decided_by"]["rule"]) == (
        "in_transit",
        "AR",
        "first-word",
    )
    for code in (theirs.code, "P00000000000", "%00"):
        assert ask(f"parcels/{code}/why/").status_code == 404
    assert ask(f"parcels/{parcel.code}/why/", token="trk_x").status_code == 401


def test_only_reading(client, ask):
    assert client.post("/api/v1/carriers/detect/").status_code == 405
