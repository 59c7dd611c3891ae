"""What a carrier says does not tell whoever has the link who lives where, nor what would prove the order theirs."""

import re
from datetime import date, datetime

import phonenumbers
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from orders.access import Tier, pass_for
from orders.models import Order, ShippingAddress
from shipping.carriers.base import Reading
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment
from tracker.masking import Mask, without_contacts
from tracker.tests.test_tracking_page import url, words


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


def mask(name="", tier=Tier.LINK, **changes):
    own = {key: changes.pop(key) for key in ("email", "phone") if key in changes}
    order = Order(**({"email": "", "phone": ""} | own))
    order.ship_to = ShippingAddress(order=order, **({"name": name, "country": "DE"} | changes))
    return Mask(order, tier)


# --- names ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "said", "shown"),
    [
        ("王伟", "签收人: 王伟", "签收人: …"),
        ("山田 太郎", "山田様 受取", "…様 受取"),
        ("山田太郎", "山田様 受取", "…様 受取"),
        ("김철수", "김철수 수령", "… 수령"),
        ("فاطمة الزهراء", "استلمت لفاطمة", "استلمت ل…"),
        ("محمد بن علي", "فرع البنك", "فرع البنك"),
        ("Ada Lovelace", "Signed by ADA", "Signed by …"),
        ("Ada Lovelace", "Canada, Adaptor", "Canada, Adaptor"),
        ("Ann Lee", "Hannover, Fleet depot, LEE", "Hannover, Fleet depot, …"),
        ("Änne Müller-Lüdenscheidt", "MUELLER; Luedenscheidt; ANNE", "…; …; …"),
        ("Anna von der Leyen", "Zustellung von der Basis, LEYEN", "Zustellung von der Basis, …"),
        ("Ян Ким", "Январь, Ян", "Январь, …"),
        ("A. B. Cee", "A parcel B", "A parcel B"),
    ],
)
def test_names(name, said, shown):
    assert mask(name).words(said) == shown


def test_streets_and_companies_as_carriers_spell_them():
    hide = mask(line1="Große Straße 7", company="Blümchen KG")
    assert hide.words("GROSSE STRASSE 7, BLUEMCHEN KG") == "…, …"


# --- the postcode --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("postcode", "country", "said", "shown"),
    [
        ("80331", "DE", "Zustellbasis 80331 München", "Zustellbasis … München"),
        ("80331", "DE", "D-80331, DE80331, 80 331", "D-…, DE…, …"),
        ("80331", "DE", "JD180331, 803312", "JD180331, 803312"),
        ("BS1 4DJ", "GB", "BS14DJ / bs1 4dj / BS1-4DJ", "… / … / …"),
        ("BS14DJ", "GB", "depot BS1 4DJ", "depot …"),
        ("104-0061", "JP", "〒１０４−００６１ 銀座", "〒… 銀座"),
        ("1040061", "JP", "104-0061", "…"),
        ("11511", "EG", "١١٥١١ القاهرة", "… القاهرة"),
        ("10001-1234", "US", "NY 10001, 10001-1234", "NY …, …"),
        ("1015", "CH", "1015 Lausanne, 10-15 Uhr", "… Lausanne, 10-15 Uhr"),
        ("", "IE", "Dublin 4", "Dublin 4"),
    ],
)
def test_the_postcode(postcode, country, said, shown):
    assert mask(postal_code=postcode, country=country).words(said) == shown
    if country != "US":  # nine digits might be a phone
        assert mask(postal_code=postcode, country=country, tier=Tier.PROVEN).words(said) == said


@pytest.mark.django_db
def test_the_page_keeps_the_proof_to_itself(client, merchant):
    where = {"carrier": "DHL", "tracking_number": "JD00012345"}
    shipment = make_shipment(merchant, **where)
    told = [
        ("in_transit", {"message": "Zustellbasis 80331 München", "city": "80331 München"}),
        ("available_for_pickup", {"message": "Filiale, Mo-Fr 9-13 15-19 Uhr", "postal_code": "80331", "city": "München"}),
    ]  # fmt: skip
    for hour, (status, more) in enumerate(told):
        at = NOW.replace(hour=hour + 1)
        record([Reading(status, at, shipment_id=shipment.pk, country="DE", **where, **more)], merchant=merchant, now=NOW)  # fmt: skip
        page = client.get(url(shipment.order))
        assert "80331" not in page.content.decode() and "München, DE" in words(page)
    assert "Where it waits Filiale, Mo-Fr 9-13 15-19 Uhr, München, DE" in words(page)
    client.cookies["tracking"] = pass_for(shipment.order, Tier.PROVEN)
    assert "Filiale, Mo-Fr 9-13 15-19 Uhr, 80331, München, DE" in words(client.get(url(shipment.order)))


@pytest.mark.django_db
def test_who_took_it_in_is_for_who_reads_the_customers_own_mail(client, merchant):
    shipment = make_shipment(merchant, carrier="DHL", tracking_number="JD1")
    said = "Signed by A. NEIGHBOUR, left in the garage of no. 7"
    record([Reading("delivered", NOW, shipment_id=shipment.pk, city="München", message=said)], merchant=merchant, now=NOW)  # fmt: skip
    for tier in Tier:
        client.cookies["tracking"] = pass_for(shipment.order, tier) if tier > Tier.LINK else ""
        shown = words(client.get(url(shipment.order)))
        assert ("NEIGHBOUR" in shown) == (tier == Tier.CODE) and "München" in shown and "Delivered" in shown


# --- phones, hours and days ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "said",
    [
        "Kiosk am Markt, Mo-Fr 9-13 15-19 Uhr",
        "Laden, 08-12 / 14-18",
        "ritiro 9-12.30, 15-19",
        "Abholung bis 2026-03-10 18:00",
        "bis 10.03.2026 18.00 Uhr",
        "10.03.-12.03., 8.00-12.00 14.00-18.00",
        "03/10/26 08-12",
        "20260310 1800",
        "0800-1200 1300-1730",
        "Sa 8–20, So 10—14",
        "28.02.2026-03.03.2026",
        "من ٨-١٢ / ١٤-١٨",
        "Paket 00340434161094042557",
        "12345678",
    ],
)
def test_hours_days_and_numbers_that_are_no_phones_stay(said):
    assert without_contacts(said) == said


@pytest.mark.parametrize(
    "phone",
    [
        "089 1234567", "+49 (0)89 / 123 45 67", "0711-2034 555", "01 02 03 04 05", "01.02.03.04.05", "01-02-03-04-05", "01/02/03/04/05",
        "(555) 123-4567", "555.123.4567", "020 7946 0958", "2345 6789", "+45 12 34 56 78", "03-1234-5678", "０３−１２３４−５６７８",
        "٠١٠ ١٢٣٤ ٥٦٧٨", "0891234567", "0900-1800 555 123",
    ],
)  # fmt: skip
def test_phones_go(phone):
    for said in (f"Tel. {phone}", f"Anruf {phone}, 8-20 Uhr", f"{phone}"):
        assert not re.search(r"\d{3}|\d\d \d\d", without_contacts(said)), without_contacts(said)


def test_the_customers_own_phone_goes_however_short():
    hide = mask(phone="+49891234567")
    assert (
        hide.words("Call 1234567 or 123 45 67 or 089/1234567, gate 12345") == "Call … or … or …, gate 12345"
    )


REGIONS = [
    "DE",
    "FR",
    "GB",
    "US",
    "IT",
    "ES",
    "PT",
    "NL",
    "PL",
    "JP",
    "EG",
    "AT",
    "CH",
    "BR",
    "IN",
    "AU",
    "SE",
]
FORMATS = [phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL,
           phonenumbers.PhoneNumberFormat.E164]  # fmt: skip


@given(st.sampled_from(REGIONS), st.sampled_from(FORMATS), st.integers(0, 9999))
def test_no_phone_of_these_countries_passes_in_any_form(region, form, tail):
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    number = str(example.national_number)
    example.national_number = int(number[:-4] + f"{tail:04}")
    written = phonenumbers.format_number(example, form)
    assert without_contacts(f"Bitte anrufen: {written}.") == "Bitte anrufen: …."


HOUR = st.integers(0, 24).map(lambda hour: f"{hour:02}") | st.integers(0, 24).map(str)
CLOCK = st.times().map(lambda at: f"{at:%H:%M}")
SPAN = st.tuples(HOUR | CLOCK, st.sampled_from(["-", " - ", "–"]), HOUR | CLOCK).map("".join)
DAY = st.dates(date(2000, 1, 1), date(2049, 12, 31)).flatmap(
    lambda day: st.sampled_from([f"{day:%Y-%m-%d}", f"{day:%d.%m.%Y}", f"{day:%m/%d/%Y}", f"{day:%d/%m/%Y}", f"{day:%d.%m.}"])
)  # fmt: skip
MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2049, 1, 1)).map(lambda at: f"{at:%Y-%m-%d %H:%M}")


@given(
    st.lists(
        st.tuples(SPAN | DAY | MOMENT, st.sampled_from([" ", ", ", " / ", " Uhr, Sa "])),
        min_size=1,
        max_size=5,
    )
)
def test_hours_and_days_pass_unchanged(parts):
    said = "Mo-Fr " + "".join(one + joint for one, joint in parts).rstrip()
    assert without_contacts(said) == said
