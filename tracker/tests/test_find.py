"""The command search: walled, exact first, by beginnings, the same queries whatever is typed."""

import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import Order, User
from shipping.models import Shipment
from tests.factories import make_order, make_product, make_shipment, make_user
from tracker.find.ask import LONGEST, ask, cleaned
from tracker.rooms import GROUPS, rooms_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcel(merchant):
    row = make_shipment(
        merchant, now=timezone.now(), carrier="DHL", tracking_number="JD0100200300", external_id="shop-77",
        email="Grace@Example.com", address={"name": "Grace Hopper"},
    )  # fmt: skip
    Order.objects.filter(pk=row.order_id).update(number="KIO-1001")
    row.order.refresh_from_db()
    return row


def found(client, typed):
    answer = client.get("/admin/find/", {"q": typed, "as": "json"})
    assert answer.status_code == 200
    return {group["title"]: [one["title"] for one in group["found"]] for group in answer.json()["groups"]}


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("KIO-1001", "Order KIO-1001"), ("kio-1001", "Order KIO-1001"), ("#1001", None), ("1001", "Order KIO-1001"),
        ("KIO 1001", "Order KIO-1001"), ("shop-77", "Order KIO-1001"), ("SHOP-77", "Order KIO-1001"),
        ("grace@example.com", "Grace Hopper"), ("jd 0100 200 300", "Parcel"), ("JD0100200300", "Parcel"),
        ("code", "Parcel"), ("mug-77", "A mug"),
    ],
)  # fmt: skip
def test_what_is_named_exactly_comes_first(client, alice, merchant, parcel, typed, title):
    make_product(merchant, "MUG-77", name="A mug")
    client.force_login(alice)
    groups = found(client, parcel.code.lower() if typed == "code" else typed)
    if title is None:
        assert "Exactly this" not in groups or groups["Exactly this"]
        return
    assert next(iter(groups)) == "Exactly this"
    assert groups["Exactly this"][0].startswith(title)


@pytest.mark.parametrize(
    ("typed", "group"),
    [("KIO-1", "Orders"), ("shop-", "Orders"), ("grace h", "Customers"), ("GRACE@", "Customers"), ("JD0100", "Parcels"),
     ("mug-", "Products"), ("a mu", "Products"), ("late", "Pages"), ("print", "Pages"), ("stock", "Pages"), ("csv", "Pages")],
)  # fmt: skip
def test_beginnings_are_found(client, alice, merchant, parcel, typed, group):
    make_product(merchant, "MUG-77", name="A mug")
    client.force_login(alice)
    assert group in found(client, typed)


def test_pages_by_name_come_before_pages_by_other_words(client, alice):
    client.force_login(alice)
    assert found(client, "late")["Pages"][0] == "Late"
    assert found(client, "print runs")["Pages"] == ["Print runs"]
    assert found(client, "stock")["Pages"][0] == "Stock"


def test_every_answer_opens(client, alice, merchant, parcel):
    make_product(merchant, "KIO-9")
    client.force_login(alice)
    opened = 0
    for typed in ("KIO", "grace", "JD", "print", "pack"):
        for group in client.get("/admin/find/", {"q": typed, "as": "json"}).json()["groups"]:
            for one in group["found"]:
                assert client.get(one["url"], follow=True).status_code == 200, one
                opened += 1
            assert not group["more"] or client.get(group["more"]).status_code == 200
    assert opened >= 6


def test_the_wall_stands(client, merchant, other, charlie, parcel):
    make_product(merchant, "MUG-77", name="A mug")
    client.force_login(charlie)
    for typed in (
        "KIO-1001",
        "1001",
        "shop-77",
        "grace@example.com",
        "grace",
        "JD0100200300",
        parcel.code,
        "MUG-77",
    ):
        groups = found(client, typed)
        assert not [title for name, titles in groups.items() if name != "Pages" for title in titles], typed
        assert "Grace" not in client.get("/admin/find/", {"q": typed}).content.decode().replace("“Grace", "")
    theirs = make_order(other, now=timezone.now())
    assert found(client, theirs.number)["Exactly this"] == [f"Order {theirs.number}"]


def test_nobody_finds_nothing(client, parcel):
    assert client.get("/admin/find/", {"q": "KIO", "as": "json"}).status_code == 302
    client.force_login(make_user("loner"))
    assert found(client, "KIO-1001") == {}


def test_a_viewer_is_not_sent_to_shut_doors(client, merchant):
    client.force_login(make_user("vera", merchant, "viewer"))
    pages = [
        title
        for typed in ("pack", "hand", "import", "pick")
        for title in found(client, typed).get("Pages", [])
    ]
    assert not {"Pack", "Hand over", "Import", "Pick"} & set(pages)


def test_platform_staff_find_in_every_shop(client, merchant, other, django_user_model):
    orders = [make_order(shop, now=timezone.now()) for shop in (merchant, other)]
    client.force_login(django_user_model.objects.create_superuser("root"))
    for order in orders:
        assert f"Order {order.number}" in found(client, order.number)["Exactly this"]


def test_it_is_a_page_without_javascript(client, alice, parcel):
    client.force_login(alice)
    page = client.get("/admin/find/", {"q": "KIO-1"}).content.decode()
    assert "Order KIO-1001" in page and 'value="KIO-1"' in page
    assert "Nothing begins with" in client.get("/admin/find/", {"q": "zzzz"}).content.decode()
    assert client.post("/admin/find/", {"q": "KIO"}).status_code == 405
    body = client.get("/admin/orders/order/").content.decode()
    assert re.search(r'<a class="find-open" href="/admin/find/"', body)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "%", "_", "%%", "\\", "'", "';--", '"><script>alert(1)</script>', "\x00", "KIO\x00-1", "\u202e1001", "🦊", "ß",
     "\ud83e", "a" * 5000, "%" * 200, "İ", "[a-z]*", "../../etc"],
)  # fmt: skip
def test_odd_letters_do_no_harm(client, alice, parcel, typed):
    client.force_login(alice)
    safe = typed.encode("utf-8", "ignore").decode()
    for form in ({"q": safe}, {"q": safe, "as": "json"}):
        answer = client.get("/admin/find/", form)
        assert answer.status_code == 200
        assert b"<script>alert" not in answer.content or answer["Content-Type"] == "application/json"
    if safe in ("%", "_", "%%", "%" * 200):
        assert "Orders" not in found(client, safe)  # they stand for themselves


@given(st.text(max_size=400))
def test_what_is_typed_is_made_harmless_and_short(typed):
    text = cleaned(typed)
    assert len(text) <= LONGEST and text == text.strip() and "\x00" not in text and cleaned(text) == text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=30))
def test_anything_may_be_typed(alice, typed):
    ask(alice, typed, [])


def test_the_same_queries_whatever_is_typed_and_found(client, alice, merchant, parcel):
    client.force_login(alice)

    def cost(typed):
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/find/", {"q": typed, "as": "json"})
        return len(queries)

    cost("KIO")
    few = cost("KIO")
    for _ in range(8):
        make_shipment(merchant, now=timezone.now(), tracking_number=f"JD01{_}")
    assert few == cost("KIO") == cost("JD01") == cost("nothing like it") == cost("grace@example.com")
    assert few <= 15


def test_a_long_group_ends_in_its_list(client, alice, merchant):
    for _ in range(8):
        make_order(merchant, now=timezone.now())
    client.force_login(alice)
    (orders, *_rest) = client.get("/admin/find/", {"q": "KIO-", "as": "json"}).json()["groups"]
    assert len(orders["found"]) == 6 and orders["more"] == "/admin/orders/order/?q=KIO-"


# --- the rooms, by work -----------------------------------------------------------------------------------


def test_every_page_of_the_admin_has_a_room(rf, django_user_model):
    root = django_user_model.objects.create_superuser("root")
    request = rf.get("/")
    request.user = root
    rooms = rooms_for(root, admin.site.get_app_list(request))
    urls = [door.url for group in rooms for door in group.doors]
    assert len(urls) == len(set(urls))
    for model in admin.site._registry:
        assert f"/admin/{model._meta.app_label}/{model._meta.model_name}/" in urls
    icons = Path("static/img/icons.svg").read_text()
    for _, group in GROUPS:
        for room in group:
            assert f'id="{room.icon}"' in icons, room


def test_one_room_is_marked_as_here(client, alice):
    client.force_login(alice)
    for path in ("/admin/", "/admin/orders/order/", "/admin/orders/customer/"):
        body = client.get(path).content.decode()
        rooms = body[body.index('<nav id="rooms"') : body.index("</nav>", body.index('<nav id="rooms"'))]
        assert re.findall(r'href="([^"]+)" aria-current="page"', rooms) == [path]


def test_parcels_found_say_where_they_are(alice, parcel):
    Shipment.objects.filter(pk=parcel.pk).update(tracking_status="delivered", stage="packed")
    (best, *_) = ask(User.objects.get(pk=alice.pk), parcel.code, [])
    assert (best.found[0].state, best.found[0].state_name) == ("delivered", "Delivered")
