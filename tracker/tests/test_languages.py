"""The pages of the public in ten languages: which one is chosen, and that nothing English is left in the others."""

import re
from datetime import date, datetime, timedelta
from html.parser import HTMLParser

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation
from django.views import defaults
from hypothesis import given
from hypothesis import strategies as st

from orders.access import digits
from orders.languages import known, spoken
from orders.lifecycle import change_status
from orders.models import AccessCode, Order
from shipping.carriers.base import Reading
from shipping.models import LearnedTransit, Shipment
from shipping.promise.audit import key_of
from shipping.promise.silence import key_of as silence_of
from shipping.status import TrackingStatus
from shipping.tracking.record import record
from tests import wordings
from tests.factories import NOW, make_order, make_shipment
from tracker import tracking_words
from tracker.access_code import message
from tracker.days import day_words, range_words, time_words
from tracker.languages import PublicLanguage
from tracker.said import SAID

pytestmark = pytest.mark.django_db
LANGUAGES = [code for code, _ in settings.LANGUAGES]
OTHERS = wordings.LANGUAGES
NAMES = {"DHL", "CC", "BY", "Natural", "Earth", "GeoNames", "Tracker", "Kiosk", "help", "kiosk", "example"}
NAMES |= {"KIO", "SMS", "UTC", "CET", "Cookie", "DE", "Berlin", "Leipzig", "München", "Germany"}
PLACES_OF_NAMES = {"bdi", "abbr", "script", "style", "text"}
VOID = {"meta", "link", "input", "img", "br", "use", "circle", "path"}


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def shipment(merchant):
    shipment = make_shipment(merchant, carrier="DHL", tracking_number="JD00011122233")
    silences = {silence_of("*", status): [5.0, 40.0, 90.0, 50] for status in TrackingStatus.values}
    LearnedTransit.objects.create(
        merchant=merchant, fitted_at=NOW, parcels=0, level_half=0.5, level_most=0.9, data=b"",
        kept={key_of("DHL", "DE"): [91, 100]}, silences=silences,
    )  # fmt: skip
    return shipment


class Reader(HTMLParser):
    """What is said to a reader or to a screen reader, without names, places and the carriers' own words."""

    def __init__(self, response):
        super().__init__()
        self.root, self.open, self.said = {}, [], []
        self.feed(response.content.decode())

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        if tag == "html":
            self.root = of
        skipped = bool(self.open and self.open[-1][1]) or tag in PLACES_OF_NAMES
        unread = "lang" in of or of.get("dir") == "auto" or of.get("aria-hidden") == "true"
        skipped = skipped or (tag != "html" and unread)
        if not skipped:
            self.said += [of[name] for name in ("aria-label", "title", "alt", "placeholder") if of.get(name)]
        if tag not in VOID:
            self.open.append((tag, skipped))

    def handle_endtag(self, tag):
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        if data.strip() and not (self.open and self.open[-1][1]):
            self.said.append(" ".join(data.split()))


def latin_left(reader):
    words = {word for text in reader.said for word in re.findall(r"[A-Za-zÀ-ÖØ-öø-ÿ]+", text)}
    return words - NAMES


def english_left(said, language):
    """Whole English wordings of the catalogue, where the language says it otherwise."""
    page = " ␞ ".join(said)
    left = []
    for entry in wordings.catalogue(language):
        mine = " ".join(wordings.said(entry)).lower()
        for text in filter(None, (entry.msgid, entry.msgid_plural)):
            for part in re.split(wordings.PLACEHOLDER.pattern + r"|<[^>]*>", text):
                words = (part or "").strip(" ;,.:")
                said_so = re.search(rf"\b{re.escape(words)}\b", page)
                if (
                    len(words) > 3
                    and said_so
                    and words.lower() not in mine
                    and not also_means(words, language)
                ):
                    left.append(words)
    return left


def also_means(words, language):
    """“Problem” is German too."""
    return any(
        words.lower() in " ".join(wordings.said(entry)).lower() for entry in wordings.catalogue(language)
    )


def check(response, language):
    reader = Reader(response)
    if reader.root:
        direction = "rtl" if language == "ar" else "ltr"
        assert (reader.root["lang"], reader.root["dir"]) == (language, direction)
    assert reader.said
    if language in ("ar", "ja"):
        assert not latin_left(reader)
    else:
        assert not english_left(reader.said, language)


def path(order, language=""):
    return f"/t/{order.public_key}/" + (f"?lang={language}" if language else "")


def happened(shipment):
    for days, status, fields in [
        (3, "picked_up", {"city": "Berlin", "country": "DE"}),
        (2, "in_transit", {"city": "Leipzig", "country": "DE"}),
        (1, "unknown", {"country": "DE"}),
    ]:
        record(
            [Reading(status, NOW - timedelta(days=days), shipment_id=shipment.pk, carrier="DHL", **fields)],
            merchant=shipment.merchant, now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize("language", OTHERS)
def test_every_status_is_said_in_the_readers_language(client, shipment, language):
    happened(shipment)
    days = [(None, None, None), (1, 3, None), (-3, -1, None), (0, 0, None), (1, 3, -2)]
    for number, status in enumerate(TrackingStatus.values):
        first, last, missed = days[number % len(days)]
        on = {None: None} | {count: NOW.date() + timedelta(days=count) for count in (-3, -2, -1, 0, 1, 3)}
        Shipment.objects.update(
            tracking_status=status, status_at=NOW - timedelta(days=number % 2), promised_from=on[first],
            promised_to=on[last], missed_on=on[missed], delivered_at=NOW if status == "delivered" else None,
        )  # fmt: skip
        response = client.get(path(shipment.order, language))
        assert response["Content-Language"] == language
        check(response, language)


@pytest.mark.parametrize("language", OTHERS)
def test_orders_of_the_shops_own_words_and_several_parcels(client, merchant, shipment, language):
    for words in (["cancelled"], ["shipped"], ["shipped", "delivered"], ["shipped", "returned"]):
        order = make_order(merchant)
        for status in words:
            change_status(order.pk, status, actor="x", now=NOW)
        check(client.get(path(order, language)), language)
    for position, direction in [(2, "outbound"), (3, "return"), (4, "return")]:
        twin = Shipment.objects.get(pk=shipment.pk)
        twin.pk, twin.position, twin.code, twin.direction = (
            None,
            position,
            f"P0000000000{position}",
            direction,
        )
        twin.save(force_insert=True)
    for status in ("in_transit", "delivered"):
        Shipment.objects.filter(pk=shipment.pk).update(tracking_status="delivered", delivered_at=NOW)
        Shipment.objects.filter(order=shipment.order, position=2).update(tracking_status=status)
        check(client.get(path(shipment.order, language)), language)


@pytest.mark.parametrize("language", OTHERS)
def test_the_lookup_and_every_refusal(client, db, language, rf):
    check(client.get(f"/?lang={language}"), language)
    check(client.post(f"/?lang={language}", {"number": "NOPE", "proof": "x"}), language)
    check(client.get(f"/nothing/?lang={language}"), language)
    check(client.get(f"/t/nothing/?lang={language}"), language)
    for _ in range(25):
        refused = client.post(f"/?lang={language}", {"number": "NOPE", "proof": "x"})
    assert refused.status_code == 429
    check(refused, language)
    request = rf.get(f"/?lang={language}")
    check(PublicLanguage(defaults.server_error)(request), language)
    check(PublicLanguage(lambda request: defaults.permission_denied(request, Exception()))(request), language)


@pytest.mark.parametrize("language", OTHERS)
def test_what_a_visitor_may_see_and_do(client, shipment, language):
    happened(shipment)
    order, ask, here = shipment.order, f"?lang={language}", path(shipment.order)

    def page():
        check(client.get(here + ask), language)

    client.post(f"{here}prove/{ask}", {"proof": order.ship_to.postal_code})
    page()
    client.post(f"{here}code/{ask}", {"channel": "email"})
    code = AccessCode.objects.get()
    client.post(f"{here}code/enter/{ask}", {"code": digits(code)})
    for status in ("attempt_failed", "delivered"):
        Shipment.objects.update(tracking_status=status, delivered_at=NOW if status == "delivered" else None)
        page()
        told = {"attempt_failed": "address_wrong", "delivered": "not_arrived"}[status]
        parcel = f"p{shipment.pk}"
        client.post(f"{here}tell/{ask}", {"parcel": parcel, "kind": told, "text": "x"})
        client.post(f"{here}rate/{ask}", {"parcel": parcel, "score": "4"})
        page()
    check(client.get(f"{here}views/{ask}"), language)
    for word in SAID:
        check(client.get(f"{here}{ask}&said={word}"), language)
    found = client.post(f"/{ask}", {"number": "JD00011122233", "proof": ""}, follow=True)
    assert found.status_code == 200
    check(found, language)
    manifest = client.get(f"{here}app.webmanifest{ask}").json()
    assert manifest["lang"] == language and not manifest["name"].startswith("Order ")


@pytest.mark.parametrize("language", OTHERS)
def test_the_message_with_a_code(merchant, language):
    order = make_order(merchant, locale=language)
    code = AccessCode(order=order, channel="email")
    for channel in ("email", "sms"):
        code.channel = channel
        said = message(code)
        text = f"{said.subject}\n{said.text}"
        if language in ("ar", "ja"):
            assert not set(re.findall("[A-Za-z]+", text)) - {"KIO", "Kiosk"}
        else:
            assert not english_left([text], language)


# --- which language


def lang_of(response):
    return Reader(response).root["lang"]


def test_the_orders_language_speaks_unless_another_is_asked_for(client, merchant):
    order = make_order(merchant, locale="de-AT")
    assert lang_of(client.get(path(order))) == "de"
    assert lang_of(client.get(path(order), headers={"Accept-Language": "fr"})) == "de"
    assert lang_of(client.get(path(order, "ja"))) == "ja"
    for locale, said in [("pt_BR", "pt"), ("AR", "ar"), ("es-419", "es")]:
        Order.objects.update(locale=locale)
        assert lang_of(client.get(path(order))) == said


def test_a_language_we_do_not_speak_falls_back(client, merchant):
    order = make_order(merchant, locale="fi")
    assert lang_of(client.get(path(order), headers={"Accept-Language": "fi, nl;q=0.8"})) == "nl"
    merchant.locale = "pl"
    merchant.save()
    assert lang_of(client.get(path(order))) == "pl"
    merchant.locale = "tlh"
    merchant.save()
    assert lang_of(client.get(path(order))) == "en"


@pytest.mark.parametrize("asked", ["xx", "DE", "de-AT", "", "../../etc", "<b>", "en\x00", "d" * 600])
def test_nonsense_is_not_a_language(client, merchant, asked):
    order = make_order(merchant, locale="it")
    answer = client.get(f"/t/{order.public_key}/", {"lang": asked})
    assert answer.status_code == 200 and lang_of(answer) == "it"
    assert lang_of(client.get("/", {"lang": asked})) == "en"
    assert known("d" * 600) == "" and known("\x00") == ""


def test_a_message_speaks_the_first_language_that_we_have(merchant):
    assert (
        spoken("pt-BR", "de") == "pt" and spoken("fi", "", "de_AT") == "de" and spoken("", "x" * 600) == "en"
    )
    merchant.locale = "nl"
    order = make_order(merchant, locale="fi")
    order.merchant = merchant
    assert "uw code" in message(AccessCode(order=order, channel="email")).subject


def test_the_lookup_hears_the_browser_and_the_choice_is_carried_on(client, merchant):
    answer = client.get("/", headers={"Accept-Language": "zh, pl;q=0.9, de;q=0.8"})
    assert lang_of(answer) == "pl" and answer["Content-Language"] == "pl"
    assert "Accept-Language" in answer["Vary"] and not answer.cookies
    chosen = client.get("/?lang=ar", headers={"Accept-Language": "pl"})
    assert lang_of(chosen) == "ar" and 'action="/?lang=ar"' in chosen.content.decode()
    order = make_order(merchant)
    found = client.post("/?lang=ar", {"number": order.number, "proof": "ada@example.com"})
    assert found["Location"] == f"/t/{order.public_key}/?lang=ar"
    page = client.get(found["Location"])
    assert f'data-url="/t/{order.public_key}/live/?lang=ar"' in page.content.decode() and not page.cookies


def test_the_page_asks_again_in_its_own_language(client, shipment):
    german, live = client.get(path(shipment.order, "de")), f"/t/{shipment.order.public_key}/live/"
    same = client.get(live + "?lang=de", headers={"If-None-Match": german["ETag"]})
    assert (same.status_code, same["Content-Language"]) == (304, "de")
    other = client.get(live + "?lang=ja", headers={"If-None-Match": german["ETag"]})
    assert other.status_code == 200 and "準備中" in other.content.decode()


def test_the_chooser_names_each_language_in_its_own_words(client, merchant):
    body = client.get(path(make_order(merchant, locale="de")) + "?x=1&lang=fr").content.decode()
    for code, name in settings.LANGUAGES:
        assert re.search(
            rf'<a href="\?lang={code}&amp;x=1" lang="{code}" hreflang="{code}"[^>]*>{name}</a>', body
        )
    assert body.count('aria-current="true"') == 1


def test_the_staffs_pages_stay_english(client, alice):
    client.force_login(alice)
    for page in ("/admin/", "/scan/"):
        body = client.get(page + "?lang=de", headers={"Accept-Language": "de"}).content.decode()
        assert (
            'lang="en' in body
            and "Abmelden" not in body
            and "languages" not in re.sub(r"<link[^>]*>", "", body)
        )


def test_one_readers_language_is_not_the_next_ones(client, shipment):
    happened(shipment)
    Shipment.objects.update(tracking_status="in_transit", last_event_at=NOW)
    first = {language: client.get(path(shipment.order, language)).content for language in LANGUAGES}
    again = {language: client.get(path(shipment.order, language)).content for language in reversed(LANGUAGES)}
    assert first == again and len(set(first.values())) == 10
    assert "usually within 2 days" in first["en"].decode() and "meist binnen 2 Tagen" in first["de"].decode()
    assert translation.get_language() == "en"


def test_no_more_questions_in_another_language(client, shipment, django_assert_max_num_queries):
    happened(shipment)
    address = path(shipment.order, "ar")
    client.get(address)  # the first of a process asks the database what it can do
    with django_assert_max_num_queries(6):
        client.get(address)


def test_headers_of_others_are_left_alone():
    plain = PublicLanguage(lambda _: HttpResponse("x", content_type="text/css"))(
        RequestFactory().get("/brand/k.css")
    )
    assert not plain.has_header("Vary") and not plain.has_header("Content-Language")


# --- days, times, plurals

DAY, TODAY = date(2026, 11, 27), date(2026, 11, 24)


@pytest.mark.parametrize(
    ("language", "day", "days", "months", "time"),
    [
        ("en", "Fri 27 November", "Fri 27 – Sat 28 November", "Fri 27 November – Mon 7 December", "14:05"),
        ("de", "Fr., 27. November", "Fr., 27. – Sa., 28. November", "Fr., 27. November – Mo., 7. Dezember", "14:05"),
        ("fr", "ven. 27 novembre", "ven. 27 – sam. 28 novembre", "ven. 27 novembre – lun. 7 décembre", "14:05"),
        ("es", "vie, 27 de noviembre", "vie, 27 – sáb, 28 de noviembre", "vie, 27 de noviembre – lun, 7 de diciembre", "14:05"),
        ("pt", "sex., 27 de novembro", "sex., 27 – sáb., 28 de novembro", "sex., 27 de novembro – seg., 7 de dezembro", "14:05"),
        ("it", "ven 27 novembre", "ven 27 – sab 28 novembre", "ven 27 novembre – lun 7 dicembre", "14:05"),
        ("nl", "vr 27 november", "vr 27 – za 28 november", "vr 27 november – ma 7 december", "14:05"),
        ("pl", "pt., 27 listopada", "pt., 27 – sob., 28 listopada", "pt., 27 listopada – pon., 7 grudnia", "14:05"),
        ("ar", "الجمعة، 27 نوفمبر", "الجمعة، 27 – السبت، 28 نوفمبر", "الجمعة، 27 نوفمبر – الاثنين، 7 ديسمبر", "2:05 م"),
        ("ja", "11月27日(金)", "11月27日(金)～28日(土)", "11月27日(金)～12月7日(月)", "14:05"),
    ],
)  # fmt: skip
def test_days_as_they_are_written(language, day, days, months, time):
    with translation.override(language):
        told = [day_words(DAY, TODAY)]
        told += [range_words(DAY, last, TODAY) for last in (date(2026, 11, 28), date(2026, 12, 7))]
        assert [text.replace("\u00a0", " ") for text in told] == [day, days, months]
        assert time_words(datetime(2026, 3, 5, 14, 5)) == time


def test_days_of_another_year():
    with translation.override("ja"):
        assert range_words(date(2026, 12, 31), date(2027, 1, 2), TODAY) == "12月31日(木)～2027年1月2日(土)"
        assert range_words(date(2027, 1, 1), date(2027, 1, 2), TODAY) == "2027年1月1日(金)～2日(土)"
    with translation.override("fr"):
        assert day_words(date(2027, 1, 1), TODAY) == "ven.\u00a01er\u00a0janvier\u00a02027"


@pytest.mark.parametrize("language", [*LANGUAGES, "fi", "de-at"])
@given(first=st.dates(), length=st.integers(0, 800), today=st.dates())
def test_no_day_is_without_words(language, first, length, today):
    last = min(first.toordinal() + length, date.max.toordinal())
    last = date.fromordinal(last)
    with translation.override(language):
        day, days = day_words(first, today), range_words(first, last, today)
    numbers = [int(number) for number in re.findall(r"\d+", day)]
    assert first.day in numbers and (first.year == today.year or first.year in numbers)
    assert {first.day, last.day} <= {int(number) for number in re.findall(r"\d+", days)}


COUNTS = {
    "pl": {
        0: "0 z 0 paczek", 1: "0 z 1 paczki", 2: "0 z 2 paczek", 3: "0 z 3 paczek", 5: "0 z 5 paczek",
        11: "0 z 11 paczek", 21: "0 z 21 paczek", 100: "0 z 100 paczek",
    },
    "ar": {
        0: "0 من 0 طرد", 1: "0 من طرد واحد (1)", 2: "0 من طردين (2)", 3: "0 من 3 طرود", 5: "0 من 5 طرود",
        11: "0 من 11 طردًا", 21: "0 من 21 طردًا", 100: "0 من 100 طرد",
    },
}  # fmt: skip


@pytest.mark.parametrize("language", COUNTS)
def test_counts_take_their_own_forms(language):
    with translation.override(language):
        for count, said in COUNTS[language].items():
            assert said in tracking_words.arrived(0, count)
        if language == "pl":
            forms = {count: tracking_words.all_delivered(count) for count in (2, 5, 12, 22, 100)}
            assert [text.endswith("paczki") for text in forms.values()] == [True, False, False, True, False]
