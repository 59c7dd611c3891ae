import pytest

from orders.lookup import find, spellings
from orders.models import Order
from tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(merchant):
    order = make_order(merchant)
    Order.objects.filter(pk=order.pk).update(number="KIO-1001")
    order.refresh_from_db()
    return order


@pytest.mark.parametrize(
    "number",
    [
        "KIO-1001",
        "kio-1001",
        " kio 1001 ",
        "KIO1001",
        "#kio1001",
        "KIO–1001",
        "ＫＩＯ-1001",
        "kio ١٠٠١",
        "KIO-۱۰۰۱",
    ],
)
def test_numbers_as_people_write_them(order, number):
    assert find(number, "ada@example.com") == order


@pytest.mark.parametrize(
    "proof",
    [
        "ADA@example.com",
        " ada@example.com ",
        "+49 89 1234567",
        "089 1234567",
        "0049891234567",
        "80331",
        "80 331",
        "٨٠٣٣١",
        "۸۰۳۳۱",
        "８０３３１",
        "٠٨٩ ١٢٣٤٥٦٧",
    ],
)
def test_each_proof_proves(order, proof):
    assert find("KIO-1001", proof) == order


@pytest.mark.parametrize(
    "proof", ["", " ", "eve@example.com", "80332", "+49 89 1234568", "None", "%", "\x00", "-", "ada"]
)
def test_what_proves_nothing(order, proof):
    assert find("KIO-1001", proof) is None


def test_an_empty_column_is_proved_by_nothing(merchant, order):
    Order.objects.update(email="", phone="")
    order.ship_to.__class__.objects.update(postal_code="")
    for proof in ("", "-", " ", "ada@example.com"):
        assert find("KIO-1001", proof) is None


def test_a_number_stored_in_other_digits_is_found_as_typed(order):
    Order.objects.update(number="طلب ١٢")
    assert find("طلب ١٢", "80331") == order


@pytest.mark.parametrize(
    ("stored", "country", "proof", "proves"),
    [
        ("10001-1234", "US", "10001", True),
        ("10001-1234", "US", "10001-1234", True),
        ("10001-1234", "US", "100011234", True),
        ("10001", "US", "10001-1234", False),
        ("10001-1234", "US", "1000", False),
        ("10001-1234", "BR", "10001", False),
        ("10001", "US", "", False),
    ],
)
def test_an_american_postcode_is_proved_by_its_five_digits(order, stored, country, proof, proves):
    order.ship_to.__class__.objects.update(postal_code=stored, country=country)
    assert (find("KIO-1001", proof) == order) == proves


def test_shops_with_the_same_number_are_told_apart(order, other):
    theirs = make_order(other, email="bob@example.com", address={"postal_code": "10115"})
    Order.objects.filter(pk=theirs.pk).update(number="KIO-1001")
    assert find("KIO-1001", "bob@example.com") == theirs
    assert find("KIO-1001", "ada@example.com") == order


def test_every_wrong_answer_costs_one_query(order, django_assert_num_queries):
    """The right one costs another, for the order itself."""
    for number, proof in [
        ("KIO-1001", "x"),
        ("NONE", "80331"),
        ("", ""),
        ("a\x00b", "x" * 500),
    ]:
        with django_assert_num_queries(1):
            find(number, proof)


@pytest.mark.parametrize("number", ["", "1", "A 1-B", "☃" * 60, "K I O 1 0 0 1"])
def test_always_as_many_spellings(number):
    assert len(spellings(number)) == 6
